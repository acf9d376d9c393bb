// SPDX-License-Identifier: MIT
/* RIP, RFLAGS and what is no register (SDM vol. 3, 26.3.1.4 to 26.3.1.6). */
#include "tests/guest/vmx_entry/cases.h"

#define EVENT(info)                                                                                \
	{                                                                                          \
		ENTRY_INTR, SET, INTR_VALID | (info)                                               \
	}
#define FLAGS(value)                                                                               \
	{                                                                                          \
		GUEST_RFLAGS, SET, (value) | 2                                                     \
	}
#define BLOCKED(bits)                                                                              \
	{                                                                                          \
		INTERRUPTIBILITY, SET, bits                                                        \
	}
#define IF 0x200
#define TF 0x100
#define VM 0x20000
#define HLT                                                                                        \
	{                                                                                          \
		ACTIVITY, SET, 1                                                                   \
	}
#define SIPI                                                                                       \
	{                                                                                          \
		ACTIVITY, SET, 3                                                                   \
	}

/* clang-format off */
const struct entry_case state_cases[] = {
	{ .name = "RIP", STATE, { { GUEST_RIP, SET, NOT_CANONICAL } } },
	{ .name = "RIP.bit48", STATE, { { GUEST_RIP, OR, 1ULL << 48 } } },
	{ .name = "RIP.compatibility", STATE, { { GUEST_RIP, OR, 1ULL << 32 },
	  { GUEST_RIGHTS(CS), SET, 0xc09b } } },
	{ .name = "RIP.protected", STATE, { { GUEST_RIP, OR, 1ULL << 32 } }, PROTECTED },
	{ .name = "compatibility", ENTERED, { { GUEST_RIGHTS(CS), SET, 0xc09b } } },
	{ .name = "RFLAGS_RESERVED.1", STATE, { { GUEST_RFLAGS, SET, 0 } } },
	{ .name = "RFLAGS_RESERVED.3", STATE, { FLAGS(8) } },
	{ .name = "RFLAGS_RESERVED.5", STATE, { FLAGS(0x20) } },
	{ .name = "RFLAGS_RESERVED.15", STATE, { FLAGS(0x8000) } },
	{ .name = "RFLAGS_RESERVED.22", STATE, { FLAGS(1 << 22) } },
	{ .name = "RFLAGS_RESERVED.63", STATE, { FLAGS(1ULL << 63) } },
	{ .name = "RFLAGS_VM.long", STATE, { FLAGS(VM) } },
	{ .name = "RFLAGS_VM.real", STATE, { { GUEST_CR0, CLEAR, 0x80000001 } }, V86,
	  .proc2 = PROC2_UNRESTRICTED | PROC2_EPT },
	{ .name = "RFLAGS_IF", STATE, { EVENT(INTR_EXTERNAL | 0x41) } },
	{ .name = "LINK_ADDRESS", LINK, { { LINK_POINTER, SET, PAGE_OF_LINK + 8 } } },
	{ .name = "LINK_ADDRESS.low_half", LINK, { { LINK_POINTER, SET, 0xffffffff } } },
	{ .name = "LINK_ADDRESS.high", LINK, { { LINK_POINTER, SET, PAGE_OF_LINK },
	  { LINK_POINTER, HIGH, 0 } } },
	{ .name = "LINK_REVISION", LINK, { { LINK_POINTER, SET, PAGE_OF_ZEROES } } },
	{ .name = "LINK_REVISION.shadow", LINK, { { LINK_POINTER, SET, PAGE_OF_LINK } },
	  .proc2 = PROC2_SHADOW },
	{ .name = "LINK.good", ENTERED, { { LINK_POINTER, SET, PAGE_OF_LINK } } },
	{ .name = "ACTIVITY.4", STATE, { { ACTIVITY, SET, 4 } } },
	{ .name = "ACTIVITY.5", STATE, { { ACTIVITY, SET, 5 } } },
	{ .name = "ACTIVITY.shutdown", STATE, { { ACTIVITY, SET, 2 }, EVENT(INTR_NMI | 2) } },
	{ .name = "HLT_DPL", STATE, { HLT, { GUEST_SELECTOR(CS), SET, 0x43 },
	  { GUEST_RIGHTS(CS), SET, 0xa0fb }, { GUEST_SELECTOR(SS), SET, 0x3b },
	  { GUEST_RIGHTS(SS), SET, 0xc0f3 }, EVENT(INTR_NMI | 2) } },
	{ .name = "ACTIVITY_BLOCKED.sti", STATE, { HLT, FLAGS(IF), BLOCKED(BLOCKED_STI),
	  EVENT(INTR_EXCEPTION | 1) } },
	{ .name = "ACTIVITY_BLOCKED.mov_ss", STATE, { HLT, FLAGS(IF), BLOCKED(BLOCKED_MOV_SS),
	  EVENT(INTR_EXCEPTION | 1) } },
	{ .name = "ACTIVITY_EVENT.int", STATE, { HLT, EVENT(INTR_SOFTWARE | 0x42),
	  { ENTRY_LENGTH, SET, 2 } } },
	{ .name = "ACTIVITY_EVENT.exception", STATE, { HLT, EVENT(INTR_EXCEPTION | 6) } },
	{ .name = "ACTIVITY_EVENT.sipi", STATE, { SIPI, EVENT(INTR_NMI | 2) } },
	{ .name = "BLOCKED_RESERVED", STATE, { BLOCKED(1u << 5) } },
	{ .name = "BLOCKED_RESERVED.31", STATE, { BLOCKED(1u << 31) } },
	{ .name = "BLOCKED_RESERVED.enclave", STATE, { BLOCKED(1u << 4) } },
	{ .name = "BLOCKED_BOTH", STATE, { FLAGS(IF), BLOCKED(BLOCKED_STI | BLOCKED_MOV_SS) } },
	{ .name = "BLOCKED_STI", STATE, { BLOCKED(BLOCKED_STI) } },
	{ .name = "BLOCKED_STI.good", ENTERED, { FLAGS(IF), BLOCKED(BLOCKED_STI) } },
	{ .name = "BLOCKED_EXTERNAL.sti", STATE, { FLAGS(IF), BLOCKED(BLOCKED_STI),
	  EVENT(INTR_EXTERNAL | 0x41) } },
	{ .name = "BLOCKED_EXTERNAL.mov_ss", STATE, { FLAGS(IF), BLOCKED(BLOCKED_MOV_SS),
	  EVENT(INTR_EXTERNAL | 0x41) } },
	{ .name = "BLOCKED_NMI_MOV_SS", STATE, { BLOCKED(BLOCKED_MOV_SS), EVENT(INTR_NMI | 2) } },
	{ .name = "BLOCKED_NMI_STI", NMI_STI, { FLAGS(IF), BLOCKED(BLOCKED_STI), EVENT(INTR_NMI | 2) } },
	{ .name = "BLOCKED_SMI", STATE, { BLOCKED(BLOCKED_SMI) } },
	{ .name = "BLOCKED_NMI", STATE, { BLOCKED(BLOCKED_NMI), EVENT(INTR_NMI | 2) },
	  .pin = PIN_NMI | PIN_VNMI },
	{ .name = "BLOCKED_NMI.good", ENTERED, { BLOCKED(BLOCKED_NMI) }, .pin = PIN_NMI | PIN_VNMI },
	{ .name = "PENDING_RESERVED.4", STATE, { { PENDING_DEBUG, SET, 0x10 } } },
	{ .name = "PENDING_RESERVED.13", STATE, { { PENDING_DEBUG, SET, 0x2000 } } },
	{ .name = "PENDING_RESERVED.63", STATE, { { PENDING_DEBUG, SET, 1ULL << 63 } } },
	{ .name = "PENDING_STEP.missing", STATE, { FLAGS(IF | TF), BLOCKED(BLOCKED_STI) } },
	{ .name = "PENDING_STEP.not_stepping", STATE, { FLAGS(IF), BLOCKED(BLOCKED_STI),
	  { PENDING_DEBUG, SET, 0x4000 } } },
	{ .name = "PENDING_STEP.btf", STATE, { FLAGS(IF | TF), BLOCKED(BLOCKED_STI),
	  { PENDING_DEBUG, SET, 0x4000 }, { GUEST_DEBUGCTL, SET, 2 },
	  { ENTRY, OR, ENTRY_LOAD_DEBUG } } },
	{ .name = "PENDING_STEP.mov_ss", STATE, { FLAGS(TF), BLOCKED(BLOCKED_MOV_SS) } },
	{ .name = "PDPTE.0", PDPTES, { { GUEST_CR3, OR, 0x20 } }, PAE },
	{ .name = "PDPTE.ept", PDPTES, { { GUEST_PDPTE(0), OR, 2 } }, PAE, .proc2 = PROC2_EPT },
	{ .name = "PDPTE.ept_high", PDPTES, { { GUEST_PDPTE(3), OR, 1ULL << 62 } }, PAE,
	  .proc2 = PROC2_EPT },
	{ .name = "PDPTE.ept_not_present", ENTERED, { { GUEST_PDPTE(3), SET, 0x1e6 } }, PAE,
	  .proc2 = PROC2_EPT },
	{ .name = "order.state_link", STATE, { FLAGS(8), { LINK_POINTER, SET, PAGE_OF_ZEROES } } },
};
/* clang-format on */

const unsigned int state_count = array_size(state_cases);
