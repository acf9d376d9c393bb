// SPDX-License-Identifier: MIT
/* What is blocked by STI, MOV SS and NMIs, and the HLT state. */
#include "tests/guest/vmx_event/event_tests.h"

#define VIRTUAL_NMIS (PIN_NMI | PIN_VNMI)
#define HLT          1
#define IPI_SELF     0x40000u
#define IPI_FIXED    0x4000u

L2_CODE(nops, "nop\n nop\n nop\n nop");
L2_CODE(sti_nops, "sti\n nop\n nop\n cli");
L2_CODE(iret_here, "mov %rsp, %rax\n push $0x10\n push %rax\n pushf\n push $0x18\n push $2f\n"
		   "iretq\n2: nop\n nop");
L2_CODE(mov_ss_nops, "mov %ss, %eax\n mov %eax, %ss\n nop\n nop");
/* An NMI to itself, by the ICR of the APIC that it shares with L1. */
L2_CODE(nmi_self,
	"mov $0xfee00300, %eax\n movl $0, 16(%rax)\n movl $0x4400, (%rax)\n nop\n nop\n nop\n nop");
L2_CODE(iret_nmi_self,
	"mov %rsp, %rax\n push $0x10\n push %rax\n pushf\n push $0x18\n push $2f\n"
	"iretq\n2: mov $0xfee00300, %eax\n movl $0, 16(%rax)\n movl $0x4400, (%rax)\n"
	"nop\n nop\n nop\n nop");
L2_CODE(sti_hlt, "sti\n hlt\n nop\n cli");
L2_CODE(step_hlt, "pushf\n orl $0x100, (%rsp)\n popf\n hlt\n nop");

static uint32_t virtual_apic[1024] page_aligned;

static void start(const char *code, uint64_t flags, uint32_t blocked)
{
	l2_init(code);
	vmwrite(GUEST_RFLAGS, flags | 2);
	vmwrite(INTERRUPTIBILITY, blocked);
}

static void external_pending(const char *name, const char *code, uint64_t flags, uint32_t blocked)
{
	start(code, flags, blocked);
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	apic_ipi(0, IPI_SELF | IPI_FIXED | EXTERNAL);
	event_row(name, code, NULL);
	if (l2_exit.reason == R_EXTERNAL)
		apic_eoi();
	else
		irq_window();
	apic_eoi();
}

static void interrupts(void)
{
	external_pending("external.enabled", nops, RFLAGS_IF, 0);
	external_pending("external.sti", nops, RFLAGS_IF, BLOCKED_STI);
	external_pending("external.mov_ss", nops, RFLAGS_IF, BLOCKED_MOV_SS);
	external_pending("external.sti_insn", sti_nops, 0, 0);
	external_pending("external.mov_ss_insn", mov_ss_nops, RFLAGS_IF, 0);
}

static void window(const char *name, uint64_t flags, uint32_t blocked, uint32_t control)
{
	start(nops, flags, blocked);
	if (control == PROC_NMI_WINDOW)
		l2_set(PIN, VIRTUAL_NMIS, 0);
	l2_set(PROC, control, 0);
	event_row(name, nops, NULL);
}

static void windows(void)
{
	window("window.open", RFLAGS_IF, 0, PROC_INTR_WINDOW);
	window("window.sti", RFLAGS_IF, BLOCKED_STI, PROC_INTR_WINDOW);
	window("window.mov_ss", RFLAGS_IF, BLOCKED_MOV_SS, PROC_INTR_WINDOW);
	window("window.nmi_blocked", RFLAGS_IF, BLOCKED_NMI, PROC_INTR_WINDOW);
	if (!vmx_may(PIN, PIN_VNMI))
		return;
	window("nmi_window.open", 0, 0, PROC_NMI_WINDOW);
	window("nmi_window.sti", RFLAGS_IF, BLOCKED_STI, PROC_NMI_WINDOW);
	window("nmi_window.mov_ss", 0, BLOCKED_MOV_SS, PROC_NMI_WINDOW);
	window("nmi_window.blocked", 0, BLOCKED_NMI, PROC_NMI_WINDOW);
	/* Both, and with an event to deliver. */
	start(nops, RFLAGS_IF, 0);
	l2_set(PROC, PROC_INTR_WINDOW, 0);
	inject(INTR_EXTERNAL | EXTERNAL, 0, 0);
	event_row("window.and_event", nops, NULL);
}

/* An injected NMI blocks NMIs until L2's IRET. */
static void nmi_blocking(void)
{
	if (!vmx_may(PIN, PIN_VNMI))
		return;
	/* The window opens when the handler has returned. */
	start(nops, 0, 0);
	l2_set(PIN, VIRTUAL_NMIS, 0);
	l2_set(PROC, PROC_NMI_WINDOW, 0);
	inject(INTR_NMI | 2, 0, 0);
	event_row("nmi.window_after_iret", nops, "exit 8 qual 0 at 0 took 2 error 0 at 0");
	start(iret_here, 0, BLOCKED_NMI);
	l2_set(PIN, VIRTUAL_NMIS, 0);
	event_row("nmi.iret", iret_here, NULL);
	start(iret_here, 0, BLOCKED_NMI);
	event_row("nmi.iret_real_blocking", iret_here, NULL);
}

static void nmi_to_itself(void)
{
	start(nmi_self, 0, 0);
	l2_set(PIN, PIN_NMI, 0);
	event_row("nmi.self_exits", nmi_self, NULL);
	start(nmi_self, 0, 0);
	event_row("nmi.self_taken", nmi_self, NULL);
	/* Without virtual NMIs an IRET does not end the blocking, and L2 is not kept from going on. */
	start(iret_nmi_self, 0, BLOCKED_NMI);
	l2_set(PIN, PIN_NMI, 0);
	event_row("nmi.self_blocked", iret_nmi_self, NULL);
	start(nops, 0, BLOCKED_NMI);
	inject(INTR_NMI | 2, 0, 0);
	event_row("nmi.injected_blocked", nops, CALL " at 4 took 2 error 0 at 0");
	if (!vmx_may(PIN, PIN_VNMI))
		return;
	start(nmi_self, 0, BLOCKED_NMI);
	l2_set(PIN, VIRTUAL_NMIS, 0);
	event_row("nmi.self_virtually_blocked", nmi_self, NULL);
}

static void halted(void)
{
	start(nops, RFLAGS_IF, 0);
	vmwrite(ACTIVITY, HLT);
	inject(INTR_EXTERNAL | EXTERNAL, 0, 0);
	event_row("hlt.external", nops, CALL " at 4 took 65 error 0 at 0");
	start(nops, 0, 0);
	vmwrite(ACTIVITY, HLT);
	inject(INTR_NMI | 2, 0, 0);
	event_row("hlt.nmi", nops, CALL " at 4 took 2 error 0 at 0");
	start(nops, 0, 0);
	vmwrite(ACTIVITY, HLT);
	inject(INTR_EXCEPTION | 1, 0, 0);
	event_row("hlt.db", nops, NULL);
	/* An interrupt window does not end HLT in Bochs: not tried. */
	if (!vmx_may(PIN, PIN_TIMER))
		return;
	start(nops, 0, 0);
	vmwrite(ACTIVITY, HLT);
	l2_set(PIN, PIN_TIMER, 0);
	vmwrite(PREEMPTION_TIMER, 100);
	event_row("hlt.timer", nops, NULL);
	start(nops, RFLAGS_IF, 0);
	vmwrite(ACTIVITY, HLT);
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	apic_ipi(0, IPI_SELF | IPI_FIXED | EXTERNAL);
	event_row("hlt.interrupt", nops, NULL);
	apic_eoi();
}

/* What ends the HLT state but does not in Bochs. */
static void halts(void)
{
	start(step_hlt, 0, 0);
	ok_eq(l2_go(), R_VMCALL, "a single step ends HLT");
	start(sti_hlt, 0, 0);
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(PROC, PROC_TPR_SHADOW, 0);
	if (!l2_set_proc2(PROC2_VID))
		return;
	virtual_apic[(0x200 + 0x10 * (EXTERNAL / 32)) / 4] = 1u << EXTERNAL % 32;
	vmwrite(VIRTUAL_APIC, (uintptr_t)virtual_apic);
	vmwrite(INTERRUPT_STATUS, EXTERNAL);
	ok_eq(l2_go(), R_VMCALL, "a virtual interrupt ends HLT");
}

void test_blocking(void)
{
	interrupts();
	windows();
	nmi_blocking();
	nmi_to_itself();
	halted();
	if (!bare)
		halts();
}
