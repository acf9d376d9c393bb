// SPDX-License-Identifier: MIT
/* VMfailInvalid, VMfailValid with each number, and what INVEPT and INVVPID refuse. */
#include "tests/guest/vmx_insn/insn_tests.h"

#define NONE (~0ULL)

static struct vmcs_page other page_aligned;

static uint64_t current(void)
{
	uint64_t pa = 0;

	(void)vmx_vmptrst(&pa);
	return pa;
}

static uint64_t pa_of(const struct vmcs_page *p)
{
	return (uintptr_t)p;
}

/* No current VMCS: what has no number to put anywhere. */
static void without_current(void)
{
	uint64_t value = 0, high = 1ULL << physical_bits();

	ok_eq(current(), NONE, "no VMCS is current after VMXON");
	result_is("none.vmread", vmx_read(GUEST_RIP, &value), "invalid");
	result_is("none.vmwrite", vmx_write(GUEST_RIP, 0), "invalid");
	result_is("none.vmread_no_field", vmx_read(0x7ffe, &value), "invalid");
	result_is("none.vmwrite_no_field", vmx_write(0x7ffe, 0), "invalid");
	result_is("none.vmlaunch", VMX_INSN("vmlaunch", "i"(0)), "invalid");
	result_is("none.vmresume", VMX_INSN("vmresume", "i"(0)), "invalid");
	result_is("none.vmclear_unaligned", vmx_vmclear(pa_of(&vmcs_page) + 1), "invalid");
	result_is("none.vmclear_high", vmx_vmclear(pa_of(&vmcs_page) | high), "invalid");
	result_is("none.vmclear_vmxon", vmx_vmclear(pa_of(&vmxon_page)), "invalid");
	result_is("none.vmptrld_unaligned", vmx_vmptrld(pa_of(&vmcs_page) + 1), "invalid");
	result_is("none.vmptrld_vmxon", vmx_vmptrld(pa_of(&vmxon_page)), "invalid");
	result_is("none.invept", vmx_invept(0, 0, 0), "invalid");
	result_is("none.invvpid", vmx_invvpid(9, 1, 0), "invalid");
	vmcs_page_init(&vmcs_page);
	vmcs_page.revision ^= 4;
	result_is("none.vmptrld_revision", vmx_vmptrld(pa_of(&vmcs_page)), "invalid");
	ok_eq(current(), NONE, "and none has become it");
}

static void pointers(void)
{
	uint64_t high = 1ULL << physical_bits();

	l2_init(NULL);
	ok_eq(current(), pa_of(&vmcs_page), "VMPTRST names the current VMCS");
	result_is("vmclear.unaligned", vmx_vmclear(pa_of(&other) + 0x10), "fail 2");
	result_is("vmclear.too_high", vmx_vmclear(pa_of(&other) | high), "fail 2");
	result_is("vmclear.bit63", vmx_vmclear(pa_of(&other) | 1ULL << 63), "fail 2");
	result_is("vmclear.vmxon", vmx_vmclear(pa_of(&vmxon_page)), "fail 3");
	result_is("vmptrld.unaligned", vmx_vmptrld(pa_of(&other) + 0x800), "fail 9");
	result_is("vmptrld.too_high", vmx_vmptrld(pa_of(&other) | high), "fail 9");
	result_is("vmptrld.bit63", vmx_vmptrld(pa_of(&other) | 1ULL << 63), "fail 9");
	result_is("vmptrld.vmxon", vmx_vmptrld(pa_of(&vmxon_page)), "fail 10");
	vmcs_page_init(&other);
	other.revision ^= 2;
	result_is("vmptrld.revision", vmx_vmptrld(pa_of(&other)), "fail 11");
	other.revision ^= 2 | 1U << 31;
	if (!vmx_may(PROC2, PROC2_SHADOW))
		result_is("vmptrld.shadow", vmx_vmptrld(pa_of(&other)), "fail 11");
	ok_eq(current(), pa_of(&vmcs_page), "a failure leaves the current VMCS");
	result_is("vmxon.twice", vmx_vmxon(pa_of(&vmxon_page)), "fail 15");
	result_is("vmxon.twice_elsewhere", vmx_vmxon(pa_of(&other) + 8), "fail 15");
}

static void shadows(void)
{
	uint64_t value = 0;

	if (!vmx_may(PROC2, PROC2_SHADOW))
		return;
	vmcs_page_init(&other);
	other.revision |= 1U << 31;
	result_is("shadow.vmclear", vmx_vmclear(pa_of(&other)), "ok");
	result_is("shadow.vmptrld", vmx_vmptrld(pa_of(&other)), "ok");
	result_is("shadow.vmwrite", vmx_write(GUEST_RIP, 0x123), "ok");
	result_is("shadow.vmread", vmx_read(GUEST_RIP, &value), "ok");
	ok_eq(value, 0x123, "a shadow VMCS holds fields");
	result_is("shadow.vmlaunch", VMX_INSN("vmlaunch", "i"(0)), "invalid");
	result_is("shadow.vmresume", VMX_INSN("vmresume", "i"(0)), "invalid");
	result_is("shadow.clear_again", vmx_vmclear(pa_of(&other)), "ok");
	ok_eq(current(), NONE, "VMCLEAR of the current VMCS leaves none");
}

static void components(void)
{
	static const struct {
		const char *name;
		uint64_t field;
	} missing[] = {
		{ "no_field.7ffe", 0x7ffe },
		{ "no_field.hole", 0x482c },
		{ "no_field.high_of_32", 0x4001 },
		{ "no_field.high_of_16", 0x0801 },
		{ "no_field.high_of_natural", 0x6801 },
		{ "no_field.bit12", 0x1000 | GUEST_CR0 },
		{ "no_field.bit15", 0x8000 | GUEST_CR0 },
		{ "no_field.bit31", 0x80000000ULL | GUEST_CR0 },
		{ "no_field.bit32", 0x100000000ULL | GUEST_CR0 },
		{ "no_field.bit63", 1ULL << 63 | GUEST_CR0 },
	};
	uint64_t value = 0x77;

	l2_init(NULL);
	for (unsigned int i = 0; i < array_size(missing); i++) {
		char name[48];

		format_to(name, sizeof(name), "vmread.%s", missing[i].name);
		result_is(name, vmx_read(missing[i].field, &value), "fail 12");
		format_to(name, sizeof(name), "vmwrite.%s", missing[i].name);
		result_is(name, vmx_write(missing[i].field, 1), "fail 12");
	}
	ok_eq(value, 0x77, "a failed VMREAD leaves its destination");
	if (rdmsr(MSR_VMX_MISC) >> 29 & 1) {
		result_is("vmwrite.read_only", vmx_write(EXIT_REASON, 0x1234), "ok");
		ok_eq(vmread(EXIT_REASON), 0x1234, "as IA32_VMX_MISC says");
	} else {
		result_is("vmwrite.read_only", vmx_write(EXIT_REASON, 0x1234), "fail 13");
	}
	ok_eq(vmread(INSN_ERROR), rdmsr(MSR_VMX_MISC) >> 29 & 1 ? 12 : 13,
	      "the last number stays in the VMCS");
}

void test_failures(void)
{
	without_current();
	pointers();
	shadows();
	components();
}

L2_CODE(call_twice, "vmcall");

static void launched_elsewhere(void)
{
	vmcs_page_init(&other);
	result_is("launch.other_clear", vmx_vmclear(pa_of(&other)), "ok");
	result_is("launch.other_load", vmx_vmptrld(pa_of(&other)), "ok");
	result_is("launch.other_resume", VMX_INSN("vmresume", "i"(0)), "fail 5");
	result_is("launch.back", vmx_vmptrld(pa_of(&vmcs_page)), "ok");
	result_is("launch.still_launched", VMX_INSN("vmlaunch", "i"(0)), "fail 4");
	row_is("launch.resume_again", l2_text(l2_run()), "exit 18 qual 0 len 3");
	result_is("launch.reload", vmx_vmptrld(pa_of(&vmcs_page)), "ok");
	row_is("launch.resume_reloaded", l2_text(l2_run()), "exit 18 qual 0 len 3");
}

void test_launch_state(void)
{
	l2_init(call_twice);
	result_is("launch.resume_clear", VMX_INSN("vmresume", "i"(0)), "fail 5");
	result_is("launch.mov_ss", VMX_INSN("mov %2, %%ss\n\tvmlaunch", "r"(0x10)), "fail 26");
	result_is("launch.mov_ss_resume", VMX_INSN("mov %2, %%ss\n\tvmresume", "r"(0x10)),
		  "fail 26");
	row_is("launch.first", l2_text(l2_run()), "exit 18 qual 0 len 3");
	row_is("launch.resume", l2_text(l2_run()), "exit 18 qual 0 len 3");
	result_is("launch.twice", VMX_INSN("vmlaunch", "i"(0)), "fail 4");
	result_is("launch.twice_mov_ss", VMX_INSN("mov %2, %%ss\n\tvmlaunch", "r"(0x10)),
		  "fail 26");
	launched_elsewhere();
	result_is("launch.clear", vmx_vmclear(pa_of(&vmcs_page)), "ok");
	ok_eq(current(), NONE, "VMCLEAR of the current VMCS leaves none");
	result_is("launch.load_clear", vmx_vmptrld(pa_of(&vmcs_page)), "ok");
	result_is("launch.resume_cleared", VMX_INSN("vmresume", "i"(0)), "fail 5");
	l2_launched = false;
	row_is("launch.launch_again", l2_text(l2_run()), "exit 18 qual 0 len 3");
	/* The content stays over VMCLEAR and VMXOFF. */
	vmwrite(GUEST_RSP, 0x12345678);
	result_is("launch.clear_last", vmx_vmclear(pa_of(&vmcs_page)), "ok");
	result_is("launch.vmxoff", vmx_vmxoff(), "ok");
	result_is("launch.vmxon", vmx_vmxon(pa_of(&vmxon_page)), "ok");
	ok_eq(current(), NONE, "VMXON leaves none current");
	result_is("launch.load_last", vmx_vmptrld(pa_of(&vmcs_page)), "ok");
	ok_eq(vmread(GUEST_RSP), 0x12345678, "a VMCS keeps its content in memory");
}

static void invept(void)
{
	uint64_t good = ept_pointer();

	result_is("invept.type0", vmx_invept(0, good, 0), "fail 28");
	result_is("invept.single", vmx_invept(1, good, 0), "ok");
	result_is("invept.all", vmx_invept(2, 0, 0), "ok");
	result_is("invept.type3", vmx_invept(3, good, 0), "fail 28");
	result_is("invept.type_bit32", vmx_invept(1ULL << 32 | 1, good, 0), "fail 28");
	result_is("invept.type_bit63", vmx_invept(1ULL << 63 | 2, good, 0), "fail 28");
	result_is("invept.memory_type", vmx_invept(1, good | 7, 0), "fail 28");
	result_is("invept.walk", vmx_invept(1, good ^ 1 << 3, 0), "fail 28");
	result_is("invept.reserved", vmx_invept(1, good | 1 << 8, 0), "fail 28");
	result_is("invept.too_high", vmx_invept(1, good | 1ULL << physical_bits(), 0), "fail 28");
	result_is("invept.all_bad_pointer", vmx_invept(2, ~0ULL, 0), "ok");
	row("invept.second_half", "%s", vmx_text(vmx_invept(1, good, 1)));
}

static void invvpid(void)
{
	const uint64_t bad = 1ULL << 63;

	result_is("invvpid.address", vmx_invvpid(0, 1, 0x1000), "ok");
	result_is("invvpid.address_vpid0", vmx_invvpid(0, 0, 0x1000), "fail 28");
	result_is("invvpid.address_not_canonical", vmx_invvpid(0, 1, bad), "fail 28");
	result_is("invvpid.address_reserved", vmx_invvpid(0, 0x10001, 0x1000), "fail 28");
	result_is("invvpid.single", vmx_invvpid(1, 1, 0), "ok");
	result_is("invvpid.single_vpid0", vmx_invvpid(1, 0, 0), "fail 28");
	result_is("invvpid.single_reserved", vmx_invvpid(1, 1ULL << 63 | 1, 0), "fail 28");
	result_is("invvpid.single_address", vmx_invvpid(1, 1, bad), "ok");
	result_is("invvpid.all", vmx_invvpid(2, 0, 0), "ok");
	result_is("invvpid.all_reserved", vmx_invvpid(2, 0x10000, 0), "fail 28");
	result_is("invvpid.globals", vmx_invvpid(3, 1, 0), "ok");
	result_is("invvpid.globals_vpid0", vmx_invvpid(3, 0, 0), "fail 28");
	result_is("invvpid.type4", vmx_invvpid(4, 1, 0), "fail 28");
	result_is("invvpid.type_bit32", vmx_invvpid(1ULL << 32 | 1, 1, 0), "fail 28");
}

void test_invalidation(void)
{
	l2_init(NULL);
	if (vmx_may(PROC2, PROC2_EPT))
		invept();
	if (vmx_may(PROC2, PROC2_VPID))
		invvpid();
}
