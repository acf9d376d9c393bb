// SPDX-License-Identifier: MIT
/* The host-state area (SDM vol. 3, 26.2.2 to 26.2.4). */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/entry.h"

/* host_selector by encodings. */
enum { ES, CS, SS, DS, FS, GS, TR };
#define RPL_AND_TI 7

static bool fixed_ok(const struct nested_caps *caps, uint32_t fixed0, uint64_t value)
{
	return !(~value & nested_cap(caps, fixed0)) && !(value & ~nested_cap(caps, fixed0 + 1));
}

static enum entry_row check_registers(const struct entry_args *a, bool wide)
{
	const struct vmcs12 *v = a->v;
	uint64_t both = EFER_LME | EFER_LMA;

	ENTRY_REFUSE(HOST_CR0, !fixed_ok(a->caps, MSR_VMX_CR0_FIXED0, v->host_cr0));
	ENTRY_REFUSE(HOST_CR4, !fixed_ok(a->caps, MSR_VMX_CR4_FIXED0, v->host_cr4));
	ENTRY_REFUSE(HOST_CR3, v->host_cr3 >> a->caps->phys_bits);
	ENTRY_REFUSE(HOST_SYSENTER, !entry_canonical(v->host_sysenter_esp) ||
					    !entry_canonical(v->host_sysenter_eip));
	if (v->exit & EXIT_LOAD_PAT)
		ENTRY_REFUSE(HOST_PAT, !entry_pat_ok(v->host_pat));
	if (v->exit & EXIT_LOAD_EFER)
		ENTRY_REFUSE(HOST_EFER, (v->host_efer & ~a->caps->efer) ||
						(v->host_efer & both) != (wide ? both : 0));
	return ENTRY_ROW_NONE;
}

static enum entry_row check_segments(const struct entry_args *a, bool wide)
{
	const struct vmcs12 *v = a->v;
	uint64_t selectors = 0;

	for (unsigned int i = 0; i < array_size(v->host_selector); i++)
		selectors |= v->host_selector[i];
	ENTRY_REFUSE(HOST_SELECTOR, selectors & RPL_AND_TI);
	ENTRY_REFUSE(HOST_NULL, !v->host_selector[CS] || !v->host_selector[TR] ||
					(!wide && !v->host_selector[SS]));
	ENTRY_REFUSE(HOST_BASE, !entry_canonical(v->host_fs_base) ||
					!entry_canonical(v->host_gs_base) ||
					!entry_canonical(v->host_gdtr_base) ||
					!entry_canonical(v->host_idtr_base) ||
					!entry_canonical(v->host_tr_base));
	return ENTRY_ROW_NONE;
}

static enum entry_row check_mode(const struct entry_args *a, bool wide)
{
	const struct vmcs12 *v = a->v;

	ENTRY_REFUSE(HOST_MODE, wide != a->long_mode);
	ENTRY_REFUSE(HOST_GUEST_MODE, !wide && (v->entry & ENTRY_IA32E));
	ENTRY_REFUSE(HOST_CR4_MODE, wide ? !(v->host_cr4 & CR4_PAE) : v->host_cr4 & CR4_PCIDE);
	ENTRY_REFUSE(HOST_RIP, wide ? !entry_canonical(v->host_rip) : v->host_rip >> 32);
	return ENTRY_ROW_NONE;
}

enum entry_row entry_check_host(const struct entry_args *a)
{
	bool wide = a->v->exit & EXIT_HOST_64BIT;
	enum entry_row row = check_registers(a, wide);

	if (!row)
		row = check_segments(a, wide);
	return row ? row : check_mode(a, wide);
}
