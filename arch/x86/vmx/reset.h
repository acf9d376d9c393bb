// SPDX-License-Identifier: MIT
/* The states in which a vCPU begins. */
#ifndef ARCH_X86_VMX_RESET_H
#define ARCH_X86_VMX_RESET_H

#include "arch/x86/vmx/vmx.h"

/* What makes up a start; general registers are in vcpu.regs. */
struct start_state {
	uint64_t rip, rsp, rflags;
	uint64_t cr0, cr3, cr4, efer; /* as the guest sees them */
	struct vmx_segment_state seg[VMX_SEG_COUNT];
};

/* After power-up: INIT's state, and MSRs and debug registers at their defaults. VMCS current. */
void reset_power_up(struct vcpu *v);

/* Pure: VCPUOP_initialise's context as a state, with the checks of the ABI. cr4_offered and
 * efer_offered: bits that the domain's CPUID allows. 0 or -EINVAL. */
struct vcpu_hvm_context;
int reset_from_context(const struct vcpu_hvm_context *ctx, uint64_t cr4_offered,
		       uint64_t efer_offered, struct start_state *out,
		       struct vcpu_regs *regs) must_check;

/* Rights of a descriptor's attribute word (type in bits 3:0, G in bit 11) as the VMCS has them. */
static inline uint32_t reset_rights(uint32_t attributes)
{
	return (attributes & 0xff) | (attributes & 0xf00) << 4;
}

/* CR0, CR4 and EFER as the guest is to see them, into the VMCS fields, shadows and entry control. */
void reset_write_cr0(struct vcpu *v, uint64_t cr0);
void reset_write_cr4(struct vcpu *v, uint64_t cr4);
void reset_write_efer(struct vcpu *v, uint64_t efer);
/* Read the four page-directory pointers of PAE paging from guest memory into the VMCS (SDM vol. 3,
 * 4.4.1). False: a reserved bit is set in one; nothing was changed. Outside sections. */
bool reset_load_pdptes(struct vcpu *v, uint64_t cr3) must_check;
/* These four into the VMCS, as they are. */
void reset_write_pdptes(const uint64_t pdpte[4]);

#endif
