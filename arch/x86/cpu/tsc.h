// SPDX-License-Identifier: MIT
/* The machine's clock: TSC ticks to nanoseconds since boot. */
#ifndef ARCH_X86_CPU_TSC_H
#define ARCH_X86_CPU_TSC_H

#include "core/lib/types.h"

/* ns = ((tsc << shift) * mul) >> 32, shift negative for a right shift (xen/xen.h vcpu_time_info) */
struct tsc_scale {
	uint32_t mul;
	int8_t shift;
};

/* Set by tsc_init() on the boot core before any other starts; constant after. */
extern uint64_t tsc_khz;
extern uint64_t tsc_boot;	  /* TSC at nanosecond 0 */
extern struct tsc_scale tsc_scale;
extern bool tsc_stable;		  /* invariant and synchronised across cores */

/* Pure: the scale for a frequency. */
struct tsc_scale tsc_scale_from_khz(uint64_t khz);

static inline uint64_t tsc_scale_ticks(uint64_t ticks, struct tsc_scale s)
{
	ticks = s.shift < 0 ? ticks >> -s.shift : ticks << s.shift;
	return (uint64_t)(((unsigned __int128)ticks * s.mul) >> 32);
}

/* Nanoseconds since tsc_boot for a TSC value. */
static inline uint64_t tsc_to_ns(uint64_t tsc)
{
	return tsc_scale_ticks(tsc - tsc_boot, tsc_scale);
}

/* The TSC value at which ns since tsc_boot is reached, rounded up; saturates. */
uint64_t tsc_from_ns(uint64_t ns);

#endif
