// SPDX-License-Identifier: MIT
/*
 * Memory type range registers (SDM vol. 3, 11.11): checked and stored as the processor does, and
 * without effect, because EPT decides that all of a guest's memory is write-back. Pure.
 */
#ifndef ARCH_X86_VMX_MTRR_H
#define ARCH_X86_VMX_MTRR_H

#include "core/lib/types.h"

#define MTRR_FIXED_COUNT    11
#define MTRR_VARIABLE_COUNT 8

struct mtrr_state {
	uint64_t def_type;
	uint64_t fixed[MTRR_FIXED_COUNT];
	uint64_t variable[2 * MTRR_VARIABLE_COUNT]; /* base, mask, base, mask, ... */
};

/* Enabled, write-back everywhere. */
void mtrr_init(struct mtrr_state *s);
/* Whether it is an MTRR, MTRRcap included. */
bool mtrr_is(uint32_t msr);
/* False when it is none. */
bool mtrr_read(const struct mtrr_state *s, uint32_t msr, uint64_t *value) must_check;
/* False: #GP (not an MTRR, read-only, a reserved bit or memory type). */
bool mtrr_write(struct mtrr_state *s, uint32_t msr, uint64_t value,
		unsigned int phys_bits) must_check;

#endif
