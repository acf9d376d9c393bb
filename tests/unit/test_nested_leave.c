// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/leave.c arch/x86/nested/merge.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/leave.h"
#include "arch/x86/vmx/exits.h"
#include "nested_guests.h"

static const struct leave_exit cpuid_exit = { .reason = EXIT_CPUID,
					      .insn_length = 2,
					      .qualification = 1,
					      .intr_info = 3,
					      .intr_error = 4,
					      .vectoring_info = 5,
					      .vectoring_error = 6,
					      .insn_info = 7,
					      .linear = 8,
					      .physical = 9 };

static void an_exit_is_recorded(void **state)
{
	struct vmcs12 v = { .entry_intr_info = INTR_VALID | 0x30 };

	leave_record(&v, &cpuid_exit);
	assert_int_equal(v.exit_reason, EXIT_CPUID);
	assert_int_equal(v.exit_insn_length, 2);
	assert_int_equal(v.exit_qualification, 1);
	assert_int_equal(v.exit_intr_info, 3);
	assert_int_equal(v.exit_intr_error, 4);
	assert_int_equal(v.idt_vectoring_info, 5);
	assert_int_equal(v.idt_vectoring_error, 6);
	assert_int_equal(v.exit_insn_info, 7);
	assert_int_equal(v.guest_linear, 8);
	assert_int_equal(v.guest_physical, 9);
	assert_int_equal(v.entry_intr_info, 0x30);
	assert_int_equal(v.launched, 1);
}

static void a_failed_entry_records_its_reason_only(void **state)
{
	struct vmcs12 v = { .entry_intr_info = INTR_VALID | 0x30, .exit_insn_length = 9 };
	struct leave_exit x = cpuid_exit;
	struct vmcs12 expected;

	x.reason = EXIT_ENTRY_GUEST_STATE | EXIT_REASON_ENTRY_FAILED;
	expected = v;
	expected.exit_reason = 0x80000021;
	expected.exit_qualification = 1;
	leave_record(&v, &x);
	assert_memory_equal(&v, &expected, sizeof(v));
}

static void registers_are_saved_where_l1_asks(void **state)
{
	static const struct leave_guest g = { EFER_LMA | EFER_LME, 7, 2, 0x455 };
	struct vmcs12 v = { .guest_efer = 1, .guest_pat = 1, .guest_debugctl = 1, .guest_dr7 = 1 };

	leave_save(&v, &g);
	assert_int_equal(v.guest_efer, 1);
	assert_int_equal(v.guest_pat, 1);
	assert_int_equal(v.guest_debugctl, 1);
	assert_int_equal(v.guest_dr7, 1);
	assert_int_equal(v.entry, ENTRY_IA32E);
	v.exit = EXIT_SAVE_EFER | EXIT_SAVE_PAT | EXIT_SAVE_DEBUG;
	leave_save(&v, &g);
	assert_int_equal(v.guest_efer, g.efer);
	assert_int_equal(v.guest_pat, 7);
	assert_int_equal(v.guest_debugctl, 2);
	assert_int_equal(v.guest_dr7, 0x455);
	leave_save(&v, &(struct leave_guest){ .efer = EFER_LME });
	assert_int_equal(v.entry, 0);
}

static void the_host_is_loaded(void **state)
{
	struct vmcs12 v = guest_64();
	struct leave_host h;

	leave_load(&v, CR0_CD | CR0_TS | CR0_ET, EFER_SCE, 5, &h);
	/* Caching stays, task switched does not. */
	assert_int_equal(h.cr0, v.host_cr0 | CR0_CD | CR0_ET);
	assert_int_equal(h.cr4, v.host_cr4);
	assert_int_equal(h.efer, v.host_efer);
	assert_int_equal(h.pat, v.host_pat);
	assert_int_equal(h.rights[VMX_SEG_CS], 0xa09b);
	assert_int_equal(h.rights[VMX_SEG_SS], VMX_RIGHTS_UNUSABLE);
}

static void a_host_of_32_bits(void **state)
{
	struct vmcs12 v = guest_32();
	struct leave_host h;

	v.exit &= ~(EXIT_HOST_64BIT | EXIT_LOAD_PAT | EXIT_LOAD_EFER);
	v.host_cr4 = CR4_VMXE | CR4_PCIDE;
	v.host_selector[VMX_SEG_SS] = 0x18;
	leave_load(&v, 0, EFER_SCE | EFER_LME | EFER_LMA, 5, &h);
	assert_int_equal(h.cr4, CR4_VMXE);
	assert_int_equal(h.efer, EFER_SCE);
	assert_int_equal(h.pat, 5);
	assert_int_equal(h.rights[VMX_SEG_CS], 0xc09b);
	assert_int_equal(h.rights[VMX_SEG_SS], 0xc093);

	v.exit |= EXIT_HOST_64BIT;
	v.host_cr4 = CR4_VMXE;
	leave_load(&v, 0, 0, 5, &h);
	assert_int_equal(h.cr4, CR4_VMXE | CR4_PAE);
}

static void cr0_keeps_what_vmx_does_not_touch(void **state)
{
	assert_int_equal(leave_cr0(~0ULL, 0), ~0x7ffaffd0ULL);
	assert_int_equal(leave_cr0(0, ~0ULL), 0x7ffaffd0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_is_recorded),
		cmocka_unit_test(a_failed_entry_records_its_reason_only),
		cmocka_unit_test(registers_are_saved_where_l1_asks),
		cmocka_unit_test(the_host_is_loaded),
		cmocka_unit_test(a_host_of_32_bits),
		cmocka_unit_test(cr0_keeps_what_vmx_does_not_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
