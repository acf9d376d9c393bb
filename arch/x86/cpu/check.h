// SPDX-License-Identifier: MIT
/*
 * What the hypervisor needs of the processor beside VMX (which arch/x86/vmx checks), and what it
 * makes use of when it is there.
 */
#ifndef ARCH_X86_CPU_CHECK_H
#define ARCH_X86_CPU_CHECK_H

#include "arch/x86/cpu/asm.h"

/* CPUID as read on one core; leaves that the processor does not have are zeros. */
struct cpu_facts {
	struct cpuid_regs basic;    /* leaf 1 */
	struct cpuid_regs extended; /* leaf 7 */
	struct cpuid_regs xstate;   /* leaf 0xd, subleaf 1 */
	struct cpuid_regs amd;      /* leaf 0x80000001 */
	struct cpuid_regs power;    /* leaf 0x80000007 */
};

void cpu_facts_read(struct cpu_facts *out);

/*
 * Pure: the first `max` things missing in names[] (static texts that name the CPUID bit); returns
 * how many there are.
 */
unsigned int cpu_missing(const struct cpu_facts *facts, const char *names[], unsigned int max);

/* Pure: the optional features that are used when present, as one line of text. */
void cpu_describe(const struct cpu_facts *facts, char *buf, size_t size);

#endif
