// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// timeout: 30
//
// One thing changes between two entries of an L2 that has run for a while: a field of each kind, L1's
// own state, or memory that an entry reads. What has not changed may be left as it is by whoever runs
// L2; this must be seen. Once more with all as it was.
#include "tests/guest/vmx_change/change_tests.h"

uint64_t seen[SEEN_COUNT];

#define TO(place)     "mov %rax, seen + 8 * " place "(%rip)\n"
#define MSR(n, place) "mov $" n ", %ecx\n rdmsr\n shl $32, %rdx\n or %rdx, %rax\n" TO(place)

/* In the order of enum seen. Works with RAX, RCX, RDX. */
__asm__(".pushsection .text\n .globl look, looks, look_around\n"
	"look_around:\n"
	"mov %cr0, %rax\n" TO("0") "mov %cr3, %rax\n" TO("1") "mov %cr4, %rax\n" TO("2") "mov %dr7, %rax\n" TO("3") "lea 8(%rsp), %rax\n" TO("4") "pushf\n pop %rax\n" TO("5") "xor %eax, %eax\n mov %fs, %eax\n" TO(
		"6") "sldt %eax\n" TO("7") "str %eax\n" TO("8") "sub $16, %rsp\n"
								"sgdt (%rsp)\n movzwl (%rsp), %eax\n" TO("9") "mov 2(%rsp), %rax\n" TO("10") "sidt (%rsp)\n movzwl (%rsp), %eax\n" TO(
									"11") "mov 2(%rsp), %rax\n" TO("12") "add $16, %rsp\n" MSR("0x174",
																   "13")
									MSR("0x175", "14") MSR("0x176", "15") MSR(
										"0xc0000100",
										"16") MSR("0xc0000101",
											  "17") MSR("0x277",
												    "18")
										MSR("0xc0000080", "19") "rdtsc\n shr $8, %edx\n mov %edx, %eax\n" TO(
											"20") "ret\n"
											      "look:\n jmp look_around\n"
											      "looks:\n call look_around\n vmcall\n jmp looks\n"
											      ".popsection\n");

static void want(uint32_t extra)
{
	if (extra & WANT_ENTRY_LOADS) {
		l2_set(ENTRY, 1u << 2 | 1u << 14 | 1u << 15, 0);
		vmwrite(GUEST_PAT, PAT_DEFAULT);
		vmwrite(GUEST_EFER, rdmsr(MSR_EFER));
	}
	if (extra & WANT_EXIT_SAVES)
		l2_set(EXIT, 1u << 2 | 1u << 18 | 1u << 20, 0);
	if (extra & WANT_EXIT_LOADS) {
		l2_set(EXIT, 1u << 19 | 1u << 21, 0);
		vmwrite(HOST_PAT, rdmsr(MSR_PAT));
		vmwrite(HOST_EFER, rdmsr(MSR_EFER));
	}
	if (extra & WANT_TSC)
		l2_set(PROC, PROC_TSC_OFFSET, 0);
}

void again(void)
{
	if (l2_go() != R_VMCALL) {
		ok(false, "L2 does not come to its VMCALL: %s", l2_text(VMX_OK));
		finish(SHUTDOWN_poweroff);
	}
	l2_skip();
}

void warm_up(const char *code, uint32_t extra)
{
	l2_init(code);
	(void)l2_msr_bitmap();
	want(extra);
	for (unsigned int i = 0; i < 3; i++)
		again();
}

void test_main(void)
{
	vmx_on();
	test_guest_fields();
	test_refusals();
	test_host_fields();
	test_inheritance();
	test_exceptions();
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
