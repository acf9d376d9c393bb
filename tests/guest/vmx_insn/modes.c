// SPDX-License-Identifier: MIT
/* Where VMX instructions are not allowed. */
#include "tests/guest/vmx_insn/insn_tests.h"

#define CR4_VMXE 0x2000UL
#define CR0_NE   0x20UL
#define CR0_PG   0x80000000UL

static uint64_t operand[2] __attribute__((aligned(16)));
/* Set before all of them are tried: the name and the wanted text. */
static const char *where, *wanted;

static void check(const char *insn, int result)
{
	char name[48];

	format_to(name, sizeof(name), "%s.%s", where, insn);
	/* VM functions are for VMX non-root operation only, whatever the privilege. */
	result_is(name, result, strcmp(insn, "vmfunc") == 0 ? "#UD" : wanted);
}

/* At any CPL; the results are printed afterwards, as a console is CPL 0's. */
static int results[11];
static const char *const names[11] = { "vmclear", "vmptrld",  "vmptrst",  "vmread",
				       "vmwrite", "vmlaunch", "vmresume", "vmxoff",
				       "invept",  "invvpid",  "vmfunc" };

static void try_all(void)
{
	unsigned int i = 0;

	results[i++] = VMX_INSN("vmclear %2", "m"(operand[0]));
	results[i++] = VMX_INSN("vmptrld %2", "m"(operand[0]));
	results[i++] = VMX_INSN("vmptrst (%2)", "r"(operand));
	results[i++] = VMX_INSN("vmread %q2, %q3", "r"(0), "r"(0));
	results[i++] = VMX_INSN("vmwrite %q2, %q3", "r"(0), "r"(0));
	results[i++] = VMX_INSN("vmlaunch", "i"(0));
	results[i++] = VMX_INSN("vmresume", "i"(0));
	results[i++] = VMX_INSN("vmxoff", "i"(0));
	results[i++] = VMX_INSN("invept %2, %q3", "m"(operand), "r"(2));
	results[i++] = VMX_INSN("invvpid %2, %q3", "m"(operand), "r"(2));
	results[i++] = VMX_INSN("vmfunc", "a"(0), "c"(0));
}

static void report(const char *place, const char *text)
{
	where = place;
	wanted = text;
	for (unsigned int i = 0; i < array_size(results); i++)
		check(names[i], results[i]);
}

static void vmxon_registers(void)
{
	uint64_t pa = (uintptr_t)&vmxon_page;

	write_cr4(read_cr4() | CR4_VMXE);
	write_cr0(read_cr0() & ~CR0_NE);
	result_is("vmxon.cr0_ne", vmx_vmxon(pa), "#GP(0)");
	write_cr0(read_cr0() | CR0_NE);
}

static void vmxon_pointers(void)
{
	uint64_t pa = (uintptr_t)&vmxon_page, high = 1ULL << physical_bits();

	result_is("vmxon.unaligned", vmx_vmxon(pa + 8), "invalid");
	result_is("vmxon.too_high", vmx_vmxon(pa | high), "invalid");
	result_is("vmxon.bit63", vmx_vmxon(pa | 1ULL << 63), "invalid");
	vmxon_page.revision ^= 1;
	result_is("vmxon.revision", vmx_vmxon(pa), "invalid");
	vmxon_page.revision ^= 0x80000001;
	result_is("vmxon.shadow", vmx_vmxon(pa), "invalid");
	vmxon_page.revision &= 0x7fffffff;
	result_is("vmxon.good", vmx_vmxon(pa), "ok");
	result_is("vmxon.twice_no_current", vmx_vmxon(pa), "invalid");
	result_is("vmxon.vmxoff", vmx_vmxoff(), "ok");
	result_is("vmxon.vmxoff_twice", vmx_vmxoff(), "#UD");
	result_is("vmxon.again", vmx_vmxon(pa), "ok");
	result_is("vmxon.vmxoff_again", vmx_vmxoff(), "ok");
}

static void try_vmxon(void)
{
	results[0] = VMX_INSN("vmxon %2", "m"(operand[0]));
}

void test_outside(void)
{
	bool open;

	write_cr4(read_cr4() & ~CR4_VMXE);
	result_is("vmxon.no_vmxe", vmx_vmxon((uintptr_t)&vmxon_page), "#UD");
	user_run(try_vmxon);
	result_is("vmxon.no_vmxe_cpl3", results[0], "#UD");
	try_all();
	report("no_vmxe", "#UD");
	write_cr4(read_cr4() | CR4_VMXE);
	try_all();
	report("outside", "#UD");
	user_run(try_all);
	report("outside_cpl3", "#UD");
	user_run(try_vmxon);
	result_is("vmxon.cpl3", results[0], "#GP(0)");
	vmcs_page_init(&vmxon_page);
	open = !(rdmsr(MSR_FEATURE_CONTROL) & 1);
	if (open) {
		/* Firmware has left it: nothing works before it is locked. */
		result_is("vmxon.feature_control", vmx_vmxon((uintptr_t)&vmxon_page), "#GP(0)");
		wrmsr(MSR_FEATURE_CONTROL, 5);
	}
	vmxon_registers();
	vmxon_pointers();
}

/* 32-bit code in a 64-bit hypervisor: "insn" at name, then back. */
#define COMPAT(name, insn)                                                                         \
	extern const char name[];                                                                  \
	__asm__(".pushsection .text\n.code32\n" #name ":\n" FIXUP(insn) "ljmp $0x18, $compat_"     \
									"return\n.code64\n"        \
									".popsection\n")

COMPAT(compat_vmxon, "vmxon 0x1000");
COMPAT(compat_vmclear, "vmclear 0x1000");
COMPAT(compat_vmptrld, "vmptrld 0x1000");
COMPAT(compat_vmptrst, "vmptrst 0x1000");
COMPAT(compat_vmread, "vmread %eax, %ecx");
COMPAT(compat_vmwrite, "vmwrite %eax, %ecx");
COMPAT(compat_vmlaunch, "vmlaunch");
COMPAT(compat_vmresume, "vmresume");
COMPAT(compat_vmxoff, "vmxoff");
COMPAT(compat_invept, "invept 0x1000, %ecx");
COMPAT(compat_invvpid, "invvpid 0x1000, %ecx");

static void compatibility(void)
{
	static const struct {
		const char *name, *code;
	} rows[] = {
		{ "vmxon", compat_vmxon },       { "vmclear", compat_vmclear },
		{ "vmptrld", compat_vmptrld },   { "vmptrst", compat_vmptrst },
		{ "vmread", compat_vmread },     { "vmwrite", compat_vmwrite },
		{ "vmlaunch", compat_vmlaunch }, { "vmresume", compat_vmresume },
		{ "vmxoff", compat_vmxoff },     { "invept", compat_invept },
		{ "invvpid", compat_invvpid },
	};

	where = "compat";
	wanted = "#UD";
	for (unsigned int i = 0; i < array_size(rows); i++) {
		fault_vector = -1;
		compat_run(rows[i].code);
		check(rows[i].name, vmx_status(false, false));
	}
}

/* What VMX operation forbids. */
static void fixed_bits(void)
{
	result_is("fixed.cr0_ne", VMX_INSN("mov %2, %%cr0", "r"(read_cr0() & ~CR0_NE)), "#GP(0)");
	result_is("fixed.cr4_vmxe", VMX_INSN("mov %2, %%cr4", "r"(read_cr4() & ~CR4_VMXE)),
		  "#GP(0)");
	result_is("fixed.cr0_pg", VMX_INSN("mov %2, %%cr0", "r"(read_cr0() & ~CR0_PG)), "#GP(0)");
}

void test_modes(void)
{
	l2_init(NULL);
	user_run(try_all);
	report("cpl3", "#GP(0)");
	user_run(try_vmxon);
	result_is("cpl3.vmxon", results[0], "#GP(0)");
	compatibility();
	fixed_bits();
}
