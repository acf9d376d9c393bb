// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/tsc.h"

#include "core/lib/bits.h"

uint64_t tsc_khz_from_cpuid(const struct cpuid_regs *leaf15, const struct cpuid_regs *leaf16)
{
	uint64_t crystal = leaf15->ecx;

	if (leaf15->eax && leaf15->ebx && crystal)
		return crystal * leaf15->ebx / leaf15->eax / 1000;
	/* Without the crystal's frequency the TSC runs at the base frequency, in MHz. */
	if (leaf15->eax && leaf15->ebx)
		return (leaf16->eax & 0xffffULL) * 1000;
	return 0;
}

struct tsc_scale tsc_scale_from_khz(uint64_t khz)
{
	/* Nanoseconds a tick, whole:fraction; the 32 leading bits of it are the multiplier. */
	uint64_t whole = 1000000 / khz;
	uint64_t rest;
	uint64_t fraction = div128(1000000 % khz, 0, khz, &rest);
	unsigned __int128 v = (unsigned __int128)whole << 64 | fraction;
	unsigned int highest = whole ? 64 + bit_highest(whole) : bit_highest(fraction);

	return (struct tsc_scale){
		.mul = (uint32_t)(highest >= 31 ? v >> (highest - 31) : v << (31 - highest)),
		.shift = (int8_t)((int)highest - 63),
	};
}

uint64_t tsc_from_ns(uint64_t ns)
{
	uint64_t mul = tsc_scale.mul;
	uint64_t rest;
	/* ns << 32 is two words; the multiplier has 32 bits, so the upper quotient is 0 or 1. */
	uint64_t low = div128((ns >> 32) % mul, ns << 32, mul, &rest);
	unsigned __int128 v = ((unsigned __int128)((ns >> 32) / mul) << 64) + low + (rest != 0);

	if (tsc_scale.shift < 0)
		v <<= -tsc_scale.shift;
	else
		v = (v + (1ULL << tsc_scale.shift) - 1) >> tsc_scale.shift;
	v += tsc_boot;
	return v >> 64 ? ~0ULL : (uint64_t)v;
}
