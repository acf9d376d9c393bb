// SPDX-License-Identifier: MIT
/* The host-state area (SDM vol. 3, 26.2.2 to 26.2.4). */
#include "tests/guest/vmx_entry/cases.h"

/* clang-format off */
const struct entry_case host_cases[] = {
	{ .name = "HOST_CR0.pg", FAIL8, { { HOST_CR0, CLEAR, 0x80000000 } } },
	{ .name = "HOST_CR0.pe", FAIL8, { { HOST_CR0, CLEAR, 1 } } },
	{ .name = "HOST_CR0.ne", FAIL8, { { HOST_CR0, CLEAR, 0x20 } } },
	{ .name = "HOST_CR0.high", FAIL8, { { HOST_CR0, OR, 1ULL << 32 } } },
	{ .name = "HOST_CR4.vmxe", FAIL8, { { HOST_CR4, CLEAR, 0x2000 } } },
	{ .name = "HOST_CR4.reserved", FAIL8, { { HOST_CR4, OR, 1u << 31 } } },
	{ .name = "HOST_CR4.high", FAIL8, { { HOST_CR4, OR, 1ULL << 63 } } },
	{ .name = "HOST_CR3", FAIL8, { { HOST_CR3, HIGH, 0 } } },
	{ .name = "HOST_SYSENTER.esp", FAIL8, { { HOST_SYSENTER_ESP, SET, NOT_CANONICAL } } },
	{ .name = "HOST_SYSENTER.eip", FAIL8, { { HOST_SYSENTER_EIP, SET, NOT_CANONICAL } } },
	{ .name = "HOST_PAT", FAIL8, { { EXIT, OR, EXIT_LOAD_PAT }, { HOST_PAT, SET, 2 } } },
	{ .name = "HOST_PAT.top", FAIL8, { { EXIT, OR, EXIT_LOAD_PAT }, { HOST_PAT, SET, 8ULL << 56 } } },
	{ .name = "HOST_PAT.off", ENTERED, { { HOST_PAT, SET, 2 } } },
	{ .name = "HOST_EFER.reserved", FAIL8,
	  { { EXIT, OR, EXIT_LOAD_EFER }, { HOST_EFER, SET, 0x502 } } },
	{ .name = "HOST_EFER.lma", FAIL8, { { EXIT, OR, EXIT_LOAD_EFER }, { HOST_EFER, SET, 0x100 } } },
	{ .name = "HOST_EFER.lme", FAIL8, { { EXIT, OR, EXIT_LOAD_EFER }, { HOST_EFER, SET, 0x400 } } },
	{ .name = "HOST_EFER.good", ENTERED, { { EXIT, OR, EXIT_LOAD_EFER }, { HOST_EFER, SET, 0x500 } } },
	{ .name = "HOST_SELECTOR.es", FAIL8, { { HOST_SELECTOR(ES), OR, 1 } } },
	{ .name = "HOST_SELECTOR.cs", FAIL8, { { HOST_SELECTOR(CS), OR, 2 } } },
	{ .name = "HOST_SELECTOR.ss", FAIL8, { { HOST_SELECTOR(SS), OR, 4 } } },
	{ .name = "HOST_SELECTOR.ds", FAIL8, { { HOST_SELECTOR(DS), OR, 3 } } },
	{ .name = "HOST_SELECTOR.fs", FAIL8, { { HOST_SELECTOR(FS), OR, 1 } } },
	{ .name = "HOST_SELECTOR.gs", FAIL8, { { HOST_SELECTOR(GS), OR, 4 } } },
	{ .name = "HOST_SELECTOR.tr", FAIL8, { { HOST_SELECTOR(HOST_TR), OR, 4 } } },
	{ .name = "HOST_NULL.cs", FAIL8, { { HOST_SELECTOR(CS), SET, 0 } } },
	{ .name = "HOST_NULL.tr", FAIL8, { { HOST_SELECTOR(HOST_TR), SET, 0 } } },
	{ .name = "HOST_BASE.fs", FAIL8, { { HOST_FS_BASE, SET, NOT_CANONICAL } } },
	{ .name = "HOST_BASE.gs", FAIL8, { { HOST_GS_BASE, SET, NOT_CANONICAL } } },
	{ .name = "HOST_BASE.gdtr", FAIL8, { { HOST_GDTR_BASE, OR, NOT_CANONICAL } } },
	{ .name = "HOST_BASE.idtr", FAIL8, { { HOST_IDTR_BASE, OR, NOT_CANONICAL } } },
	{ .name = "HOST_BASE.tr", FAIL8, { { HOST_TR_BASE, OR, NOT_CANONICAL } } },
	{ .name = "HOST_MODE", FAIL8, { { EXIT, CLEAR, EXIT_HOST_64 } } },
	{ .name = "HOST_MODE.both", FAIL8, { { EXIT, CLEAR, EXIT_HOST_64 }, { ENTRY, CLEAR, ENTRY_IA32E } } },
	{ .name = "HOST_CR4_MODE", FAIL8, { { HOST_CR4, CLEAR, 0x20 } } },
	{ .name = "HOST_RIP", FAIL8, { { HOST_RIP, SET, NOT_CANONICAL } } },
	/* Controls come before the host. */
	{ .name = "order.control_host", FAIL7, { { HOST_RIP, SET, NOT_CANONICAL }, { PIN, CLEAR, 2 } } },
	{ .name = "order.host_guest", FAIL8,
	  { { HOST_RIP, SET, NOT_CANONICAL }, { GUEST_RFLAGS, SET, 0 } } },
};
/* clang-format on */

const unsigned int host_count = array_size(host_cases);
