// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// timeout: 30
//
// Corners of an L2's life: task switches, masks that own every bit from its first entry on, PAE
// paging, events whose delivery finds pages missing, and an entry that only the processor refuses.
#include "tests/guest/vmx_modes/modes.h"

#define VECTOR    0x41
#define GATE      0x50
#define RFLAGS_IF 0x200
#define RFLAGS_NT 0x4000
#define SELF      0x44000u
#define IDT_COPY  0x800000UL /* L2's IDT, where EPT maps nothing else that is used */

/* --- task switches: L2 in protected mode without paging --- */

enum { CODE32 = 0x08, DATA32 = 0x10, TASK = 0x18, OTHER = 0x20 };

struct tss32 {
	uint32_t link, words[25];
};

static uint64_t gdt32[5], idt32[256];
static struct tss32 task, other;

CODE_32(jumps, "ljmp $0x20, $0");
CODE_32(calls, "lcall $0x20, $0");
CODE_32(returns, "iret");
CODE_32(interrupts, "int $0x50");
CODE_32(nothing, "nop");

static uint64_t tss_descriptor(const struct tss32 *t, uint64_t type)
{
	uintptr_t base = (uintptr_t)t;

	return 103 | (base & 0xffffff) << 16 | type << 40 | (base >> 24) << 56;
}

static bool protected_mode(const char *code)
{
	l2_init(code);
	if (!l2_ept() || !l2_set_proc2(PROC2_UNRESTRICTED))
		return false;
	gdt32[CODE32 / 8] = 0x00cf9b000000ffff;
	gdt32[DATA32 / 8] = 0x00cf93000000ffff;
	gdt32[TASK / 8] = tss_descriptor(&task, 0x8b);
	gdt32[OTHER / 8] = tss_descriptor(&other, 0x89);
	idt32[GATE] = (uint64_t)OTHER << 16 | 0x85ULL << 40;
	l2_set(ENTRY, 0, ENTRY_IA32E);
	l2_set(GUEST_CR0, 0, 0x80000000);
	l2_set(GUEST_CR4, 0, 0x20);
	vmwrite(GUEST_SELECTOR(CS), CODE32);
	vmwrite(GUEST_RIGHTS(CS), 0xc09b);
	vmwrite(GUEST_SELECTOR(TR), TASK);
	vmwrite(GUEST_BASE(TR), (uintptr_t)&task);
	vmwrite(GUEST_GDTR_BASE, (uintptr_t)gdt32);
	vmwrite(GUEST_GDTR_LIMIT, sizeof(gdt32) - 1);
	vmwrite(GUEST_IDTR_BASE, (uintptr_t)idt32);
	vmwrite(GUEST_IDTR_LIMIT, sizeof(idt32) - 1);
	return true;
}

/* Type and source are in the qualification; where L2 is says that nothing has been switched. */
static void task_row(const char *name, const char *code, const char *wanted)
{
	char text[160];
	int result = l2_run();

	format_to(text, sizeof(text), "%s at %lx tr %llx", l2_text(result),
		  (unsigned long)(vmread(GUEST_RIP) - (uintptr_t)code),
		  (unsigned long long)vmread(GUEST_SELECTOR(TR)));
	row_is(name, text, wanted);
}

static void task_switches(void)
{
	if (!protected_mode(nothing)) {
		skip("there is no unrestricted guest");
		return;
	}
	task_row("task.none", nothing, CALL " at 1 tr 18");
	(void)protected_mode(jumps);
	task_row("task.jmp", jumps, "exit 9 qual 80000020 len 7 at 0 tr 18");
	(void)protected_mode(calls);
	task_row("task.call", calls, "exit 9 qual 20 len 7 at 0 tr 18");
	(void)protected_mode(returns);
	task.link = OTHER;
	gdt32[OTHER / 8] = tss_descriptor(&other, 0x8b);
	vmwrite(GUEST_RFLAGS, RFLAGS_NT | 2);
	task_row("task.iret", returns, "exit 9 qual 40000020 len 1 at 0 tr 18");
	(void)protected_mode(interrupts);
	task_row("task.int", interrupts, "exit 9 qual c0000020 len 2 idt 80000450 at 0 tr 18");
	(void)protected_mode(nothing);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	vmwrite(ENTRY_INTR, INTR_VALID | GATE);
	(void)l2_run();
	/* Without an instruction there is no length. */
	l2_exit.length = 0;
	row("task.external", "%s", l2_text(VMX_OK));
}

/* --- masks --- */

static volatile unsigned int taken;

static void take(struct trap_frame *f)
{
	(void)f;
	taken++;
}

L2_CODE(reads_registers, "mov %cr0, %rax\n mov %cr4, %rbx\n mov %rax, %cr0\n mov %rbx, %cr4\n"
			 "xor $8, %rax\n mov %rax, %cr0");
L2_CODE(undefined, "ud2");
L2_CODE(first, "mov %cr0, %rax\n mov %cr4, %rdx\n mov $1, %ebx\n shl $32, %rbx\n"
	       "mov %al, (%rbx)\n ud2");

/* UD2, and MOV to (RBX): two bytes each. */
static void pass(struct trap_frame *f)
{
	f->ip += 2;
}

/* L1 wants ones everywhere, from the first entry there is: every exception exits but page faults,
 * whose error code is not that, and no bit of the control registers is L2's. */
static void first_entry(void)
{
	set_handler(6, pass);
	set_handler(14, pass);
	l2_init(first);
	vmwrite(EXCEPTION_BITMAP, ~0U);
	vmwrite(PF_MASK, ~0U);
	vmwrite(PF_MATCH, ~0U);
	vmwrite(CR0_MASK, ~0ULL);
	vmwrite(CR4_MASK, ~0ULL);
	vmwrite(CR0_SHADOW, ~0ULL);
	vmwrite(CR4_SHADOW, ~0ULL);
	row_is("first.exit", l2_text(l2_run()), "exit 0 qual 0 intr 80000306");
	ok_eq(l2_regs.ax, ~0ULL, "CR0 is the shadow");
	ok_eq(l2_regs.dx, ~0ULL, "CR4 is the shadow");
	set_handler(6, take);
	set_handler(14, NULL);
}

/* All bits are L1's, from the first entry with a VMCS on. */
static void masks(void)
{
	uint64_t cr0 = read_cr0() ^ 0x10008, cr4 = read_cr4() ^ 0x604;

	l2_init(reads_registers);
	vmwrite(EXCEPTION_BITMAP, ~0U);
	vmwrite(CR0_MASK, ~0ULL);
	vmwrite(CR4_MASK, ~0ULL);
	vmwrite(CR0_SHADOW, cr0);
	vmwrite(CR4_SHADOW, cr4);
	row_is("masks.exit", l2_text(l2_run()), "exit 28 qual 0 len 3");
	ok_eq(l2_regs.ax, cr0 ^ 8, "CR0 is read from the shadow");
	ok_eq(l2_regs.bx, cr4, "CR4 is read from the shadow");
	ok_eq(vmread(GUEST_CR0), read_cr0(), "CR0 itself is as it was");
	ok_eq(vmread(GUEST_CR4), read_cr4(), "CR4 itself is as it was");
	l2_init(undefined);
	vmwrite(EXCEPTION_BITMAP, ~0U);
	row_is("masks.exception", l2_text(l2_run()), "exit 0 qual 0 intr 80000306");
}

/* --- events and pages that are missing --- */

L2_CODE(nops, "nop\n nop");
/* L2's IDT is a page that no entry has touched since. */
static bool with_idt_apart(void)
{
	l2_init(nops);
	if (!l2_ept())
		return false;
	memcpy((void *)IDT_COPY, (const void *)vmread(GUEST_IDTR_BASE), PAGE_SIZE);
	/* A trap gate, which leaves RFLAGS.IF: without it Bochs has no exits for interrupts. */
	((uint8_t *)IDT_COPY)[6 * 16 + 5] = 0x8f;
	vmwrite(GUEST_IDTR_BASE, IDT_COPY);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
	vmwrite(ENTRY_INTR, INTR_VALID | INTR_EXCEPTION | 6);
	(void)vmx_invept(2, 0, 0);
	taken = 0;
	return true;
}

static void missing_pages(void)
{
	if (!with_idt_apart()) {
		skip("there is no EPT");
		return;
	}
	/* An interrupt waits for L1: the event is delivered first, and nothing is left of it. */
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	apic_ipi(0, SELF | VECTOR);
	row_is("delivery.pending", l2_text(l2_run()), "exit 1 qual 0 intr 80000041");
	row("delivery.pending_at", "%llx", (unsigned long long)vmread(GUEST_RIP));
	ok(vmread(GUEST_RIP) != (uintptr_t)nops, "L2 is at its handler");
	apic_eoi();
	row_is("delivery.goes_on", l2_text(l2_run()), CALL);
	ok_eq(taken, 1, "the handler has run once");
	/* The page is missing in L1's tables, too. */
	(void)with_idt_apart();
	*ept_entry(IDT_COPY) = 0;
	l2_set(PIN, PIN_EXTERNAL, 0);
	l2_set(EXIT, EXIT_ACK, 0);
	apic_ipi(0, SELF | VECTOR);
	row("delivery.missing", "%s", l2_text(l2_run()));
	ok_eq(l2_exit.reason, R_EPT, "L1 hears of its missing page");
	ok_eq(l2_exit.idt, INTR_VALID | INTR_EXCEPTION | 6, "with the event that was on its way");
	ok_eq(taken, 0, "which is not delivered");
	*ept_entry(IDT_COPY) = IDT_COPY | 7 | 6 << 3 | 1 << 7;
	vmwrite(ENTRY_INTR, l2_exit.idt);
	row_is("delivery.again", l2_text(l2_run()), "exit 1 qual 0 intr 80000041");
	apic_eoi();
	row_is("delivery.at_last", l2_text(l2_run()), CALL);
	ok_eq(taken, 1, "it is delivered once");
}

/* --- an entry that only the processor can refuse --- */

#define NOWHERE 0xf8000000UL
#define LONG    4000000 /* turns: many time slices */

L2_CODE(lowers_tpr, "mov %rax, %cr8\n"
		    "vmcall\n"
		    "1: dec %rcx\n"
		    "jnz 1b");

/*
 * L1 has no memory for the virtual-APIC page, so it reads as ones, also the TPR that the threshold is
 * compared with. But what stands in for it knows what L2 has written. After such a refusal L2 runs
 * as after any.
 */
static void refused_late(void)
{
	int result;

	if (!vmx_may(PROC, PROC_TPR_SHADOW)) {
		skip("there is no TPR shadow");
		return;
	}
	l2_init(lowers_tpr);
	l2_set(PROC, PROC_TPR_SHADOW, 0);
	vmwrite(VIRTUAL_APIC, NOWHERE);
	vmwrite(TPR_THRESHOLD, 0);
	l2_regs.ax = 0;
	l2_regs.cx = LONG;
	row_is("late.first", l2_text(l2_run()), CALL);
	l2_skip();
	vmwrite(TPR_THRESHOLD, 5);
	result = l2_run();
	note("with a threshold: %s", l2_text(result));
	if (result != VMX_OK) {
		ok_eq((uint64_t)(long)result, 7, "the processor refuses its controls");
		vmwrite(TPR_THRESHOLD, 0);
		result = l2_run();
	}
	row_is("late.end", l2_text(result), CALL);
	ok_eq(l2_regs.cx, 0, "L2 has come to its end");
}

void test_main(void)
{
	apic_enable();
	vmx_on();
	first_entry();
	task_switches();
	masks();
	test_pae_paging();
	missing_pages();
	refused_late();
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
