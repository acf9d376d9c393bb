// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Instructions that exit or might: each does what CPUID promises, or faults as it does on a machine
// without the feature; none ends the guest. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#if GUEST_BITS == 64
#define SI "rsi"
#define A  "rax"
#define B  "rbx"
#else
#define SI "esi"
#define A  "eax"
#define B  "ebx"
#endif
#define UD 6
#define GP 13

static uint64_t operand[2] __attribute__((aligned(16)));

/* The vector that the instruction raised, or -1. */
#define VECTOR_OF(insn)                                                                            \
	({                                                                                         \
		unsigned long a = 0, b = 0, c = 0, d = 0;                                          \
                                                                                                   \
		fault_vector = -1;                                                                 \
		__asm__ volatile(FIXUP(insn)                                                       \
				 : "+a"(a), "+b"(b), "+c"(c), "+d"(d)                              \
				 : "S"(operand)                                                    \
				 : "memory", "cc");                                                \
		fault_vector;                                                                      \
	})

static void vmx(void)
{
	ok_eq((uint64_t)VECTOR_OF("vmxon (%%" SI ")"), UD, "VMXON");
	ok_eq((uint64_t)VECTOR_OF("vmxoff"), UD, "VMXOFF");
	ok_eq((uint64_t)VECTOR_OF("vmlaunch"), UD, "VMLAUNCH");
	ok_eq((uint64_t)VECTOR_OF("vmresume"), UD, "VMRESUME");
	ok_eq((uint64_t)VECTOR_OF("vmclear (%%" SI ")"), UD, "VMCLEAR");
	ok_eq((uint64_t)VECTOR_OF("vmptrld (%%" SI ")"), UD, "VMPTRLD");
	ok_eq((uint64_t)VECTOR_OF("vmptrst (%%" SI ")"), UD, "VMPTRST");
	ok_eq((uint64_t)VECTOR_OF("vmread %%" A ", %%" B), UD, "VMREAD");
	ok_eq((uint64_t)VECTOR_OF("vmwrite %%" A ", %%" B), UD, "VMWRITE");
	ok_eq((uint64_t)VECTOR_OF("invept (%%" SI "), %%" A), UD, "INVEPT");
	ok_eq((uint64_t)VECTOR_OF("invvpid (%%" SI "), %%" A), UD, "INVVPID");
	ok_eq((uint64_t)VECTOR_OF("vmfunc"), UD, "VMFUNC");
	write_cr4(read_cr4());
	fault_vector = -1;
	__asm__ volatile(FIXUP("mov %0, %%cr4") : : "r"(read_cr4() | 1UL << 13) : "memory");
	ok_eq((uint64_t)fault_vector, GP, "CR4.VMXE");
}

static void system_insns(void)
{
	int vector;

	ok_eq((uint64_t)VECTOR_OF("getsec"), UD, "GETSEC");
	ok_eq((uint64_t)VECTOR_OF("rsm"), UD, "RSM");
	ok_eq((uint64_t)VECTOR_OF("wbinvd"), (uint64_t)-1, "WBINVD");
	ok_eq((uint64_t)VECTOR_OF("invd"), (uint64_t)-1, "INVD");
	vector = VECTOR_OF("rdpmc");
	ok(vector == GP || vector == -1, "RDPMC: vector %d", vector);
	ok_eq((uint64_t)VECTOR_OF("mov %%cr8, %%" A), GUEST_BITS == 64 ? (uint64_t)-1 : UD,
	      "MOV from CR8");
	ok_eq((uint64_t)VECTOR_OF("ud2"), UD, "UD2");
	ok_eq((uint64_t)VECTOR_OF("pause"), (uint64_t)-1, "PAUSE");
	ok_eq((uint64_t)VECTOR_OF("clts"), (uint64_t)-1, "CLTS");
	ok_eq((uint64_t)VECTOR_OF("smsw %%ax\n lmsw %%ax"), (uint64_t)-1, "SMSW, LMSW");
	ok_eq((uint64_t)VECTOR_OF("sgdt (%%" SI ")\n sidt (%%" SI ")"), (uint64_t)-1, "SGDT, SIDT");
	ok_eq((uint64_t)VECTOR_OF("sldt %%ax\n lldt %%ax"), (uint64_t)-1, "SLDT, LLDT");
}

/* An instruction that comes with a CPUID bit: there with it, #UD without. */
static void with_bit(int vector, bool offered, const char *name)
{
	ok(vector == (offered ? -1 : UD), "%s is %s: vector %d", name, offered ? "there" : "absent",
	   vector);
}

static void offered(void)
{
	struct regs4 one = cpuid(1, 0), seven = cpuid(7, 0), ext = cpuid(0x80000001, 0);

	memset(operand, 0, sizeof(operand)); /* of INVPCID, among others */

	with_bit(VECTOR_OF("monitor"), one.c >> 3 & 1, "MONITOR");
	if (!(one.c >> 3 & 1))
		with_bit(VECTOR_OF("mwait"), false, "MWAIT");
	with_bit(VECTOR_OF("rdtscp"), ext.d >> 27 & 1, "RDTSCP");
	with_bit(VECTOR_OF("rdrand %%eax"), one.c >> 30 & 1, "RDRAND");
	with_bit(VECTOR_OF("rdseed %%eax"), seven.b >> 18 & 1, "RDSEED");
	with_bit(VECTOR_OF("invpcid (%%" SI "), %%" A), seven.b >> 10 & 1, "INVPCID");
	write_cr4(read_cr4() | (one.c >> 26 & 1 ? 1UL << 18 : 0));
	with_bit(VECTOR_OF("xgetbv"), one.c >> 26 & 1, "XGETBV");
}

static void control_registers(void)
{
	unsigned long cr0 = read_cr0();

	write_cr0(cr0 ^ 8);
	ok_eq(read_cr0(), cr0 ^ 8, "CR0.TS is the guest's");
	write_cr0(cr0 | 1UL << 30 | 1UL << 29);
	ok_eq(read_cr0(), cr0 | 1UL << 30 | 1UL << 29, "CR0.CD and NW are kept");
	write_cr0(cr0);
	fault_vector = -1;
	__asm__ volatile(FIXUP("mov %0, %%cr0") : : "r"(cr0 & ~1UL) : "memory");
	ok_eq((uint64_t)fault_vector, GP, "CR0.PG without PE");
	fault_vector = -1;
	__asm__ volatile(FIXUP("mov %0, %%cr4") : : "r"(read_cr4() | 1UL << 31) : "memory");
	ok_eq((uint64_t)fault_vector, GP, "a reserved bit of CR4");
#if GUEST_BITS == 64
	fault_vector = -1;
	__asm__ volatile(FIXUP("mov %0, %%cr4") : : "r"(read_cr4() & ~0x20UL) : "memory");
	ok_eq((uint64_t)fault_vector, GP, "CR4.PAE off in long mode");
	fault_vector = -1;
	__asm__ volatile(FIXUP("mov %0, %%cr8") : : "r"(0x10UL) : "memory");
	ok_eq((uint64_t)fault_vector, GP, "a reserved bit of CR8");
	apic_enable();
	__asm__ volatile("mov %0, %%cr8" : : "r"(5UL) : "memory");
	ok_eq(apic_read(APIC_TPR), 0x50, "CR8 is the task priority");
	__asm__ volatile("mov %0, %%cr8" : : "r"(0UL) : "memory");
#endif
}

void test_main(void)
{
	vmx();
	system_insns();
	offered();
	control_registers();
}
