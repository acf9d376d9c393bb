// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: nmi.own: Bochs 2.7 keeps virtual NMIs blocked over the entry to another VMCS
// timeout: 20
//
// Each control bit of a VMCS: set, the exit with all it says; clear, none.
#include "tests/guest/vmx_exit/exit_tests.h"

__asm__(".globl buffer\n.set buffer, 0x400010");

static bool prepare(const struct exit_case *c, bool with)
{
	l2_init(c->code);
	(void)l2_msr_bitmap();
	if (!vmx_may(PROC, c->proc) || !vmx_may(c->field, c->bit))
		return false;
	l2_set(PROC, c->proc, 0);
	if (c->proc2 && !l2_set_proc2(c->proc2))
		return false;
	if (with && c->field == PROC2 && !l2_set_proc2(c->bit))
		return false;
	if (with && c->field && c->field != PROC2)
		l2_set(c->field, c->bit, 0);
	return true;
}

static void one(const struct exit_case *c, bool with)
{
	const char *wanted = with ? c->with : c->without ? c->without : CALL;
	char name[48];

	if (!prepare(c, with))
		return;
	format_to(name, sizeof(name), "%s.%s", c->name, with ? "with" : "without");
	row_is(name, l2_text(l2_run()), wanted);
	/* What L1 emulates by doing nothing is over, and L2 goes on behind it. */
	if (with && strcmp(wanted, CALL) != 0 && l2_exit.reason != R_EXCEPTION) {
		l2_skip();
		ok_eq(l2_go(), R_VMCALL, "%s: L2 goes on", c->name);
	}
}

void run_cases(const struct exit_case *cases, unsigned int count)
{
	for (const struct exit_case *c = cases; c < cases + count; c++) {
		one(c, true);
		if (!c->only_with)
			one(c, false);
	}
}

void test_main(void)
{
	vmx_on();
	test_instructions();
	test_control_registers();
	test_exceptions();
	test_bitmaps();
	test_asynchronous();
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
