// SPDX-License-Identifier: MIT
/* The TSC as a plain clock. Host tests put their own version of this header first. */
#ifndef ARCH_X86_CPU_CLOCK_H
#define ARCH_X86_CPU_CLOCK_H

#include "arch/x86/cpu/asm.h"

static inline uint64_t clock_ticks(void)
{
	return rdtsc();
}

#endif
