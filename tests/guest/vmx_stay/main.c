// SPDX-License-Identifier: MIT
// nested: yes
//
// A hypervisor for the monitor to look at: three exits for CPUID, one for a page that its EPT does
// not have. With "stay-l2" for a command line its guest then spins for ever, with "stay-l1" it waits
// itself.
#include "tests/guest/lib/vmx.h"

#define ABSENT 0x80000000ULL

L2_CODE(some_code, "cpuid\n"
		   "cpuid\n"
		   "cpuid\n"
		   "mov (%rbx), %eax\n"
		   "vmcall\n"
		   "nop\n"
		   "2: jmp 2b");

static void exits_with(uint32_t reason, const char *what)
{
	ok_eq(l2_go() & 0xffff, reason, what);
	l2_skip();
}

void test_main(void)
{
	bool in_l2 = !strcmp(command_line(), "stay-l2");

	vmx_on();
	l2_init(some_code);
	if (!l2_ept()) {
		skip("there is no EPT");
		return;
	}
	*ept_entry(ABSENT) = 0;
	l2_regs.bx = ABSENT;
	for (unsigned int i = 0; i < 3; i++)
		exits_with(10, "L2 exits for CPUID");
	ok_eq(l2_go(), 48, "L2 exits for the page that is not there");
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + 2);
	exits_with(18, "L2 exits for VMCALL");
	note(in_l2 ? "L2 stays" : "L1 stays");
	if (in_l2)
		(void)l2_go();
	while (!strcmp(command_line(), "stay-l1"))
		(void)sched_op(SCHEDOP_block, 0);
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
