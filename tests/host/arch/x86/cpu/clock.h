// SPDX-License-Identifier: MIT
/* Host tests: the clock is a variable of tests/unit/fakes/cpu.c. */
#ifndef ARCH_X86_CPU_CLOCK_H
#define ARCH_X86_CPU_CLOCK_H

#include <stdint.h>

extern uint64_t host_clock;

static inline uint64_t clock_ticks(void)
{
	return __atomic_load_n(&host_clock, __ATOMIC_RELAXED);
}

#endif
