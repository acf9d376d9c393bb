// SPDX-License-Identifier: MIT
/* Host tests: a waiting core lets the test's rival cores run. */
#ifndef ARCH_X86_CPU_RELAX_H
#define ARCH_X86_CPU_RELAX_H

void host_relax(void);

static inline void spin_relax(void)
{
	host_relax();
}

#endif
