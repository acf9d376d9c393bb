// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: shadow.vm*: Bochs looks at the kind of the current VMCS too late
// differs: in*.type_bit*: Bochs takes 32 bits of the type
// differs: fault.invept.type_and_hole: Bochs reads the descriptor first
// differs: invept.second_half: reserved, which Bochs does not look at
// differs: field.0004: no #VE
// differs: field.202[ab]: no #VE
// differs: field.202[cd]: no XSAVES
// differs: field.2[8c]0[4589]: no performance counters
// timeout: 20
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
