// SPDX-License-Identifier: MIT
/* Starting the machine's other cores (SDM vol. 3, 8.4.4). */
#ifndef ARCH_X86_CPU_SMP_H
#define ARCH_X86_CPU_SMP_H

#include "arch/x86/cpu/paging.h"
#include "core/lib/types.h"

struct trap_frame;

/* Trampoline code, and three tables that map it and the hypervisor while it switches modes. */
#define SMP_TRAMPOLINE_PAGES 4

/*
 * Start the cores with these APIC ids (the boot core's own is skipped), at most `max` cores in all,
 * by the trampoline pages at `low` (below 640 KiB). Each runs smp_core_main() on its own stack. A
 * core that does not answer is reported and left out. Pages for their areas come from `take`.
 * Returns how many cores run now, the boot core included. Boot core.
 */
uint32_t smp_start(const uint32_t *apic_ids, uint32_t count, uint32_t max, hpa_t low,
		   paging_take_fn take);

/* Implemented in boot/main.c: a started core's life. Its block, APIC and protections are set up. */
void smp_core_main(void) noreturn_fn;

/*
 * Stop all other cores for good, by NMI: before a reset, and in a panic. Each notes where it was,
 * leaves VMX operation and halts. Waits for them within reason only. Any context.
 */
void smp_stop_others(void);
/* The NMI handler's part of it: stop here if that is wanted. frame NULL: from a VM exit. */
void smp_stop_if_asked(const struct trap_frame *frame);
/* Where a stopped core was; NULL while it has not stopped, or when it was in a guest. */
const struct trap_frame *smp_stopped_at(uint32_t core);
bool smp_stopped(uint32_t core);
/* Implemented in boot/main.c: leave VMX operation, which blocks INIT; harmless outside of it. */
void smp_leave_vmx(void);

/* boot/trampoline.asm: the code to copy to `low`, and the parameters within it. */
extern const uint8_t trampoline_start[], trampoline_end[];
struct trampoline_parameters {
	uint64_t entry; /* 64-bit code, called with rdi = argument */
	uint64_t argument;
	uint64_t stack;
	uint64_t efer;
};
extern const uint8_t trampoline_parameters[];

#endif
