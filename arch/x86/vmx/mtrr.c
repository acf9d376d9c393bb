// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/mtrr.h"
#include "arch/x86/cpu/msr.h"
#include "core/lib/string.h"

#define TYPE_WB       0x06
#define ALL_WB        0x0606060606060606ULL
#define CAP_FIXED     BIT(8)
#define CAP_WC        BIT(10)
#define DEF_FIXED     BIT(10)
#define DEF_ENABLE    BIT(11)
#define MASK_VALID    BIT(11)
#define TYPE          BITS(7, 0)
#define FIX16K_80000  0x258
#define FIX16K_A0000  0x259
#define FIX4K_FIRST   0x268
#define FIX4K_LAST    0x26f
#define VARIABLE_LAST (MSR_MTRR_PHYSBASE0 + 2 * MTRR_VARIABLE_COUNT - 1)

void mtrr_init(struct mtrr_state *s)
{
	memset(s, 0, sizeof(*s));
	s->def_type = DEF_ENABLE | TYPE_WB;
	for (unsigned int i = 0; i < MTRR_FIXED_COUNT; i++)
		s->fixed[i] = ALL_WB;
}

/* Index in fixed[], or MTRR_FIXED_COUNT. */
static unsigned int fixed_index(uint32_t msr)
{
	if (msr >= FIX4K_FIRST && msr <= FIX4K_LAST)
		return 3 + (msr - FIX4K_FIRST);
	switch (msr) {
	case MSR_MTRR_FIX64K: return 0;
	case FIX16K_80000: return 1;
	case FIX16K_A0000: return 2;
	default: return MTRR_FIXED_COUNT;
	}
}

static bool is_variable(uint32_t msr)
{
	return msr >= MSR_MTRR_PHYSBASE0 && msr <= VARIABLE_LAST;
}

bool mtrr_is(uint32_t msr)
{
	return msr == MSR_MTRRCAP || msr == MSR_MTRR_DEF_TYPE || is_variable(msr) ||
	       fixed_index(msr) < MTRR_FIXED_COUNT;
}

bool mtrr_read(const struct mtrr_state *s, uint32_t msr, uint64_t *value)
{
	if (!mtrr_is(msr))
		return false;
	if (msr == MSR_MTRRCAP)
		*value = MTRR_VARIABLE_COUNT | CAP_FIXED | CAP_WC;
	else if (msr == MSR_MTRR_DEF_TYPE)
		*value = s->def_type;
	else if (is_variable(msr))
		*value = s->variable[msr - MSR_MTRR_PHYSBASE0];
	else
		*value = s->fixed[fixed_index(msr)];
	return true;
}

/* UC, WC, WT, WP, WB (table 11-8). */
static bool type_valid(uint64_t type)
{
	return type <= 6 && type != 2 && type != 3;
}

static bool write_fixed(uint64_t *reg, uint64_t value)
{
	for (unsigned int shift = 0; shift < 64; shift += 8)
		if (!type_valid(value >> shift & TYPE))
			return false;
	*reg = value;
	return true;
}

static bool write_variable(struct mtrr_state *s, unsigned int i, uint64_t value,
			   unsigned int phys_bits)
{
	uint64_t address = BITS(phys_bits - 1, 12);

	if (i & 1) {
		if (value & ~(address | MASK_VALID))
			return false;
	} else if ((value & ~(address | TYPE)) || !type_valid(value & TYPE)) {
		return false;
	}
	s->variable[i] = value;
	return true;
}

bool mtrr_write(struct mtrr_state *s, uint32_t msr, uint64_t value, unsigned int phys_bits)
{
	if (msr == MSR_MTRR_DEF_TYPE) {
		if ((value & ~(DEF_ENABLE | DEF_FIXED | TYPE)) || !type_valid(value & TYPE))
			return false;
		s->def_type = value;
		return true;
	}
	if (is_variable(msr))
		return write_variable(s, msr - MSR_MTRR_PHYSBASE0, value, phys_bits);
	if (fixed_index(msr) < MTRR_FIXED_COUNT)
		return write_fixed(&s->fixed[fixed_index(msr)], value);
	return false;
}
