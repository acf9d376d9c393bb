// SPDX-License-Identifier: MIT
#include "arch/x86/nested/leave.h"

#include "arch/x86/nested/merge.h"
#include "arch/x86/vmx/exits.h"

/* ET, CD, NW and what is reserved (SDM vol. 3, 26.3.2.1 and 27.5.1). */
#define CR0_KEPT (CR0_ET | BITS(15, 6) | BIT(17) | BITS(30, 19))

#define RIGHTS_CODE 0x809bU /* G, present, executed and read, accessed */
#define RIGHTS_DATA 0xc093U /* G, D, present, read and written, accessed */
#define RIGHTS_TSS  0x008bU
#define TSS_LIMIT   0x67U

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

static struct vmx_segment_state flat(uint64_t selector, uint64_t base, uint32_t rights)
{
	return (struct vmx_segment_state){
		.selector = (uint16_t)selector,
		.base = base,
		.limit = 0xffffffff,
		.rights = selector ? rights : VMX_RIGHTS_UNUSABLE,
	};
}

static void load_segments(const struct vmcs12 *v, struct vmx_segment_state *s)
{
	const uint64_t *selector = v->host_selector;
	bool wide = v->exit & EXIT_HOST_64BIT;

	for (unsigned int i = VMX_SEG_ES; i <= VMX_SEG_GS; i++)
		s[i] = flat(selector[i], 0, RIGHTS_DATA);
	s[VMX_SEG_CS].rights = RIGHTS_CODE | (wide ? VMX_RIGHTS_L : VMX_RIGHTS_DB);
	s[VMX_SEG_FS].base = v->host_fs_base;
	s[VMX_SEG_GS].base = v->host_gs_base;
	s[VMX_SEG_LDTR] = flat(0, 0, 0);
	s[VMX_SEG_TR] = flat(selector[VMX_SEG_GS + 1], v->host_tr_base, RIGHTS_TSS);
	s[VMX_SEG_TR].limit = TSS_LIMIT;
}

void leave_load_again(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		      struct leave_host *out)
{
	out->cr0 = leave_cr0(v->host_cr0, cr0);
	out->efer = merge_host_efer(v, efer);
	out->pat = v->exit & EXIT_LOAD_PAT ? v->host_pat : pat;
	out->rsp = v->host_rsp;
}

void leave_load(const struct vmcs12 *v, uint64_t cr0, uint64_t efer, uint64_t pat,
		struct leave_host *out)
{
	leave_load_again(v, cr0, efer, pat, out);
	out->cr3 = v->host_cr3;
	out->cr4 = v->exit & EXIT_HOST_64BIT ? v->host_cr4 | CR4_PAE : v->host_cr4 & ~CR4_PCIDE;
	out->rip = v->host_rip;
	out->gdtr_base = v->host_gdtr_base;
	out->idtr_base = v->host_idtr_base;
	out->sysenter_cs = v->host_sysenter_cs;
	out->sysenter_esp = v->host_sysenter_esp;
	out->sysenter_eip = v->host_sysenter_eip;
	load_segments(v, out->segment);
}
