// SPDX-License-Identifier: MIT
/* Host tests: each thread is a core; tests/unit/fakes/cpu.c holds the blocks. */
#ifndef ARCH_X86_CPU_THIS_CPU_H
#define ARCH_X86_CPU_THIS_CPU_H

struct pcpu;

extern __thread struct pcpu *host_cpu;

static inline struct pcpu *this_cpu(void)
{
	return host_cpu;
}

#endif
