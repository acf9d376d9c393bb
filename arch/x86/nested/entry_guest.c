// SPDX-License-Identifier: MIT
/* Guest control registers, debug registers, MSRs and descriptor tables (SDM vol. 3, 26.3.1.1 and
 * 26.3.1.3), and the state that is checked at every entry (26.3.1.4 to 26.3.1.6). */
#include "arch/x86/nested/entry.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/exits.h"

#define LINEAR_BITS 48

#define RFLAGS_RESERVED (BITS(63, 22) | BIT(15) | BIT(5) | BIT(3))
#define DEBUGCTL_BTF    BIT(1)
/* Breakpoints met, "enabled breakpoint" and BS; no RTM, no bus locks. */
#define PENDING_DEFINED (BITS(3, 0) | PENDING_ENABLED | PENDING_BS)

#define ACTIVITY_ACTIVE 0U
#define ACTIVITY_HLT    1U
#define BLOCKED_BY_SMI  BIT(2)
#define BLOCKED_DEFINED BITS(3, 0)

#define NO_LINK (~0ULL)

static bool ia32e(const struct vmcs12 *v)
{
	return v->entry & ENTRY_IA32E;
}

static bool unrestricted(const struct vmcs12 *v)
{
	return vmcs12_proc2(v) & PROC2_UNRESTRICTED;
}

static enum entry_row check_control_registers(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t cr0_must = nested_cap(a->caps, MSR_VMX_CR0_FIXED0);

	if (unrestricted(v))
		cr0_must &= ~(CR0_PE | CR0_PG);
	ENTRY_REFUSE(CR0, (~v->guest_cr0 & cr0_must) ||
				  (v->guest_cr0 & ~nested_cap(a->caps, MSR_VMX_CR0_FIXED1)));
	ENTRY_REFUSE(CR0_PG, (v->guest_cr0 & CR0_PG) && !(v->guest_cr0 & CR0_PE));
	ENTRY_REFUSE(CR4, (~v->guest_cr4 & nested_cap(a->caps, MSR_VMX_CR4_FIXED0)) ||
				  (v->guest_cr4 & ~nested_cap(a->caps, MSR_VMX_CR4_FIXED1)));
	if (v->entry & ENTRY_LOAD_DEBUG)
		ENTRY_REFUSE(DEBUGCTL, v->guest_debugctl & ~a->caps->debugctl);
	if (ia32e(v))
		ENTRY_REFUSE(IA32E_PAGING, !(v->guest_cr0 & CR0_PG) || !(v->guest_cr4 & CR4_PAE));
	else
		ENTRY_REFUSE(PCIDE, v->guest_cr4 & CR4_PCIDE);
	ENTRY_REFUSE(CR3, v->guest_cr3 >> a->caps->phys_bits);
	if (v->entry & ENTRY_LOAD_DEBUG)
		ENTRY_REFUSE(DR7, v->guest_dr7 >> 32);
	return ENTRY_ROW_NONE;
}

static enum entry_row check_msrs(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	bool lma = v->guest_efer & EFER_LMA, lme = v->guest_efer & EFER_LME;

	ENTRY_REFUSE(SYSENTER, !entry_canonical(v->guest_sysenter_esp) ||
				       !entry_canonical(v->guest_sysenter_eip));
	if (v->entry & ENTRY_LOAD_PAT)
		ENTRY_REFUSE(PAT, !entry_pat_ok(v->guest_pat));
	if (v->entry & ENTRY_LOAD_EFER) {
		ENTRY_REFUSE(EFER_RESERVED, v->guest_efer & ~a->caps->efer);
		ENTRY_REFUSE(EFER_LMA, lma != ia32e(v));
		ENTRY_REFUSE(EFER_LME, (v->guest_cr0 & CR0_PG) && lma != lme);
	}
	return ENTRY_ROW_NONE;
}

static enum entry_row check_tables(const struct vmcs12 *v)
{
	ENTRY_REFUSE(TABLE_BASE,
		     !entry_canonical(v->guest_gdtr_base) || !entry_canonical(v->guest_idtr_base));
	ENTRY_REFUSE(TABLE_LIMIT, (v->guest_gdtr_limit | v->guest_idtr_limit) >> 16);
	return ENTRY_ROW_NONE;
}

enum entry_row entry_check_registers(const struct entry_args *a)
{
	enum entry_row row = check_control_registers(a);

	if (!row)
		row = check_msrs(a);
	return row ? row : check_tables(a->v);
}

/* An event of this type is injected. */
static bool injects(const struct vmcs12 *v, uint32_t type)
{
	return (v->entry_intr_info & INTR_VALID) && (v->entry_intr_info & INTR_TYPE) == type;
}

enum entry_row entry_check_rip(const struct vmcs12 *v)
{
	bool wide = ia32e(v) && (v->guest_rights[VMX_SEG_CS] & VMX_RIGHTS_L);
	/* Bits 63:48 are the same; that bit 47 is, too, is not asked for. */
	int64_t high = (int64_t)v->guest_rip >> LINEAR_BITS;

	ENTRY_REFUSE(RIP, wide ? high && high != -1 : v->guest_rip >> 32);
	return ENTRY_ROW_NONE;
}

static enum entry_row check_rip_and_rflags(const struct vmcs12 *v)
{
	enum entry_row row = entry_check_rip(v);

	if (row)
		return row;
	ENTRY_REFUSE(RFLAGS_RESERVED,
		     (v->guest_rflags & RFLAGS_RESERVED) || !(v->guest_rflags & RFLAGS_FIXED));
	ENTRY_REFUSE(RFLAGS_VM,
		     (v->guest_rflags & RFLAGS_VM) && (ia32e(v) || !(v->guest_cr0 & CR0_PE)));
	ENTRY_REFUSE(RFLAGS_IF, injects(v, INTR_TYPE_EXTERNAL) && !(v->guest_rflags & RFLAGS_IF));
	return ENTRY_ROW_NONE;
}

static enum entry_row check_link(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	bool shadow = vmcs12_proc2(v) & PROC2_SHADOW_VMCS;
	uint32_t word;

	if (v->link_pointer == NO_LINK)
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(LINK_ADDRESS, !nested_page_ok(a->caps, v->link_pointer));
	a->read(a->opaque, v->link_pointer, &word, sizeof(word));
	ENTRY_REFUSE(LINK_REVISION, word != (VMCS12_REVISION | (shadow ? VMCS12_SHADOW : 0)));
	ENTRY_REFUSE(LINK_CURRENT, v->link_pointer == a->current);
	return ENTRY_ROW_NONE;
}

/* What ends HLT (26.3.1.5); nothing is injected in wait-for-SIPI, and shutdown is not offered. */
static bool activity_takes(uint64_t activity, uint64_t info)
{
	uint64_t type = info & INTR_TYPE, vector = info & INTR_VECTOR;

	if (activity != ACTIVITY_HLT)
		return false;
	return type == INTR_TYPE_EXTERNAL || type == INTR_TYPE_NMI || type == INTR_TYPE_OTHER ||
	       (type == INTR_TYPE_EXCEPTION && (vector == EXC_DB || vector == EXC_MC));
}

static enum entry_row check_activity(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t offered = nested_cap(a->caps, MSR_VMX_MISC) >> 5 & 0xe;

	if (v->activity == ACTIVITY_ACTIVE)
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(ACTIVITY, v->activity > 3 || !(offered >> v->activity & 1));
	ENTRY_REFUSE(HLT_DPL,
		     v->activity == ACTIVITY_HLT && (v->guest_rights[VMX_SEG_SS] & VMX_RIGHTS_DPL));
	ENTRY_REFUSE(ACTIVITY_BLOCKED,
		     v->interruptibility & (VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS));
	ENTRY_REFUSE(ACTIVITY_EVENT, (v->entry_intr_info & INTR_VALID) &&
					     !activity_takes(v->activity, v->entry_intr_info));
	return ENTRY_ROW_NONE;
}

static enum entry_row check_blocking(const struct vmcs12 *v)
{
	bool sti = v->interruptibility & VMX_BLOCKED_BY_STI;
	bool mov_ss = v->interruptibility & VMX_BLOCKED_BY_MOV_SS;

	if (!v->interruptibility)
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(BLOCKED_RESERVED, v->interruptibility & ~BLOCKED_DEFINED);
	ENTRY_REFUSE(BLOCKED_BOTH, sti && mov_ss);
	ENTRY_REFUSE(BLOCKED_STI, sti && !(v->guest_rflags & RFLAGS_IF));
	ENTRY_REFUSE(BLOCKED_EXTERNAL, (sti || mov_ss) && injects(v, INTR_TYPE_EXTERNAL));
	ENTRY_REFUSE(BLOCKED_NMI_MOV_SS, mov_ss && injects(v, INTR_TYPE_NMI));
	/* Up to the processor; some refuse it. */
	ENTRY_REFUSE(BLOCKED_NMI_STI, sti && injects(v, INTR_TYPE_NMI));
	ENTRY_REFUSE(BLOCKED_SMI, v->interruptibility & BLOCKED_BY_SMI);
	ENTRY_REFUSE(BLOCKED_NMI, (v->interruptibility & VMX_BLOCKED_BY_NMI) &&
					  (v->pin & PIN_VIRTUAL_NMI) && injects(v, INTR_TYPE_NMI));
	return ENTRY_ROW_NONE;
}

/* A single step is pending after an instruction that held it back, and only then. */
static enum entry_row check_pending(const struct vmcs12 *v)
{
	bool held = (v->interruptibility & (VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS)) ||
		    v->activity == ACTIVITY_HLT;
	bool steps = (v->guest_rflags & RFLAGS_TF) && !(v->guest_debugctl & DEBUGCTL_BTF);

	ENTRY_REFUSE(PENDING_RESERVED, v->pending_debug & ~PENDING_DEFINED);
	ENTRY_REFUSE(PENDING_STEP, held && !!(v->pending_debug & PENDING_BS) != steps);
	return ENTRY_ROW_NONE;
}

static enum entry_row check_pdptes(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t entries[4];

	if (ia32e(v) || !(v->guest_cr0 & CR0_PG) || !(v->guest_cr4 & CR4_PAE))
		return ENTRY_ROW_NONE;
	if (!(vmcs12_proc2(v) & PROC2_EPT))
		a->read(a->opaque, v->guest_cr3 & BITS(31, 5), entries, sizeof(entries));
	for (unsigned int i = 0; i < array_size(entries); i++) {
		uint64_t e = vmcs12_proc2(v) & PROC2_EPT ? v->guest_pdpte[i] : entries[i];

		ENTRY_REFUSE(PDPTE, !control_regs_pdpte_ok(e, a->caps->phys_bits));
	}
	return ENTRY_ROW_NONE;
}

enum entry_row entry_check_state(const struct entry_args *a)
{
	enum entry_row row = check_rip_and_rflags(a->v);

	if (!row)
		row = check_link(a);
	if (!row)
		row = check_activity(a);
	if (!row)
		row = check_blocking(a->v);
	if (!row)
		row = check_pending(a->v);
	return row ? row : check_pdptes(a);
}
