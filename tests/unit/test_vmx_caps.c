// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/caps.c core/lib/printf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/caps.h"
#include "tests/unit/nested_setup.h"

static void a_full_processor_lacks_nothing_and_gets_what_we_use(void **state)
{
	struct vmx_capabilities cap = machine_skylake();
	struct vmx_controls c;
	char text[256];

	assert_int_equal(vmx_controls_decide(&cap, &c, NULL, 0), 0);
	assert_int_equal(c.revision, 0x2b);
	assert_int_equal(c.timer_shift, 5);
	assert_int_equal(c.cr0_fixed, 0x20);
	assert_int_equal(c.cr4_fixed, 0x2000);
	assert_int_equal(c.pin & 0x16, 0x16);
	assert_true(c.pin & PIN_PREEMPTION_TIMER);
	assert_true(c.exit & EXIT_SAVE_TIMER);
	assert_true(c.proc2 & PROC2_VPID);
	assert_true(c.invept_single && c.invvpid_single);
	/* What may be on but has no handler stays off. */
	assert_false(c.proc & (PROC_CR3_LOAD | PROC_CR3_STORE | PROC_INVLPG | PROC_RDTSC));
	assert_false(c.proc & (PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW | PROC_TSC_OFFSET));
	assert_false(c.proc2 & (PROC2_APIC_ACCESS | PROC2_VMFUNC | PROC2_SHADOW_VMCS | PROC2_PML));
	assert_false(c.entry & ENTRY_IA32E);
	assert_false(c.pin & PIN_POSTED_INTERRUPTS);
	vmx_controls_describe(&c, text, sizeof(text));
	assert_non_null(strstr(text, "VPID"));
	assert_non_null(strstr(text, "preemption timer"));
}

static void no_control_leaves_what_the_processor_allows(void **state)
{
	struct vmx_capabilities cap = machine_skylake();
	struct vmx_controls c;

	cap.pin = ALLOWED(0x3f, 0x16);
	cap.proc2 = ALLOWED(PROC2_EPT | PROC2_UNRESTRICTED, 0);
	assert_int_equal(vmx_controls_decide(&cap, &c, NULL, 0), 0);
	assert_int_equal(c.pin & ~0x3fU, 0);
	assert_int_equal(c.proc2, PROC2_EPT | PROC2_UNRESTRICTED);
	/* No timer, so it cannot be saved either. */
	assert_false(c.exit & EXIT_SAVE_TIMER);
}

static void without_invvpid_there_are_no_vpids(void **state)
{
	struct vmx_capabilities cap = machine_skylake();
	struct vmx_controls c;

	cap.ept_vpid &= ~(VPID_CAP_SINGLE | VPID_CAP_ALL);
	assert_int_equal(vmx_controls_decide(&cap, &c, NULL, 0), 0);
	assert_false(c.proc2 & PROC2_VPID);

	cap = machine_skylake();
	cap.ept_vpid &= ~(EPT_CAP_INVEPT_SINGLE | VPID_CAP_SINGLE);
	assert_int_equal(vmx_controls_decide(&cap, &c, NULL, 0), 0);
	assert_true(c.proc2 & PROC2_VPID);
	assert_false(c.invept_single || c.invvpid_single);
}

static bool names_one(const struct vmx_capabilities *cap, const char *word)
{
	const char *names[16];
	struct vmx_controls c;
	unsigned int count = vmx_controls_decide(cap, &c, names, 16);

	for (unsigned int i = 0; i < count && i < 16; i++)
		if (strstr(names[i], word))
			return true;
	return false;
}

static void each_missing_thing_is_named(void **state)
{
	struct vmx_capabilities cap = machine_skylake();

	cap.proc2 = ALLOWED(0x41, 0); /* a penryn: no EPT */
	cap.ept_vpid = 0;
	assert_true(names_one(&cap, "EPT (extended page tables)"));
	assert_true(names_one(&cap, "unrestricted guest"));
	assert_false(names_one(&cap, "INVEPT"));

	cap = machine_skylake();
	cap.ept_vpid &= ~EPT_CAP_INVEPT;
	assert_true(names_one(&cap, "INVEPT"));

	cap = machine_skylake();
	cap.pin = ALLOWED(0x1f, 0x16);
	assert_true(names_one(&cap, "virtual NMIs"));

	cap = machine_skylake();
	cap.basic &= ~VMX_BASIC_TRUE_CONTROLS;
	cap.proc |= PROC_CR3_LOAD | PROC_CR3_STORE;
	assert_true(names_one(&cap, "CR3"));

	cap = machine_skylake();
	cap.misc = 0;
	assert_true(names_one(&cap, "EFER.LMA"));

	cap = machine_skylake();
	cap.proc2 |= PROC2_VMFUNC;
	assert_true(names_one(&cap, "may be off"));
}

static void more_is_missing_than_there_is_room_to_name(void **state)
{
	struct vmx_capabilities cap = { 0 };
	struct vmx_controls c;
	const char *names[2] = { NULL, NULL };

	assert_true(vmx_controls_decide(&cap, &c, names, 2) > 10);
	assert_non_null(names[0]);
	assert_non_null(names[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_processor_lacks_nothing_and_gets_what_we_use),
		cmocka_unit_test(no_control_leaves_what_the_processor_allows),
		cmocka_unit_test(without_invvpid_there_are_no_vpids),
		cmocka_unit_test(each_missing_thing_is_named),
		cmocka_unit_test(more_is_missing_than_there_is_room_to_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
