// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/check.h"

#include "arch/x86/cpu/cpuid_bits.h"
#include "core/lib/printf.h"

struct feature {
	const char *name;
	uint16_t reg; /* offset in struct cpu_facts */
	uint32_t bit;
};

#define FEATURE(name, leaf, reg, bit)                                                              \
	{                                                                                          \
		name, offsetof(struct cpu_facts, leaf) + offsetof(struct cpuid_regs, reg),         \
			(uint32_t)(bit)                                                            \
	}

static const struct feature required[] = {
	FEATURE("TSC (CPUID.1:EDX bit 4)", basic, edx, CPUID_1_EDX_TSC),
	FEATURE("local APIC (CPUID.1:EDX bit 9)", basic, edx, CPUID_1_EDX_APIC),
	FEATURE("global pages (CPUID.1:EDX bit 13)", basic, edx, CPUID_1_EDX_PGE),
	FEATURE("PAT (CPUID.1:EDX bit 16)", basic, edx, CPUID_1_EDX_PAT),
	FEATURE("FXSAVE (CPUID.1:EDX bit 24)", basic, edx, CPUID_1_EDX_FXSR),
	FEATURE("SSE2 (CPUID.1:EDX bit 26)", basic, edx, CPUID_1_EDX_SSE2),
	FEATURE("no-execute pages (CPUID.80000001H:EDX bit 20; the firmware may have them off)",
		amd, edx, CPUID_EXT_EDX_NX),
};

static const struct feature optional[] = {
	FEATURE("x2APIC", basic, ecx, CPUID_1_ECX_X2APIC),
	FEATURE("TSC-deadline", basic, ecx, CPUID_1_ECX_TSC_DEADLINE),
	FEATURE("invariant-TSC", power, edx, CPUID_POWER_EDX_INVARIANT_TSC),
	FEATURE("SMEP", extended, ebx, CPUID_7_EBX_SMEP),
	FEATURE("SMAP", extended, ebx, CPUID_7_EBX_SMAP),
	FEATURE("UMIP", extended, ecx, CPUID_7_ECX_UMIP),
	FEATURE("XSAVE", basic, ecx, CPUID_1_ECX_XSAVE),
	FEATURE("XSAVEOPT", xstate, eax, CPUID_D1_EAX_XSAVEOPT),
	FEATURE("XSAVES", xstate, eax, CPUID_D1_EAX_XSAVES),
	FEATURE("1G-pages", amd, edx, CPUID_EXT_EDX_1G),
};

void cpu_facts_read(struct cpu_facts *out)
{
	uint32_t max = cpuid(CPUID_VENDOR, 0).eax;
	uint32_t max_extended = cpuid(CPUID_EXT_MAX, 0).eax;

	*out = (struct cpu_facts){ .basic = cpuid(CPUID_FEATURES, 0) };
	if (max >= CPUID_EXTENDED)
		out->extended = cpuid(CPUID_EXTENDED, 0);
	if (max >= CPUID_XSTATE)
		out->xstate = cpuid(CPUID_XSTATE, 1);
	if (max_extended >= CPUID_EXT_FEATURES)
		out->amd = cpuid(CPUID_EXT_FEATURES, 0);
	if (max_extended >= CPUID_POWER)
		out->power = cpuid(CPUID_POWER, 0);
}

static bool has(const struct cpu_facts *facts, const struct feature *f)
{
	const uint8_t *reg = (const uint8_t *)facts + f->reg;

	return *(const uint32_t *)(const void *)reg & f->bit;
}

unsigned int cpu_missing(const struct cpu_facts *facts, const char *names[], unsigned int max)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < array_size(required); i++) {
		if (has(facts, &required[i]))
			continue;
		if (count < max)
			names[count] = required[i].name;
		count++;
	}
	return count;
}

void cpu_describe(const struct cpu_facts *facts, char *buf, size_t size)
{
	size_t at = 0;

	if (size)
		buf[0] = '\0';
	for (unsigned int i = 0; i < array_size(optional) && at < size; i++)
		if (has(facts, &optional[i]))
			at += (size_t)xsnprintf(buf + at, size - at, at ? " %s" : "%s",
						optional[i].name);
}
