// SPDX-License-Identifier: MIT
/*
 * INVEPT and INVVPID on the calling core (SDM vol. 3, 30.3); false: VMfail. Host tests put their own
 * version of this header first.
 */
#ifndef ARCH_X86_VMX_INVALIDATE_H
#define ARCH_X86_VMX_INVALIDATE_H

#include "arch/x86/cpu/asm.h"
#include "core/lib/types.h"

enum { INVEPT_SINGLE = 1, INVEPT_ALL = 2 };
enum { INVVPID_SINGLE = 1, INVVPID_ALL = 2 };

struct invalidation {
	uint64_t tag, address;
};

static inline bool invept(uint64_t type, uint64_t eptp)
{
	struct invalidation what = { eptp, 0 };
	bool ok;

	count_insn(COUNT_INVALIDATE);
	__asm__ volatile("invept %1, %2" : "=@cca"(ok) : "m"(what), "r"(type) : "memory");
	return ok;
}

static inline bool invvpid(uint64_t type, uint16_t vpid)
{
	struct invalidation what = { vpid, 0 };
	bool ok;

	count_insn(COUNT_INVALIDATE);
	__asm__ volatile("invvpid %1, %2" : "=@cca"(ok) : "m"(what), "r"(type) : "memory");
	return ok;
}

#endif
