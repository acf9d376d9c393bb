// SPDX-License-Identifier: MIT
/*
 * Guest time. System time is a linear function of the TSC for the domain's life, so every record of
 * every vCPU is the same one: system time 0 at the TSC value of the domain's birth. Times computed
 * from it can neither differ between vCPUs nor go back when a record is written again.
 */
#ifndef XENABI_TIME_H
#define XENABI_TIME_H

#include "xenabi/vcpu.h"

struct vcpu_time_info;

/* Write the vCPU's time record in its vcpu_info and in its secondary area; false when a page was
 * missed. Its own core, or the vCPU is down. Outside sections; takes no lock. */
bool time_write(struct vcpu *v) must_check;
/* The same, looking for missed pages first. Takes the physmap lock. */
void time_update(struct vcpu *v);
/* The record itself. */
void time_record(const struct vcpu *v, struct vcpu_time_info *out);

/* Boot: the wall clock (ns since 1970-01-01 UTC) at a TSC value. Guests' wallclocks follow it. */
void time_set_wallclock(uint64_t epoch_ns, uint64_t tsc);
/* Nanoseconds since 1970 at a domain's system time 0. */
uint64_t time_epoch_ns(const struct domain *d);

#endif
