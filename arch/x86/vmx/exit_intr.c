// SPDX-License-Identifier: MIT
/* Exits by events: interrupts, NMIs, exceptions, windows, the slice's end. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/machine.h"
#include "core/sched.h"

void exit_external_interrupt(struct vcpu *v)
{
	(void)v;
	/* It was acknowledged by the exit: its EOI comes first of all (docs/gpc.md). */
	irq_dispatch((uint8_t)vmread32(VMCS32_EXIT_INTR_INFO));
}

static void nmi(void)
{
	nmi_received(NULL);
	/* NMIs stay blocked after the exit until an IRET (27.5.5): before anything that waits. */
	nmi_unblock();
}

/* The exit's own #DB or #AC goes on to the guest. */
static void reflect(struct vcpu *v, uint32_t info)
{
	uint8_t vector = (uint8_t)info;

	/* An IRET had ended the blocking of NMIs before the fault: it is executed again. */
	if ((info & INTR_NMI_UNBLOCKING) && vector != EXC_DF &&
	    !(vmread32(VMCS32_IDT_VECTORING_INFO) & INTR_VALID))
		vmx_set_interruptibility(v, vmx_get_interruptibility(v) | VMX_BLOCKED_BY_NMI);
	if ((info & INTR_TYPE) == INTR_TYPE_ICEBP) {
		inject_software_breakpoint(v);
		return;
	}
	inject_restore_vectoring(v);
	if (vector == EXC_DB)
		debug_regs_trap(v, vmx_get_qualification(v));
	vmx_inject_exception(v, vector, info & INTR_HAS_ERROR, vmread32(VMCS32_EXIT_INTR_ERROR));
}

void exit_exception_nmi(struct vcpu *v)
{
	uint32_t info = vmread32(VMCS32_EXIT_INTR_INFO);

	if ((info & INTR_TYPE) == INTR_TYPE_NMI) {
		nmi();
		return;
	}
	switch (info & INTR_VECTOR) {
	case EXC_DB:
	case EXC_AC: reflect(v, info); break;
	case EXC_MC: __asm__ volatile("int %0" : : "i"(EXC_MC) : "memory"); break;
	default: domain_crash(v, "unexpected exception exit, information %#x", info);
	}
}

/* Whatever the window was for is decided anew before the entry. */
void exit_interrupt_window(struct vcpu *v)
{
	(void)v;
}

void exit_nmi_window(struct vcpu *v)
{
	(void)v;
}

void exit_preemption_timer(struct vcpu *v)
{
	(void)v;
	/* It stands at 0 and would exit for ever, should the scheduler not want the core. */
	vmwrite32(VMCS32_PREEMPTION_TIMER, vmx_timer_count(sched_slice));
}
