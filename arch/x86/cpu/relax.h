// SPDX-License-Identifier: MIT
/* What a spinning core does between two looks. Host tests put their own version first. */
#ifndef ARCH_X86_CPU_RELAX_H
#define ARCH_X86_CPU_RELAX_H

static inline void spin_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

#endif
