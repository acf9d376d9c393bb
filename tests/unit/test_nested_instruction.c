// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/instruction.c arch/x86/nested/caps.c arch/x86/nested/vmcs12.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/instruction.h"
#include "nested_setup.h"

static struct instruction_state kernel(void)
{
	return (struct instruction_state){
		.cr0 = CR0_PG | CR0_PE | CR0_NE,
		.cr4 = CR4_VMXE | CR4_PAE,
		.efer = EFER_LMA | EFER_LME,
		.cs_long = true,
		.rflags = RFLAGS_FIXED,
		.vmx_on = true,
		.feature_ctl = 5,
	};
}

static void a_kernel_in_vmx_operation_may(void **state)
{
	struct instruction_state s = kernel();

	assert_int_equal(instruction_fault(&s), 0);
	/* 32-bit protected mode, too. */
	s.efer = 0;
	s.cs_long = false;
	assert_int_equal(instruction_fault(&s), 0);
}

static void modes_without_vmx_instructions(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());

	for (unsigned int i = 0; i < 3; i++) {
		struct instruction_state s = kernel();

		switch (i) {
		case 0: s.cr0 &= ~CR0_PE; break;
		case 1: s.rflags |= RFLAGS_VM; break;
		default: s.cs_long = false; break;
		}
		/* Before the privilege level. */
		s.cpl = 3;
		assert_int_equal(instruction_fault(&s), EXC_UD);
		assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_UD);
	}
}

static void only_the_kernel_and_only_after_vmxon(void **state)
{
	struct instruction_state s = kernel();

	s.cpl = 1;
	assert_int_equal(instruction_fault(&s), EXC_GP);
	s.vmx_on = false;
	assert_int_equal(instruction_fault(&s), EXC_UD);
}

static void vmxon_wants_its_registers(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());
	struct instruction_state s = kernel();

	s.vmx_on = false;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), 0);
	s.cr4 &= ~CR4_VMXE;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_UD);
	s = kernel();
	s.cpl = 3;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_GP);
	s = kernel();
	s.vmx_on = false;
	s.cr0 &= ~CR0_NE;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_GP);
	/* In VMX operation the values are not looked at again: VMfail 15. */
	s.vmx_on = true;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), 0);
	s = kernel();
	s.vmx_on = false;
	s.cr4 |= CR4_SMXE;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_GP);
	s = kernel();
	s.vmx_on = false;
	s.feature_ctl = 4;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_GP);
	s.feature_ctl = 1;
	assert_int_equal(instruction_vmxon_fault(&s, &caps), EXC_GP);
}

static void the_vmxon_region_has_the_revision(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());

	assert_true(instruction_vmxon_region_ok(&caps, VMCS12_REVISION));
	assert_false(instruction_vmxon_region_ok(&caps, VMCS12_REVISION | VMCS12_SHADOW));
	assert_false(instruction_vmxon_region_ok(&caps, 0));
}

static void pointers(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());

	assert_int_equal(instruction_pointer(&caps, 0x5000, 0x6000, true), VMFAIL_NONE);
	assert_int_equal(instruction_pointer(&caps, 0x5000, 0x6000, false), VMFAIL_NONE);
	assert_int_equal(instruction_pointer(&caps, 0x5001, 0x6000, true), VMFAIL_VMPTRLD_ADDRESS);
	assert_int_equal(instruction_pointer(&caps, BIT(40), 0x6000, false),
			 VMFAIL_VMCLEAR_ADDRESS);
	assert_int_equal(instruction_pointer(&caps, 0x6000, 0x6000, true), VMFAIL_VMPTRLD_VMXON);
	assert_int_equal(instruction_pointer(&caps, 0x6000, 0x6000, false), VMFAIL_VMCLEAR_VMXON);
}

static void outcomes_are_in_the_flags(void **state)
{
	uint64_t all = RFLAGS_FIXED | 0x8d5 | RFLAGS_IF, kept = RFLAGS_FIXED | RFLAGS_IF;

	assert_int_equal(instruction_flags(all, VMFAIL_NONE, true), kept);
	assert_int_equal(instruction_flags(all, VMFAIL_ENTRY_HOST, true), kept | RFLAGS_ZF);
	assert_int_equal(instruction_flags(all, VMFAIL_ENTRY_HOST, false), kept | RFLAGS_CF);
	assert_int_equal(instruction_flags(all, INSTRUCTION_INVALID, true), kept | RFLAGS_CF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_in_vmx_operation_may),
		cmocka_unit_test(modes_without_vmx_instructions),
		cmocka_unit_test(only_the_kernel_and_only_after_vmxon),
		cmocka_unit_test(vmxon_wants_its_registers),
		cmocka_unit_test(the_vmxon_region_has_the_revision),
		cmocka_unit_test(pointers),
		cmocka_unit_test(outcomes_are_in_the_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
