// SPDX-License-Identifier: MIT
/* INVEPT and INVVPID of L1 (SDM vol. 3, 30.3): what they check before anything is dropped. Pure. */
#ifndef ARCH_X86_NESTED_INVALIDATE12_H
#define ARCH_X86_NESTED_INVALIDATE12_H

#include "arch/x86/nested/vmcs12.h"

/* The register operand. */
enum invept12_type { INVEPT12_SINGLE = 1, INVEPT12_ALL = 2 };
enum invvpid12_type {
	INVVPID12_ADDRESS = 0,
	INVVPID12_SINGLE = 1,
	INVVPID12_ALL = 2,
	INVVPID12_SINGLE_GLOBALS = 3, /* keeps global translations */
};

struct invalidate12 {
	uint64_t low, high; /* the 16 bytes of the memory operand */
};

/*
 * First the type, before the descriptor is read (which may fault), then the descriptor: a wrong one
 * is VMFAIL_INVALIDATE_OPERAND. Whether the instruction is there at all (#UD) is the offer's
 * affair.
 */
bool invalidate12_ept_type_ok(const struct nested_caps *caps, uint64_t type) must_check;
bool invalidate12_vpid_type_ok(const struct nested_caps *caps, uint64_t type) must_check;
bool invalidate12_ept_ok(const struct nested_caps *caps, uint64_t type,
			 const struct invalidate12 *d) must_check;
bool invalidate12_vpid_ok(uint64_t type, const struct invalidate12 *d) must_check;

/* Whether there is the instruction: else #UD. */
bool invalidate12_has_invept(const struct nested_caps *caps) must_check;
bool invalidate12_has_invvpid(const struct nested_caps *caps) must_check;

#endif
