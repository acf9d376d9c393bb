// SPDX-License-Identifier: MIT
// nested: yes
// bare: only
//
// Every VMX instruction: each documented fault and failure, its operands, and the fields of a VMCS.
// VMCALL is left out: for Xenith it is a hypercall.
#include "tests/guest/vmx_insn/insn_tests.h"

void test_main(void)
{
	test_outside();
	vmx_on();
	test_failures();
	test_launch_state();
	test_invalidation();
	test_modes();
	test_operands();
	test_registers();
	test_faults();
	test_fields();
	result_is("vmxoff.last", vmx_vmxoff(), "ok");
}
