// SPDX-License-Identifier: MIT
/* CR0, CR4 and their masks; CR3 and its targets (SDM vol. 3, 25.1.3). */
#include "tests/guest/vmx_exit/exit_tests.h"

#define CR0_MP  2UL
#define CR0_TS  8UL
#define CR0_AM  0x40000UL
#define CR4_PGE 0x80UL

L2_CODE(set_am, "mov %cr0, %rax\n or $0x40000, %rax\n mov %rax, %cr0\n mov %cr0, %rbx");
L2_CODE(clear_ts, "clts\n mov %cr0, %rbx");
L2_CODE(lmsw_ts, "mov $0xb, %edi\n lmsw %di\n mov %cr0, %rbx");
L2_CODE(lmsw_memory, "mov $3, %eax\n push %rax\n lmsw (%rsp)\n pop %rax");
L2_CODE(smsw, "smsw %rbx");
L2_CODE(set_pge, "mov %cr4, %rdx\n or $0x80, %rdx\n mov %rdx, %cr4\n mov %cr4, %rbx");
L2_CODE(clear_vmxe, "mov %cr4, %rdx\n and $~0x2000, %rdx\n " FIXUP("mov %rdx, %cr4"));
L2_CODE(load_cr3, "mov %cr3, %rax\n mov %rax, %cr3");

struct mask_case {
	const char *name, *code;
	uint16_t mask_field, shadow_field;
	uint64_t mask, shadow;
	const char *wanted;
};

/* clang-format off */
static const struct mask_case cases[] = {
	{ "cr0.am_free", set_am, CR0_MASK, CR0_SHADOW, 0, 0, CALL },
	{ "cr0.am_owned", set_am, CR0_MASK, CR0_SHADOW, CR0_AM, 0, "exit 28 qual 0 len 3" },
	{ "cr0.am_shadowed", set_am, CR0_MASK, CR0_SHADOW, CR0_AM, CR0_AM, CALL },
	{ "cr0.other_owned", set_am, CR0_MASK, CR0_SHADOW, CR0_TS, 0, CALL },
	{ "clts.free", clear_ts, CR0_MASK, CR0_SHADOW, 0, CR0_TS, CALL },
	{ "clts.owned_1", clear_ts, CR0_MASK, CR0_SHADOW, CR0_TS, CR0_TS, "exit 28 qual 20 len 2" },
	{ "clts.owned_0", clear_ts, CR0_MASK, CR0_SHADOW, CR0_TS, 0, CALL },
	{ "lmsw.free", lmsw_ts, CR0_MASK, CR0_SHADOW, 0, 0, CALL },
	{ "lmsw.owned", lmsw_ts, CR0_MASK, CR0_SHADOW, CR0_TS, 0, "exit 28 qual b0030 len 3" },
	{ "lmsw.owned_same", lmsw_ts, CR0_MASK, CR0_SHADOW, CR0_TS, CR0_TS, CALL },
	{ "lmsw.memory", lmsw_memory, CR0_MASK, CR0_SHADOW, CR0_MP, 0, NULL },
	{ "cr4.pge_free", set_pge, CR4_MASK, CR4_SHADOW, 0, 0, CALL },
	{ "cr4.pge_owned", set_pge, CR4_MASK, CR4_SHADOW, CR4_PGE, 0, "exit 28 qual 204 len 3" },
	{ "cr4.pge_shadowed", set_pge, CR4_MASK, CR4_SHADOW, CR4_PGE, CR4_PGE, CALL },
	{ "cr4.vmxe_owned", clear_vmxe, CR4_MASK, CR4_SHADOW, 0x2000, 0x2000,
	  "exit 28 qual 204 len 3" },
};
/* clang-format on */

static void masks(void)
{
	for (unsigned int i = 0; i < array_size(cases); i++) {
		const struct mask_case *c = &cases[i];
		const char *text;

		l2_init(c->code);
		vmwrite(c->mask_field, c->mask);
		vmwrite(c->shadow_field, c->shadow);
		text = l2_text(l2_run());
		if (c->wanted)
			row_is(c->name, text, c->wanted);
		else
			row(c->name, "%s", text);
		if (c->wanted && strcmp(c->wanted, CALL) == 0)
			row(c->name, "read %lx, is %lx", (unsigned long)l2_regs.bx,
			    (unsigned long)vmread(c->mask_field == CR0_MASK ? GUEST_CR0
									    : GUEST_CR4));
	}
}

/* A bit that VMX fixes: #GP in L2, where L1 does not own it. */
static void fixed(void)
{
	l2_init(clear_vmxe);
	vmwrite(EXCEPTION_BITMAP, 1 << 13);
	row_is("cr4.vmxe_free", l2_text(l2_run()), "exit 0 qual 0 intr 80000b0d error 0");
	l2_init(smsw);
	vmwrite(CR0_MASK, CR0_TS | CR0_MP);
	vmwrite(CR0_SHADOW, CR0_TS);
	ok_eq(l2_go(), R_VMCALL, "SMSW does not exit");
	ok_eq(l2_regs.bx & (CR0_TS | CR0_MP), CR0_TS, "and reads the shadow");
}

static void targets(void)
{
	for (unsigned int count = 0; count <= 4; count++) {
		char name[24];

		l2_init(load_cr3);
		l2_set(PROC, PROC_CR3_LOAD, 0);
		for (unsigned int i = 0; i < 4; i++)
			vmwrite(CR3_TARGET(i), i == 2 ? read_cr3() : 0x123000);
		vmwrite(CR3_TARGET_COUNT, count);
		format_to(name, sizeof(name), "cr3_targets.%u", count);
		row_is(name, l2_text(l2_run()), count > 2 ? CALL : "exit 28 qual 3 len 3");
	}
}

void test_control_registers(void)
{
	masks();
	fixed();
	targets();
}
