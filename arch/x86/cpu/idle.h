// SPDX-License-Identifier: MIT
/* How an idle core waits. Host tests put their own version of this header first. */
#ifndef ARCH_X86_CPU_IDLE_H
#define ARCH_X86_CPU_IDLE_H

#include "arch/x86/cpu/asm.h"

/* Halt until an interrupt has been taken; one that is pending already ends it at once. */
static inline void idle_halt(void)
{
	irq_enable_and_halt();
}

#endif
