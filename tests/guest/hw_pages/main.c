// SPDX-License-Identifier: MIT
// build: debug
// vcpus: 3
// cores: 2
// timeout: 300
// hv-cmdline: step_delay=1
//
// Guest frames whose addresses stand in a VMCS, by the debug build's hypercall: the virtual-APIC
// page, whose byte 0x80 is what MOV CR8 reads and writes with a TPR shadow, and the APIC-access page,
// through which that byte is seen. They are moved, taken away, given back and exchanged, by their own
// vCPU and by another while theirs runs: at no time is a frame used that is no longer there. The
// delays give a change time to come between an entry's look at the generation and its guest mode,
// which are but a few instructions apart otherwise.
#include "tests/guest/lib/guest.h"

/* xenabi/ops.h and core/vcpu_arch.h */
#define HYPERCALL_DEBUG         __HYPERVISOR_arch_7
#define HYPERCALL_DEBUG_HW_PAGE 1

enum { APIC_ACCESS, VIRTUAL_APIC, POSTED };

#define NOWHERE (~0UL)
#define ONES    0xffffffffU
#define ROUNDS  40
#define BURST   8
#define WAIT_NS (200 * NS_PER_MS)
#define MARK    0xeeU       /* no CR8 makes this */
#define SHOWN   0x50U       /* in the virtual-APIC page */
#define HIDDEN  0x12345678U /* in the APIC-access page */

static uint8_t page_a[PAGE_SIZE] page_aligned, page_b[PAGE_SIZE] page_aligned;
static uint8_t page_c[PAGE_SIZE] page_aligned, access[PAGE_SIZE] page_aligned;

static volatile bool quit, writing, reading, sibling_quit;
static volatile unsigned long turns;

static volatile uint32_t *tpr(const void *page)
{
	return (volatile uint32_t *)((uintptr_t)page + APIC_TPR);
}

static long hw_page(unsigned int vcpu, unsigned int page, unsigned long gfn)
{
	return hypercall(HYPERCALL_DEBUG, HYPERCALL_DEBUG_HW_PAGE, vcpu, page, (long)gfn, 0);
}

static unsigned long read_cr8(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr8, %0" : "=r"(v) : : "memory");
	return v;
}

static void write_cr8(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr8" : : "r"(v) : "memory");
}

/* Give a page's frame another gfn, and back. */
static bool away(const void *page)
{
	return add_to_physmap(XENMAPSPACE_gmfn, GFN(page), HOLE / PAGE_SIZE) == 0;
}

static bool back(const void *page)
{
	return add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(page)) == 0;
}

static bool reserve(unsigned int op, const void *page)
{
	xen_pfn_t gfn = GFN(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &gfn);
	return memory_op(op, &r) == 1;
}

/* Page c's frame takes the place of another's, which is freed; c gets a fresh one. */
static bool replace(const void *page)
{
	return add_to_physmap(XENMAPSPACE_gmfn, GFN(page_c), GFN(page)) == 0 &&
	       reserve(XENMEM_populate_physmap, page_c);
}

static void refusals(void)
{
	ok_eq((uint64_t)hw_page(1, VIRTUAL_APIC, GFN(page_a)), E(EINVAL),
	      "not for a vCPU that has not asked for itself");
	ok_eq((uint64_t)hw_page(99, VIRTUAL_APIC, GFN(page_a)), E(EINVAL), "no such vCPU");
	ok_eq((uint64_t)hw_page(0, 3, GFN(page_a)), E(EINVAL), "no such page");
	ok_eq((uint64_t)hw_page(0, POSTED, GFN(page_a)), E(EOPNOTSUPP), "no posted interrupts");
}

static void alone(void)
{
	ok_eq((uint64_t)hw_page(0, VIRTUAL_APIC, GFN(page_a)), 0, "a virtual-APIC page");
	write_cr8(5);
	ok_eq(*tpr(page_a), 0x50, "CR8 is written to it");
	*tpr(page_a) = 0x30;
	ok_eq(read_cr8(), 3, "and read from it");

	ok(away(page_a), "its frame moves away");
	ok_eq(read_cr8(), 15, "nothing reads as ones");
	write_cr8(7);
	ok_eq(*tpr((void *)HOLE), 0x30, "the frame is not written where it is now");
	ok(back(page_a), "it comes back");
	ok_eq(read_cr8(), 3, "and is read again");

	*tpr(page_c) = 0x90;
	ok(replace(page_a), "another frame takes its place");
	ok_eq(read_cr8(), 9, "that one is read");
	write_cr8(2);
	ok_eq(*tpr(page_a), 0x20, "and written");

	ok(reserve(XENMEM_decrease_reservation, page_a), "it is given back to the hypervisor");
	ok_eq(read_cr8(), 15, "nothing reads as ones");
	write_cr8(4);
	ok(reserve(XENMEM_populate_physmap, page_a), "a new one comes");
	ok_eq(read_cr8(), 0, "and is read, empty");

	*tpr(page_b) = 0x60;
	*tpr(page_a) = 0x10;
	ok_eq((uint64_t)hw_page(0, VIRTUAL_APIC, GFN(page_b)), 0, "another target");
	ok_eq(read_cr8(), 6, "is read");
	write_cr8(8);
	ok(*tpr(page_b) == 0x80 && *tpr(page_a) == 0x10, "and written, and it alone");

	ok_eq((uint64_t)hw_page(0, VIRTUAL_APIC, HOLE / PAGE_SIZE), 0, "where nothing is");
	ok_eq(read_cr8(), 15, "nothing reads as ones");
	ok(away(page_a), "until something is");
	ok_eq(read_cr8(), 1, "which is read");
	ok(back(page_a), "and goes again");
	ok_eq((uint64_t)hw_page(0, VIRTUAL_APIC, 1UL << 50), 0, "beyond the address space");
	ok_eq(read_cr8(), 15, "nothing reads as ones");
}

static void alone_access(void)
{
	*tpr(page_a) = SHOWN;
	*tpr(access) = HIDDEN;
	(void)hw_page(0, VIRTUAL_APIC, GFN(page_a));
	if (hw_page(0, APIC_ACCESS, GFN(access)) != 0) {
		skip("no APIC-access page");
		return;
	}
	ok_eq(*tpr(access), SHOWN, "the APIC-access page shows the virtual-APIC page");
	ok(away(access), "its frame moves away");
	ok_eq(*tpr((void *)HOLE), HIDDEN, "and is a page like any other there");
	ok_eq(*tpr(access), ONES, "where it was is nothing");
	ok(back(access), "it comes back");
	ok_eq(*tpr(access), SHOWN, "and is what it was");
	ok_eq((uint64_t)hw_page(0, APIC_ACCESS, GFN(page_b)), 0, "another target");
	ok(*tpr(page_b) == SHOWN && *tpr(access) == HIDDEN, "is it, and it alone");
	ok_eq((uint64_t)hw_page(0, APIC_ACCESS, NOWHERE), 0, "none");
	ok_eq(*tpr(page_b), 0x80, "shows a page's own content");
	ok_eq((uint64_t)hw_page(0, VIRTUAL_APIC, NOWHERE), 0, "and no virtual-APIC page");
	write_cr8(9);
	ok(read_cr8() == 9 && *tpr(page_a) == SHOWN, "CR8 is the local APIC's");
	write_cr8(0);
}

/* --- from another vCPU --- */

/* What the owner's reads are judged by: the mover's last change is complete, or there is one on the
 * way. */
enum phase { CHANGING, HERE, AWAY };
static volatile enum phase phase;
static volatile unsigned long stale_here, stale_away;

static void read_access(void)
{
	enum phase before = phase;
	uint32_t at_home = *tpr(access), at_hole = *tpr((void *)HOLE);

	fence();
	if (before != phase)
		return;
	if (before == HERE)
		stale_here += at_home != SHOWN || at_hole != ONES;
	if (before == AWAY)
		stale_away += at_home != ONES || at_hole != HIDDEN;
}

static void owner(void)
{
	unsigned long value = 0;

	irq_off();
	(void)hw_page(1, VIRTUAL_APIC, GFN(page_a));
	while (!quit) {
		if (writing)
			write_cr8(1 + value++ % 13);
		if (reading)
			read_access();
		turns++;
	}
	(void)hw_page(1, VIRTUAL_APIC, NOWHERE);
	(void)hw_page(1, APIC_ACCESS, NOWHERE);
}

/* Shares the cores, so that the owner stops, moves, and finds its core's map up to date. */
static void sibling(void)
{
	while (!sibling_quit)
		(void)sched_op(SCHEDOP_yield, 0);
}

/* The owner has done some writes since. */
static bool owner_turns(void)
{
	unsigned long from = turns;
	uint64_t end = system_time() + WAIT_NS;

	while (turns - from < 4 && system_time() < end)
		cpu_pause();
	return turns - from >= 4;
}

static bool written(const void *page)
{
	uint64_t end = system_time() + WAIT_NS;

	*tpr(page) = MARK;
	while (*tpr(page) == MARK && system_time() < end)
		cpu_pause();
	return *tpr(page) != MARK;
}

/* Not written while the owner writes. */
static bool left_alone(const void *page)
{
	*tpr(page) = MARK;
	return owner_turns() && *tpr(page) == MARK;
}

static unsigned int move_one(void)
{
	unsigned int wrong = !away(page_a);

	wrong += !left_alone((void *)HOLE);
	wrong += !back(page_a);
	return wrong + !written(page_a);
}

static unsigned int retarget_one(void)
{
	unsigned int wrong = hw_page(1, VIRTUAL_APIC, GFN(page_b)) != 0;

	wrong += !left_alone(page_a);
	wrong += !written(page_b);
	wrong += hw_page(1, VIRTUAL_APIC, GFN(page_a)) != 0;
	wrong += !left_alone(page_b);
	return wrong + !written(page_a);
}

static unsigned int withdraw_one(void)
{
	unsigned int wrong = hw_page(1, VIRTUAL_APIC, NOWHERE) != 0;

	wrong += !left_alone(page_a);
	wrong += hw_page(1, VIRTUAL_APIC, GFN(page_a)) != 0;
	return wrong + !written(page_a);
}

/* A write to a frame that was given back is found by the hypervisor when it hands the frame out. */
static unsigned int balloon_one(void)
{
	unsigned int wrong = !reserve(XENMEM_decrease_reservation, page_a);

	wrong += !owner_turns();
	wrong += !reserve(XENMEM_populate_physmap, page_a);
	return wrong + !written(page_a);
}

static unsigned int replace_one(void)
{
	unsigned int wrong = !replace(page_a);

	wrong += !written(page_a);
	return wrong + !left_alone(page_c);
}

/* One change upon another, while the owner is still on its way back. */
static unsigned int burst_one(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < BURST; i++) {
		wrong += hw_page(1, VIRTUAL_APIC, GFN(page_b)) != 0;
		wrong += !away(page_a);
		wrong += hw_page(1, VIRTUAL_APIC, GFN(page_a)) != 0;
		wrong += !back(page_a);
	}
	wrong += !left_alone(page_b);
	return wrong + !written(page_a);
}

static unsigned int move_access_one(void)
{
	unsigned int wrong;

	phase = CHANGING;
	wrong = !away(access);
	phase = AWAY;
	wrong += !owner_turns();
	phase = CHANGING;
	wrong += !back(access);
	phase = HERE;
	return wrong + !owner_turns();
}

static void under_fire(const char *with)
{
	static const struct {
		unsigned int (*once)(void);
		const char *what;
	} kinds[] = {
		{ move_one, "moved away and back" },
		{ retarget_one, "pointed elsewhere" },
		{ withdraw_one, "withdrawn" },
		{ balloon_one, "given back and fetched again" },
		{ replace_one, "replaced by another" },
		{ burst_one, "changed again and again" },
	};

	writing = true;
	for (unsigned int k = 0; k < array_size(kinds); k++) {
		unsigned int wrong = 0;

		for (unsigned int i = 0; i < ROUNDS && wrong < 3; i++)
			wrong += kinds[k].once();
		ok_eq(wrong, 0, "%s: %u times %s, the old frame is not written", with, ROUNDS,
		      kinds[k].what);
	}
	writing = false;
	(void)owner_turns();
}

static void access_under_fire(const char *with)
{
	unsigned int wrong = 0;

	*tpr(page_a) = SHOWN;
	*tpr(access) = HIDDEN;
	if (hw_page(1, APIC_ACCESS, GFN(access)) != 0)
		return;
	phase = HERE;
	reading = true;
	for (unsigned int i = 0; i < ROUNDS && wrong < 3; i++)
		wrong += move_access_one();
	reading = false;
	ok_eq(wrong, 0, "%s: the APIC-access page moves %u times", with, ROUNDS);
	ok_eq(stale_here, 0, "it is where it is");
	ok_eq(stale_away, 0, "and not where it was");
	(void)owner_turns();
	(void)hw_page(1, APIC_ACCESS, NOWHERE);
}

void test_main(void)
{
	events_init();
	if (hw_page(0, VIRTUAL_APIC, NOWHERE) != 0) {
		skip("no TPR shadow, or no debug build");
		return;
	}
	refusals();
	alone();
	alone_access();
	if (!ok(start_cpu(1, owner) && owner_turns(), "vCPU 1 runs"))
		return;
	under_fire("two vCPUs");
	access_under_fire("two vCPUs");
	if (!ok(start_cpu(2, sibling), "vCPU 2 runs"))
		return;
	under_fire("three");
	access_under_fire("three");
	quit = sibling_quit = true;
}
