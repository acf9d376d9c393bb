// SPDX-License-Identifier: MIT
/*
 * The checks that a VM entry makes before it changes anything (SDM vol. 3, 26.2 and 26.3), each a
 * named row, in the SDM's order. The order matters only between the three kinds, as the SDM leaves
 * it open within each: only there the link pointer comes before the rest of the non-register state.
 * Pure, but for what is read of L1's memory through the callback.
 */
#ifndef ARCH_X86_NESTED_ENTRY_H
#define ARCH_X86_NESTED_ENTRY_H

#include "arch/x86/nested/vmcs12.h"

// clang-format off
/* ROW(name, what is wrong) */
#define ENTRY_CONTROL_ROWS(ROW)                                                                    \
	ROW(PIN_RESERVED, "pin-based controls")                                                    \
	ROW(PROC_RESERVED, "primary processor-based controls")                                     \
	ROW(PROC2_RESERVED, "secondary processor-based controls")                                  \
	ROW(CR3_TARGET_COUNT, "CR3-target count")                                                  \
	ROW(IO_BITMAP, "address of an I/O bitmap")                                                 \
	ROW(MSR_BITMAP, "address of the MSR bitmap")                                               \
	ROW(VIRTUAL_APIC, "address of the virtual-APIC page")                                      \
	ROW(TPR_RESERVED, "reserved bits of the TPR threshold")                                    \
	ROW(TPR_THRESHOLD, "TPR threshold above VTPR")                                             \
	ROW(VIRTUAL_NMI, "virtual NMIs without NMI exiting")                                       \
	ROW(NMI_WINDOW, "NMI-window exiting without virtual NMIs")                                 \
	ROW(APIC_ACCESS, "address of the APIC-access page")                                        \
	ROW(NO_TPR_SHADOW, "APIC virtualisation without TPR shadow")                               \
	ROW(X2APIC, "x2APIC mode and APIC accesses both virtualised")                              \
	ROW(VIRTUAL_INTERRUPT, "virtual-interrupt delivery without external-interrupt exiting")    \
	ROW(POSTED_NEEDS, "posted interrupts without what they need")                              \
	ROW(POSTED_VECTOR, "posted-interrupt notification vector")                                 \
	ROW(POSTED_DESCRIPTOR, "address of the posted-interrupt descriptor")                       \
	ROW(VPID_ZERO, "VPID 0")                                                                   \
	ROW(EPTP, "EPT pointer")                                                                   \
	ROW(PML_NEEDS_EPT, "PML without EPT")                                                      \
	ROW(PML_ADDRESS, "address of the PML log")                                                 \
	ROW(UNRESTRICTED_NEEDS_EPT, "unrestricted guest without EPT")                              \
	ROW(VMFUNC_RESERVED, "VM-function controls")                                               \
	ROW(EPTP_LIST_NEEDS_EPT, "EPTP switching without EPT")                                     \
	ROW(EPTP_LIST, "address of the EPTP list")                                                 \
	ROW(SHADOW_BITMAP, "address of a VMREAD or VMWRITE bitmap")                                \
	ROW(TSC_MULTIPLIER, "TSC multiplier 0")                                                    \
	ROW(EXIT_RESERVED, "VM-exit controls")                                                     \
	ROW(SAVE_TIMER, "saved preemption timer without the timer")                                \
	ROW(EXIT_STORE_LIST, "address of the VM-exit MSR-store list")                              \
	ROW(EXIT_LOAD_LIST, "address of the VM-exit MSR-load list")                                \
	ROW(ENTRY_RESERVED, "VM-entry controls")                                                   \
	ROW(EVENT_TYPE, "type of the event to inject")                                             \
	ROW(EVENT_VECTOR, "vector of the event to inject")                                         \
	ROW(EVENT_HAS_ERROR, "whether the event to inject has an error code")                      \
	ROW(EVENT_RESERVED, "reserved bits of the event to inject")                                \
	ROW(EVENT_ERROR_CODE, "error code of the event to inject")                                 \
	ROW(EVENT_LENGTH, "instruction length of the event to inject")                             \
	ROW(ENTRY_LOAD_LIST, "address of the VM-entry MSR-load list")
#define ENTRY_HOST_ROWS(ROW)                                                                       \
	ROW(HOST_CR0, "host CR0")                                                                  \
	ROW(HOST_CR4, "host CR4")                                                                  \
	ROW(HOST_CR3, "host CR3")                                                                  \
	ROW(HOST_SYSENTER, "host IA32_SYSENTER_ESP or EIP")                                        \
	ROW(HOST_PAT, "host IA32_PAT")                                                             \
	ROW(HOST_EFER, "host IA32_EFER")                                                           \
	ROW(HOST_SELECTOR, "RPL or TI of a host selector")                                         \
	ROW(HOST_NULL, "null host CS, TR or SS")                                                   \
	ROW(HOST_BASE, "host base address")                                                        \
	ROW(HOST_MODE, "host address-space size, not as L1's")                                     \
	ROW(HOST_GUEST_MODE, "IA-32e mode guest under a 32-bit host")                              \
	ROW(HOST_CR4_MODE, "host CR4.PCIDE or PAE")                                                \
	ROW(HOST_RIP, "host RIP")
#define ENTRY_GUEST_ROWS(ROW)                                                                      \
	ROW(CR0, "CR0")                                                                            \
	ROW(CR0_PG, "CR0.PG without PE")                                                           \
	ROW(CR4, "CR4")                                                                            \
	ROW(DEBUGCTL, "IA32_DEBUGCTL")                                                             \
	ROW(IA32E_PAGING, "IA-32e mode without paging or PAE")                                     \
	ROW(PCIDE, "CR4.PCIDE outside IA-32e mode")                                                \
	ROW(CR3, "CR3")                                                                            \
	ROW(DR7, "DR7")                                                                            \
	ROW(SYSENTER, "IA32_SYSENTER_ESP or EIP")                                                  \
	ROW(PAT, "IA32_PAT")                                                                       \
	ROW(EFER_RESERVED, "IA32_EFER")                                                            \
	ROW(EFER_LMA, "IA32_EFER.LMA, not as the VM-entry control")                                \
	ROW(EFER_LME, "IA32_EFER.LME, not as LMA with paging")                                     \
	ROW(TR_TI, "TI of TR")                                                                     \
	ROW(LDTR_TI, "TI of LDTR")                                                                 \
	ROW(SS_RPL, "RPL of SS, not as of CS")                                                     \
	ROW(V86_BASE, "segment base in virtual-8086 mode")                                         \
	ROW(V86_LIMIT, "segment limit in virtual-8086 mode")                                       \
	ROW(V86_RIGHTS, "segment rights in virtual-8086 mode")                                     \
	ROW(BASE_CANONICAL, "segment base not canonical")                                          \
	ROW(BASE_HIGH, "segment base above 4 GiB")                                                 \
	ROW(CS_TYPE, "type of CS")                                                                 \
	ROW(SS_TYPE, "type of SS")                                                                 \
	ROW(DATA_TYPE, "type of a data segment")                                                   \
	ROW(SEGMENT_S, "system bit of a segment")                                                  \
	ROW(CS_DPL, "DPL of CS")                                                                   \
	ROW(SS_DPL, "DPL of SS")                                                                   \
	ROW(DATA_DPL, "DPL of a data segment")                                                     \
	ROW(SEGMENT_P, "segment not present")                                                      \
	ROW(SEGMENT_RESERVED, "reserved rights of a segment")                                      \
	ROW(CS_DB, "D and L of CS")                                                                \
	ROW(SEGMENT_G, "granularity of a segment")                                                 \
	ROW(TR_TYPE, "type of TR")                                                                 \
	ROW(TR_UNUSABLE, "TR unusable")                                                            \
	ROW(LDTR_TYPE, "type of LDTR")                                                             \
	ROW(TABLE_BASE, "GDTR or IDTR base")                                                       \
	ROW(TABLE_LIMIT, "GDTR or IDTR limit")                                                     \
	ROW(RIP, "RIP")                                                                            \
	ROW(RFLAGS_RESERVED, "RFLAGS")                                                             \
	ROW(RFLAGS_VM, "RFLAGS.VM in IA-32e or real mode")                                         \
	ROW(RFLAGS_IF, "external interrupt to inject with RFLAGS.IF 0")                            \
	ROW(LINK_ADDRESS, "address of the VMCS link pointer")                                      \
	ROW(LINK_REVISION, "revision or kind of the linked VMCS")                                  \
	ROW(LINK_CURRENT, "link pointer to the current VMCS")                                      \
	ROW(ACTIVITY, "activity state")                                                            \
	ROW(HLT_DPL, "HLT with SS.DPL not 0")                                                      \
	ROW(ACTIVITY_BLOCKED, "not active while blocked by STI or MOV SS")                         \
	ROW(ACTIVITY_EVENT, "event to inject that the activity state does not take")               \
	ROW(BLOCKED_RESERVED, "interruptibility state")                                            \
	ROW(BLOCKED_BOTH, "blocked by both STI and MOV SS")                                        \
	ROW(BLOCKED_STI, "blocked by STI with RFLAGS.IF 0")                                        \
	ROW(BLOCKED_EXTERNAL, "external interrupt to inject while blocked")                        \
	ROW(BLOCKED_NMI_MOV_SS, "NMI to inject while blocked by MOV SS")                           \
	ROW(BLOCKED_NMI_STI, "NMI to inject while blocked by STI")                                 \
	ROW(BLOCKED_SMI, "blocked by SMI")                                                         \
	ROW(BLOCKED_NMI, "NMI to inject while virtual NMIs are blocked")                           \
	ROW(PENDING_RESERVED, "pending debug exceptions")                                          \
	ROW(PENDING_STEP, "pending single step, not as RFLAGS.TF and BTF")                         \
	ROW(PDPTE, "PDPTE")
// clang-format on

#define ENTRY_ROW_ENUM(name, text) ENTRY_ROW_##name,
enum entry_row {
	ENTRY_ROW_NONE, /* all is well */
	ENTRY_CONTROL_ROWS(ENTRY_ROW_ENUM) ENTRY_HOST_ROWS(ENTRY_ROW_ENUM)
		ENTRY_GUEST_ROWS(ENTRY_ROW_ENUM) ENTRY_ROWS
};

/* One row: `return` it when it does not hold. */
#define ENTRY_REFUSE(row, condition)                                                               \
	do {                                                                                       \
		if (condition)                                                                     \
			return ENTRY_ROW_##row;                                                    \
	} while (0)

struct entry_args {
	const struct nested_caps *caps;
	const struct vmcs12 *v;
	nested_read_fn read;
	void *opaque;
	uint64_t current; /* the address that VMPTRLD named */
	bool long_mode;   /* of L1: IA32_EFER.LMA */
};

/*
 * All checks, or those of the groups (bits of enum vmcs12_group) whose fields L1 wrote since they
 * last passed: VMCS12_GROUPS_ALL after VMPTRLD. What is cheap or depends on memory is always made.
 */
enum entry_row entry_check(const struct entry_args *a, uint32_t groups) must_check;

/* What a row leads to: VMfail with this number, or (VMFAIL_NONE) a VM exit with reason 33 and
 * *qualification (26.7). */
enum vmfail entry_row_error(enum entry_row row, uint64_t *qualification);
const char *entry_row_name(enum entry_row row);

/* One entry of a list of MSRs (24.7.2). */
struct entry_msr {
	uint32_t index, reserved;
	uint64_t value;
};

/*
 * Entries that a list may not have, before the MSR itself is read or written (26.4, 27.4, 27.6). At
 * entry the failure is reason 34 with the number of the list's entry, from 1; at exit a VMX abort.
 */
bool entry_msr_load_ok(const struct entry_msr *m) must_check;
bool entry_msr_store_ok(const struct entry_msr *m) must_check;
#define ENTRY_MSRS_MAX  512 /* as IA32_VMX_MISC[27:25] says; the entry after it fails */
#define VMX_ABORT_STORE 1
#define VMX_ABORT_PDPTE 2
#define VMX_ABORT_LOAD  4

/* ---- Among the entry_*.c ---- */

enum entry_row entry_check_controls(const struct entry_args *a) must_check;
enum entry_row entry_check_tpr(const struct entry_args *a) must_check;
enum entry_row entry_check_event(const struct entry_args *a) must_check;
enum entry_row entry_check_host(const struct entry_args *a) must_check;
enum entry_row entry_check_registers(const struct entry_args *a) must_check;
enum entry_row entry_check_segments(const struct entry_args *a) must_check;
enum entry_row entry_check_state(const struct entry_args *a) must_check;
enum entry_row entry_check_rip(const struct vmcs12 *v) must_check;

static inline bool entry_canonical(uint64_t linear)
{
	return (uint64_t)((int64_t)(linear << 16) >> 16) == linear;
}

/* Each byte of IA32_PAT is a memory type: not 2, 3 or above 7. */
static inline bool entry_pat_ok(uint64_t pat)
{
	uint64_t two_or_three = (pat & 0x0202020202020202) >> 1 & ~(pat >> 2);

	return !(pat & 0xf8f8f8f8f8f8f8f8) && !(two_or_three & 0x0101010101010101);
}

#endif
