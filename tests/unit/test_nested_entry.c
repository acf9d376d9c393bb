// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/entry.c arch/x86/nested/entry_controls.c
// sources: arch/x86/nested/entry_host.c arch/x86/nested/entry_guest.c
// sources: arch/x86/nested/entry_segments.c arch/x86/nested/ept12.c
// sources: arch/x86/nested/caps.c arch/x86/nested/vmcs12.c
// sources: arch/x86/vmx/control_regs.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "arch/x86/nested/entry.h"
#include "arch/x86/vmx/exits.h"
#include "nested_guests.h"

/* L1's memory as the checks see it. */
struct memory {
	uint64_t link; /* address of the linked VMCS */
	uint32_t word; /* its first word */
	uint8_t vtpr;
	uint64_t pdpte[4];
};

static const struct memory usual_memory = {
	0xa000, VMCS12_REVISION | VMCS12_SHADOW, 0x50, { 0x40001 }
};

static void read_memory(void *opaque, uint64_t gpa, void *dst, size_t len)
{
	const struct memory *m = opaque;

	memset(dst, 0xff, len);
	if (gpa == m->link && len == sizeof(m->word))
		memcpy(dst, &m->word, len);
	else if (gpa == 0x4080 && len == 1)
		memcpy(dst, &m->vtpr, len);
	else if (gpa == 0x33000 && len == sizeof(m->pdpte))
		memcpy(dst, m->pdpte, len);
}

static enum entry_row check_with(struct memory m, const struct vmcs12 *v, struct nested_caps caps,
				 bool long_mode, uint32_t groups)
{
	struct entry_args a = { &caps, v, read_memory, &m, 0x9999000, long_mode };

	return entry_check(&a, groups);
}

static enum entry_row check(const struct vmcs12 *v)
{
	return check_with(usual_memory, v, caps_of(machine_server()), true, VMCS12_GROUPS_ALL);
}

static struct vmcs12 (*const guests[])(void) = { guest_64,         guest_32,   guest_pae,
						 guest_pae_shadow, guest_real, guest_v86,
						 guest_posted };
enum { G64, G32, PAE, PAE_SHADOW, REAL, V86, POSTED };

static void what_is_valid_passes(void **state)
{
	for (unsigned int i = 0; i < array_size(guests); i++) {
		struct vmcs12 v = guests[i]();
		enum entry_row row = check(&v);

		if (row)
			fail_msg("guest %u: %s", i, entry_row_name(row));
	}
}

/* One field is changed: bits cleared, then set. */
struct change {
	size_t offset;
	uint64_t clear, set;
};
#define SET(field, value)                                                                          \
	{                                                                                          \
		offsetof(struct vmcs12, field), ~0ULL, (value)                                     \
	}
#define OR(field, bits)                                                                            \
	{                                                                                          \
		offsetof(struct vmcs12, field), 0, (bits)                                          \
	}
#define CLR(field, bits)                                                                           \
	{                                                                                          \
		offsetof(struct vmcs12, field), (bits), 0                                          \
	}
#define CHANGES 4

struct violation {
	enum entry_row row;
	unsigned int guest;
	struct change change[CHANGES];
};

#define EVENT(type, vector) (INTR_VALID | (type) | (vector))
#define SEG(field, seg)     field[VMX_SEG_##seg]
#define FAR                 BIT(40)
#define NOT_CANONICAL       BIT(47)

// clang-format off
static const struct violation violations[] = {
{ ENTRY_ROW_PIN_RESERVED, G64, { CLR(pin, BIT(1)) } },
{ ENTRY_ROW_PIN_RESERVED, G64, { OR(pin, BIT(8)) } },
{ ENTRY_ROW_PROC_RESERVED, G64, { CLR(proc, BIT(1)) } },
{ ENTRY_ROW_PROC_RESERVED, G64, { OR(proc, BIT(0)) } },
{ ENTRY_ROW_PROC2_RESERVED, G64, { OR(proc2, PROC2_EPT_VE) } },
{ ENTRY_ROW_CR3_TARGET_COUNT, G64, { SET(cr3_target_count, 5) } },
{ ENTRY_ROW_IO_BITMAP, G64, { OR(io_bitmap[0], 8) } },
{ ENTRY_ROW_IO_BITMAP, G64, { OR(io_bitmap[1], FAR) } },
{ ENTRY_ROW_MSR_BITMAP, G64, { OR(msr_bitmap, 0x800) } },
{ ENTRY_ROW_VIRTUAL_APIC, G64, { OR(virtual_apic, 0x10) } },
{ ENTRY_ROW_TPR_RESERVED, G64, { SET(tpr_threshold, 0x10) } },
{ ENTRY_ROW_TPR_THRESHOLD, G64, { SET(tpr_threshold, 6), CLR(proc2, PROC2_APIC_ACCESS) } },
{ ENTRY_ROW_VIRTUAL_NMI, G64, { CLR(pin, PIN_NMI) } },
{ ENTRY_ROW_NMI_WINDOW, G64, { CLR(pin, PIN_VIRTUAL_NMI), OR(proc, PROC_NMI_WINDOW) } },
{ ENTRY_ROW_APIC_ACCESS, G64, { OR(apic_access, FAR) } },
{ ENTRY_ROW_NO_TPR_SHADOW, G64, { CLR(proc, PROC_TPR_SHADOW), OR(proc2, PROC2_APIC_REGISTER) } },
{ ENTRY_ROW_NO_TPR_SHADOW, POSTED, { CLR(proc, PROC_TPR_SHADOW), CLR(proc2, PROC2_VIRTUAL_INTERRUPT) } },
{ ENTRY_ROW_X2APIC, G64, { OR(proc2, PROC2_X2APIC) } },
{ ENTRY_ROW_VIRTUAL_INTERRUPT, POSTED, { CLR(pin, PIN_EXTERNAL_INTERRUPT) } },
{ ENTRY_ROW_POSTED_NEEDS, POSTED, { CLR(exit, EXIT_ACK_INTERRUPT) } },
{ ENTRY_ROW_POSTED_NEEDS, POSTED, { CLR(proc2, PROC2_VIRTUAL_INTERRUPT), SET(tpr_threshold, 0) } },
{ ENTRY_ROW_POSTED_VECTOR, POSTED, { OR(posted_vector, 0x100) } },
{ ENTRY_ROW_POSTED_DESCRIPTOR, POSTED, { OR(posted_descriptor, 0x20) } },
{ ENTRY_ROW_POSTED_DESCRIPTOR, POSTED, { OR(posted_descriptor, FAR) } },
{ ENTRY_ROW_VPID_ZERO, G64, { SET(vpid, 0) } },
{ ENTRY_ROW_EPTP, G64, { OR(eptp, 7) } },
{ ENTRY_ROW_EPTP, G64, { OR(eptp, BIT(7)) } },
{ ENTRY_ROW_EPTP, G64, { CLR(eptp, 8) } },
{ ENTRY_ROW_EPTP, G64, { OR(eptp, FAR) } },
{ ENTRY_ROW_PML_NEEDS_EPT, G64, { CLR(proc2, PROC2_EPT | PROC2_UNRESTRICTED) } },
{ ENTRY_ROW_PML_ADDRESS, G64, { OR(pml_address, 1) } },
{ ENTRY_ROW_UNRESTRICTED_NEEDS_EPT, G64, { CLR(proc2, PROC2_EPT | PROC2_PML) } },
{ ENTRY_ROW_VMFUNC_RESERVED, G64, { OR(vmfunc_controls, 2) } },
{ ENTRY_ROW_EPTP_LIST_NEEDS_EPT, G64, { CLR(proc2, PROC2_EPT | PROC2_PML | PROC2_UNRESTRICTED) } },
{ ENTRY_ROW_EPTP_LIST, G64, { OR(eptp_list, FAR) } },
{ ENTRY_ROW_SHADOW_BITMAP, G64, { OR(vmread_bitmap, 4) } },
{ ENTRY_ROW_SHADOW_BITMAP, G64, { OR(vmwrite_bitmap, FAR) } },
{ ENTRY_ROW_TSC_MULTIPLIER, G64, { SET(tsc_multiplier, 0) } },
{ ENTRY_ROW_EXIT_RESERVED, G64, { OR(exit, EXIT_LOAD_PERF_GLOBAL) } },
{ ENTRY_ROW_EXIT_RESERVED, G64, { CLR(exit, BIT(0)) } },
{ ENTRY_ROW_SAVE_TIMER, G64, { OR(exit, EXIT_SAVE_TIMER) } },
{ ENTRY_ROW_EXIT_STORE_LIST, G64, { OR(exit_msr_store, 8) } },
{ ENTRY_ROW_EXIT_STORE_LIST, G64, { SET(exit_msr_store, FAR - 16) } },
{ ENTRY_ROW_EXIT_LOAD_LIST, G64, { OR(exit_msr_load, 1) } },
{ ENTRY_ROW_EXIT_LOAD_LIST, G64, { OR(exit_msr_load, FAR) } },
{ ENTRY_ROW_ENTRY_RESERVED, G64, { OR(entry, ENTRY_SMM) } },
{ ENTRY_ROW_ENTRY_RESERVED, G64, { CLR(entry, BIT(0)) } },
{ ENTRY_ROW_EVENT_TYPE, G64, { SET(entry_intr_info, EVENT(1U << 8, 3)) } },
{ ENTRY_ROW_EVENT_VECTOR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_NMI, 3)) } },
{ ENTRY_ROW_EVENT_VECTOR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION, 32)) } },
{ ENTRY_ROW_EVENT_VECTOR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_OTHER, 1)) } },
{ ENTRY_ROW_EVENT_HAS_ERROR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION, EXC_GP)) } },
{ ENTRY_ROW_EVENT_HAS_ERROR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_UD)) } },
{ ENTRY_ROW_EVENT_HAS_ERROR, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL | INTR_HAS_ERROR, EXC_GP)) } },
{ ENTRY_ROW_EVENT_HAS_ERROR, REAL, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_GP)) } },
{ ENTRY_ROW_EVENT_RESERVED, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30) | BIT(12)) } },
{ ENTRY_ROW_EVENT_ERROR_CODE, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_GP)), SET(entry_error_code, 0x10000) } },
{ ENTRY_ROW_EVENT_ERROR_CODE, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_GP)), SET(entry_error_code, BIT(31)) } },
{ ENTRY_ROW_EVENT_LENGTH, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_SOFTWARE, 0x80)), SET(entry_insn_length, 16) } },
{ ENTRY_ROW_EVENT_LENGTH, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_SOFT_EXC, EXC_BP)), SET(entry_insn_length, 16) } },
{ ENTRY_ROW_EVENT_LENGTH, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_ICEBP, EXC_DB)), SET(entry_insn_length, 16) } },
{ ENTRY_ROW_ENTRY_LOAD_LIST, G64, { OR(entry_msr_load, 2) } },
{ ENTRY_ROW_ENTRY_LOAD_LIST, G64, { SET(entry_msr_loads, 0xffffffff), SET(entry_msr_load, FAR - 0x1000) } },

{ ENTRY_ROW_HOST_CR0, G64, { CLR(host_cr0, CR0_NE) } },
{ ENTRY_ROW_HOST_CR0, G64, { OR(host_cr0, BIT(32)) } },
{ ENTRY_ROW_HOST_CR4, G64, { CLR(host_cr4, CR4_VMXE) } },
{ ENTRY_ROW_HOST_CR4, G64, { OR(host_cr4, CR4_SMXE) } },
{ ENTRY_ROW_HOST_CR3, G64, { OR(host_cr3, FAR) } },
{ ENTRY_ROW_HOST_SYSENTER, G64, { SET(host_sysenter_esp, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_SYSENTER, G64, { SET(host_sysenter_eip, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_PAT, G64, { SET(host_pat, 2) } },
{ ENTRY_ROW_HOST_PAT, G64, { SET(host_pat, 3ULL << 56) } },
{ ENTRY_ROW_HOST_PAT, G64, { SET(host_pat, 0x800) } },
{ ENTRY_ROW_HOST_EFER, G64, { OR(host_efer, BIT(1)) } },
{ ENTRY_ROW_HOST_EFER, G64, { CLR(host_efer, EFER_LMA) } },
{ ENTRY_ROW_HOST_EFER, G64, { CLR(host_efer, EFER_LME) } },
{ ENTRY_ROW_HOST_SELECTOR, G64, { OR(host_selector[3], 3) } },
{ ENTRY_ROW_HOST_SELECTOR, G64, { OR(host_selector[6], 4) } },
{ ENTRY_ROW_HOST_NULL, G64, { SET(host_selector[1], 0) } },
{ ENTRY_ROW_HOST_NULL, G64, { SET(host_selector[6], 0) } },
{ ENTRY_ROW_HOST_BASE, G64, { SET(host_fs_base, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_BASE, G64, { SET(host_gs_base, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_BASE, G64, { SET(host_tr_base, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_BASE, G64, { SET(host_gdtr_base, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_BASE, G64, { SET(host_idtr_base, NOT_CANONICAL) } },
{ ENTRY_ROW_HOST_MODE, G32, { CLR(exit, EXIT_HOST_64BIT), SET(host_efer, 0), SET(host_selector[2], 8) } },
{ ENTRY_ROW_HOST_CR4_MODE, G64, { CLR(host_cr4, CR4_PAE) } },
{ ENTRY_ROW_HOST_RIP, G64, { SET(host_rip, NOT_CANONICAL) } },

{ ENTRY_ROW_CR0, G64, { CLR(guest_cr0, CR0_NE) } },
{ ENTRY_ROW_CR0, G64, { OR(guest_cr0, BIT(40)) } },
{ ENTRY_ROW_CR0, V86, { CLR(guest_cr0, CR0_PG) } },
{ ENTRY_ROW_CR0, G32, { CLR(guest_cr0, CR0_PE), SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_GP)) } },
{ ENTRY_ROW_CR0_PG, REAL, { OR(guest_cr0, CR0_PG) } },
{ ENTRY_ROW_CR4, G64, { CLR(guest_cr4, CR4_VMXE) } },
{ ENTRY_ROW_CR4, G64, { OR(guest_cr4, CR4_CET) } },
{ ENTRY_ROW_DEBUGCTL, G64, { OR(guest_debugctl, BIT(2)) } },
{ ENTRY_ROW_IA32E_PAGING, G64, { CLR(guest_cr4, CR4_PAE) } },
{ ENTRY_ROW_IA32E_PAGING, G64, { CLR(guest_cr0, CR0_PG) } },
{ ENTRY_ROW_PCIDE, PAE, { OR(guest_cr4, CR4_PCIDE) } },
{ ENTRY_ROW_CR3, G64, { OR(guest_cr3, FAR) } },
{ ENTRY_ROW_DR7, G64, { OR(guest_dr7, BIT(32)) } },
{ ENTRY_ROW_SYSENTER, G64, { SET(guest_sysenter_esp, NOT_CANONICAL) } },
{ ENTRY_ROW_SYSENTER, G64, { SET(guest_sysenter_eip, NOT_CANONICAL) } },
{ ENTRY_ROW_PAT, G64, { SET(guest_pat, 0x0302) } },
{ ENTRY_ROW_EFER_RESERVED, G64, { OR(guest_efer, BIT(16)) } },
{ ENTRY_ROW_EFER_LMA, G64, { CLR(guest_efer, EFER_LMA) } },
{ ENTRY_ROW_EFER_LMA, G32, { OR(guest_efer, EFER_LMA | EFER_LME) } },
{ ENTRY_ROW_EFER_LME, G64, { CLR(guest_efer, EFER_LME) } },
{ ENTRY_ROW_TR_TI, G64, { OR(SEG(guest_selector, TR), 4) } },
{ ENTRY_ROW_LDTR_TI, G64, { OR(SEG(guest_selector, LDTR), 4) } },
{ ENTRY_ROW_SS_RPL, G32, { OR(SEG(guest_selector, SS), 3) } },
{ ENTRY_ROW_V86_BASE, V86, { OR(SEG(guest_base, DS), 1) } },
{ ENTRY_ROW_V86_LIMIT, V86, { SET(SEG(guest_limit, CS), 0xfffff) } },
{ ENTRY_ROW_V86_RIGHTS, V86, { SET(SEG(guest_rights, GS), 0x93) } },
{ ENTRY_ROW_BASE_CANONICAL, G64, { SET(SEG(guest_base, FS), NOT_CANONICAL) } },
{ ENTRY_ROW_BASE_CANONICAL, G64, { SET(SEG(guest_base, GS), NOT_CANONICAL), OR(SEG(guest_rights, GS), BIT(16)) } },
{ ENTRY_ROW_BASE_CANONICAL, G64, { SET(SEG(guest_base, TR), NOT_CANONICAL) } },
{ ENTRY_ROW_BASE_CANONICAL, G64, { SET(SEG(guest_base, LDTR), NOT_CANONICAL) } },
{ ENTRY_ROW_BASE_HIGH, G64, { SET(SEG(guest_base, CS), BIT(32)) } },
{ ENTRY_ROW_BASE_HIGH, G64, { SET(SEG(guest_base, SS), BIT(32)) } },
{ ENTRY_ROW_BASE_HIGH, G64, { SET(SEG(guest_base, DS), BIT(32)) } },
{ ENTRY_ROW_BASE_HIGH, G64, { SET(SEG(guest_base, ES), BIT(32)) } },
{ ENTRY_ROW_CS_TYPE, G32, { SET(SEG(guest_rights, CS), 0xc093) } },
{ ENTRY_ROW_CS_TYPE, G64, { CLR(SEG(guest_rights, CS), 1) } },
{ ENTRY_ROW_SS_TYPE, G64, { SET(SEG(guest_rights, SS), 0xc091) } },
{ ENTRY_ROW_DATA_TYPE, G64, { SET(SEG(guest_rights, DS), 0xc092) } },
{ ENTRY_ROW_DATA_TYPE, G64, { SET(SEG(guest_rights, ES), 0xc099) } },
{ ENTRY_ROW_SEGMENT_S, G64, { CLR(SEG(guest_rights, FS), 0x10) } },
{ ENTRY_ROW_SEGMENT_S, G64, { CLR(SEG(guest_rights, CS), 0x10) } },
{ ENTRY_ROW_SEGMENT_S, G64, { OR(SEG(guest_rights, TR), 0x10) } },
{ ENTRY_ROW_SEGMENT_S, G64, { OR(SEG(guest_rights, LDTR), 0x10) } },
{ ENTRY_ROW_CS_DPL, REAL, { OR(SEG(guest_rights, CS), 0x60) } },
{ ENTRY_ROW_CS_DPL, G64, { OR(SEG(guest_rights, CS), 0x60) } },
{ ENTRY_ROW_CS_DPL, G64, { OR(SEG(guest_rights, CS), 0x64) } },
{ ENTRY_ROW_CS_DPL, G32, { OR(SEG(guest_selector, CS), 3), OR(SEG(guest_selector, SS), 3), OR(SEG(guest_rights, SS), 0x60) } },
{ ENTRY_ROW_SS_DPL, REAL, { OR(SEG(guest_rights, SS), 0x20) } },
{ ENTRY_ROW_SS_DPL, REAL, { OR(SEG(guest_rights, SS), 0x20), SET(SEG(guest_rights, CS), 0xbb) } },
{ ENTRY_ROW_SS_DPL, G64, { OR(SEG(guest_rights, SS), 0x20), SET(SEG(guest_rights, CS), 0xc093) } },
{ ENTRY_ROW_SS_DPL, G32, { OR(SEG(guest_rights, SS), 0x60), OR(SEG(guest_rights, CS), 0x60) } },
{ ENTRY_ROW_DATA_DPL, G32, { OR(SEG(guest_selector, GS), 3) } },
{ ENTRY_ROW_DATA_DPL, G32, { OR(SEG(guest_selector, DS), 3), SET(SEG(guest_rights, DS), RIGHTS_CODE32) } },
{ ENTRY_ROW_DATA_DPL, G32, { OR(SEG(guest_selector, ES), 3), OR(SEG(guest_rights, ES), 0x40) } },
{ ENTRY_ROW_SEGMENT_P, G64, { CLR(SEG(guest_rights, CS), 0x80) } },
{ ENTRY_ROW_SEGMENT_P, G64, { CLR(SEG(guest_rights, SS), 0x80) } },
{ ENTRY_ROW_SEGMENT_P, G64, { CLR(SEG(guest_rights, TR), 0x80) } },
{ ENTRY_ROW_SEGMENT_P, G64, { CLR(SEG(guest_rights, LDTR), 0x80) } },
{ ENTRY_ROW_SEGMENT_RESERVED, G64, { OR(SEG(guest_rights, CS), BIT(17)) } },
{ ENTRY_ROW_SEGMENT_RESERVED, G64, { OR(SEG(guest_rights, GS), BIT(11)) } },
{ ENTRY_ROW_SEGMENT_RESERVED, G64, { OR(SEG(guest_rights, TR), BIT(8)) } },
{ ENTRY_ROW_CS_DB, G64, { OR(SEG(guest_rights, CS), 0x4000) } },
{ ENTRY_ROW_SEGMENT_G, G64, { SET(SEG(guest_limit, DS), 0xfffffffe) } },
{ ENTRY_ROW_SEGMENT_G, G64, { CLR(SEG(guest_rights, ES), 0x8000) } },
{ ENTRY_ROW_SEGMENT_G, G64, { OR(SEG(guest_rights, TR), 0x8000) } },
{ ENTRY_ROW_TR_TYPE, G64, { SET(SEG(guest_rights, TR), 0x89) } },
{ ENTRY_ROW_TR_TYPE, G64, { SET(SEG(guest_rights, TR), 0x83) } },
{ ENTRY_ROW_TR_UNUSABLE, G64, { OR(SEG(guest_rights, TR), BIT(16)) } },
{ ENTRY_ROW_LDTR_TYPE, G64, { SET(SEG(guest_rights, LDTR), 0x83) } },
{ ENTRY_ROW_TABLE_BASE, G64, { SET(guest_gdtr_base, NOT_CANONICAL) } },
{ ENTRY_ROW_TABLE_BASE, G64, { SET(guest_idtr_base, NOT_CANONICAL) } },
{ ENTRY_ROW_TABLE_LIMIT, G64, { SET(guest_gdtr_limit, 0x10000) } },
{ ENTRY_ROW_TABLE_LIMIT, G64, { SET(guest_idtr_limit, 0x10000) } },
{ ENTRY_ROW_TABLE_LIMIT, G64, { SET(guest_idtr_limit, BIT(31)) } },
{ ENTRY_ROW_RIP, G64, { SET(guest_rip, BIT(48)) } },
{ ENTRY_ROW_RIP, G64, { CLR(SEG(guest_rights, CS), 0x2000) } },
{ ENTRY_ROW_RIP, G32, { OR(guest_rip, BIT(32)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { OR(guest_rflags, BIT(22)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { OR(guest_rflags, BIT(3)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { OR(guest_rflags, BIT(5)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { OR(guest_rflags, BIT(15)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { OR(guest_rflags, BIT(63)) } },
{ ENTRY_ROW_RFLAGS_RESERVED, G64, { CLR(guest_rflags, BIT(1)) } },
{ ENTRY_ROW_RFLAGS_VM, V86, { OR(proc2, PROC2_UNRESTRICTED), CLR(guest_cr0, CR0_PE | CR0_PG) } },
{ ENTRY_ROW_RFLAGS_IF, G64, { CLR(guest_rflags, RFLAGS_IF), SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30)) } },
{ ENTRY_ROW_LINK_ADDRESS, G64, { OR(link_pointer, 1) } },
{ ENTRY_ROW_LINK_ADDRESS, G64, { OR(link_pointer, FAR) } },
{ ENTRY_ROW_LINK_REVISION, G64, { SET(link_pointer, 0xb000) } },
{ ENTRY_ROW_LINK_REVISION, G64, { CLR(proc2, PROC2_SHADOW_VMCS) } },
{ ENTRY_ROW_ACTIVITY, G64, { SET(activity, 2) } },
{ ENTRY_ROW_ACTIVITY, G64, { SET(activity, 4) } },
{ ENTRY_ROW_HLT_DPL, G64, { SET(activity, 1), OR(SEG(guest_rights, SS), 0x60), OR(SEG(guest_rights, CS), 0x60) } },
{ ENTRY_ROW_ACTIVITY_BLOCKED, G64, { SET(activity, 1), SET(interruptibility, 1) } },
{ ENTRY_ROW_ACTIVITY_BLOCKED, G64, { SET(activity, 3), SET(interruptibility, 2) } },
{ ENTRY_ROW_ACTIVITY_EVENT, G64, { SET(activity, 1), SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION, EXC_UD)) } },
{ ENTRY_ROW_ACTIVITY_EVENT, G64, { SET(activity, 3), SET(entry_intr_info, EVENT(INTR_TYPE_NMI, EXC_NMI)) } },
{ ENTRY_ROW_BLOCKED_RESERVED, G64, { SET(interruptibility, BIT(4)) } },
{ ENTRY_ROW_BLOCKED_RESERVED, G64, { SET(interruptibility, BIT(31)) } },
{ ENTRY_ROW_BLOCKED_BOTH, G64, { SET(interruptibility, 3) } },
{ ENTRY_ROW_BLOCKED_STI, G64, { SET(interruptibility, 1), CLR(guest_rflags, RFLAGS_IF) } },
{ ENTRY_ROW_BLOCKED_EXTERNAL, G64, { SET(interruptibility, 1), SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30)) } },
{ ENTRY_ROW_BLOCKED_EXTERNAL, G64, { SET(interruptibility, 2), SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30)) } },
{ ENTRY_ROW_BLOCKED_NMI_MOV_SS, G64, { SET(interruptibility, 2), SET(entry_intr_info, EVENT(INTR_TYPE_NMI, 2)) } },
{ ENTRY_ROW_BLOCKED_NMI_STI, G64, { SET(interruptibility, 1), SET(entry_intr_info, EVENT(INTR_TYPE_NMI, 2)) } },
{ ENTRY_ROW_BLOCKED_SMI, G64, { SET(interruptibility, 4) } },
{ ENTRY_ROW_BLOCKED_NMI, G64, { SET(interruptibility, 8), SET(entry_intr_info, EVENT(INTR_TYPE_NMI, 2)) } },
{ ENTRY_ROW_PENDING_RESERVED, G64, { SET(pending_debug, BIT(4)) } },
{ ENTRY_ROW_PENDING_RESERVED, G64, { SET(pending_debug, BIT(16)) } },
{ ENTRY_ROW_PENDING_STEP, G64, { SET(interruptibility, 1), OR(guest_rflags, RFLAGS_TF) } },
{ ENTRY_ROW_PENDING_STEP, G64, { SET(interruptibility, 2), SET(pending_debug, BIT(14)) } },
{ ENTRY_ROW_PENDING_STEP, G64, { SET(activity, 1), OR(guest_rflags, RFLAGS_TF), SET(guest_debugctl, 2), SET(pending_debug, BIT(14)) } },
{ ENTRY_ROW_PDPTE, PAE, { SET(guest_pdpte[3], 0x40003) } },
{ ENTRY_ROW_PDPTE, PAE, { SET(guest_pdpte[0], FAR | 1) } },
{ ENTRY_ROW_PDPTE, PAE_SHADOW, { SET(guest_cr3, 0x44000) } },
};
// clang-format on

static struct vmcs12 violate(const struct violation *bad)
{
	struct vmcs12 v = guests[bad->guest]();

	for (unsigned int i = 0; i < CHANGES; i++) {
		const struct change *c = &bad->change[i];
		uint64_t *field = (uint64_t *)((char *)&v + c->offset);

		if (!c->clear && !c->set)
			break;
		*field = (*field & ~c->clear) | c->set;
	}
	return v;
}

static void each_violation_is_refused_by_its_row(void **state)
{
	for (size_t i = 0; i < array_size(violations); i++) {
		struct vmcs12 v = violate(&violations[i]);
		enum entry_row row = check(&v);

		if (row != violations[i].row)
			fail_msg("violation %zu: \"%s\" instead of \"%s\"", i, entry_row_name(row),
				 entry_row_name(violations[i].row));
	}
}

/* Rows that need another L1 than the table's. */
static void a_32_bit_l1_has_32_bit_guests(void **state)
{
	struct nested_caps caps = caps_of(machine_server());
	struct vmcs12 v = guest_32();

	v.exit &= ~EXIT_HOST_64BIT;
	v.host_efer = 0;
	v.host_rip = 0x1000;
	v.host_selector[2] = 8;
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL), 0);
	v.host_cr4 |= CR4_PCIDE;
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_HOST_CR4_MODE);
	v.host_cr4 &= ~CR4_PCIDE;
	v.host_rip = BIT(32);
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_HOST_RIP);
	v.host_rip = 0;
	v.host_selector[2] = 0;
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_HOST_NULL);
	v.host_selector[2] = 8;
	v.entry |= ENTRY_IA32E;
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_HOST_GUEST_MODE);
	v = guest_64();
	assert_int_equal(check_with(usual_memory, &v, caps, false, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_HOST_MODE);
}

static void the_link_pointer_is_not_the_current_vmcs(void **state)
{
	struct memory m = usual_memory;
	struct vmcs12 v = guest_64();

	m.link = v.link_pointer = 0x9999000;
	assert_int_equal(check_with(m, &v, caps_of(machine_server()), true, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_LINK_CURRENT);
	v.proc2 &= ~PROC2_SHADOW_VMCS;
	m.word = VMCS12_REVISION;
	m.link = v.link_pointer = 0x8888000;
	assert_int_equal(check_with(m, &v, caps_of(machine_server()), true, VMCS12_GROUPS_ALL), 0);
}

static void zero_length_is_for_machines_that_have_it(void **state)
{
	struct nested_caps caps = caps_of(machine_server());
	struct vmcs12 v = guest_64();

	v.entry_intr_info = EVENT(INTR_TYPE_SOFTWARE, 0x80);
	assert_int_equal(check(&v), 0);
	caps.msr[MSR_VMX_MISC - MSR_VMX_BASIC] &= ~VMX_MISC_ZERO_LENGTH;
	assert_int_equal(check_with(usual_memory, &v, caps, true, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_EVENT_LENGTH);
}

static void events_pass_where_they_may(void **state)
{
	static const struct {
		uint32_t info, activity, blocked;
	} good[] = {
		{ EVENT(INTR_TYPE_EXTERNAL, 0x30), 1, 0 },
		{ EVENT(INTR_TYPE_NMI, EXC_NMI), 1, 0 },
		{ EVENT(INTR_TYPE_EXCEPTION, EXC_DB), 1, 0 },
		{ EVENT(INTR_TYPE_EXCEPTION, EXC_MC), 1, 8 },
		{ EVENT(INTR_TYPE_OTHER, 0), 1, 0 },
		{ EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_PF), 0, 2 },
		{ EVENT(INTR_TYPE_SOFTWARE, 0x80), 0, 1 },
		{ 0, 3, 0 },
	};

	for (unsigned int i = 0; i < array_size(good); i++) {
		struct vmcs12 v = guest_64();

		v.entry_intr_info = good[i].info;
		v.entry_insn_length = 2;
		v.activity = good[i].activity;
		v.interruptibility = good[i].blocked;
		assert_int_equal(check(&v), 0);
	}
}

static void corners_that_pass(void **state)
{
	struct vmcs12 v = guest_64();

	/* Bits 63:48 are the same, and bit 47 is not. */
	v.guest_rip = BIT(47);
	assert_int_equal(check(&v), 0);
	/* Without the secondary controls theirs are not looked at. */
	v = guest_32();
	v.proc &= ~PROC_SECONDARY;
	v.proc2 = ~0U;
	assert_int_equal(check(&v), 0);
	/* Conforming code; unusable data segments with anything in them. */
	v = guest_64();
	v.guest_rights[VMX_SEG_CS] = 0xa09f;
	v.guest_rights[VMX_SEG_DS] = BIT(16);
	v.guest_base[VMX_SEG_DS] = ~0ULL;
	v.guest_rights[VMX_SEG_LDTR] = BIT(16);
	v.guest_selector[VMX_SEG_LDTR] = 4;
	assert_int_equal(check(&v), 0);
	/* Lists without entries have no address. */
	v = guest_64();
	v.exit_msr_stores = v.exit_msr_loads = v.entry_msr_loads = 0;
	v.exit_msr_store = v.exit_msr_load = v.entry_msr_load = ~0ULL;
	assert_int_equal(check(&v), 0);
	/* The list ends with the last byte there is. */
	v.exit_msr_stores = 2;
	v.exit_msr_store = FAR - 32;
	assert_int_equal(check(&v), 0);
}

/* The least there is: what belongs to controls that are off may hold anything. */
static struct vmcs12 guest_least(void)
{
	struct vmcs12 v = guest_pae_shadow();

	v.pin = 0x16;
	v.proc = 0x04006172 | PROC_SECONDARY;
	v.proc2 = 0;
	v.exit = 0x36dfb | EXIT_HOST_64BIT;
	v.entry = 0x11fb;
	v.io_bitmap[0] = v.io_bitmap[1] = v.msr_bitmap = v.virtual_apic = v.apic_access = ~0ULL;
	v.pml_address = v.eptp = v.eptp_list = v.vmfunc_controls = ~0ULL;
	v.vmread_bitmap = v.vmwrite_bitmap = v.posted_descriptor = v.posted_vector = ~0ULL;
	v.tpr_threshold = ~0U;
	v.vpid = v.tsc_multiplier = 0;
	v.host_pat = v.host_efer = v.guest_pat = v.guest_efer = ~0ULL;
	v.guest_debugctl = v.guest_dr7 = ~0ULL;
	v.guest_pdpte[0] = ~0ULL;
	v.entry_intr_info = ~INTR_VALID;
	v.entry_insn_length = v.entry_error_code = ~0U;
	return v;
}

static void what_is_off_is_not_looked_at(void **state)
{
	static const struct change on[][2] = {
		{ OR(pin, PIN_NMI) },
		{ OR(pin, PIN_NMI | PIN_VIRTUAL_NMI) },
		{ OR(pin, PIN_NMI | PIN_VIRTUAL_NMI), OR(proc, PROC_NMI_WINDOW) },
		{ OR(pin, PIN_PREEMPTION_TIMER), OR(exit, EXIT_SAVE_TIMER) },
		{ OR(pin, PIN_PREEMPTION_TIMER) },
		{ OR(pin, PIN_EXTERNAL_INTERRUPT) },
		{ OR(proc, PROC_TRAP_FLAG) },
		{ OR(proc2, PROC2_RDTSCP | PROC2_DESC_TABLE | PROC2_WBINVD | PROC2_XSAVES) },
		{ OR(proc2, PROC2_VMFUNC), SET(vmfunc_controls, 0) },
		{ OR(proc2, PROC2_VPID), SET(vpid, 1) },
		{ OR(proc2, PROC2_APIC_ACCESS), SET(apic_access, 0x1000) },
	};
	struct vmcs12 v = guest_least();

	assert_int_equal(check(&v), 0);
	for (unsigned int i = 0; i < array_size(on); i++) {
		v = guest_least();
		for (unsigned int k = 0; k < 2; k++) {
			uint64_t *field = (uint64_t *)((char *)&v + on[i][k].offset);

			if (on[i][k].clear || on[i][k].set)
				*field = (*field & ~on[i][k].clear) | on[i][k].set;
		}
		if (check(&v))
			fail_msg("control %u: %s", i, entry_row_name(check(&v)));
	}
}

/* Changes that stay within the rules. */
static const struct violation harmless[] = {
	{ 0, G64, { SET(cr3_target_count, 4) } },
	{ 0, G64, { SET(tpr_threshold, 15) } }, /* VTPR is not looked at with APIC accesses */
	{ 0, G64, { SET(tpr_threshold, 5), CLR(proc2, PROC2_APIC_ACCESS) } },
	{ 0,
	  G64,
	  { SET(entry_intr_info, EVENT(INTR_TYPE_ICEBP, EXC_DB)), SET(entry_insn_length, 15) } },
	{ 0,
	  G64,
	  { SET(entry_intr_info, EVENT(INTR_TYPE_EXCEPTION | INTR_HAS_ERROR, EXC_GP)),
	    SET(entry_error_code, 0xffff) } },
	{ 0,
	  G64,
	  { SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30)), SET(entry_error_code, ~0U) } },
	{ 0, G64, { OR(guest_rflags, 0x3d7fd7) } },
	{ 0, G64, { SET(pending_debug, 0x500f) } },
	{ 0, G64, { SET(guest_gdtr_limit, 0xffff), SET(guest_idtr_limit, 0xffff) } },
	{ 0, REAL, { OR(guest_efer, EFER_LME) } },
	{ 0,
	  G64,
	  { SET(interruptibility, 8), SET(entry_intr_info, EVENT(INTR_TYPE_EXTERNAL, 0x30)) } },
	{ 0,
	  G64,
	  { SET(interruptibility, 8), CLR(pin, PIN_VIRTUAL_NMI),
	    SET(entry_intr_info, EVENT(INTR_TYPE_NMI, EXC_NMI)) } },
	{ 0, G64, { SET(entry_intr_info, EVENT(INTR_TYPE_NMI, EXC_NMI)) } },
	{ 0, G64, { SET(interruptibility, 8), OR(guest_rflags, RFLAGS_TF) } },
	{ 0,
	  G64,
	  { SET(interruptibility, 1), OR(guest_rflags, RFLAGS_TF), SET(pending_debug, BIT(14)) } },
	/* PDPTEs without PAE paging. */
	{ 0, G64, { SET(guest_pdpte[0], ~0ULL) } },
	{ 0, G32, { SET(guest_pdpte[0], ~0ULL) } },
	{ 0, REAL, { SET(guest_pdpte[0], ~0ULL), OR(guest_cr4, CR4_PAE) } },
	/* An inner ring: of conforming code, and not. */
	{ 0,
	  G32,
	  { OR(SEG(guest_selector, CS), 3), OR(SEG(guest_selector, SS), 3),
	    OR(SEG(guest_rights, SS), 0x60), SET(SEG(guest_rights, CS), 0xc09f) } },
	{ 0,
	  G32,
	  { OR(SEG(guest_selector, CS), 3), OR(SEG(guest_selector, SS), 3),
	    OR(SEG(guest_rights, SS), 0x60), OR(SEG(guest_rights, CS), 0x60) } },
	{ 0, G32, { OR(SEG(guest_selector, DS), 3), OR(SEG(guest_rights, DS), 0x60) } },
	{ 0, G32, { OR(SEG(guest_selector, DS), 3), SET(SEG(guest_rights, DS), 0xc09f) } },
	{ 0, G32, { SET(SEG(guest_rights, CS), 0xe09b) } },
	{ 0, G32, { SET(SEG(guest_rights, TR), 0x83) } },
	{ 0, G64, { SET(SEG(guest_rights, DS), 0xc09b) } },
	{ 0, G64, { SET(SEG(guest_rights, DS), 0xc091) } },
	{ 0, G64, { SET(SEG(guest_rights, SS), 0xc097) } },
};

static void what_is_within_the_rules_passes(void **state)
{
	for (size_t i = 0; i < array_size(harmless); i++) {
		struct vmcs12 v = violate(&harmless[i]);
		enum entry_row row = check(&v);

		if (row)
			fail_msg("change %zu: \"%s\"", i, entry_row_name(row));
	}
}

/* Vectors 8, 10 to 14 and 17 push an error code, but not in real mode. */
static void exceptions_have_their_error_codes(void **state)
{
	const uint32_t with = 0x27d00;

	for (uint32_t vector = 0; vector < 32; vector++) {
		uint32_t info = EVENT(INTR_TYPE_EXCEPTION, vector);
		struct vmcs12 v = guest_64(), real = guest_real();
		bool has = with >> vector & 1;

		v.entry_intr_info = real.entry_intr_info = info;
		assert_int_equal(check(&v), has ? ENTRY_ROW_EVENT_HAS_ERROR : 0);
		assert_int_equal(check(&real), 0);
		v.entry_intr_info = real.entry_intr_info = info | INTR_HAS_ERROR;
		assert_int_equal(check(&v), has ? 0 : ENTRY_ROW_EVENT_HAS_ERROR);
		assert_int_equal(check(&real), ENTRY_ROW_EVENT_HAS_ERROR);
	}
}

static void mtf_is_injected_where_it_is_offered(void **state)
{
	struct nested_caps caps = caps_of(machine_server());
	struct vmcs12 v = guest_64();

	v.entry_intr_info = EVENT(INTR_TYPE_OTHER, 0);
	assert_int_equal(check(&v), 0);
	caps.msr[MSR_VMX_PROCBASED_CTLS - MSR_VMX_BASIC] &= ~(PROC_TRAP_FLAG << 32);
	assert_int_equal(check_with(usual_memory, &v, caps, true, VMCS12_GROUPS_ALL),
			 ENTRY_ROW_EVENT_TYPE);
	v.entry_intr_info = EVENT(INTR_TYPE_NMI, EXC_NMI);
	assert_int_equal(check_with(usual_memory, &v, caps, true, VMCS12_GROUPS_ALL), 0);
}

static void every_row_has_its_test(void **state)
{
	static const enum entry_row elsewhere[] = { ENTRY_ROW_HOST_GUEST_MODE,
						    ENTRY_ROW_LINK_CURRENT };
	bool seen[ENTRY_ROWS] = { true };

	for (size_t i = 0; i < array_size(violations); i++)
		seen[violations[i].row] = true;
	for (size_t i = 0; i < array_size(elsewhere); i++)
		seen[elsewhere[i]] = true;
	for (unsigned int row = 0; row < ENTRY_ROWS; row++)
		if (!seen[row])
			fail_msg("no test violates \"%s\"", entry_row_name((enum entry_row)row));
}

static void rows_lead_to_the_right_failure(void **state)
{
	uint64_t q = 99;

	assert_int_equal(entry_row_error(ENTRY_ROW_PIN_RESERVED, &q), VMFAIL_ENTRY_CONTROLS);
	assert_int_equal(entry_row_error(ENTRY_ROW_ENTRY_LOAD_LIST, &q), VMFAIL_ENTRY_CONTROLS);
	assert_int_equal(entry_row_error(ENTRY_ROW_HOST_CR0, &q), VMFAIL_ENTRY_HOST);
	assert_int_equal(entry_row_error(ENTRY_ROW_HOST_RIP, &q), VMFAIL_ENTRY_HOST);
	assert_int_equal(q, 99);
	assert_int_equal(entry_row_error(ENTRY_ROW_CR0, &q), VMFAIL_NONE);
	assert_int_equal(q, 0);
	assert_int_equal(entry_row_error(ENTRY_ROW_PDPTE, &q), VMFAIL_NONE);
	assert_int_equal(q, 2);
	assert_int_equal(entry_row_error(ENTRY_ROW_BLOCKED_NMI_STI, &q), VMFAIL_NONE);
	assert_int_equal(q, 3);
	assert_int_equal(entry_row_error(ENTRY_ROW_LINK_REVISION, &q), VMFAIL_NONE);
	assert_int_equal(q, 4);
}

/* A write to a field of the group finds the violation, though only that group is looked at. */
static void a_written_field_is_checked_again(void **state)
{
	struct nested_caps caps = caps_of(machine_server());

	for (size_t i = 0; i < array_size(violations); i++) {
		struct vmcs12 v = guests[violations[i].guest](), bad = violate(&violations[i]);
		uint32_t groups = 0;

		for (uint64_t encoding = 0; encoding < 0x8000; encoding += 2) {
			uint64_t was = 0, is = 0;

			if (vmcs12_read(&caps, &v, encoding, &was) ||
			    vmcs12_read(&caps, &bad, encoding, &is) || was == is)
				continue;
			assert_int_equal(vmcs12_write(&caps, &v, encoding, is, &groups), 0);
		}
		assert_memory_equal(&v, &bad, sizeof(v));
		assert_int_equal(check_with(usual_memory, &v, caps, true, groups),
				 violations[i].row);
	}
}

static void groups_that_passed_are_not_looked_at(void **state)
{
	static const struct {
		enum vmcs12_group group;
		struct change change;
	} rows[] = {
		{ VMCS12_GROUP_CONTROL, OR(pin, BIT(31)) },
		{ VMCS12_GROUP_HOST, SET(host_cr0, 0) },
		{ VMCS12_GROUP_REGISTER, SET(guest_cr4, 0) },
		{ VMCS12_GROUP_SEGMENT, SET(SEG(guest_rights, TR), 0) },
	};
	struct nested_caps caps = caps_of(machine_server());

	for (unsigned int i = 0; i < array_size(rows); i++) {
		struct vmcs12 v = guest_64();
		uint64_t *field = (uint64_t *)((char *)&v + rows[i].change.offset);

		*field = (*field & ~rows[i].change.clear) | rows[i].change.set;
		for (unsigned int g = VMCS12_GROUP_CONTROL; g <= VMCS12_GROUP_SEGMENT; g++) {
			/* Controls decide about all, registers about segments. */
			bool looked = g == rows[i].group || g == VMCS12_GROUP_CONTROL ||
				      (g == VMCS12_GROUP_REGISTER &&
				       rows[i].group == VMCS12_GROUP_SEGMENT);

			assert_int_equal(!!check_with(usual_memory, &v, caps, true, 1U << g),
					 looked);
		}
		assert_int_equal(check_with(usual_memory, &v, caps, true, 0), 0);
	}
}

static void msr_lists_keep_out_what_they_may_not_hold(void **state)
{
	static const uint32_t bad_load[] = {
		0xc0000100, 0xc0000101, 0x800, 0x8ff, 0x79, 0x9b, 0x9e
	};

	for (unsigned int i = 0; i < array_size(bad_load); i++)
		assert_false(entry_msr_load_ok(&(struct entry_msr){ .index = bad_load[i] }));
	assert_false(entry_msr_load_ok(&(struct entry_msr){ .index = 0x10, .reserved = 1 }));
	assert_true(entry_msr_load_ok(&(struct entry_msr){ .index = 0xc0000102, .value = ~0ULL }));
	assert_true(entry_msr_load_ok(&(struct entry_msr){ .index = 0x7ff }));
	assert_true(entry_msr_store_ok(&(struct entry_msr){ .index = 0xc0000100 }));
	assert_false(entry_msr_store_ok(&(struct entry_msr){ .index = 0x80b }));
	assert_false(entry_msr_store_ok(&(struct entry_msr){ .index = 0x10, .reserved = 1 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_valid_passes),
		cmocka_unit_test(each_violation_is_refused_by_its_row),
		cmocka_unit_test(a_32_bit_l1_has_32_bit_guests),
		cmocka_unit_test(the_link_pointer_is_not_the_current_vmcs),
		cmocka_unit_test(zero_length_is_for_machines_that_have_it),
		cmocka_unit_test(events_pass_where_they_may),
		cmocka_unit_test(corners_that_pass),
		cmocka_unit_test(what_is_within_the_rules_passes),
		cmocka_unit_test(exceptions_have_their_error_codes),
		cmocka_unit_test(mtf_is_injected_where_it_is_offered),
		cmocka_unit_test(what_is_off_is_not_looked_at),
		cmocka_unit_test(every_row_has_its_test),
		cmocka_unit_test(rows_lead_to_the_right_failure),
		cmocka_unit_test(a_written_field_is_checked_again),
		cmocka_unit_test(groups_that_passed_are_not_looked_at),
		cmocka_unit_test(msr_lists_keep_out_what_they_may_not_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
