// SPDX-License-Identifier: MIT
/*
 * One pairing heap of timers a core. The heap's order is the deadline; `prev` is the parent for a
 * first child, else the sibling before it, and NULL for the root.
 */
#include "core/timer.h"

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/percpu.h"
#include "core/sched.h"

struct timer_queue {
	struct spinlock lock;
	struct timer *root;
	struct timer *firing; /* whose handler runs now, without the lock */
} aligned_to(64);

static struct timer_queue queues[MAX_CORES];

/* Make the later of two heaps the other's first child. Neither is NULL. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (b->deadline < a->deadline) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->sibling = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	a->sibling = NULL;
	a->prev = NULL;
	return a;
}

/* One heap of a list of siblings: pairs from the left, then all of them from the right. */
static struct timer *meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct timer *a = first, *b = a->sibling;

		first = b ? b->sibling : NULL;
		a->sibling = NULL;
		a->prev = NULL;
		if (b) {
			b->sibling = NULL;
			b->prev = NULL;
			a = meld(a, b);
		}
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *next = pairs->sibling;

		pairs->sibling = NULL;
		heap = heap ? meld(heap, pairs) : pairs;
		pairs = next;
	}
	return heap;
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
	t->child = NULL;
	t->sibling = NULL;
	t->prev = NULL;
	q->root = q->root ? meld(q->root, t) : t;
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *rest = meld_siblings(t->child);

	t->child = NULL;
	if (q->root == t) {
		q->root = rest;
		return;
	}
	if (t->prev->child == t)
		t->prev->child = t->sibling;
	else
		t->prev->sibling = t->sibling;
	if (t->sibling)
		t->sibling->prev = t->prev;
	if (rest)
		q->root = meld(q->root, rest);
}

/* Lock the queue that the timer is in, which another core may be changing, and queue `to`. Two
 * locks are taken in the order of their cores. */
static struct timer_queue *lock_queues(const struct timer *t, uint32_t to)
{
	for (;;) {
		uint32_t from = load_acquire(&t->core);
		uint32_t first = from < to ? from : to;
		uint32_t second = from < to ? to : from;

		spin_lock(&queues[first].lock);
		if (second != first)
			spin_lock(&queues[second].lock);
		if (load_relaxed(&t->core) == from)
			return &queues[from];
		if (second != first)
			spin_unlock(&queues[second].lock);
		spin_unlock(&queues[first].lock);
	}
}

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	*t = (struct timer){ .deadline = ~0ULL, .fire = fire };
}

void timer_set(struct timer *t, uint64_t deadline, uint32_t core)
{
	struct pcpu *cpu = this_cpu();
	struct timer_queue *to = &queues[core];
	struct timer_queue *from;
	bool first;

	ASSERT(core < core_count);
	from = lock_queues(t, core);
	if (t->deadline != ~0ULL)
		heap_remove(from, t);
	t->deadline = deadline;
	store_release(&t->core, core);
	if (deadline != ~0ULL)
		heap_insert(to, t);
	first = to->root == t;
	if (from != to)
		spin_unlock(&from->lock);
	spin_unlock(&to->lock);

	if (!first)
		return;
	/* Ours: the entry path looks at slice_end. Another core's: it has to look now. */
	if (core == cpu->id)
		cpu->slice_end = min_u64(cpu->slice_end, deadline);
	else
		sched_poke(core);
}

/* Disarm; does not care for a handler that runs. */
static void disarm(struct timer *t)
{
	uint32_t core = load_acquire(&t->core);
	struct timer_queue *q = lock_queues(t, core);

	if (t->deadline != ~0ULL)
		heap_remove(q, t);
	t->deadline = ~0ULL;
	if (q != &queues[core])
		spin_unlock(&q->lock);
	spin_unlock(&queues[core].lock);
}

/* Wait until no other core is in the timer's handler; true when one was. It may have fired on one
 * core and been set on another since, so all are asked. */
static bool wait_handlers(const struct timer *t)
{
	bool waited = false;

	for (uint32_t c = 0; c < core_count; c++) {
		if (c == this_cpu()->id)
			continue;
		while (load_acquire(&queues[c].firing) == t) {
			waited = true;
			spin_relax();
		}
	}
	return waited;
}

void timer_cancel(struct timer *t)
{
	/* A handler that ran meanwhile may have armed it again. */
	do
		disarm(t);
	while (wait_handlers(t));
}

void timer_run_due(void)
{
	struct timer_queue *q = &queues[this_cpu()->id];
	struct timer *t;

	/* Only this core removes from the front without a cancel, and an insertion by another core
	 * pokes us: an unlocked look is enough to say that there is nothing. */
	if (!load_relaxed(&q->root))
		return;
	for (;;) {
		spin_lock(&q->lock);
		t = q->root;
		if (!t || t->deadline > clock_ticks()) {
			spin_unlock(&q->lock);
			return;
		}
		heap_remove(q, t);
		t->deadline = ~0ULL;
		q->firing = t;
		spin_unlock(&q->lock);
		t->fire(t);
		store_release(&q->firing, NULL);
	}
}

uint64_t timer_next(void)
{
	struct timer_queue *q = &queues[this_cpu()->id];
	uint64_t deadline = ~0ULL;

	/* The caller has said, with a full fence, that it is idle or whose slice it sets: who inserts
	 * after this look pokes us. */
	if (!load_acquire(&q->root))
		return deadline;
	spin_lock(&q->lock);
	if (q->root)
		deadline = q->root->deadline;
	spin_unlock(&q->lock);
	return deadline;
}

static void for_each_below(const struct timer *t, void (*fn)(const struct timer *))
{
	for (; t; t = t->sibling) {
		fn(t);
		for_each_below(t->child, fn);
	}
}

void timer_for_each(uint32_t core, void (*fn)(const struct timer *))
{
	spin_lock(&queues[core].lock);
	for_each_below(queues[core].root, fn);
	spin_unlock(&queues[core].lock);
}
