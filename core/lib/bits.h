// SPDX-License-Identifier: MIT
#ifndef CORE_LIB_BITS_H
#define CORE_LIB_BITS_H

#include "core/lib/types.h"

#define BIT(n) (1ULL << (n))
/* Bits hi..lo, both included. */
#define BITS(hi, lo) ((~0ULL >> (63 - (hi))) & (~0ULL << (lo)))

/* Index of the lowest or highest set bit; v must not be 0. */
static inline unsigned int bit_lowest(uint64_t v)
{
	return (unsigned int)__builtin_ctzll(v);
}

static inline unsigned int bit_highest(uint64_t v)
{
	return 63U - (unsigned int)__builtin_clzll(v);
}

static inline uint32_t low32(uint64_t v)
{
	return (uint32_t)v;
}

static inline uint32_t high32(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

#endif
