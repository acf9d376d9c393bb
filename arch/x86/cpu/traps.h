// SPDX-License-Identifier: MIT
/*
 * Exceptions, NMIs and interrupts taken in root mode. Exceptions are our own mistakes and end in
 * panic(), but for the instructions here that may fault; interrupts come only while the idle loop
 * halts.
 */
#ifndef ARCH_X86_CPU_TRAPS_H
#define ARCH_X86_CPU_TRAPS_H

#include "core/lib/types.h"

/* What the stubs of traps.asm leave on the stack. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * For MSRs that may be absent: false (and *value untouched) when the access raises #GP. Any
 * context but NMI and #MC.
 */
bool rdmsr_safe(uint32_t msr, uint64_t *value) must_check;
bool wrmsr_safe(uint32_t msr, uint64_t value) must_check;
/* XSETBV with a guest's value: false on #GP. */
bool xsetbv_safe(uint32_t index, uint64_t value) must_check;

/* Fill the table of gates; the boot core, once, before any core loads it. */
void traps_init(void);

/*
 * An NMI arrived, in root mode (the stub calls) or as a VM exit (the exit path calls, frame NULL,
 * and executes an IRET to unblock NMIs). Counts it; stops the core for good when another one wants
 * that (smp.h). No lock, no guest page, no fault.
 */
void nmi_received(const struct trap_frame *frame);

/* Execute an IRET to the next instruction, which ends the blocking of NMIs (SDM vol. 3, 6.7.1). */
void nmi_unblock(void);

/* Implemented in core/panic.c: an exception nobody expected. */
void panic_trap(const struct trap_frame *frame) noreturn_fn;

#endif
