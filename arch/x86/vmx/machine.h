// SPDX-License-Identifier: MIT
/* VMX of the machine: what all vCPUs share. Set by vmx_init(), constant after. */
#ifndef ARCH_X86_VMX_MACHINE_H
#define ARCH_X86_VMX_MACHINE_H

#include "arch/x86/cpu/cr.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/cpuid_policy.h"

extern struct vmx_capabilities vmx_machine; /* of every core */
extern struct vmx_controls vmx_controls;
extern struct cpuid_host vmx_cpuid_host;

/* CR0 bits in guests that are not the guest's: caching stays on whatever it says, as CD would slow
 * the core down for everybody, and VMX wants NE. */
static inline uint64_t vmx_cr0_owned(void)
{
	return CR0_CD | CR0_NW | vmx_controls.cr0_fixed;
}

/* TSC ticks as a count of the preemption timer, at least 1. */
static inline uint32_t vmx_timer_count(uint64_t ticks)
{
	uint64_t count = ticks >> vmx_controls.timer_shift;

	return count > 0xffffffff ? 0xffffffff : (uint32_t)(count ? count : 1);
}

#endif
