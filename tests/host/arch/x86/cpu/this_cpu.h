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

#define this_cpu_windows(cpu) ((cpu)->window_base)

/* In the words of core/lib/atomic.h, which tests watch. */
#define this_cpu_inc_fence(field) ((void)atomic_xchg(&this_cpu()->field, this_cpu()->field + 1))
#define this_cpu_inc(field)       store_release(&this_cpu()->field, this_cpu()->field + 1)

#endif
