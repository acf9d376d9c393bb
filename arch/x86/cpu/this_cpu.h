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

/* Address of its windows' slot 0: the same on each core, in its own tables. */
#define this_cpu_windows(cpu) ((void)(cpu), (uint8_t *)WINDOWS_BASE)

/*
 * Add 1 to a 64-bit field of the own block that other cores read, in one instruction: nobody else
 * writes it. The first is a full fence besides; the second has release order, as every store has.
 */
#define this_cpu_inc_fence(field)                                                                  \
	__asm__ volatile("lock addq $1, %%gs:%c0"                                                  \
			 :                                                                         \
			 : "i"(offsetof(struct pcpu, field))                                       \
			 : "memory", "cc")
#define this_cpu_inc(field)                                                                        \
	__asm__ volatile("addq $1, %%gs:%c0" : : "i"(offsetof(struct pcpu, field)) : "memory", "cc")

#endif
