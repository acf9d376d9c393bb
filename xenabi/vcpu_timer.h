// SPDX-License-Identifier: MIT
/* A vCPU's periodic and singleshot timers: they raise VIRQ_TIMER. Times are the guest's system time. */
#ifndef XENABI_VCPU_TIMER_H
#define XENABI_VCPU_TIMER_H

#include "xenabi/vcpu.h"

void vcpu_timer_init(struct vcpu *v);
/* No handler runs or will run. Outside sections and locks. */
void vcpu_timer_destroy(struct vcpu *v);

/* Absolute nanoseconds; what is past raises the event at once. Own core. */
void vcpu_timer_singleshot(struct vcpu *v, uint64_t when_ns);
void vcpu_timer_singleshot_stop(struct vcpu *v);
/* Any vCPU of the domain; the caller holds memory_lock, which serialises these two. */
void vcpu_timer_periodic(struct vcpu *v, uint64_t period_ns);
void vcpu_timer_periodic_stop(struct vcpu *v);

#endif
