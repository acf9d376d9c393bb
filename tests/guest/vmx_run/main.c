// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// timeout: 20
//
// The least a hypervisor does: VMXON, a guest of its own that executes a few instructions which
// exit, answers for them, VMXOFF.
#include "tests/guest/lib/vmx.h"

L2_CODE(some_code, "mov $0x1234, %eax\n"
		   "mov $0, %ecx\n"
		   "cpuid\n"
		   "mov %eax, %r8d\n"
		   "mov $0x55, %al\n"
		   "out %al, $0x80\n"
		   "hlt\n"
		   "pushf\n"
		   "pop %r9");

static void plain(const char *name)
{
	char row_name[40];

	format_to(row_name, sizeof(row_name), "%s.cpuid", name);
	row_is(row_name, l2_text(l2_run()), "exit 10 qual 0 len 2");
	ok_eq(l2_regs.ax, 0x1234, "L2 asks for the leaf in RAX");
	l2_regs.ax = 0x600d;
	l2_skip();
	format_to(row_name, sizeof(row_name), "%s.out", name);
	row_is(row_name, l2_text(l2_run()), "exit 30 qual 800040 len 2");
	ok_eq(l2_regs.r8, 0x600d, "L2 has the answer");
	ok_eq(l2_regs.ax & 0xff, 0x55, "and writes its byte");
	l2_skip();
	format_to(row_name, sizeof(row_name), "%s.hlt", name);
	row_is(row_name, l2_text(l2_run()), "exit 12 qual 0 len 1");
	l2_skip();
	format_to(row_name, sizeof(row_name), "%s.vmcall", name);
	row_is(row_name, l2_text(l2_run()), "exit 18 qual 0 len 3");
	ok_eq(l2_regs.r9, 2, "RFLAGS of L2");
}

void test_main(void)
{
	bool any; /* field can be written: exit information, too */

	vmx_on();
	l2_init(some_code);
	l2_set(PROC, PROC_HLT | PROC_UNCOND_IO, 0);
	plain("plain");
	l2_init(some_code);
	l2_set(PROC, PROC_HLT | PROC_UNCOND_IO, 0);
	if (l2_ept())
		plain("ept");
	if (l2_set_proc2(PROC2_VPID)) {
		vmwrite(VPID, 1);
		vmwrite(GUEST_RIP, (uintptr_t)some_code);
		plain("vpid");
	}
	/* Fields by whatever way: some accesses may exit and others not. */
	any = rdmsr(MSR_VMX_MISC) >> 29 & 1;
	vmwrite(GUEST_RIP, 0x1234);
	vmwrite(GUEST_RIGHTS(CS), 0xa09d);
	row_is("write.exit_reason", vmx_text(vmx_write(EXIT_REASON, 0x77)), any ? "ok" : "fail 13");
	ok_eq(vmread(GUEST_RIGHTS(CS)), 0xa09d, "rights are read as they were written");
	ok_eq(vmread(EXIT_REASON), any ? 0x77 : R_VMCALL, "so is the exit reason, if it can be");
	ok_eq(vmread(GUEST_RIP), 0x1234, "and what was written before");
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
