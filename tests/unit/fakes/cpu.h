// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_FAKES_CPU_H
#define TESTS_UNIT_FAKES_CPU_H

#include "arch/x86/cpu/percpu.h"
#include "mm/step.h"

extern __thread struct pcpu *host_cpu;
extern uint64_t host_clock;
extern void (*host_relax_hook)(void);
/* Called at each step of the protocol, on the core that takes it. */
extern void (*host_step_hook)(enum step s);
/* Called before the program ends by a panic. */
extern void (*host_panic_hook)(void);

/* Start over with this many cores; the calling thread is core 0. */
void host_cores(uint32_t count);

#endif
