// SPDX-License-Identifier: MIT
/* Host tests: halting is a call of the test's. */
#ifndef ARCH_X86_CPU_IDLE_H
#define ARCH_X86_CPU_IDLE_H

void idle_halt(void);

#endif
