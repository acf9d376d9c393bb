// SPDX-License-Identifier: MIT
/*
 * Nested VMX: a guest (L1) that runs guests of its own (L2). The only header of this directory that
 * the rest of the tree includes.
 *
 * What decides is pure, a file each: capability MSRs (caps.c), the VMCS that L1 works on
 * (vmcs12.c), the checks of a VM entry (entry_*.c), who gets an exit (route.c), the VMCS that L2
 * really runs on (merge.c), what an exit to L1 records and loads (leave.c), L1's extended page
 * tables (ept12.c), faults and operands of VMX instructions (instruction.c, operand.c,
 * invalidate12.c).
 *
 * Sections of the SDM (vol. 3) are cited as in the rest of the tree: 24 VMCS, 25 non-root
 * operation, 26 VM entries, 27 VM exits, 28 EPT and VPID, 30 instructions. Recent editions add one.
 */
#ifndef ARCH_X86_NESTED_NESTED_H
#define ARCH_X86_NESTED_NESTED_H

#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/caps.h"

#define NESTED_CAP_MSRS (MSR_VMX_VMFUNC - MSR_VMX_BASIC + 1)

/* What VMX of L1 looks like. Per domain, constant once it is built. */
struct nested_caps {
	uint64_t msr[NESTED_CAP_MSRS]; /* IA32_VMX_BASIC and those after it */
	uint64_t efer;                 /* bits that a guest may set in IA32_EFER */
	uint64_t debugctl;             /* ... in IA32_DEBUGCTL */
	uint32_t fields;               /* which VMCS fields exist, by enum vmcs12_exists */
	unsigned int phys_bits;        /* width of L1's physical addresses */
};

/* What else the offer depends on: the virtual machine as CPUID shows it to L1. */
struct nested_shape {
	uint64_t cr4; /* bits that L1 may set, CR4.VMXE among them */
	uint64_t efer, debugctl;
	uint32_t proc2_hidden; /* secondary controls that belong to features not shown */
	unsigned int phys_bits;
};

/* One of IA32_VMX_*, as read. */
static inline uint64_t nested_cap(const struct nested_caps *caps, uint32_t msr)
{
	return caps->msr[msr - MSR_VMX_BASIC];
}

/* Pure: from what the machine has and L1 may know to what L1's capability MSRs say. */
void nested_caps_build(const struct vmx_capabilities *machine, const struct nested_shape *shape,
		       struct nested_caps *out);

/* RDMSR of IA32_VMX_BASIC .. IA32_VMX_VMFUNC; false means #GP (appendix A). Pure. */
bool nested_caps_read(const struct nested_caps *caps, uint32_t msr, uint64_t *value) must_check;

#endif
