// SPDX-License-Identifier: MIT
/*
 * Which vCPU a core runs: the runnable one with the least run time that may run here. One queue and
 * one lock for all cores. Idle cores halt.
 */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include "core/vcpu.h"

/* A core's life after boot. Runs work, timers, vCPUs, or halts. */
void sched_run(void) noreturn_fn;

/* The current vCPU has nothing to do (HLT, block, poll): blocked unless a request is pending. Its
 * own core; the caller then returns to the scheduler. */
void sched_block(struct vcpu *v);
/* Bring a vCPU from BLOCKED or OFFLINE to RUNNABLE; harmless otherwise. Takes the lock. */
void sched_wake(struct vcpu *v);
void sched_online(struct vcpu *v);
/* VCPU_down, INIT: the vCPU stops at its next return to the scheduler and is OFFLINE then. */
void sched_offline(struct vcpu *v);
/* The current vCPU gives up the rest of its slice; true when another one waits for this core. */
bool sched_yield(struct vcpu *v);
/* True when the entry path must return to the scheduler: slice over with others waiting, pause,
 * death, due timers or work. Cheap: called on each turn of the entry path. */
bool sched_must_return(struct vcpu *v);
/* TSC ticks of a slice (default 1 ms in TSC ticks). */
extern uint64_t sched_slice;

#endif
