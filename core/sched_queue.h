// SPDX-License-Identifier: MIT
/* What sched.c (a core's turn) and sched_queue.c (states and choices) share. */
#ifndef CORE_SCHED_QUEUE_H
#define CORE_SCHED_QUEUE_H

#include "arch/x86/cpu/lock.h"
#include "core/sched.h"

struct sched_core {
	struct vcpu *running;    /* in state RUNNING on this core; under the lock */
	uint64_t slice_deadline; /* end of its slice; own core */
	struct vcpu *entered;    /* told xen_vcpu_sched_in() and not yet _out(); own core */
} aligned_to(64);

struct sched {
	struct spinlock lock;
	struct list queue;     /* vCPUs in state RUNNABLE, in no order */
	uint32_t waiting;      /* how many */
	uint64_t min_vruntime; /* of all that want to run; never falls */
	struct sched_core core[MAX_CORES];
};

extern struct sched sched;

/* All of these want sched.lock held. */

/* May the vCPU run at all: not paused, its domain alive. */
bool sched_may_run(const struct vcpu *v);
/* Enter a state; the queue holds exactly the RUNNABLE ones. */
void sched_set_state(struct vcpu *v, enum vcpu_state state);
/* Count what the running vCPU has used up to now. */
void sched_charge(struct vcpu *v, uint64_t now);
/* Bring min_vruntime up to date. */
void sched_update_min(void);
/* The waiting vCPU that core may run with the least key, or NULL; *key is its vruntime, more by a
 * quarter of a slice when it ran elsewhere last. */
struct vcpu *sched_best(uint32_t core, uint64_t *key);
/* A vCPU has become RUNNABLE: find it a core. */
void sched_place(struct vcpu *v);

#endif
