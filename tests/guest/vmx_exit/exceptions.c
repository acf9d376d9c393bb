// SPDX-License-Identifier: MIT
/* The exception bitmap, and what a page fault compares (SDM vol. 3, 25.2). */
#include "tests/guest/vmx_exit/exit_tests.h"

L2_CODE(code_ud, FIXUP("ud2"));
L2_CODE(code_gp, "mov $0x8000000000000000, %rax\n" FIXUP("mov (%rax), %al"));
L2_CODE(code_gp_selector, "mov $0x1234, %eax\n" FIXUP("mov %eax, %fs"));
L2_CODE(code_de, "xor %eax, %eax\n xor %edx, %edx\n" FIXUP("div %eax"));
L2_CODE(code_ss, "mov $0x8000000000000000, %rbp\n" FIXUP("mov (%rbp), %al"));
L2_CODE(code_nm, FIXUP("fnop"));
L2_CODE(code_pf_read, "mov $0x1c0000123, %rax\n" FIXUP("mov (%rax), %al"));
L2_CODE(code_pf_write, "mov $0x1c0000123, %rax\n" FIXUP("mov %al, (%rax)"));
L2_CODE(code_pf_ins, "mov $0x1c0000123, %rdi\n mov $0x80, %dx\n" FIXUP("insb"));
L2_CODE(code_pf_fetch, "mov $0x1c0000123, %rax\n push $1f\n jmp *%rax\n1: pop %rax");
L2_CODE(code_bp, "int3");
L2_CODE(code_int, "int $0x42");
L2_CODE(code_icebp, ".byte 0xf1");

#define EXC(name, code, vector, text, other)                                                       \
	{                                                                                          \
		name, code, EXCEPTION_BITMAP, 1u << (vector), text, .without = other               \
	}

static const struct exit_case cases[] = {
	EXC("ud", code_ud, 6, "exit 0 qual 0 intr 80000306", NULL),
	EXC("gp", code_gp, 13, "exit 0 qual 0 intr 80000b0d error 0", NULL),
	EXC("gp_selector", code_gp_selector, 13, "exit 0 qual 0 intr 80000b0d error 1234", NULL),
	EXC("de", code_de, 0, "exit 0 qual 0 intr 80000300", NULL),
	EXC("ss", code_ss, 12, "exit 0 qual 0 intr 80000b0c error 0", NULL),
	EXC("pf_read", code_pf_read, 14, "exit 0 qual 1c0000123 intr 80000b0e error 0", NULL),
	EXC("pf_write", code_pf_write, 14, "exit 0 qual 1c0000123 intr 80000b0e error 2", NULL),
};

static void page_fault(const char *name, const char *code, uint32_t bitmap, uint32_t mask,
		       uint32_t match, bool exits)
{
	l2_init(code);
	vmwrite(EXCEPTION_BITMAP, bitmap << 14);
	vmwrite(PF_MASK, mask);
	vmwrite(PF_MATCH, match);
	row_is(name, l2_text(l2_run()),
	       !exits                  ? CALL
	       : code == code_pf_write ? "exit 0 qual 1c0000123 intr 80000b0e error 2"
				       : "exit 0 qual 1c0000123 intr 80000b0e error 0");
}

static void page_faults(void)
{
	page_fault("pf.match_write", code_pf_write, 1, 2, 2, true);
	page_fault("pf.match_read", code_pf_read, 1, 2, 2, false);
	page_fault("pf.no_bit_match_write", code_pf_write, 0, 2, 2, false);
	page_fault("pf.no_bit_match_read", code_pf_read, 0, 2, 2, true);
	page_fault("pf.no_mask", code_pf_read, 1, 0, 1, false);
	page_fault("pf.no_bit_no_mask", code_pf_read, 0, 0, 1, true);
}

/* The address is in the qualification alone: CR2 stays as it was (SDM vol. 3, 27.1). */
static void cr2_stays(const char *name, const char *code)
{
	char text[32];

	write_cr2(0x777);
	l2_init(code);
	vmwrite(EXCEPTION_BITMAP, 1 << 14);
	ok_eq(l2_go(), R_EXCEPTION, "%s: a page fault exits", name);
	ok_eq(read_cr2(), 0x777, "%s: and CR2 stays", name);
	row(name, "%lx", read_cr2());
	write_cr2(0x777);
	l2_init(code);
	ok_eq(l2_go(), R_VMCALL, "%s: it is L2's own without the bit", name);
	format_to(text, sizeof(text), "%s_own", name);
	row(text, "%lx", read_cr2());
}

static volatile unsigned int seen;

static void count_one(struct trap_frame *f)
{
	(void)f;
	seen++;
}

/* Software events exit only as exceptions, with the instruction's length. */
static void software(void)
{
	set_handler(3, count_one);
	set_handler(0x42, count_one);
	l2_init(code_bp);
	vmwrite(EXCEPTION_BITMAP, 1 << 3);
	row_is("bp.with", l2_text(l2_run()), "exit 0 qual 0 intr 80000603");
	row("bp.length", "%u at %u", l2_exit.length,
	    (unsigned int)(vmread(GUEST_RIP) - (uintptr_t)code_bp));
	l2_init(code_bp);
	row_is("bp.without", l2_text(l2_run()), CALL);
	ok_eq(seen, 1, "INT3 in L2");
	l2_init(code_int);
	vmwrite(EXCEPTION_BITMAP, ~0U);
	row_is("int", l2_text(l2_run()), CALL);
	ok_eq(seen, 2, "INT n in L2 never exits");
	l2_init(code_icebp);
	vmwrite(EXCEPTION_BITMAP, 1 << 1);
	row("icebp", "%s length %u", l2_text(l2_run()), l2_exit.length);
	set_handler(3, NULL);
	set_handler(0x42, NULL);
}

static void device_not_available(void)
{
	l2_init(code_nm);
	l2_set(GUEST_CR0, 8, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 7);
	row_is("nm.with", l2_text(l2_run()), "exit 0 qual 0 intr 80000307");
	l2_init(code_nm);
	l2_set(GUEST_CR0, 8, 0);
	row_is("nm.without", l2_text(l2_run()), CALL);
}

/* An IDT of no entries: every exception ends in a triple fault. */
static void triple_fault(void)
{
	l2_init(code_ud);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	row_is("triple", l2_text(l2_run()), "exit 2 qual 0");
	l2_init(code_ud);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 13);
	row_is("nested_gp", l2_text(l2_run()), "exit 0 qual 0 intr 80000b0d error 33 idt 80000306");
	l2_init(code_ud);
	vmwrite(GUEST_IDTR_LIMIT, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 8);
	row_is("nested_df", l2_text(l2_run()), "exit 0 qual 0 intr 80000b08 error 0");
}

void test_exceptions(void)
{
	run_cases(cases, array_size(cases));
	page_faults();
	cr2_stays("pf.cr2", code_pf_read);
	/* Where the port is nobody's wish, Xenith looks for the page that the processor does not. */
	cr2_stays("pf.cr2_ins", code_pf_ins);
	software();
	device_not_available();
	triple_fault();
	l2_init(code_pf_fetch);
	vmwrite(EXCEPTION_BITMAP, 1 << 14);
	row("pf_fetch", "%s", l2_text(l2_run()));
}
