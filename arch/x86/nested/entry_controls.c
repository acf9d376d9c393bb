// SPDX-License-Identifier: MIT
/* VM-execution, VM-exit and VM-entry control fields (SDM vol. 3, 26.2.1). */
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/ept12.h"
#include "arch/x86/vmx/exits.h"

/* A control word against a capability MSR: low half must be 1, high half may be. */
static bool allows(const struct nested_caps *caps, uint32_t msr, uint64_t word)
{
	uint64_t cap = nested_cap(caps, msr);

	return !(~word & low32(cap)) && !(word & ~(cap >> 32));
}

static bool bad_page(const struct entry_args *a, uint64_t gpa)
{
	return !nested_page_ok(a->caps, gpa);
}

/* An MSR list: aligned, and its last byte is an address. */
static bool bad_list(const struct entry_args *a, uint64_t gpa, uint64_t count)
{
	return count && ((gpa & 0xf) || gpa >> a->caps->phys_bits ||
			 (gpa + count * sizeof(struct entry_msr) - 1) >> a->caps->phys_bits);
}

static enum entry_row check_words(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;

	ENTRY_REFUSE(PIN_RESERVED, !allows(a->caps, MSR_VMX_TRUE_PINBASED_CTLS, v->pin));
	ENTRY_REFUSE(PROC_RESERVED, !allows(a->caps, MSR_VMX_TRUE_PROCBASED_CTLS, v->proc));
	ENTRY_REFUSE(PROC2_RESERVED, !allows(a->caps, MSR_VMX_PROCBASED_CTLS2, vmcs12_proc2(v)));
	ENTRY_REFUSE(CR3_TARGET_COUNT, v->cr3_target_count > array_size(v->cr3_target));
	if (v->proc & PROC_IO_BITMAPS)
		ENTRY_REFUSE(IO_BITMAP,
			     bad_page(a, v->io_bitmap[0]) || bad_page(a, v->io_bitmap[1]));
	if (v->proc & PROC_MSR_BITMAPS)
		ENTRY_REFUSE(MSR_BITMAP, bad_page(a, v->msr_bitmap));
	return ENTRY_ROW_NONE;
}

static enum entry_row check_interrupts(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t proc2 = vmcs12_proc2(v);

	if (v->proc & PROC_TPR_SHADOW)
		ENTRY_REFUSE(VIRTUAL_APIC, bad_page(a, v->virtual_apic));
	ENTRY_REFUSE(VIRTUAL_NMI, (v->pin & PIN_VIRTUAL_NMI) && !(v->pin & PIN_NMI));
	ENTRY_REFUSE(NMI_WINDOW, (v->proc & PROC_NMI_WINDOW) && !(v->pin & PIN_VIRTUAL_NMI));
	if (proc2 & PROC2_APIC_ACCESS)
		ENTRY_REFUSE(APIC_ACCESS, bad_page(a, v->apic_access));
	if (!(v->proc & PROC_TPR_SHADOW))
		ENTRY_REFUSE(NO_TPR_SHADOW, proc2 & (PROC2_X2APIC | PROC2_APIC_REGISTER |
						     PROC2_VIRTUAL_INTERRUPT));
	ENTRY_REFUSE(X2APIC, (proc2 & PROC2_X2APIC) && (proc2 & PROC2_APIC_ACCESS));
	ENTRY_REFUSE(VIRTUAL_INTERRUPT,
		     (proc2 & PROC2_VIRTUAL_INTERRUPT) && !(v->pin & PIN_EXTERNAL_INTERRUPT));
	if (v->pin & PIN_POSTED_INTERRUPTS) {
		ENTRY_REFUSE(POSTED_NEEDS,
			     !(proc2 & PROC2_VIRTUAL_INTERRUPT) || !(v->exit & EXIT_ACK_INTERRUPT));
		ENTRY_REFUSE(POSTED_VECTOR, v->posted_vector >> 8);
		ENTRY_REFUSE(POSTED_DESCRIPTOR, (v->posted_descriptor & 0x3f) ||
							v->posted_descriptor >> a->caps->phys_bits);
	}
	return ENTRY_ROW_NONE;
}

static enum entry_row check_paging(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t proc2 = vmcs12_proc2(v);
	bool ept = proc2 & PROC2_EPT;

	if (proc2 & PROC2_VPID)
		ENTRY_REFUSE(VPID_ZERO, !v->vpid);
	ENTRY_REFUSE(EPTP, ept && !ept12_pointer_ok(a->caps, v->eptp));
	if (proc2 & PROC2_PML) {
		ENTRY_REFUSE(PML_NEEDS_EPT, !ept);
		ENTRY_REFUSE(PML_ADDRESS, bad_page(a, v->pml_address));
	}
	ENTRY_REFUSE(UNRESTRICTED_NEEDS_EPT, (proc2 & PROC2_UNRESTRICTED) && !ept);
	if (proc2 & PROC2_VMFUNC) {
		ENTRY_REFUSE(VMFUNC_RESERVED,
			     v->vmfunc_controls & ~nested_cap(a->caps, MSR_VMX_VMFUNC));
		/* All that is left is EPTP switching. */
		ENTRY_REFUSE(EPTP_LIST_NEEDS_EPT, v->vmfunc_controls && !ept);
		ENTRY_REFUSE(EPTP_LIST, v->vmfunc_controls && bad_page(a, v->eptp_list));
	}
	if (proc2 & PROC2_SHADOW_VMCS)
		ENTRY_REFUSE(SHADOW_BITMAP,
			     bad_page(a, v->vmread_bitmap) || bad_page(a, v->vmwrite_bitmap));
	if (proc2 & PROC2_TSC_SCALING)
		ENTRY_REFUSE(TSC_MULTIPLIER, !v->tsc_multiplier);
	return ENTRY_ROW_NONE;
}

static enum entry_row check_exit_and_entry(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;

	ENTRY_REFUSE(EXIT_RESERVED, !allows(a->caps, MSR_VMX_TRUE_EXIT_CTLS, v->exit));
	ENTRY_REFUSE(SAVE_TIMER, (v->exit & EXIT_SAVE_TIMER) && !(v->pin & PIN_PREEMPTION_TIMER));
	ENTRY_REFUSE(EXIT_STORE_LIST, bad_list(a, v->exit_msr_store, v->exit_msr_stores));
	ENTRY_REFUSE(EXIT_LOAD_LIST, bad_list(a, v->exit_msr_load, v->exit_msr_loads));
	ENTRY_REFUSE(ENTRY_RESERVED, !allows(a->caps, MSR_VMX_TRUE_ENTRY_CTLS, v->entry));
	ENTRY_REFUSE(ENTRY_LOAD_LIST, bad_list(a, v->entry_msr_load, v->entry_msr_loads));
	return ENTRY_ROW_NONE;
}

enum entry_row entry_check_controls(const struct entry_args *a)
{
	enum entry_row row = check_words(a);

	if (!row)
		row = check_interrupts(a);
	if (!row)
		row = check_paging(a);
	return row ? row : check_exit_and_entry(a);
}

enum entry_row entry_check_tpr(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t proc2 = vmcs12_proc2(v);
	uint8_t vtpr;

	if (!(v->proc & PROC_TPR_SHADOW) || (proc2 & PROC2_VIRTUAL_INTERRUPT))
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(TPR_RESERVED, v->tpr_threshold >> 4);
	if (!(proc2 & PROC2_APIC_ACCESS) && v->tpr_threshold) {
		a->read(a->opaque, v->virtual_apic + VAPIC_TPR, &vtpr, 1);
		ENTRY_REFUSE(TPR_THRESHOLD, v->tpr_threshold > vtpr >> 4);
	}
	return ENTRY_ROW_NONE;
}

/* The event brings an error code: some exceptions, where the stack gets one (26.2.1.3). */
static bool has_error(const struct vmcs12 *v)
{
	const uint32_t with = 1U << EXC_DF | 1U << EXC_TS | 1U << EXC_NP | 1U << EXC_SS |
			      1U << EXC_GP | 1U << EXC_PF | 1U << EXC_AC;
	uint32_t vector = (uint32_t)v->entry_intr_info & INTR_VECTOR;
	bool protected_mode = !(vmcs12_proc2(v) & PROC2_UNRESTRICTED) || (v->guest_cr0 & CR0_PE);

	return protected_mode && (v->entry_intr_info & INTR_TYPE) == INTR_TYPE_EXCEPTION &&
	       vector < 32 && (with >> vector & 1);
}

static bool vector_ok(uint32_t info)
{
	uint32_t vector = info & INTR_VECTOR;

	switch (info & INTR_TYPE) {
	case INTR_TYPE_NMI: return vector == EXC_NMI;
	case INTR_TYPE_EXCEPTION: return vector < 32;
	case INTR_TYPE_OTHER: return !vector;
	default: return true;
	}
}

/* Length 0 only where it is offered: of an instruction that did not really execute. */
static bool length_ok(const struct entry_args *a, uint32_t type)
{
	uint64_t length = a->v->entry_insn_length;

	if (type != INTR_TYPE_SOFTWARE && type != INTR_TYPE_ICEBP && type != INTR_TYPE_SOFT_EXC)
		return true;
	return length <= 15 &&
	       (length || (nested_cap(a->caps, MSR_VMX_MISC) & VMX_MISC_ZERO_LENGTH));
}

enum entry_row entry_check_event(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	uint32_t info = (uint32_t)v->entry_intr_info;
	uint32_t type = info & INTR_TYPE;
	bool mtf = high32(nested_cap(a->caps, MSR_VMX_PROCBASED_CTLS)) & PROC_TRAP_FLAG;

	if (!(info & INTR_VALID))
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(EVENT_TYPE, type == 1U << 8 || (type == INTR_TYPE_OTHER && !mtf));
	ENTRY_REFUSE(EVENT_VECTOR, !vector_ok(info));
	ENTRY_REFUSE(EVENT_HAS_ERROR, !!(info & INTR_HAS_ERROR) != has_error(v));
	ENTRY_REFUSE(EVENT_RESERVED, info & BITS(30, 12));
	ENTRY_REFUSE(EVENT_ERROR_CODE, (info & INTR_HAS_ERROR) && v->entry_error_code >> 16);
	ENTRY_REFUSE(EVENT_LENGTH, !length_ok(a, type));
	return ENTRY_ROW_NONE;
}
