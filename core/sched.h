// SPDX-License-Identifier: MIT
/*
 * Which vCPU a core runs: the runnable one with the least run time that may run here. One queue and
 * one lock for all cores. Idle cores halt.
 *
 * A vCPU that stops running stays loaded on its core (VMCS current, FPU state in the registers)
 * until the core takes another vCPU, does work, or the vCPU is paused, offline or dying. While it
 * is loaded no other core takes it, and its core is on its way through the scheduler or idle, so
 * it never waits: waking it wakes that core.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include "arch/x86/cpu/clock.h"
#include "core/vcpu.h"

/* A core's life after boot. Runs work, timers, vCPUs, or halts. */
void sched_run(void) noreturn_fn;
/* One turn of it. */
void sched_turn(void);

/* The current vCPU has nothing to do (HLT, block, poll): blocked unless a request is pending. Its
 * own core; the caller then returns to the scheduler. */
void sched_block(struct vcpu *v);
/* From BLOCKED to RUNNABLE; harmless otherwise. Takes the lock. */
void sched_wake(struct vcpu *v);
/* From OFFLINE to RUNNABLE; harmless otherwise. Takes the lock. */
void sched_online(struct vcpu *v);
/* VCPU_down, INIT: the vCPU stops at its next return to the scheduler and is OFFLINE then. */
void sched_offline(struct vcpu *v);
/* The current vCPU lets others go first; true when one waits for this core:
 * sched_must_return() is true then. */
bool sched_yield(struct vcpu *v);

/* Keep a vCPU from being run, counted; it leaves its core soon, nobody waits. */
void sched_pause(struct vcpu *v);
void sched_unpause(struct vcpu *v);
/* Its domain was marked dying: make its core drop it. */
void sched_evict(struct vcpu *v);
/* It is off its core and its domain is dead: out of the queue. */
void sched_forget(struct vcpu *v);

/* Make a core look at its timers and queue soon. Any core, outside sections, any lock held. */
void sched_poke(uint32_t core);
/* There is work: wake a core that idles, if any. Context as sched_poke(). */
void sched_poke_idle(void);

/*
 * Load a paused vCPU here to look at it; false while it is still on a core. Only in a work piece
 * (no other vCPU is loaded then), with a reference to its domain; sched_return() in the same piece.
 */
bool sched_borrow(struct vcpu *v) must_check;
void sched_return(struct vcpu *v);

/*
 * True when the entry path must return to the scheduler: slice over, pause, death, due timers or a
 * better candidate. All but the times arrive as ATTN_RESCHED, which whoever consumes it must obey
 * likewise. Called on each turn of the entry path, by the core that runs v.
 */
static inline bool sched_must_return(const struct vcpu *v)
{
	return (load_relaxed(&v->attn.bits) & ATTN_RESCHED) ||
	       clock_ticks() >= load_relaxed(&this_cpu()->slice_end);
}

/* TSC ticks of a slice; set at boot (default 1 ms). */
extern uint64_t sched_slice;

#endif
