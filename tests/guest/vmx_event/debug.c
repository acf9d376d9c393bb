// SPDX-License-Identifier: MIT
/* Pending debug exceptions, single steps, the monitor trap flag (SDM vol. 3, 25.5.2, 26.6.3). */
#include "tests/guest/vmx_event/event_tests.h"

#define DB       (1u << 1)
#define ENABLED  0x1000u
#define STEP     0x4000u
#define DEBUGCTL 0x1d9

L2_CODE(nops, "nop\n nop\n nop\n nop");
L2_CODE(mov_ss, "mov %ss, %eax\n mov %eax, %ss\n nop\n nop");
L2_CODE(mov_ss_cpuid, "mov %ss, %eax\n mov %eax, %ss\n cpuid\n nop");
L2_CODE(sti_cpuid, "sti\n cpuid\n cli");
L2_CODE(set_tf, "pushf\n orl $0x100, (%rsp)\n popf\n nop\n nop");
L2_CODE(set_tf_cpuid, "pushf\n orl $0x100, (%rsp)\n popf\n cpuid\n nop");

static void start(const char *code, uint64_t flags, uint32_t blocked, uint64_t pending)
{
	l2_init(code);
	vmwrite(GUEST_RFLAGS, flags | 2);
	vmwrite(INTERRUPTIBILITY, blocked);
	vmwrite(PENDING_DEBUG, pending);
}

static void pending(void)
{
	start(nops, 0, 0, ENABLED | 1);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("pending.breakpoint", nops, "exit 0 qual 1 intr 80000301 at 0");
	start(nops, 0, 0, ENABLED | 5);
	event_row("pending.own", nops, CALL " at 4 took 1 error 0 at 0");
	row("pending.dr6", "%lx", read_dr6());
	write_dr6(0xffff0ff0);
	start(nops, 0, 0, 2);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("pending.not_enabled", nops, NULL);
	start(nops, 0, BLOCKED_MOV_SS, ENABLED | 1);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("pending.mov_ss", nops, NULL);
	start(nops, RFLAGS_IF, BLOCKED_STI, ENABLED | 1);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("pending.sti", nops, NULL);
	start(nops, 0, 0, ENABLED | 1);
	vmwrite(EXCEPTION_BITMAP, DB);
	inject(INTR_EXCEPTION | 6, 0, 0);
	event_row("pending.and_event", nops, NULL);
}

static void steps(void)
{
	start(nops, RFLAGS_TF, 0, 0);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("step.first", nops, "exit 0 qual 4000 intr 80000301 at 1");
	event_row("step.second", nops, "exit 0 qual 4000 intr 80000301 at 2");
	start(nops, RFLAGS_TF, 0, 0);
	event_row("step.own", nops, NULL);
	start(set_tf, 0, 0, 0);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("step.popf", set_tf, NULL);
	start(nops, RFLAGS_TF, BLOCKED_MOV_SS, STEP);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("step.mov_ss", nops, NULL);
	start(mov_ss, RFLAGS_TF, 0, 0);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("step.over_mov_ss_1", mov_ss, NULL);
	event_row("step.over_mov_ss_2", mov_ss, NULL);
	/* An instruction that exits instead of stepping. */
	start(set_tf_cpuid, 0, 0, 0);
	vmwrite(EXCEPTION_BITMAP, DB);
	event_row("step.cpuid", set_tf_cpuid, NULL);
}

/* The shadow in which an exit came is saved. */
static void shadows(void)
{
	start(mov_ss_cpuid, 0, 0, 0);
	event_row("shadow.mov_ss", mov_ss_cpuid, NULL);
	start(sti_cpuid, 0, 0, 0);
	event_row("shadow.sti", sti_cpuid, NULL);
	start(sti_cpuid, RFLAGS_IF, 0, 0);
	event_row("shadow.sti_again", sti_cpuid, NULL);
}

static void monitor_trap(void)
{
	if (!vmx_may(PROC, PROC_MTF))
		return;
	start(nops, 0, 0, 0);
	l2_set(PROC, PROC_MTF, 0);
	event_row("mtf.plain", nops, "exit 37 qual 0 at 1");
	start(nops, 0, 0, 0);
	l2_set(PROC, PROC_MTF, 0);
	inject(INTR_EXCEPTION | 6, 0, 0);
	/* Before the handler's first instruction. */
	row("mtf.event", "%s", l2_text(l2_run()));
	ok(vmread(GUEST_RIP) != (uintptr_t)nops, "MTF after an event is in its handler");
	start(mov_ss, 0, 0, 0);
	l2_set(PROC, PROC_MTF, 0);
	event_row("mtf.mov_ss_1", mov_ss, NULL);
	event_row("mtf.mov_ss_2", mov_ss, NULL);
	event_row("mtf.mov_ss_3", mov_ss, NULL);
	/* Type 7 asks for the trap without the control; Bochs ends with it. */
	if (bare)
		return;
	start(nops, 0, 0, 0);
	inject(INTR_OTHER, 0, 0);
	event_row("mtf.injected", nops, "exit 37 qual 0 at 0");
}

/* DR7 and IA32_DEBUGCTL over an exit: as reset, and L2's saved. */
static void registers(void)
{
	start(nops, 0, 0, 0);
	l2_set(ENTRY, ENTRY_LOAD_DEBUG, 0);
	l2_set(EXIT, EXIT_SAVE_DEBUG, 0);
	vmwrite(GUEST_DR7, 0x401);
	ok_eq(l2_go(), R_VMCALL, "L2 with a DR7 of its own");
	ok_eq(read_dr7(), 0x400, "DR7 is 0x400 after an exit");
	ok_eq(vmread(GUEST_DR7), 0x401, "L2's is saved");
	ok_eq(rdmsr(DEBUGCTL), 0, "IA32_DEBUGCTL is 0 after an exit");
}

void test_debug(void)
{
	pending();
	steps();
	shadows();
	monitor_trap();
	registers();
}
