// SPDX-License-Identifier: MIT
#include "core/sched_queue.h"

#include "arch/x86/cpu/apic.h"
#include "core/domain.h"
#include "core/lib/bits.h"
#include "core/trace.h"

/* No vCPU gets further ahead of the least served one than this many slices: a vCPU alone on its
 * core would otherwise have to wait out all it had when another comes to that core. */
#define MAX_LEAD 20

struct sched sched = { .queue = LIST_INIT(sched.queue) };
uint64_t sched_slice = 1000000;

static uint32_t trace_id(const struct vcpu *v)
{
	return (uint32_t)v->domain->id << 16 | v->id;
}

bool sched_may_run(const struct vcpu *v)
{
	return !v->pause_count && load_acquire(&v->domain->state) == DOMAIN_ALIVE;
}

void sched_set_state(struct vcpu *v, enum vcpu_state state)
{
	if (v->state == VCPU_RUNNABLE) {
		list_del(&v->queue_link);
		sched.waiting--;
	}
	if (state == VCPU_RUNNABLE) {
		list_add_tail(&sched.queue, &v->queue_link);
		sched.waiting++;
	}
	store_release(&v->state, state);
	/* A paused vCPU is kept from running by no competition: not stolen time (as in Xen). */
	vcpu_runstate_set(v, state == VCPU_RUNNABLE && v->pause_count ? VCPU_OFFLINE : state);
}

void sched_charge(struct vcpu *v, uint64_t now)
{
	if (now > v->charged_tsc)
		v->vruntime += now - v->charged_tsc;
	v->charged_tsc = now;
	v->vruntime = min_u64(v->vruntime, sched.min_vruntime + MAX_LEAD * sched_slice);
}

void sched_update_min(void)
{
	uint64_t least = ~0ULL;
	struct list *pos;

	list_for_each(pos, &sched.queue) {
		const struct vcpu *v = list_entry(pos, struct vcpu, queue_link);

		if (sched_may_run(v))
			least = min_u64(least, v->vruntime);
	}
	for (uint32_t c = 0; c < core_count; c++)
		if (sched.core[c].running)
			least = min_u64(least, sched.core[c].running->vruntime);
	if (least != ~0ULL)
		sched.min_vruntime = max_u64(sched.min_vruntime, least);
}

/* A loaded vCPU belongs to its core until that has saved it (docs/gpc.md, Moving a vCPU). */
static bool fits(const struct vcpu *v, uint32_t core)
{
	return sched_may_run(v) && (v->affinity & BIT(core)) && (!v->on_core || v->core == core);
}

struct vcpu *sched_best(uint32_t core, uint64_t *key)
{
	struct vcpu *best = NULL;
	struct list *pos;

	list_for_each(pos, &sched.queue) {
		struct vcpu *v = list_entry(pos, struct vcpu, queue_link);
		uint64_t k = v->vruntime + (v->core == core ? 0 : sched_slice / 4);

		if (fits(v, core) && (!best || k < *key)) {
			best = v;
			*key = k;
		}
	}
	return best;
}

/* Take an idle core out of its halt; only once for each halt, so that the next wake finds another
 * core. A core sets `idle` under the lock, having found nothing to run. */
static bool wake_core(uint32_t core)
{
	struct pcpu_shared *s = &pcpus[core]->shared;

	if (!load_relaxed(&s->idle))
		return false;
	store_relaxed(&s->idle, false);
	if (core != this_cpu()->id)
		apic_send_kick(core);
	return true;
}

/* The best idle core for a vCPU: where it ran last, else one with nothing loaded, else any. */
static bool wake_idle_core(const struct vcpu *v)
{
	uint32_t found = MAX_CORES;

	if ((v->affinity & BIT(v->core)) && wake_core(v->core))
		return true;
	for (uint32_t c = 0; c < core_count; c++) {
		if (!(v->affinity & BIT(c)) || !load_relaxed(&pcpus[c]->shared.idle))
			continue;
		if (found == MAX_CORES || !load_relaxed(&pcpus[c]->shared.current))
			found = c;
	}
	return found != MAX_CORES && wake_core(found);
}

/* Make the vCPU that runs on a core go back to the scheduler. */
static void poke_running(uint32_t core)
{
	struct vcpu *cur = sched.core[core].running;

	if (!cur || (atomic_or(&cur->attn.bits, ATTN_RESCHED) & ATTN_RESCHED))
		return;
	/* Full fence above: either we see run odd, or its entry sees the bit (docs/gpc.md, enter). */
	if (core != this_cpu()->id && (load_acquire(&pcpus[core]->shared.run) & RUN_ODD))
		apic_send_kick(core);
}

/* Preempt the vCPU that has had the most, if that is much more than this one had. */
static void preempt_for(const struct vcpu *v)
{
	uint64_t now = clock_ticks(), most = 0;
	uint32_t victim = MAX_CORES;

	for (uint32_t c = 0; c < core_count; c++) {
		const struct vcpu *cur = sched.core[c].running;
		uint64_t had;

		if (!cur || !(v->affinity & BIT(c)))
			continue;
		had = cur->vruntime + (now > cur->charged_tsc ? now - cur->charged_tsc : 0);
		if (had >= most) {
			most = had;
			victim = c;
		}
	}
	if (victim != MAX_CORES && most > v->vruntime + sched_slice / 2)
		poke_running(victim);
}

void sched_place(struct vcpu *v)
{
	if (!sched_may_run(v))
		return;
	/* Loaded: only that core can take it, and it is idle or on its way to looking. */
	if (v->on_core)
		(void)wake_core(v->core);
	else if (!wake_idle_core(v))
		preempt_for(v);
}

/* What it did not use while it slept or was paused is lost but for one slice: it goes first, once. */
static void forfeit(struct vcpu *v)
{
	uint64_t floor = sched.min_vruntime - min_u64(sched.min_vruntime, sched_slice);

	v->vruntime = max_u64(v->vruntime, floor);
}

static void make_runnable(struct vcpu *v)
{
	forfeit(v);
	sched_set_state(v, VCPU_RUNNABLE);
	trace(TRACE_WAKE, trace_id(v), v->core);
	sched_place(v);
}

void sched_wake(struct vcpu *v)
{
	spin_lock(&sched.lock);
	if (v->state == VCPU_BLOCKED)
		make_runnable(v);
	spin_unlock(&sched.lock);
}

void sched_online(struct vcpu *v)
{
	spin_lock(&sched.lock);
	v->going_offline = false;
	if (v->state == VCPU_OFFLINE)
		make_runnable(v);
	spin_unlock(&sched.lock);
}

/* Has the vCPU a request to serve? The caller goes back to the scheduler in any case. */
static bool wanted(const struct vcpu *v)
{
	return load_relaxed(&v->attn.all) & ~(uint64_t)ATTN_RESCHED;
}

void sched_block(struct vcpu *v)
{
	struct sched_core *sc = &sched.core[this_cpu()->id];

	if (wanted(v))
		return;
	spin_lock(&sched.lock);
	/*
	 * The other half of vcpu_request() and vcpu_kick_event(): they set a request, fence, and
	 * read the state; we set the state, fence, and read the requests. At least one sees the
	 * other. Who saw BLOCKED waits for the lock and finds what we decided.
	 */
	store_relaxed(&v->state, VCPU_BLOCKED);
	fence_full();
	if (wanted(v)) {
		store_relaxed(&v->state, VCPU_RUNNING);
	} else {
		sched_charge(v, clock_ticks());
		sc->running = NULL;
		sched_set_state(v, v->going_offline ? VCPU_OFFLINE : VCPU_BLOCKED);
	}
	spin_unlock(&sched.lock);
}

void sched_offline(struct vcpu *v)
{
	spin_lock(&sched.lock);
	if (v->state == VCPU_RUNNING) {
		v->going_offline = true;
		poke_running(v->core);
	} else if (v->state != VCPU_OFFLINE) {
		sched_set_state(v, VCPU_OFFLINE);
		if (v->on_core)
			(void)wake_core(v->core);
	}
	spin_unlock(&sched.lock);
}

bool sched_yield(struct vcpu *v)
{
	uint32_t me = this_cpu()->id;
	uint64_t key, now;
	bool other = false;

	/* A hint: nobody waits, so there is nobody to let go first. */
	if (!load_relaxed(&sched.waiting))
		return false;
	spin_lock(&sched.lock);
	if (sched_best(me, &key)) {
		other = true;
		now = clock_ticks();
		sched_charge(v, now);
		v->vruntime = max_u64(v->vruntime, key + 1);
		sched.core[me].slice_deadline = now;
		poke_running(me);
	}
	spin_unlock(&sched.lock);
	return other;
}

/* Make the core that has the vCPU loaded go through the scheduler. */
static void expel(const struct vcpu *v)
{
	if (v->state == VCPU_RUNNING)
		poke_running(v->core);
	else if (v->on_core)
		(void)wake_core(v->core);
}

void sched_pause(struct vcpu *v)
{
	spin_lock(&sched.lock);
	if (!v->pause_count++ && v->state == VCPU_RUNNABLE)
		vcpu_runstate_set(v, VCPU_OFFLINE);
	expel(v);
	spin_unlock(&sched.lock);
}

void sched_unpause(struct vcpu *v)
{
	spin_lock(&sched.lock);
	ASSERT(v->pause_count);
	if (!--v->pause_count && v->state == VCPU_RUNNABLE) {
		vcpu_runstate_set(v, VCPU_RUNNABLE);
		forfeit(v);
		sched_place(v);
	}
	spin_unlock(&sched.lock);
}

void sched_evict(struct vcpu *v)
{
	spin_lock(&sched.lock);
	expel(v);
	spin_unlock(&sched.lock);
}

void sched_forget(struct vcpu *v)
{
	spin_lock(&sched.lock);
	ASSERT(!v->on_core && v->state != VCPU_RUNNING);
	if (v->state != VCPU_OFFLINE)
		sched_set_state(v, VCPU_OFFLINE);
	spin_unlock(&sched.lock);
}
