// SPDX-License-Identifier: MIT
#include "core/work.h"

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/percpu.h"
#include "core/sched.h"

static struct spinlock work_lock;
static struct list jobs = LIST_INIT(jobs);
uint64_t work_last;
/* What each core is doing a piece of. A job's last piece may free it, so this is not in the job. */
static struct work *doing[MAX_CORES];

void work_init(struct work *w, bool (*piece)(struct work *))
{
	list_init(&w->link);
	w->piece = piece;
	w->queued = false;
}

static void enqueue(struct work *w)
{
	if (w->queued)
		return;
	w->queued = true;
	list_add_tail(&jobs, &w->link);
}

void work_queue(struct work *w)
{
	spin_lock(&work_lock);
	/* An idle core gets the time to come for it. */
	if (list_empty(&jobs))
		store_relaxed(&work_last, clock_ticks());
	enqueue(w);
	spin_unlock(&work_lock);
	sched_poke_idle();
}

static bool in_progress(const struct work *w)
{
	for (uint32_t c = 0; c < core_count; c++)
		if (doing[c] == w)
			return true;
	return false;
}

/* The first job that may be taken; the lock is held. A job is never done by two cores at once. */
static struct work *first_free(void)
{
	struct list *pos;

	list_for_each(pos, &jobs) {
		struct work *w = list_entry(pos, struct work, link);

		if (!in_progress(w))
			return w;
	}
	return NULL;
}

bool work_pending(void)
{
	bool any;

	if (load_acquire(&jobs.next) == &jobs)
		return false;
	spin_lock(&work_lock);
	any = first_free();
	spin_unlock(&work_lock);
	return any;
}

bool work_run_one(void)
{
	struct pcpu *cpu = this_cpu();
	struct work *w;
	bool more;

	spin_lock(&work_lock);
	w = first_free();
	if (w) {
		list_del(&w->link);
		w->queued = false;
		doing[cpu->id] = w;
	}
	spin_unlock(&work_lock);
	if (!w)
		return false;
	more = w->piece(w);
	store_relaxed(&work_last, clock_ticks());
	spin_lock(&work_lock);
	doing[cpu->id] = NULL;
	if (more)
		enqueue(w);
	spin_unlock(&work_lock);
	return true;
}
