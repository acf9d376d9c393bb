// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
// cores: 2
// timeout: 120
//
// Two vCPUs change the same page at the same time: of two that remove it or move it away one does,
// of two that put something there one comes last, and the reservation is right to the page after
// each round (docs/gpc.md, hazards 20 and 26). On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define ROUNDS 150

static uint8_t page[PAGE_SIZE] page_aligned, other[PAGE_SIZE] page_aligned;

/* What both do in a round; its result for each. */
static long (*volatile deed)(unsigned int cpu);
static volatile long result[2];
static volatile unsigned int round_begun, round_done;
static volatile bool quit;

static void act(unsigned int cpu)
{
	/* They begin a little before or after one another, differently each time. */
	for (unsigned int i = round_begun * (cpu ? 13 : 29) % 97; i; i--)
		cpu_pause();
	result[cpu] = deed(cpu);
}

static void second_vcpu(void)
{
	for (unsigned int seen = 0; !quit;) {
		if (seen == round_begun) {
			cpu_pause();
			continue;
		}
		seen++;
		act(1);
		fence();
		round_done = seen;
	}
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Both at once; done when this returns. */
static void both(long (*what)(unsigned int cpu))
{
	deed = what;
	fence();
	round_begun++;
	act(0);
	while (round_done != round_begun)
		cpu_pause();
}

static long reservation(unsigned int op, xen_pfn_t gfn)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &gfn);
	return memory_op(op, &r);
}

static long reserved(void)
{
	domid_t self = DOMID_SELF;

	return memory_op(XENMEM_current_reservation, &self);
}

static long drop(unsigned int cpu)
{
	(void)cpu;
	return reservation(XENMEM_decrease_reservation, GFN(page));
}

static long take(unsigned int cpu)
{
	(void)cpu;
	return reservation(XENMEM_populate_physmap, GFN(page));
}

static void out_and_in(void)
{
	unsigned int both_dropped = 0, both_kept = 0, not_taken = 0, dirty = 0, wrong = 0;
	long before = reserved();

	for (unsigned int i = 0; i < ROUNDS; i++) {
		*(volatile uint64_t *)page = i + 1;
		both(drop);
		both_dropped += result[0] + result[1] > 1;
		both_kept += result[0] + result[1] < 1;
		wrong += reserved() != before - 1 || *(volatile uint64_t *)page != ~0ULL;
		both(take);
		/* The second puts its page in place of the first one's. */
		not_taken += result[0] != 1 || result[1] != 1;
		dirty += *(volatile uint64_t *)page != 0;
		wrong += reserved() != before;
	}
	ok(both_dropped + both_kept == 0, "one of the two gives the page back: %u both, %u none",
	   both_dropped, both_kept);
	ok_eq(not_taken, 0, "both put one there");
	ok_eq(dirty, 0, "which is clean");
	ok_eq(wrong, 0, "and what is reserved is right");
}

static unsigned long place(unsigned int cpu)
{
	return HOLE / PAGE_SIZE + cpu;
}

static long away(unsigned int cpu)
{
	return add_to_physmap(XENMAPSPACE_gmfn, GFN(page), place(cpu));
}

static void moved_away(void)
{
	unsigned int wrong = 0, lost = 0;
	long before = reserved();

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int winner;

		*(volatile uint64_t *)page = i + 1;
		both(away);
		winner = result[0] ? 1 : 0;
		wrong += result[winner] != 0 || result[!winner] != -XEN_EINVAL;
		lost += ((volatile uint64_t *)HOLE)[winner * PAGE_SIZE / 8] != i + 1;
		lost += ((volatile uint64_t *)HOLE)[!winner * PAGE_SIZE / 8] != ~0ULL;
		wrong += add_to_physmap(XENMAPSPACE_gmfn, place(winner), GFN(page)) != 0;
	}
	ok_eq(wrong, 0, "one of the two moves the page away");
	ok_eq(lost, 0, "with its content, to its place");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "what is reserved is right");
}

/* Each to a place of its own, where RAM is that is given back. */
static long show_shared(unsigned int cpu)
{
	return add_to_physmap(XENMAPSPACE_shared_info, 0, cpu ? GFN(page) : GFN(other));
}

static void shared_twice(void)
{
	unsigned int wrong = 0, copies = 0;
	long before = reserved();

	for (unsigned int i = 0; i < ROUNDS; i++) {
		volatile struct shared_info *a = (void *)page, *b = (void *)other;

		both(show_shared);
		wrong += result[0] != 0 || result[1] != 0;
		/* Here or there, not in both places; the hypervisor's page all the time. */
		copies += (a->wc_sec != 0xffffffff) == (b->wc_sec != 0xffffffff);
		(a->wc_sec == 0xffffffff ? b : a)->evtchn_mask[3] = i;
		wrong += reserved() != before - 2;
		wrong += add_to_physmap(XENMAPSPACE_shared_info, 0, place(0)) != 0;
		wrong += ((volatile struct shared_info *)HOLE)->evtchn_mask[3] != i;
		wrong += reservation(XENMEM_populate_physmap, GFN(page)) != 1;
		wrong += reservation(XENMEM_populate_physmap, GFN(other)) != 1;
	}
	ok_eq(copies, 0, "shared_info is in one place");
	ok_eq(wrong, 0, "and keeps what is in it");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "what is reserved is right");
}

void test_main(void)
{
	if (!ok(start_cpu(1, second_vcpu), "vCPU 1 starts"))
		return;
	out_and_in();
	moved_away();
	shared_twice();
	quit = true;
}
