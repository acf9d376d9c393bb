// SPDX-License-Identifier: MIT
/* Which exceptions of L2 exit, its EPT, the TSS that L1's own exceptions go by; and a second L2. */
#include "tests/guest/vmx_change/change_tests.h"

#define PRESENT   7ULL
#define NOT_THERE 0x100000000ULL /* no page table maps it */
#define PAGE_2M   0x200000UL
#define SEEN_AT   0x800000UL /* L2 finds the 2M page there, or the next one */
#define CALL      "exit 18 qual 0 len 3"

L2_CODE(raises, "1: ud2\n vmcall\n jmp 1b");
L2_CODE(faults, "mov $1, %ebx\n shl $32, %rbx\n"
		"1: mov %al, (%rbx)\n vmcall\n jmp 1b");
L2_CODE(reads, "1: mov 0x800000, %rax\n vmcall\n jmp 1b");

vmcs_storage second_vmcs;
static uint64_t other_ept[3][512] page_aligned;
static uint8_t other_tss[104], other_stack[4096] __attribute__((aligned(16)));
static uintptr_t frame_at;

/* UD2, and MOV to (RBX): two bytes each. */
static void pass(struct trap_frame *f)
{
	frame_at = (uintptr_t)f;
	f->ip += 2;
}

static void exception_bitmap(void)
{
	warm_up(raises, 0);
	vmwrite(EXCEPTION_BITMAP, 1 << 6);
	row_is("exception.set", l2_text(l2_run()), "exit 0 qual 0 intr 80000306");
	vmwrite(EXCEPTION_BITMAP, 0);
	row_is("exception.clear", l2_text(l2_run()), CALL);
}

/* A page fault exits where its error code matches as the bit says. */
static void page_faults(void)
{
	warm_up(faults, 0);
	vmwrite(PF_MATCH, 1);
	row_is("page_fault.no_match", l2_text(l2_run()),
	       "exit 0 qual 100000000 intr 80000b0e error 2");
	vmwrite(PF_MASK, 1);
	vmwrite(PF_MATCH, 0);
	again();
	vmwrite(PF_MATCH, 1);
	row_is("page_fault.no_match_masked", l2_text(l2_run()),
	       "exit 0 qual 100000000 intr 80000b0e error 2");
	vmwrite(PF_MASK, 0);
	row_is("page_fault.no_mask", l2_text(l2_run()),
	       "exit 0 qual 100000000 intr 80000b0e error 2");
	vmwrite(PF_MATCH, 0);
	again();
	again();
}

/* Another tree of tables, where one 2M page is the next one. */
static uint64_t other_pointer(void)
{
	const uint64_t *top = (const uint64_t *)(uintptr_t)(ept_pointer() & ~0xfffULL);
	const uint64_t *second = (const uint64_t *)(uintptr_t)(top[0] & ~0xfffULL);

	memcpy(other_ept[1], second, PAGE_SIZE);
	memcpy(other_ept[2], (const void *)(uintptr_t)(second[0] & ~0xfffULL), PAGE_SIZE);
	other_ept[0][0] = (uintptr_t)other_ept[1] | PRESENT;
	other_ept[1][0] = (uintptr_t)other_ept[2] | PRESENT;
	other_ept[2][SEEN_AT / PAGE_2M] += PAGE_2M;
	return (uintptr_t)other_ept[0] | (ept_pointer() & 0xfff);
}

static void ept_pointers(void)
{
	volatile uint64_t *one = (volatile uint64_t *)SEEN_AT, *other = one + PAGE_2M / 8;

	*one = 0x1111;
	*other = 0x2222;
	l2_init(reads);
	if (!l2_ept()) {
		skip("there is no EPT");
		return;
	}
	again();
	again();
	ok_eq(l2_regs.ax, 0x1111, "L2 reads by one EPT");
	for (unsigned int i = 0; i < 2; i++) {
		vmwrite(EPTP, other_pointer());
		again();
		ok_eq(l2_regs.ax, 0x2222, "and by another one");
		vmwrite(EPTP, ept_pointer());
		again();
		ok_eq(l2_regs.ax, 0x1111, "and by the first one again");
	}
	/* The same tables, which have changed, and INVEPT that says so. */
	*ept_entry(SEEN_AT) += PAGE_2M;
	(void)vmx_invept(1, ept_pointer(), 0);
	again();
	ok_eq(l2_regs.ax, 0x2222, "whose tables have changed");
}

static void user_code(void)
{
	__asm__ volatile("ud2");
}

/* Whether an exception at CPL 3 finds the other task-state segment. */
static bool on_other_stack(void)
{
	frame_at = 0;
	user_run(user_code);
	return frame_at - (uintptr_t)other_stack < sizeof(other_stack);
}

static void task_state(void)
{
	uint64_t base;
	uintptr_t top = (uintptr_t)other_stack + sizeof(other_stack) - 64;

	warm_up(looks, 0);
	base = vmread(HOST_TR_BASE);
	memcpy(other_tss, (const void *)(uintptr_t)base, sizeof(other_tss));
	memcpy(other_tss + 4, &top, sizeof(top));
	ok(!on_other_stack(), "L1's exception has its stack");
	vmwrite(HOST_TR_BASE, (uintptr_t)other_tss);
	again();
	ok(on_other_stack(), "which changes with the base of TR");
	vmwrite(HOST_TR_BASE, base);
	again();
	ok(!on_other_stack(), "and back");
}

/* Of this and the other L2, by turns, without VMCLEAR. */
static void other_runs(struct vmcs_page *page, uint64_t cr4, uint64_t rflags, uint64_t fs_base)
{
	l2_vmcs = page;
	ok_eq((uint64_t)(long)vmx_vmptrld((uintptr_t)page), VMX_OK, "VMPTRLD");
	again();
	ok_eq(seen[SEEN_CR4] & CR4_TSD, cr4, "it has its CR4");
	ok_eq(seen[SEEN_RFLAGS] & RFLAGS_ID, rflags, "its RFLAGS");
	ok_eq(seen[SEEN_FS_BASE], fs_base, "and its segments");
}

static void two_guests(void)
{
	struct vmcs_page *first = l2_vmcs;

	warm_up(looks, 0);
	l2_vmcs = &second_vmcs;
	l2_init(looks);
	(void)l2_msr_bitmap();
	l2_set(GUEST_CR4, CR4_TSD, 0);
	l2_set(GUEST_RFLAGS, RFLAGS_ID, 0);
	vmwrite(GUEST_BASE(FS), 0x1000);
	again();
	for (unsigned int i = 0; i < 3; i++) {
		other_runs(first, 0, 0, 0);
		other_runs(&second_vmcs, CR4_TSD, RFLAGS_ID, 0x1000);
	}
	(void)vmx_vmclear((uintptr_t)&second_vmcs);
	l2_vmcs = first;
}

void test_exceptions(void)
{
	set_handler(6, pass);
	set_handler(14, pass);
	exception_bitmap();
	page_faults();
	ept_pointers();
	task_state();
	two_guests();
	set_handler(6, NULL);
	set_handler(14, NULL);
}
