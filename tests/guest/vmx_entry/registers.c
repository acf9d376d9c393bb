// SPDX-License-Identifier: MIT
/* Guest control registers, debug registers and MSRs (SDM vol. 3, 26.3.1.1), and those that a list of
 * MSRs brings (26.4). */
#include "tests/guest/vmx_entry/cases.h"

#define UNRESTRICTED .proc2 = PROC2_UNRESTRICTED | PROC2_EPT
#define LOADS(field)                                                                               \
	{                                                                                          \
		ENTRY, OR, ENTRY_LOAD_##field                                                      \
	}
#define LIST                                                                                       \
	{                                                                                          \
		ENTRY_MSR_LOAD, SET, PAGE_OF_LIST                                                  \
	}
#define MSR_ENTRY(n) "exit 34 entry failure qual " #n

/* clang-format off */
const struct entry_case register_cases[] = {
	{ .name = "CR0.ne", STATE, { { GUEST_CR0, CLEAR, 0x20 } } },
	{ .name = "CR0.pe_and_pg", STATE, { { GUEST_CR0, CLEAR, 0x80000001 } } },
	{ .name = "CR0.high", STATE, { { GUEST_CR0, OR, 1ULL << 32 } } },
	{ .name = "CR0.unrestricted_ne", STATE, { { GUEST_CR0, CLEAR, 0x20 } }, UNRESTRICTED },
	{ .name = "CR0_PG", STATE, { { GUEST_CR0, CLEAR, 1 } }, UNRESTRICTED },
	{ .name = "CR4.vmxe", STATE, { { GUEST_CR4, CLEAR, 0x2000 } } },
	{ .name = "CR4.reserved", STATE, { { GUEST_CR4, OR, 1u << 31 } } },
	{ .name = "CR4.high", STATE, { { GUEST_CR4, OR, 1ULL << 40 } } },
	{ .name = "DEBUGCTL", STATE, { LOADS(DEBUG), { GUEST_DEBUGCTL, SET, 1ULL << 20 } } },
	{ .name = "DEBUGCTL.bit2", STATE, { LOADS(DEBUG), { GUEST_DEBUGCTL, SET, 1 << 4 } } },
	{ .name = "DEBUGCTL.off", ENTERED,
	  { { ENTRY, CLEAR, ENTRY_LOAD_DEBUG }, { GUEST_DEBUGCTL, SET, 1ULL << 20 } } },
	{ .name = "IA32E_PAGING.pae", STATE, { { GUEST_CR4, CLEAR, 0x20 } } },
	{ .name = "IA32E_PAGING.pg", STATE, { { GUEST_CR0, CLEAR, 0x80000000 } }, UNRESTRICTED },
	{ .name = "PCIDE", STATE, { { GUEST_CR4, OR, 0x20000 } }, PROTECTED },
	{ .name = "CR3", STATE, { { GUEST_CR3, HIGH, 0 } } },
	{ .name = "CR3.bit63", STATE, { { GUEST_CR3, OR, 1ULL << 63 } } },
	{ .name = "DR7", STATE, { LOADS(DEBUG), { GUEST_DR7, OR, 1ULL << 32 } } },
	{ .name = "DR7.off", ENTERED, { { ENTRY, CLEAR, ENTRY_LOAD_DEBUG }, { GUEST_DR7, OR, 1ULL << 32 } } },
	{ .name = "SYSENTER.esp", STATE, { { GUEST_SYSENTER_ESP, SET, NOT_CANONICAL } } },
	{ .name = "SYSENTER.eip", STATE, { { GUEST_SYSENTER_EIP, SET, NOT_CANONICAL } } },
	{ .name = "PAT", STATE, { LOADS(PAT), { GUEST_PAT, SET, 3 << 8 } } },
	{ .name = "PAT.8", STATE, { LOADS(PAT), { GUEST_PAT, SET, 8 } } },
	{ .name = "PAT.off", ENTERED, { { GUEST_PAT, SET, 2 } } },
	{ .name = "PAT.good", ENTERED, { LOADS(PAT), { GUEST_PAT, SET, 0x0007040600070406 } } },
	{ .name = "EFER_RESERVED", STATE, { LOADS(EFER), { GUEST_EFER, SET, 0x502 } } },
	{ .name = "EFER_RESERVED.high", STATE, { LOADS(EFER), { GUEST_EFER, SET, 1ULL << 32 | 0x500 } } },
	{ .name = "EFER_LMA", STATE, { LOADS(EFER), { GUEST_EFER, SET, 0x100 } } },
	{ .name = "EFER_LMA.32", STATE, { LOADS(EFER), { GUEST_EFER, SET, 0x500 } }, PROTECTED },
	{ .name = "EFER_LME", STATE, { LOADS(EFER), { GUEST_EFER, SET, 0x400 } } },
	{ .name = "EFER_LME.32", STATE, { LOADS(EFER), { GUEST_EFER, SET, 0x100 } }, PROTECTED },
	{ .name = "EFER.good", ENTERED, { LOADS(EFER), { GUEST_EFER, SET, 0xd01 } } },
	{ .name = "EFER.good_32", ENTERED, { LOADS(EFER), { GUEST_EFER, SET, 0 } }, PROTECTED },
	{ .name = "TABLE_BASE.gdtr", STATE, { { GUEST_GDTR_BASE, OR, NOT_CANONICAL } } },
	{ .name = "TABLE_BASE.idtr", STATE, { { GUEST_IDTR_BASE, OR, NOT_CANONICAL } } },
	{ .name = "TABLE_LIMIT.gdtr", STATE, { { GUEST_GDTR_LIMIT, OR, 1 << 16 } } },
	{ .name = "TABLE_LIMIT.idtr", STATE, { { GUEST_IDTR_LIMIT, OR, 1u << 31 } } },
	{ .name = "protected", ENTERED, {}, PROTECTED },
	{ .name = "pae", ENTERED, {}, PAE },
	{ .name = "v86", V86_ENTERED, {}, V86 },
	{ .name = "real", ENTERED, {}, REAL, UNRESTRICTED },
	/* The list has: 0 IA32_SYSENTER_CS, 1 FS base, 2 GS base, 3 x2APIC's id, 4 SYSENTER_CS with a
	 * reserved bit, 5 SYSENTER_ESP not canonical, 6 SYSENTER_CS. */
	{ .name = "MSR_LOAD.good", ENTERED, { LIST, { ENTRY_MSR_LOADS, SET, 1 } } },
	{ .name = "MSR_LOAD.fs_base", MSR_ENTRY(2), { LIST, { ENTRY_MSR_LOADS, SET, 7 } } },
	{ .name = "MSR_LOAD.gs_base", MSR_ENTRY(1),
	  { { ENTRY_MSR_LOAD, SET, PAGE_OF_LIST + 32 }, { ENTRY_MSR_LOADS, SET, 2 } } },
	{ .name = "MSR_LOAD.x2apic", MSR_ENTRY(1),
	  { { ENTRY_MSR_LOAD, SET, PAGE_OF_LIST + 48 }, { ENTRY_MSR_LOADS, SET, 1 } } },
	{ .name = "MSR_LOAD.reserved", MSR_ENTRY(1),
	  { { ENTRY_MSR_LOAD, SET, PAGE_OF_LIST + 64 }, { ENTRY_MSR_LOADS, SET, 1 } } },
	{ .name = "MSR_LOAD.value", MSR_ENTRY(1),
	  { { ENTRY_MSR_LOAD, SET, PAGE_OF_LIST + 80 }, { ENTRY_MSR_LOADS, SET, 2 } } },
	{ .name = "order.guest_msr", STATE,
	  { LIST, { ENTRY_MSR_LOADS, SET, 2 }, { GUEST_RFLAGS, SET, 0 } } },
};
/* clang-format on */

const unsigned int register_count = array_size(register_cases);
