// SPDX-License-Identifier: MIT
/* The processor holds the four PDPTEs, and MOV to CR3 or CR4 loads them (SDM vol. 3, 4.4.1). */
#include "tests/guest/vmx_modes/modes.h"

#define CR0_PG           0x80000000UL
#define CR4_PAE          0x20UL
#define GUEST_SEL_CODE32 0x08
#define HIGH             0xc0000000UL /* of the fourth PDPTE */
#define FRAME_A          0x800000UL
#define FRAME_B          0xa00000UL
#define VALUE_A          0xaaaa0001U
#define VALUE_B          0xbbbb0002U
#define LARGE            0xe7
#define GP_EXITS         (1u << 13)
#define GP_RAISED        "exit 0 qual 0 intr 80000b0d error 0"

/* RDI: what is in CR3. RSI: HIGH. */
CODE_32(moves_to_cr3, "mov (%esi), %ecx\n mov %edx, %cr3\n mov (%esi), %ebx");
CODE_32(moves_to_cr4, "mov %eax, 24(%edi)\n mov (%esi), %ecx\n"
		      "mov %cr4, %eax\n xor $0x80, %eax\n mov %eax, %cr4\n mov (%esi), %ebx");

enum wish { NOTHING, TARGET, TARGET_HIDDEN, WISHES };

static const char *const wishes[WISHES] = { "plain", "target", "hidden" };
static uint64_t low[512] page_aligned, high_a[512] page_aligned, high_b[512] page_aligned;
static uint64_t pdpt_a[4] __attribute__((aligned(32))), pdpt_b[4] __attribute__((aligned(32))),
	pdpt_bad[4] __attribute__((aligned(32)));

static void make_tables(void)
{
	for (unsigned int i = 0; i < array_size(low); i++)
		low[i] = (uint64_t)i << 21 | LARGE;
	high_a[0] = FRAME_A | LARGE;
	high_b[0] = FRAME_B | LARGE;
	*(volatile uint32_t *)FRAME_A = VALUE_A;
	*(volatile uint32_t *)FRAME_B = VALUE_B;
	pdpt_a[0] = pdpt_b[0] = (uintptr_t)low | 1;
	pdpt_a[3] = (uintptr_t)high_a | 1;
	pdpt_b[3] = (uintptr_t)high_b | 1;
	memcpy(pdpt_bad, pdpt_b, sizeof(pdpt_bad));
	pdpt_bad[3] |= 2; /* reserved */
}

/* L2 in PAE paging, on pdpt_a. */
static bool begin(const char *code, bool ept)
{
	make_tables();
	l2_init(code);
	if (ept && !l2_ept())
		return false;
	l2_set(ENTRY, 0, ENTRY_IA32E);
	l2_set(GUEST_CR4, CR4_PAE, 0);
	vmwrite(GUEST_CR3, (uintptr_t)pdpt_a);
	vmwrite(GUEST_SELECTOR(CS), GUEST_SEL_CODE32);
	vmwrite(GUEST_RIGHTS(CS), 0xc09b);
	for (unsigned int i = 0; ept && i < array_size(pdpt_a); i++)
		vmwrite(GUEST_PDPTE(i), pdpt_a[i]);
	l2_regs.si = HIGH;
	l2_regs.di = (uintptr_t)pdpt_a;
	return true;
}

/* L1 wants to hear of each other CR3; and, HIDDEN, shows L2 that it has no paging. */
static void wish(enum wish w, const uint64_t *pdpt)
{
	if (w == NOTHING)
		return;
	l2_set(PROC, PROC_CR3_LOAD, 0);
	vmwrite(CR3_TARGET_COUNT, 1);
	vmwrite(CR3_TARGET(0), (uintptr_t)pdpt);
	if (w == TARGET)
		return;
	vmwrite(CR0_MASK, CR0_PG);
	vmwrite(CR0_SHADOW, 0);
	vmwrite(CR4_MASK, CR4_PAE);
	vmwrite(CR4_SHADOW, 0);
}

static void cr3_row(bool ept, enum wish w)
{
	char name[40];

	(void)begin(moves_to_cr3, ept);
	wish(w, pdpt_b);
	l2_regs.dx = (uintptr_t)pdpt_b;
	format_to(name, sizeof(name), "pae%s.cr3.%s", ept ? ".ept" : "", wishes[w]);
	row_is(name, l2_text(l2_run()), CALL);
	ok_eq(l2_regs.cx, VALUE_A, "%s: by the first PDPTEs", name);
	ok_eq(l2_regs.bx, VALUE_B, "%s: by the new ones", name);
	ok_eq(vmread(GUEST_CR3), (uintptr_t)pdpt_b, "%s: CR3 is saved", name);
	if (ept)
		ok_eq(vmread(GUEST_PDPTE(3)), pdpt_b[3], "%s: and the PDPTE", name);

	(void)begin(moves_to_cr3, ept);
	wish(w, pdpt_bad);
	vmwrite(EXCEPTION_BITMAP, GP_EXITS);
	l2_regs.dx = (uintptr_t)pdpt_bad;
	format_to(name, sizeof(name), "pae%s.bad.%s", ept ? ".ept" : "", wishes[w]);
	row_is(name, l2_text(l2_run()), GP_RAISED);
	ok_eq(vmread(GUEST_CR3), (uintptr_t)pdpt_a, "%s: CR3 stays", name);
}

/* The PDPTE in memory changes, and nothing else until CR4.PGE does. */
static void cr4_row(bool ept)
{
	const char *name = ept ? "pae.ept.cr4" : "pae.cr4";

	(void)begin(moves_to_cr4, ept);
	l2_regs.ax = pdpt_b[3];
	row_is(name, l2_text(l2_run()), CALL);
	ok_eq(l2_regs.cx, VALUE_A, "%s: the PDPTE that was loaded", name);
	ok_eq(l2_regs.bx, VALUE_B, "%s: it is loaded anew", name);
}

void test_pae_paging(void)
{
	for (unsigned int ept = 0; ept < 2; ept++) {
		if (!begin(moves_to_cr3, ept)) {
			skip("there is no EPT");
			return;
		}
		for (unsigned int w = 0; w < WISHES; w++)
			cr3_row(ept, w);
		cr4_row(ept);
	}
}
