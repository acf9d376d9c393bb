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
extern uint64_t tsc_boot; /* TSC at nanosecond 0 */
extern struct tsc_scale tsc_scale;
extern bool tsc_stable; /* invariant and synchronised across cores */

/* What there is to measure the TSC with, beside the PIT. */
struct tsc_sources {
	hpa_t hpet;             /* 0: none */
	uint16_t pm_timer_port; /* 0: none */
	bool pm_timer_32bit;
};

/*
 * Find the TSC's frequency: CPUID (Xen's leaves, or 0x15 and 0x16) where it says and a clock, if
 * there is one, agrees within 1%; else measured by HPET, ACPI PM timer or PIT, in this order. boot_tsc is nanosecond 0. Boot core, once.
 */
void tsc_init(const struct tsc_sources *sources, uint64_t boot_tsc);
/*
 * Both sides of a check that no core's TSC is behind another's: run on the boot core and, at the
 * same time, on the core that has just started. Clears tsc_stable when one is.
 */
void tsc_check_sync(void);
/* Wait; for hardware that wants it, at boot and in panic. Microseconds. */
void tsc_delay_us(uint64_t us);

/* Pure: the frequency in kHz that CPUID leaves 0x15 and 0x16 state (SDM vol. 3, 18.7.3); 0: none. */
struct cpuid_regs;
uint64_t tsc_khz_from_cpuid(const struct cpuid_regs *leaf15, const struct cpuid_regs *leaf16);
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
