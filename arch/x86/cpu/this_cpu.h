// SPDX-License-Identifier: MIT
/* How code finds its own core's block. Host tests put their own version of this header first. */
#ifndef ARCH_X86_CPU_THIS_CPU_H
#define ARCH_X86_CPU_THIS_CPU_H

struct pcpu;

/* The running core's block: GS base points at it, its first field points at itself. Any context. */
static inline struct pcpu *this_cpu(void)
{
	struct pcpu *p;

	__asm__("mov %%gs:0, %0" : "=r"(p));
	return p;
}

#endif
