// SPDX-License-Identifier: MIT
/*
 * From what the processor's capability MSRs allow (SDM vol. 3, appendix A) to the VM-execution,
 * VM-exit and VM-entry controls that every vCPU runs with. Pure, but for reading the MSRs.
 */
#ifndef ARCH_X86_VMX_CAPS_H
#define ARCH_X86_VMX_CAPS_H

#include "core/lib/types.h"

/* Capability MSRs as read; a control's low half must be 1, its high half may be 1. */
struct vmx_capabilities {
	uint64_t basic, misc;
	uint64_t pin, proc, proc2, exit, entry; /* TRUE forms where they exist */
	uint64_t ept_vpid;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
};

struct vmx_controls {
	uint32_t pin, proc, proc2, exit, entry;
	uint32_t revision;  /* goes into each VMCS */
	uint64_t cr0_fixed; /* CR0 bits that are 1 in guests: not PE and PG (unrestricted) */
	uint64_t cr4_fixed;
	unsigned int timer_shift; /* the preemption timer ticks once in 2^shift TSC ticks */
	bool invept_single, invvpid_single;
};

/* Read the MSRs of the calling core, which has VMX. */
void vmx_capabilities_read(struct vmx_capabilities *out);

/*
 * Decide. Returns how many required things the processor lacks; the first `max` of them are named
 * in names[] (static texts). With 0, *out is valid.
 */
unsigned int vmx_controls_decide(const struct vmx_capabilities *cap, struct vmx_controls *out,
				 const char *names[], unsigned int max);

/* Name the optional features that *c uses, as one line of text. */
void vmx_controls_describe(const struct vmx_controls *c, char *buf, size_t size);

#endif
