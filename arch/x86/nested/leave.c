// SPDX-License-Identifier: MIT
#include "arch/x86/nested/leave.h"

#include "arch/x86/nested/merge.h"
#include "arch/x86/vmx/exits.h"

/* ET, CD, NW and what is reserved (SDM vol. 3, 26.3.2.1 and 27.5.1). */
#define CR0_KEPT (CR0_ET | BITS(15, 6) | BIT(17) | BITS(30, 19))

#define RIGHTS_CODE 0x809bU /* G, present, executed and read, accessed */
#define RIGHTS_DATA 0xc093U /* G, D, present, read and written, accessed */

uint64_t leave_cr0(uint64_t loaded, uint64_t old)
{
	return (loaded & ~CR0_KEPT) | (old & CR0_KEPT);
}

void leave_record(struct vmcs12 *v, const struct leave_exit *x)
{
	v->exit_reason = x->reason;
	v->exit_qualification = x->qualification;
	if (x->reason & EXIT_REASON_ENTRY_FAILED)
		return;
	v->exit_intr_info = x->intr_info;
	v->exit_intr_error = x->intr_error;
	v->idt_vectoring_info = x->vectoring_info;
	v->idt_vectoring_error = x->vectoring_error;
	v->exit_insn_length = x->insn_length;
	v->exit_insn_info = x->insn_info;
	v->guest_linear = x->linear;
	v->guest_physical = x->physical;
	v->entry_intr_info &= ~(uint64_t)INTR_VALID;
	v->launched = 1;
}

void leave_save(struct vmcs12 *v, const struct leave_guest *g)
{
	/* Offered with unrestricted guests: IA32_VMX_MISC[5]. */
	v->entry &= ~ENTRY_IA32E;
	if (g->efer & EFER_LMA)
		v->entry |= ENTRY_IA32E;
	if (v->exit & EXIT_SAVE_EFER)
		v->guest_efer = g->efer;
	if (v->exit & EXIT_SAVE_PAT)
		v->guest_pat = g->pat;
	if (v->exit & EXIT_SAVE_DEBUG) {
		v->guest_debugctl = g->debugctl;
		v->guest_dr7 = g->dr7;
	}
}

void leave_load_again(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		      struct leave_host *out)
{
	out->cr0 = leave_cr0(v->host_cr0, cr0);
	out->efer = merge_host_efer(v, efer);
	out->pat = v->exit & EXIT_LOAD_PAT ? v->host_pat : pat;
}

void leave_load(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		struct leave_host *out)
{
	bool wide = v->exit & EXIT_HOST_64BIT;

	leave_load_again(v, cr0, efer, pat, out);
	out->cr4 = wide ? v->host_cr4 | CR4_PAE : v->host_cr4 & ~CR4_PCIDE;
	for (unsigned int i = VMX_SEG_ES; i <= VMX_SEG_GS; i++)
		out->rights[i] = v->host_selector[i] ? RIGHTS_DATA : VMX_RIGHTS_UNUSABLE;
	out->rights[VMX_SEG_CS] = RIGHTS_CODE | (wide ? VMX_RIGHTS_L : VMX_RIGHTS_DB);
}
