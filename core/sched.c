// SPDX-License-Identifier: MIT
/* A core's turn: work, timers, the choice of a vCPU and the switch to it, idling. */
#include "core/sched.h"

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/idle.h"
#include "core/console.h"
#include "core/hooks.h"
#include "core/sched_queue.h"
#include "core/trace.h"
#include "core/work.h"
#include "mm/frame.h"
#include "mm/section.h"

static uint32_t trace_id(const struct vcpu *v)
{
	return (uint32_t)v->domain->id << 16 | v->id;
}

/* The vCPU stops running but stays loaded. Lock held. */
static void stop_running(struct sched_core *sc, struct vcpu *v)
{
	sc->running = NULL;
	sched_set_state(v, v->going_offline ? VCPU_OFFLINE : VCPU_RUNNABLE);
	v->going_offline = false;
}

/*
 * The vCPU is this core's from here on. Lock held: a domain that is being shut down was marked
 * dying before (then it was not chosen), or finds our reference.
 */
static void start_running(struct pcpu *cpu, struct vcpu *v, uint64_t now)
{
	struct sched_core *sc = &sched.core[cpu->id];

	sched_set_state(v, VCPU_RUNNING);
	v->charged_tsc = now;
	if (!v->on_core) {
		v->on_core = true;
		(void)atomic_add(&v->domain->refs, 1);
	}
	v->core = cpu->id;
	sc->running = v;
	sc->slice_deadline = now + sched_slice;
}

/*
 * Save what is loaded and let others have it. The release of the lock publishes on_core after the
 * save and VMCLEAR (docs/gpc.md, Moving a vCPU).
 */
static void unload(struct pcpu *cpu)
{
	struct vcpu *v = cpu->vcpu;
	struct domain *d = v->domain;

	vcpu_arch_save(v);
	cpu->vcpu = NULL;
	store_release(&cpu->shared.current, NULL);
	spin_lock(&sched.lock);
	v->on_core = false;
	/* Nobody else could take it up to now. */
	if (v->state == VCPU_RUNNABLE)
		sched_place(v);
	spin_unlock(&sched.lock);
	domain_put(d);
}

static void load(struct pcpu *cpu, struct vcpu *v)
{
	vcpu_arch_load(v);
	cpu->vcpu = v;
	/* A full fence before run() looks at the timers: who sets one looks at us after. */
	(void)atomic_xchg(&cpu->shared.current, v);
}

/*
 * Should the core go on with prev (which may be NULL) rather than take the best one waiting? Within
 * its slice a vCPU gives way only to one that had much less.
 */
static bool keep(const struct sched_core *sc, const struct vcpu *prev, uint64_t best_key,
		 uint64_t now)
{
	uint64_t margin = now < sc->slice_deadline ? sched_slice / 2 : 0;

	return prev && sched_may_run(prev) && !prev->going_offline &&
	       prev->vruntime <= best_key + margin;
}

/* Decide who runs here next; NULL and marked idle when nobody does. *drop: the loaded vCPU must not
 * stay loaded. */
static struct vcpu *choose(struct pcpu *cpu, bool *fresh, bool *drop)
{
	struct sched_core *sc = &sched.core[cpu->id];
	struct vcpu *prev, *next, *loaded = cpu->vcpu;
	uint64_t now = clock_ticks(), key = ~0ULL >> 1;

	spin_lock(&sched.lock);
	prev = sc->running;
	if (prev)
		sched_charge(prev, now);
	sched_update_min();
	next = sched_best(cpu->id, &key);
	*fresh = false;
	if (keep(sc, prev, key, now)) {
		next = prev;
		if (now >= sc->slice_deadline)
			sc->slice_deadline = now + sched_slice;
	} else {
		if (prev)
			stop_running(sc, prev);
		*fresh = next != NULL;
		if (next)
			start_running(cpu, next, now);
		else
			store_relaxed(&cpu->shared.idle, true);
	}
	/* With nothing to run here, one that only waits stays. */
	*drop = loaded && loaded != next &&
		(next || !sched_may_run(loaded) || loaded->state != VCPU_BLOCKED);
	spin_unlock(&sched.lock);
	return next;
}

/* Tell the Xen ABI who has left and who has come. */
static void tell(struct sched_core *sc, struct vcpu *next, bool fresh)
{
	struct vcpu *left = sc->entered;

	if (left && left != next) {
		trace(TRACE_STOP, trace_id(left), left->state);
		xen_vcpu_sched_out(left);
	}
	sc->entered = next;
	if (next && fresh) {
		trace(TRACE_RUN, trace_id(next), 0);
		xen_vcpu_sched_in(next);
	}
}

/* Choose, and switch what is loaded if it must be. */
static struct vcpu *switch_vcpu(struct pcpu *cpu)
{
	struct sched_core *sc = &sched.core[cpu->id];
	bool fresh, drop;
	struct vcpu *next = choose(cpu, &fresh, &drop);

	/* The one that leaves is still ours while its records are written. */
	if (sc->entered && sc->entered != next)
		tell(sc, NULL, false);
	if (drop)
		unload(cpu);
	if (next && cpu->vcpu != next)
		load(cpu, next);
	tell(sc, next, fresh);
	return next;
}

static void run(struct pcpu *cpu, struct vcpu *v)
{
	/* This turn is what the request asked for. Before the deadlines are looked at: who sets an
	 * earlier timer from now on sets it again. */
	if (load_relaxed(&v->attn.bits) & ATTN_RESCHED)
		(void)atomic_and(&v->attn.bits, ~(uint32_t)ATTN_RESCHED);
	cpu->slice_end = min_u64(sched.core[cpu->id].slice_deadline, timer_next());
	vcpu_arch_run(v);
}

/* A core with a vCPU to run leaves work to others, unless nobody has done any for a while. */
static bool work_due(const struct pcpu *cpu)
{
	return work_pending() && (!sched.core[cpu->id].running ||
				  clock_ticks() - load_relaxed(&work_last) >= sched_slice / 2);
}

/*
 * Long jobs, for at most a quarter of a slice, with no vCPU loaded: they may build or destroy
 * VMCSs, and the vCPU can go on elsewhere meanwhile.
 */
static void run_work(struct pcpu *cpu)
{
	struct sched_core *sc = &sched.core[cpu->id];
	uint64_t end;

	spin_lock(&sched.lock);
	if (sc->running) {
		sched_charge(sc->running, clock_ticks());
		stop_running(sc, sc->running);
	}
	spin_unlock(&sched.lock);
	tell(sc, NULL, false);
	if (cpu->vcpu)
		unload(cpu);
	end = clock_ticks() + sched_slice / 4;
	while (work_run_one() && clock_ticks() < end)
		;
}

/* Halt until an interrupt: a kick, the timer, or a device. */
static void idle(struct pcpu *cpu)
{
	struct pcpu_shared *s = &cpu->shared;
	uint64_t start, deadline;

	/* choose() has set idle: who queues work or a timer and then reads idle sends a kick; what
	 * was queued before we see below (docs/gpc.md, Ordering). */
	fence_full();
	deadline = min_u64(timer_next(), console_deadline());
	start = clock_ticks();
	if (!load_relaxed(&s->idle) || deadline <= start || work_pending() || frame_scrub_some()) {
		store_relaxed(&s->idle, false);
		return;
	}
	trace(TRACE_IDLE, 0, deadline);
	apic_timer_arm(deadline);
	/* A kick sent since the fence is pending: STI and HLT adjacent, so that it ends the halt. */
	idle_halt();
	store_relaxed(&s->idle, false);
	cpu->idle_tsc += clock_ticks() - start;
}

void sched_turn(void)
{
	struct pcpu *cpu = this_cpu();
	struct vcpu *next;

	timer_run_due();
	console_poll();
	if (work_due(cpu))
		run_work(cpu);
	next = switch_vcpu(cpu);
	if (next)
		run(cpu, next);
	else
		idle(cpu);
}

void sched_run(void)
{
	trace_init_core();
	for (;;)
		sched_turn();
}

void sched_poke(uint32_t core)
{
	struct pcpu_shared *s = &pcpus[core]->shared;
	struct vcpu *cur;

	/* After what the caller queued, before we look who must see it. */
	fence_full();
	if (load_relaxed(&s->idle)) {
		apic_send_kick(core);
		return;
	}
	/* The section keeps the vCPU from being freed while we touch it. */
	section_begin();
	cur = load_acquire(&s->current);
	if (cur && !(atomic_or(&cur->attn.bits, ATTN_RESCHED) & ATTN_RESCHED) &&
	    (load_acquire(&s->run) & RUN_ODD))
		apic_send_kick(core);
	section_end();
}

void sched_poke_idle(void)
{
	fence_full();
	for (uint32_t c = 0; c < core_count; c++) {
		if (c == this_cpu()->id || !load_relaxed(&pcpus[c]->shared.idle))
			continue;
		apic_send_kick(c);
		return;
	}
}

bool sched_borrow(struct vcpu *v)
{
	struct pcpu *cpu = this_cpu();
	bool mine;

	ASSERT(!cpu->vcpu);
	spin_lock(&sched.lock);
	mine = v->pause_count && !v->on_core;
	if (mine) {
		v->on_core = true;
		v->core = cpu->id;
		(void)atomic_add(&v->domain->refs, 1);
	}
	spin_unlock(&sched.lock);
	if (mine)
		load(cpu, v);
	return mine;
}

void sched_return(struct vcpu *v)
{
	ASSERT(this_cpu()->vcpu == v);
	unload(this_cpu());
}
