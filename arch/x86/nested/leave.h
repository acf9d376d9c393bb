// SPDX-License-Identifier: MIT
/* What a VM exit from L2 to L1 records and loads (SDM vol. 3 ch. 27). Pure. */
#ifndef ARCH_X86_NESTED_LEAVE_H
#define ARCH_X86_NESTED_LEAVE_H

#include "arch/x86/nested/vmcs12.h"
#include "arch/x86/vmx/vmx.h"

/* The exit, in the terms of L1. What a kind of exit does not have is 0. */
struct leave_exit {
	uint32_t reason; /* with bit 31 for a failed VM entry */
	uint32_t intr_info, intr_error;
	uint32_t vectoring_info, vectoring_error; /* the event that was on its way */
	uint32_t insn_length, insn_info;
	uint64_t qualification, linear, physical;
};

/*
 * Into vmcs12's exit information (27.2). A failed entry has a reason and a qualification and leaves
 * all else as it was (26.7); a real exit also ends the injection that L1 had asked for.
 */
void leave_record(struct vmcs12 *v, const struct leave_exit *x);

/* Registers of L2 that are saved only where L1 asked for it (27.3.1). */
struct leave_guest {
	uint64_t efer, pat, debugctl, dr7;
};
void leave_save(struct vmcs12 *v, const struct leave_guest *g);

/* L1 after the exit (27.5), what has to be made of vmcs12's fields; the others are loaded as they are.
 * RFLAGS is 2, DR7 0x400, IA32_DEBUGCTL 0; both tables' limits are 0xffff, and those of segments
 * 0xffffffff, but for TR's. LDTR is unusable. */
struct leave_host {
	uint64_t cr0, cr4, efer, pat;
	uint64_t rights[VMX_SEG_GS + 1];
};
#define LEAVE_TSS_RIGHTS 0x008bU
#define LEAVE_TSS_LIMIT  0x67U

/*
 * cr0, efer and pat: as they are in L2 when it exits, since the exit does not change all of them.
 * With PAE paging the caller loads the PDPTEs, and VMX_ABORT_PDPTE when they are no good.
 */
void leave_load(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		struct leave_host *out);

/* The same when `out` is from an exit since which no field of the groups CONTROL and HOST has been
 * written. */
void leave_load_again(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		      struct leave_host *out);

/* CR0 as an entry or exit loads it: the bits that neither touches keep their value. */
uint64_t leave_cr0(uint64_t loaded, uint64_t old);

#endif
