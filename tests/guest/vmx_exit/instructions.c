// SPDX-License-Identifier: MIT
/* Exits because of instructions (SDM vol. 3, 25.1). */
#include "tests/guest/vmx_exit/exit_tests.h"

#define INVALID_OPCODE "exit 0 qual 0 intr 80000306"

L2_CODE(code_hlt, "hlt");
L2_CODE(code_invlpg, "mov $0x12345678, %eax\n invlpg 8(%rax)");
L2_CODE(code_mwait, "xor %eax, %eax\n xor %ecx, %ecx\n mwait");
L2_CODE(code_monitor, "mov $0x300000, %eax\n xor %ecx, %ecx\n xor %edx, %edx\n monitor");
L2_CODE(code_rdpmc, "xor %ecx, %ecx\n rdpmc");
L2_CODE(code_rdtsc, "rdtsc");
L2_CODE(code_rdtscp, "rdtscp");
L2_CODE(code_to_cr3, "mov %cr3, %rdx\n mov %rdx, %cr3");
L2_CODE(code_from_cr3, "mov %cr3, %r9");
L2_CODE(code_to_cr8, "xor %esi, %esi\n mov %rsi, %cr8");
L2_CODE(code_from_cr8, "mov %cr8, %r15");
L2_CODE(code_to_dr, "mov $0x400, %ecx\n mov %rcx, %dr7");
L2_CODE(code_from_dr, "mov %dr3, %r12");
L2_CODE(code_pause, "pause");
L2_CODE(code_sgdt, "sgdt buffer");
L2_CODE(code_sidt, "mov $buffer, %ebx\n sidt 16(%rbx)");
L2_CODE(code_lgdt, "mov $buffer, %r10d\n lgdt (%r10)");
L2_CODE(code_lidt, "mov $1, %ecx\n lidt buffer+8(,%rcx,8)");
L2_CODE(code_sldt, "sldt %r11d");
L2_CODE(code_sldt_memory, "sldt buffer(%rip)");
L2_CODE(code_str, "str %ax");
L2_CODE(code_lldt, "xor %edx, %edx\n lldt %dx");
L2_CODE(code_wbinvd, "wbinvd");
L2_CODE(code_rdrand, "rdrand %r13");
L2_CODE(code_rdrand16, "rdrand %dx");
L2_CODE(code_rdseed, "rdseed %eax");
L2_CODE(code_invpcid, "movq $0, buffer\n movq $0, buffer+8\n mov $2, %ecx\n"
		      "invpcid buffer, %rcx");
L2_CODE(code_out8, "mov $0x80, %edx\n out %al, %dx");
L2_CODE(code_in8, "in $0x80, %al");
L2_CODE(code_in32, "mov $0x3f0, %edx\n in %dx, %eax");
L2_CODE(code_out16, "out %ax, $0x80");
L2_CODE(code_outs, "mov $0x80, %edx\n mov $buffer, %esi\n outsb");
L2_CODE(code_rep_ins, "mov $0x80, %edx\n mov $buffer, %edi\n mov $2, %ecx\n rep insw");
L2_CODE(code_cpuid, "mov $1, %eax\n cpuid");
L2_CODE(code_invd, "invd");
L2_CODE(code_xsetbv, "xor %ecx, %ecx\n mov $1, %eax\n xor %edx, %edx\n xsetbv");
L2_CODE(code_vmclear, "mov $buffer, %ecx\n vmclear 4(%rcx)");
L2_CODE(code_vmptrld, "vmptrld buffer");
L2_CODE(code_vmptrst, "vmptrst %fs:0x300000");
L2_CODE(code_vmread, "vmread %rbx, %r9");
L2_CODE(code_vmread_memory, "mov $buffer, %edi\n vmread %rcx, (%rdi)");
L2_CODE(code_vmwrite, "vmwrite %r8, %rdx");
L2_CODE(code_vmlaunch, "vmlaunch");
L2_CODE(code_vmresume, "vmresume");
L2_CODE(code_vmxoff, "vmxoff");
L2_CODE(code_vmxon, "vmxon buffer");
L2_CODE(code_invept, "invept buffer, %rsi");
L2_CODE(code_invvpid, "invvpid buffer, %rbp");
L2_CODE(code_vmfunc, "xor %eax, %eax\n inc %eax\n vmfunc");
L2_CODE(code_xsaves, "xor %eax, %eax\n xor %edx, %edx\n xsaves buffer");
L2_CODE(code_rdmsr, "mov $0x174, %ecx\n rdmsr");
L2_CODE(code_wrmsr, "mov $0x174, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr");
L2_CODE(code_getsec, "xor %eax, %eax\n .byte 0x0f, 0x37");

/* clang-format off */
static const struct exit_case by_control[] = {
	{ "hlt", code_hlt, PROC, PROC_HLT, "exit 12 qual 0 len 1", .only_with = true },
	{ "invlpg", code_invlpg, PROC, PROC_INVLPG, "exit 14 qual 12345680 len 4", .proc = 0 },
	{ "mwait", code_mwait, PROC, PROC_MWAIT, "exit 36 qual 0 len 3", .only_with = true },
	{ "monitor", code_monitor, PROC, PROC_MONITOR, "exit 39 qual 0 len 3", .only_with = true },
	{ "rdpmc", code_rdpmc, PROC, PROC_RDPMC, "exit 15 qual 0 len 2", .only_with = true },
	{ "rdtsc", code_rdtsc, PROC, PROC_RDTSC, "exit 16 qual 0 len 2", .proc = 0 },
	{ "rdtscp", code_rdtscp, PROC, PROC_RDTSC, "exit 51 qual 0 len 3", .proc2 = PROC2_RDTSCP },
	{ "to_cr3", code_to_cr3, PROC, PROC_CR3_LOAD, "exit 28 qual 203 len 3", .proc = 0 },
	{ "from_cr3", code_from_cr3, PROC, PROC_CR3_STORE, "exit 28 qual 913 len 4", .proc = 0 },
	{ "to_cr8", code_to_cr8, PROC, PROC_CR8_LOAD, "exit 28 qual 608 len 4", .proc = 0 },
	{ "from_cr8", code_from_cr8, PROC, PROC_CR8_STORE, "exit 28 qual f18 len 4", .proc = 0 },
	{ "to_dr", code_to_dr, PROC, PROC_MOV_DR, "exit 29 qual 107 len 3", .proc = 0 },
	{ "from_dr", code_from_dr, PROC, PROC_MOV_DR, "exit 29 qual c13 len 4", .proc = 0 },
	{ "pause", code_pause, PROC, PROC_PAUSE, "exit 40 qual 0 len 2", .proc = 0 },
	{ "wbinvd", code_wbinvd, PROC2, PROC2_WBINVD, "exit 54 qual 0 len 2", .proc = 0 },
	{ "out8", code_out8, PROC, PROC_UNCOND_IO, "exit 30 qual 800000 len 1", .proc = 0 },
	{ "in8", code_in8, PROC, PROC_UNCOND_IO, "exit 30 qual 800048 len 2", .proc = 0 },
	{ "in32", code_in32, PROC, PROC_UNCOND_IO, "exit 30 qual 3f0000b len 1", .proc = 0 },
	{ "out16", code_out16, PROC, PROC_UNCOND_IO, "exit 30 qual 800041 len 3", .proc = 0 },
	{ "outs", code_outs, PROC, PROC_UNCOND_IO, "exit 30 qual 800010 len 1", .proc = 0 },
	{ "rep_ins", code_rep_ins, PROC, PROC_UNCOND_IO, "exit 30 qual 800039 len 3", .proc = 0 },
	/* Without the control the instruction is not there. */
	{ "no_rdtscp", code_rdtscp, EXCEPTION_BITMAP, 1 << 6, INVALID_OPCODE, .only_with = true },
	{ "no_invpcid", code_invpcid, EXCEPTION_BITMAP, 1 << 6, INVALID_OPCODE,
	  .only_with = true },
	{ "no_xsaves", code_xsaves, EXCEPTION_BITMAP, 1 << 6, INVALID_OPCODE, .only_with = true },
	{ "no_vmfunc", code_vmfunc, EXCEPTION_BITMAP, 1 << 6, INVALID_OPCODE, .only_with = true },
	{ "vmfunc", code_vmfunc, PROC2, PROC2_VMFUNC, "exit 59 qual 0 len 3", .only_with = true },
	{ "invpcid", code_invpcid, PROC, PROC_INVLPG, "exit 58 qual 400010 len a info 18418100", .proc2 = PROC2_INVPCID },
	{ "rdrand", code_rdrand, PROC2, PROC2_RDRAND, "exit 57 qual 0 len 4 info 1468", .proc = 0 },
	{ "rdrand16", code_rdrand16, PROC2, PROC2_RDRAND, "exit 57 qual 0 len 4 info c10", .proc = 0 },
	{ "rdseed", code_rdseed, PROC2, PROC2_RDSEED, "exit 61 qual 0 len 3 info c00", .proc = 0 },
	{ "sgdt", code_sgdt, PROC2, PROC2_DESC_TABLE, "exit 46 qual 400010 len 8 info 8418100", .proc = 0 },
	{ "sidt", code_sidt, PROC2, PROC2_DESC_TABLE, "exit 46 qual 10 len 4 info 11c18100", .proc = 0 },
	{ "lgdt", code_lgdt, PROC2, PROC2_DESC_TABLE, "exit 46 qual 0 len 4 info 25418100", .proc = 0 },
	{ "lidt", code_lidt, PROC2, PROC2_DESC_TABLE, "exit 46 qual 400018 len 8 info 38058103", .proc = 0 },
	{ "sldt", code_sldt, PROC2, PROC2_DESC_TABLE, "exit 47 qual 0 len 4 info 458", .proc = 0 },
	{ "sldt_memory", code_sldt_memory, PROC2, PROC2_DESC_TABLE, "exit 47 qual 400010 len 7 info 8418100", .proc = 0 },
	{ "str", code_str, PROC2, PROC2_DESC_TABLE, "exit 47 qual 0 len 4 info 10000400", .proc = 0 },
	{ "lldt", code_lldt, PROC2, PROC2_DESC_TABLE, "exit 47 qual 0 len 3 info 20000410", .proc = 0 },
};

/* No control is needed. */
static const struct exit_case always[] = {
	{ "cpuid", code_cpuid, 0, 0, "exit 10 qual 0 len 2", .only_with = true },
	{ "invd", code_invd, 0, 0, "exit 13 qual 0 len 2", .only_with = true },
	{ "getsec", code_getsec, EXCEPTION_BITMAP, 1 << 6, INVALID_OPCODE, .only_with = true },
	{ "vmclear", code_vmclear, 0, 0, "exit 19 qual 4 len 5 info c18100", .only_with = true },
	{ "vmptrld", code_vmptrld, 0, 0, "exit 21 qual 400010 len 8 info 8418100", .only_with = true },
	{ "vmptrst", code_vmptrst, 0, 0, "exit 22 qual 300000 len 9 info 8420100", .only_with = true },
	{ "vmread", code_vmread, 0, 0, "exit 23 qual 0 len 4 info 30000448", .only_with = true },
	{ "vmread_memory", code_vmread_memory, 0, 0, "exit 23 qual 0 len 3 info 13c18100", .only_with = true },
	{ "vmwrite", code_vmwrite, 0, 0, "exit 25 qual 0 len 4 info 20000440", .only_with = true },
	{ "vmlaunch", code_vmlaunch, 0, 0, "exit 20 qual 0 len 3", .only_with = true },
	{ "vmresume", code_vmresume, 0, 0, "exit 24 qual 0 len 3", .only_with = true },
	{ "vmxoff", code_vmxoff, 0, 0, "exit 26 qual 0 len 3", .only_with = true },
	{ "vmxon", code_vmxon, 0, 0, "exit 27 qual 400010 len 9 info 8418100", .only_with = true },
	{ "invept", code_invept, 0, 0, "exit 50 qual 400010 len a info 68418100", .only_with = true },
	{ "invvpid", code_invvpid, 0, 0, "exit 53 qual 400010 len a info 58418100", .only_with = true },
	{ "rdmsr_bitmap", code_rdmsr, 0, 0, CALL, .only_with = true },
	{ "wrmsr_bitmap", code_wrmsr, 0, 0, CALL, .only_with = true },
};
/* clang-format on */

static void no_msr_bitmap(void)
{
	l2_init(code_rdmsr);
	row_is("rdmsr.no_bitmap", l2_text(l2_run()), "exit 31 qual 0 len 2");
	l2_init(code_wrmsr);
	row_is("wrmsr.no_bitmap", l2_text(l2_run()), "exit 32 qual 0 len 2");
}

static void xsetbv(void)
{
	if (!(cpuid(1, 0).c & 1 << 26))
		return;
	l2_init(code_xsetbv);
	l2_set(GUEST_CR4, 1 << 18, 0);
	row_is("xsetbv", l2_text(l2_run()), "exit 55 qual 0 len 3");
}

/* The TSC of L2 is moved, and not of L1. */
static void tsc_offset(void)
{
	uint64_t before;

	l2_init(code_rdtsc);
	l2_set(PROC, PROC_TSC_OFFSET, 0);
	vmwrite(TSC_OFFSET, 1ULL << 50);
	before = rdtsc();
	ok_eq(l2_go(), R_VMCALL, "RDTSC without an exit");
	ok((l2_regs.dx << 32 | l2_regs.ax) - before - (1ULL << 50) < 1 << 20,
	   "and with the offset");
	ok(rdtsc() < 1ULL << 50, "which L1 does not see");
}

void test_instructions(void)
{
	__asm__ volatile("sgdt %0\n\tsidt %1" : "=m"(buffer[0]), "=m"(buffer[16]) : : "memory");
	run_cases(by_control, array_size(by_control));
	run_cases(always, array_size(always));
	no_msr_bitmap();
	xsetbv();
	tsc_offset();
}
