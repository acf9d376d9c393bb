// SPDX-License-Identifier: MIT
/* Operands of VMX instructions: addressing forms, registers, and what faults on the way. */
#include "tests/guest/vmx_insn/insn_tests.h"

#define MAPPED   0x180000000UL /* linear: 2 MiB of small pages */
#define PAGES    6
#define ODD_HIGH 0x8000000000000000UL

extern uint64_t page_tables[];

static uint64_t directory[512] page_aligned, table[512] page_aligned;
static uint8_t memory[2][PAGE_SIZE] page_aligned;
static uint64_t target[8] __attribute__((aligned(64)));
static uint64_t wanted_pointer;

/* VMPTRST with the operand, after which `at` holds the current pointer. */
static void stored(const char *name, int result, const uint64_t *at)
{
	char full[48];

	format_to(full, sizeof(full), "form.%s", name);
	row(full, "%s", vmx_text(result));
	ok(result == VMX_OK && *at == wanted_pointer, "%s: %s, %llx", full, vmx_text(result),
	   (unsigned long long)*at);
	memset(target, 0, sizeof(target));
}

#define FORM(name, operand, at, ...) stored(name, VMX_INSN("vmptrst " operand, __VA_ARGS__), at)

static void forms(void)
{
	uint64_t base = (uintptr_t)target;

	FORM("base", "(%2)", &target[0], "r"(base));
	FORM("disp8", "24(%2)", &target[3], "r"(base));
	FORM("disp8_negative", "-8(%2)", &target[1], "r"(base + 16));
	FORM("disp32", "0x12345678(%2)", &target[2], "r"(base + 16 - 0x12345678));
	FORM("index", "(%2,%3)", &target[4], "r"(base), "r"(32UL));
	FORM("index2", "(%2,%3,2)", &target[4], "r"(base), "r"(16UL));
	FORM("index4", "8(%2,%3,4)", &target[3], "r"(base), "r"(4UL));
	FORM("index8", "0x100(%2,%3,8)", &target[5], "r"(base), "r"(-27UL));
	FORM("index_only", "target(,%2,8)", &target[2], "r"(2UL));
	FORM("absolute", "target", &target[0], "r"(0UL));
	FORM("rip", "target+8(%%rip)", &target[1], "r"(0UL));
	FORM("address32", "(%k2)", &target[0], "r"(base | 0x1100000000));
	FORM("address32_wraps", "0x10(%k2,%k3)", &target[0], "r"(base + 0x20), "r"(0xffffffd0UL));
}

/* A base that has an encoding of its own. */
#define BASE(reg)                                                                                  \
	do {                                                                                       \
		register uint64_t in __asm__(#reg) = (uintptr_t)target;                            \
                                                                                                   \
		FORM(#reg, "(%2)", &target[0], "r"(in));                                           \
		in = (uintptr_t)target;                                                            \
		FORM(#reg "_disp", "16(%2)", &target[2], "r"(in));                                 \
	} while (0)

static void stack_forms(void)
{
	uint64_t base = (uintptr_t)target, got;
	bool cf, zf;

	fault_vector = -1;
	__asm__ volatile(FIXUP("vmptrst -256(%%rsp)") "mov -256(%%rsp), %2"
			 : "=@ccc"(cf), "=@ccz"(zf), "=r"(got)
			 :
			 : "memory");
	stored("rsp", vmx_status(cf, zf), &got);
	fault_vector = -1;
	__asm__ volatile("push %%rbp\n\tmov %2, %%rbp\n" FIXUP("vmptrst 8(%%rbp)") "pop %%rbp"
			 : "=@ccc"(cf), "=@ccz"(zf)
			 : "r"(base)
			 : "memory");
	stored("rbp", vmx_status(cf, zf), &target[1]);
}

static void segment_forms(void)
{
	uint64_t fs = rdmsr(MSR_FS_BASE), gs = rdmsr(MSR_GS_BASE), base = (uintptr_t)target;

	wrmsr(MSR_FS_BASE, base - 0x1000);
	wrmsr(MSR_GS_BASE, base + 0x1000);
	FORM("fs", "%%fs:0x1008", &target[1], "r"(0UL));
	FORM("gs", "%%gs:-0x1000(%2)", &target[2], "r"(16UL));
	FORM("ds", "%%ds:(%2)", &target[0], "r"(base));
	wrmsr(MSR_FS_BASE, fs);
	wrmsr(MSR_GS_BASE, gs);
}

/* The memory operands of the others. */
static void other_forms(void)
{
	uint64_t value = 0x1234, pointer = (uintptr_t)&vmcs_page;

	result_is("form.vmwrite", VMX_INSN("vmwrite %2, %3", "m"(value), "r"((uint64_t)GUEST_RSP)),
		  "ok");
	ok_eq(vmread(GUEST_RSP), 0x1234, "VMWRITE from memory");
	target[1] = ~0ULL;
	result_is("form.vmread",
		  VMX_INSN("vmread %2, 8(%3)", "r"((uint64_t)GUEST_RSP), "r"(target)), "ok");
	ok_eq(target[1], 0x1234, "VMREAD to memory is 8 bytes");
	result_is("form.vmptrld", VMX_INSN("vmptrld (%2,%3)", "r"(&pointer), "r"(0UL)), "ok");
	result_is("form.vmclear", VMX_INSN("vmclear (%2)", "r"(&pointer)), "ok");
	result_is("form.vmptrld_again", vmx_vmptrld(pointer), "ok");
}

void test_operands(void)
{
	l2_init(NULL);
	wanted_pointer = (uintptr_t)&vmcs_page;
	forms();
	BASE(r12);
	BASE(r13);
	BASE(r8);
	BASE(rsi);
	stack_forms();
	segment_forms();
	other_forms();
}

/* registers.asm */
extern uint64_t reg_value, reg_field, reg_result, reg_flags;
extern void (*const reg_write_value[16])(void);
extern void (*const reg_read_value[16])(void);
extern void (*const reg_read_field[16])(void);

void test_registers(void)
{
	unsigned int bad = 0;

	reg_field = GUEST_RSP;
	for (unsigned int i = 0; i < 16; i++) {
		uint64_t pattern = 0xfedcba9876543210 * (i + 1);

		reg_value = pattern;
		reg_write_value[i]();
		if (reg_flags != 2 || vmread(GUEST_RSP) != pattern)
			bad |= 1U << i;
		reg_read_value[i]();
		if (reg_flags != 2 || reg_result != pattern)
			bad |= 0x10000U << i;
		reg_result = 0;
		reg_read_field[i]();
		if (reg_flags != 2 || reg_result != pattern)
			bad |= 1U << i;
	}
	ok_eq(bad, 0, "VMREAD and VMWRITE with every register");
	reg_field = 0x7ffe;
	for (unsigned int i = 0; i < 16; i++) {
		reg_read_value[i]();
		bad |= reg_flags != 0x42;
		reg_write_value[i]();
		bad |= reg_flags != 0x42;
	}
	ok_eq(bad, 0, "of a field that is not there: ZF alone");
}

static void map_pages(void)
{
	uint64_t *pdpt = page_tables + 512;

	pdpt[MAPPED >> 30] = (uintptr_t)directory | 7;
	directory[0] = (uintptr_t)table | 7;
	table[0] = (uintptr_t)memory[0] | 7;
	table[1] = (uintptr_t)memory[1] | 7;
	table[2] = 0;
	table[3] = (uintptr_t)memory[0] | 5;
	table[4] = (uintptr_t)memory[0] | 7 | 1ULL << 51;
	write_cr3(read_cr3());
}

static void fault_row(const char *place, const char *insn, int result)
{
	char name[48];

	format_to(name, sizeof(name), "fault.%s.%s", insn, place);
	if (result == VMX_FAULT(14))
		row(name, "%s at %lx", vmx_text(result), fault_address);
	else
		row(name, "%s", vmx_text(result));
}

#define ON(insn, at)        VMX_INSN(insn " (%2)", "r"(at))
#define WITH(insn, at, reg) VMX_INSN(insn, "r"(at), "r"((uint64_t)(reg)))

static void readers(const char *place, uint64_t at)
{
	fault_row(place, "vmclear", ON("vmclear", at));
	fault_row(place, "vmptrld", ON("vmptrld", at));
	fault_row(place, "vmwrite", WITH("vmwrite (%2), %3", at, GUEST_RSP));
	fault_row(place, "invept", WITH("invept (%2), %3", at, 2));
	fault_row(place, "invvpid", WITH("invvpid (%2), %3", at, 2));
}

static void writers(const char *place, uint64_t at)
{
	fault_row(place, "vmptrst", ON("vmptrst", at));
	fault_row(place, "vmread", WITH("vmread %3, (%2)", at, GUEST_RSP));
}

static void everywhere(const char *place, uint64_t at)
{
	readers(place, at);
	writers(place, at);
}

/* #SS where the base is RBP. */
static void stack_faults(uint64_t at)
{
	bool cf, zf;

	fault_vector = -1;
	__asm__ volatile("push %%rbp\n\tmov %2, %%rbp\n" FIXUP("vmptrst (%%rbp)") "pop %%rbp"
			 : "=@ccc"(cf), "=@ccz"(zf)
			 : "r"(at)
			 : "memory");
	fault_row("rbp", "vmptrst", vmx_status(cf, zf));
	fault_vector = -1;
	__asm__ volatile("push %%rbp\n\tmov %2, %%rbp\n" FIXUP("vmclear (%%rbp)") "pop %%rbp"
			 : "=@ccc"(cf), "=@ccz"(zf)
			 : "r"(at)
			 : "memory");
	fault_row("rbp", "vmclear", vmx_status(cf, zf));
}

static void crossing(void)
{
	uint64_t at = MAPPED + PAGE_SIZE - 4, pointer = (uintptr_t)&vmcs_page, got = 0;

	everywhere("crossing_to_hole", MAPPED + 2 * PAGE_SIZE - 4);
	memcpy((void *)at, &pointer, 8);
	fault_row("crossing", "vmclear", ON("vmclear", at));
	fault_row("crossing", "vmptrld", ON("vmptrld", at));
	memset((void *)at, 0, 8);
	fault_row("crossing", "vmptrst", ON("vmptrst", at));
	memcpy(&got, (void *)at, 8);
	ok_eq(got, pointer, "VMPTRST over two pages");
	memset((void *)at, 0x5a, 8);
	fault_row("crossing", "vmwrite", WITH("vmwrite (%2), %3", at, GUEST_RSP));
	ok_eq(vmread(GUEST_RSP), 0x5a5a5a5a5a5a5a5a, "VMWRITE from two pages");
	vmwrite(GUEST_RSP, 0x1122334455667788);
	fault_row("crossing", "vmread", WITH("vmread %3, (%2)", at, GUEST_RSP));
	memcpy(&got, (void *)at, 8);
	ok_eq(got, 0x1122334455667788, "VMREAD over two pages");
}

void test_faults(void)
{
	l2_init(NULL);
	map_pages();
	everywhere("hole", MAPPED + 2 * PAGE_SIZE + 0x123);
	writers("read_only", MAPPED + 3 * PAGE_SIZE + 0x10);
	everywhere("reserved_bit", MAPPED + 4 * PAGE_SIZE);
	everywhere("not_canonical", ODD_HIGH);
	everywhere("canonical_edge", 0x00007ffffffffffc);
	stack_faults(ODD_HIGH);
	crossing();
	/* The operand, or the field: which is first. */
	fault_row("no_field_and_hole", "vmread",
		  WITH("vmread %3, (%2)", MAPPED + 2 * PAGE_SIZE, 0x7ffe));
	fault_row("no_field_and_hole", "vmwrite",
		  WITH("vmwrite (%2), %3", MAPPED + 2 * PAGE_SIZE, 0x7ffe));
	fault_row("type_and_hole", "invept", WITH("invept (%2), %3", MAPPED + 2 * PAGE_SIZE, 77));
	ok_eq(wanted_pointer, (uintptr_t)&vmcs_page, "the VMCS is still current");
}
