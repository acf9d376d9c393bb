// SPDX-License-Identifier: MIT
/* One-shot timers on the TSC. They fire on the core whose queue they are in, in root mode. */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "core/lib/types.h"

struct timer {
	uint64_t deadline;                    /* TSC; ~0 when not armed */
	void (*fire)(struct timer *);         /* root, IF=0, no lock held; may re-arm */
	uint32_t core;                        /* whose queue */
	struct timer *child, *sibling, *prev; /* the queue's heap */
};

void timer_init(struct timer *t, void (*fire)(struct timer *));
/* (Re-)arm on a core's queue; ~0 disarms. Any core, outside sections; a deadline in the past fires
 * at the next look. Calls for one timer may race: the last wins. */
void timer_set(struct timer *t, uint64_t deadline, uint32_t core);
/* After it returns the handler is not running elsewhere and will not run. Never from a handler of
 * the same timer; holds no lock that the handler takes. */
void timer_cancel(struct timer *t);
/* Fire what is due on this core. The scheduler's, at each of its turns. While a guest runs no
 * interrupt is needed: pcpu.slice_end covers the next timer, and the VMX preemption timer ends the
 * guest's run then. The scheduler arms the APIC timer only to idle. */
void timer_run_due(void);
/* Deadline of this core's next timer; ~0 for none. */
uint64_t timer_next(void);
/* Show this core's queue or another's: calls fn for each, in no order, with the queue locked. */
void timer_for_each(uint32_t core, void (*fn)(const struct timer *));

#endif
