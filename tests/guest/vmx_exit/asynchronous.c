// SPDX-License-Identifier: MIT
/* Interrupts, windows, MTF, the preemption timer (SDM vol. 3, 25.2 and 25.5). */
#include "tests/guest/vmx_exit/exit_tests.h"

#define VECTOR    0x41
#define RFLAGS_IF 0x200
#define APIC_MMIO 0xfee00000UL
#define IPI_SELF  0x40000u
#define IPI_FIXED 0x4000u
#define IPI_NMI   0x4400u

L2_CODE(code_nops, "nop\n nop\n nop\n nop");
L2_CODE(code_sti, "sti\n nop\n nop\n cli");
L2_CODE(code_loop, "mov $100000, %ecx\n2: dec %ecx\n jnz 2b");

static volatile unsigned int interrupts, nmis;

static void take_interrupt(struct trap_frame *f)
{
	(void)f;
	interrupts++;
	/* In L2, which must not use CPUID to find its APIC. */
	*(volatile uint32_t *)(APIC_MMIO + APIC_EOI) = 0;
}

static void take_nmi(struct trap_frame *f)
{
	(void)f;
	nmis++;
}

static unsigned int at(const char *code)
{
	return (unsigned int)(vmread(GUEST_RIP) - (uintptr_t)code);
}

/* One that waits until L1 or L2 lets it in. */
static void send_self(void)
{
	apic_ipi(0, IPI_SELF | IPI_FIXED | VECTOR);
}

static void external(void)
{
	interrupts = 0;
	l2_init(code_nops);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	send_self();
	row_is("external.without", l2_text(l2_run()), CALL);
	ok_eq(interrupts, 1, "without the control L2 takes it");
	l2_init(code_nops);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	l2_set(PIN, PIN_EXTERNAL, 0);
	send_self();
	row_is("external.with", l2_text(l2_run()), "exit 1 qual 0 intr 0");
	ok_eq(at(code_nops), 0, "before L2's first instruction");
	ok_eq(interrupts, 1, "L2 does not take it");
	irq_window();
	ok_eq(interrupts, 2, "L1 does, later");
	l2_init(code_nops);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	send_self();
	row_is("external.acknowledged", l2_text(l2_run()), "exit 1 qual 0 intr 80000041");
	apic_eoi();
	irq_window();
	ok_eq(interrupts, 2, "acknowledged, it is over");
}

static void windows(void)
{
	l2_init(code_nops);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	l2_set(PROC, PROC_INTR_WINDOW, 0);
	row_is("window.open", l2_text(l2_run()), "exit 7 qual 0");
	row("window.open_at", "%u", at(code_nops));
	l2_init(code_nops);
	l2_set(PROC, PROC_INTR_WINDOW, 0);
	row_is("window.closed", l2_text(l2_run()), CALL);
	l2_init(code_sti);
	l2_set(PROC, PROC_INTR_WINDOW, 0);
	row_is("window.sti", l2_text(l2_run()), "exit 7 qual 0");
	row("window.sti_at", "%u", at(code_sti));
	l2_init(code_nops);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	vmwrite(INTERRUPTIBILITY, BLOCKED_MOV_SS);
	l2_set(PROC, PROC_INTR_WINDOW, 0);
	row_is("window.mov_ss", l2_text(l2_run()), "exit 7 qual 0");
	row("window.mov_ss_at", "%u", at(code_nops));
	if (!vmx_may(PIN, PIN_VNMI))
		return;
	l2_init(code_nops);
	l2_set(PIN, PIN_NMI | PIN_VNMI, 0);
	l2_set(PROC, PROC_NMI_WINDOW, 0);
	row_is("nmi_window.open", l2_text(l2_run()), "exit 8 qual 0");
	row("nmi_window.open_at", "%u", at(code_nops));
	l2_init(code_nops);
	l2_set(PIN, PIN_NMI | PIN_VNMI, 0);
	l2_set(PROC, PROC_NMI_WINDOW, 0);
	vmwrite(INTERRUPTIBILITY, BLOCKED_NMI);
	row_is("nmi_window.blocked", l2_text(l2_run()), CALL);
}

static void monitor_trap(void)
{
	if (!vmx_may(PROC, PROC_MTF))
		return;
	l2_init(code_nops);
	l2_set(PROC, PROC_MTF, 0);
	for (unsigned int i = 1; i <= 3; i++) {
		row_is("mtf", l2_text(l2_run()), "exit 37 qual 0");
		ok_eq(at(code_nops), i, "MTF: one instruction");
	}
	l2_set(PROC, 0, PROC_MTF);
	row_is("mtf.off", l2_text(l2_run()), CALL);
}

static void timer(void)
{
	if (!vmx_may(PIN, PIN_TIMER))
		return;
	l2_init(code_loop);
	l2_set(PIN, PIN_TIMER, 0);
	vmwrite(PREEMPTION_TIMER, 0);
	row_is("timer.zero", l2_text(l2_run()), "exit 52 qual 0");
	ok_eq(at(code_loop), 0, "a timer of 0 ends L2 before its first instruction");
	vmwrite(PREEMPTION_TIMER, 50000);
	row_is("timer.short", l2_text(l2_run()), "exit 52 qual 0");
	ok(at(code_loop) > 0, "a short one a little later");
	vmwrite(PREEMPTION_TIMER, 0xffffffff);
	row_is("timer.long", l2_text(l2_run()), CALL);
	if (!vmx_may(EXIT, EXIT_SAVE_TIMER))
		return;
	l2_init(code_loop);
	l2_set(PIN, PIN_TIMER, 0);
	l2_set(EXIT, EXIT_SAVE_TIMER, 0);
	vmwrite(PREEMPTION_TIMER, 0x7fffffff);
	ok_eq(l2_go(), R_VMCALL, "a long timer that is saved");
	ok(vmread(PREEMPTION_TIMER) < 0x7fffffff && vmread(PREEMPTION_TIMER) > 0x7f000000,
	   "has counted down");
}

static void nmi(void)
{
	nmis = 0;
	l2_init(code_nops);
	l2_set(PIN, PIN_NMI, 0);
	row("nmi.none", "%s", l2_text(l2_run()));
	apic_ipi(0, IPI_NMI);
	for (unsigned int i = 0; i < 10000 && !nmis; i++)
		cpu_pause();
	row("nmi.own", "%u", nmis);
}

void test_asynchronous(void)
{
	apic_enable();
	set_handler(VECTOR, take_interrupt);
	set_handler(2, take_nmi);
	external();
	windows();
	monitor_trap();
	timer();
	nmi();
	set_handler(2, NULL);
	set_handler(VECTOR, NULL);
}
