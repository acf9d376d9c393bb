// SPDX-License-Identifier: MIT
// variants: 64 32
// memory: 32
// timeout: 120
// solo
//
// memory_op's reservations and moves: pages given back and taken again, what counts as done,
// thousands at once with events in between, batches, ranges and removals, and arguments made up.
// On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define PAGES 700 /* more than one round of changes */

/* RAM that nobody else uses, and more of it than is done in one go. */
#define MANY         3000
#define MANY_AT      (12UL << 20)
#define MANY_GFN     (MANY_AT / PAGE_SIZE)
#define many_page(i) ((volatile uint64_t *)(MANY_AT + (i) * (uintptr_t)PAGE_SIZE))

static uint8_t pages[PAGES][PAGE_SIZE] page_aligned;
static xen_pfn_t gfns[PAGES], many[MANY];

static long reservation(unsigned int op, xen_pfn_t *list, unsigned long count, unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = count,
					    .extent_order = order,
					    .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, list);
	return memory_op(op, &r);
}

static long reserved(void)
{
	domid_t self = DOMID_SELF;

	return memory_op(XENMEM_current_reservation, &self);
}

static unsigned int count_first_bytes(uint8_t value)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		n += *(volatile uint8_t *)pages[i] == value;
	return n;
}

static void out_and_in(void)
{
	long before = reserved();

	for (unsigned int i = 0; i < PAGES; i++) {
		gfns[i] = GFN(pages[i]);
		pages[i][0] = 0x5a;
	}
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, gfns, PAGES, 0), PAGES,
	      "%u pages are given back", PAGES);
	ok_eq(count_first_bytes(0xff), PAGES, "nothing is there then");
	ok_eq((uint64_t)(before - reserved()), PAGES, "the reservation says so");
	pages[3][0] = 1;
	ok_eq(*(volatile uint8_t *)pages[3], 0xff, "writes there go nowhere");
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, gfns, 1, 0), 0,
	      "nothing cannot be given back");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, gfns, PAGES, 0), PAGES,
	      "%u pages are taken", PAGES);
	ok_eq(count_first_bytes(0), PAGES, "they come as zeroes");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "the reservation is as before");
}

static void limits(void)
{
	static xen_pfn_t high[600];
	domid_t self = DOMID_SELF;
	long room = memory_op(XENMEM_maximum_reservation, &self) - reserved();
	xen_pfn_t mixed[3] = { GFN(pages[0]), HOLE / PAGE_SIZE, GFN(pages[1]) };
	struct xen_memory_reservation other = { .nr_extents = 1, .domid = 0x7000 };

	for (unsigned int i = 0; i < array_size(high); i++)
		high[i] = HOLE / PAGE_SIZE + i;
	if (ok(room >= 0 && room < 600, "there is room for %ld pages more", room))
		ok_eq((uint64_t)reservation(XENMEM_populate_physmap, high, array_size(high), 0),
		      (uint64_t)room, "and so many can be had");
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, high, (unsigned long)room, 0),
	      (uint64_t)room, "and given back");
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, mixed, 3, 0), 1,
	      "it stops at the first that is not there");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, mixed, 1, 0), 1, "and back");
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, (void *)HOLE, 1, 0), 0,
	      "a bad list: none done");
	ok_eq((uint64_t)memory_op(XENMEM_populate_physmap, HOLE), 0, "a bad pointer: none done");
	ok((long)reservation(XENMEM_populate_physmap, high, 1, 30) <= 0, "an absurd order");
	set_xen_guest_handle(other.extent_start, mixed);
	ok(memory_op(XENMEM_decrease_reservation, &other) <= 0, "another domain");
}

static volatile long reserved_then;

static void look_in_between(unsigned int cpu, evtchn_port_t port)
{
	(void)cpu;
	(void)port;
	reserved_then = reserved();
}

/* All of MANY by one hypercall, with interrupts on and a timer that fires after `ns`. */
static long all_at_once(unsigned int op, uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = system_time() + ns };
	long done;

	reserved_then = 0;
	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
	irq_on();
	done = reservation(op, many, MANY, 0);
	irq_off();
	(void)vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0);
	return done;
}

static void thousands(void)
{
	uint64_t start, taken;
	unsigned int wrong = 0;
	long before;
	evtchn_port_t port;

	events_init();
	port = (evtchn_port_t)bind_virq(VIRQ_TIMER, 0);
	set_port_handler(port, look_in_between);
	clear_mask(port);
	before = reserved();
	/* Not in order, so that neighbours are never in one batch. */
	for (unsigned int i = 0; i < MANY; i++)
		many[i] = MANY_GFN + i * 7 % MANY;
	start = system_time();
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, many, MANY, 0), MANY,
	      "%u pages are given back", MANY);
	taken = system_time() - start;
	ok_eq((uint64_t)all_at_once(XENMEM_populate_physmap, taken / 2), MANY, "and taken");
	note("%lu us for the first, %ld pages at the event", (unsigned long)(taken / 1000),
	     reserved_then);
	ok(reserved_then > before - MANY && reserved_then < before,
	   "an event came in the middle of it");
	for (unsigned int i = 0; i < MANY; i++) {
		wrong += many_page(i)[0] != 0 || many_page(i)[511] != 0;
		many_page(i)[0] = i;
	}
	ok_eq(wrong, 0, "all of them are zeroes");
	ok_eq((uint64_t)all_at_once(XENMEM_decrease_reservation, taken / 2), MANY,
	      "given back again");
	ok(reserved_then > before - MANY && reserved_then < before,
	   "an event came in the middle of it");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, many, MANY, 0), MANY, "and taken");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "the reservation is as before");
	(void)close_port(port);
}

/* Extents of 2 MiB, and of pages in between. */
static void large_extents(void)
{
	xen_pfn_t large[2] = { MANY_GFN, MANY_GFN + 512 }, one = MANY_GFN + 512;
	long before = reserved();

	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, large, 2, 9), 2, "4 MiB go");
	ok_eq((uint64_t)(before - reserved()), 1024, "as 1024 pages");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, large, 2, 9), 2, "and come");
	ok_eq(many_page(0)[0] | many_page(1023)[511], 0, "as zeroes");
	many_page(511)[0] = many_page(513)[0] = 0x77;
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, &one, 1, 0), 1, "one page goes");
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, &large[1], 1, 9), 0,
	      "the whole it was part of is there no more");
	ok_eq(many_page(512)[0] == ~0ULL && many_page(511)[0] == 0x77 && many_page(513)[0] == 0x77,
	      1, "its neighbours stay");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, &one, 1, 0), 1, "and comes back");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "the reservation is as before");
}

/* The hypervisor's own pages are only unhooked. */
static void shared_info_survives(void)
{
	struct shared_info *s = (void *)pages[5];
	xen_pfn_t gfn = GFN(s);

	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, gfn), 0, "shared_info over RAM");
	s->evtchn_mask[2] = 0x55aa;
	(void)reservation(XENMEM_decrease_reservation, &gfn, 1, 0);
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, gfn), 0, "mapped again");
	ok_eq(READ_ONCE(s->evtchn_mask[2]), 0x55aa, "with its content");
}

static long remove_gfn(unsigned long gfn)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn };

	return memory_op(XENMEM_remove_from_physmap, &r);
}

static void removal(void)
{
	struct xen_remove_from_physmap r = { .domid = 0x7000, .gpfn = GFN(pages[7]) };

	ok_eq((uint64_t)remove_gfn(GFN(pages[7])), 0, "a page is removed");
	ok_eq(*(volatile uint8_t *)pages[7], 0xff, "nothing is there");
	ok_eq((uint64_t)remove_gfn(GFN(pages[7])), E(ENOENT), "and cannot be removed again");
	ok_eq((uint64_t)remove_gfn(~0UL), E(ENOENT), "nothing is at the end of the numbers");
	ok_eq((uint64_t)memory_op(XENMEM_remove_from_physmap, &r), E(ESRCH), "another domain");
	ok_eq((uint64_t)memory_op(XENMEM_remove_from_physmap, HOLE), E(EFAULT), "a bad pointer");
}

static xen_ulong_t idxs[PAGES];
static int errors[PAGES];

/* A batch of moves from idxs[] to gfns[]. */
static long batch(uint16_t count)
{
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF,
					      .space = XENMAPSPACE_gmfn,
					      .size = count };

	set_xen_guest_handle(b.idxs, idxs);
	set_xen_guest_handle(b.gpfns, gfns);
	set_xen_guest_handle(b.errs, errors);
	return memory_op(XENMEM_add_to_physmap_batch, &b);
}

static void batches(void)
{
	unsigned int wrong = 0, bad = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		idxs[i] = MANY_GFN + i;
		gfns[i] = HOLE / PAGE_SIZE + i;
		errors[i] = 77;
		many_page(i)[0] = i + 1;
	}
	idxs[100] = HOLE / PAGE_SIZE + 5000;
	ok_eq((uint64_t)batch(PAGES), 0, "a batch of %u moves", PAGES);
	for (unsigned int i = 0; i < PAGES; i++) {
		const volatile uint64_t *moved = (void *)(HOLE + i * (uintptr_t)PAGE_SIZE);

		bad += errors[i] != 0;
		wrong += i != 100 && moved[0] != i + 1;
	}
	ok(bad == 1 && errors[100] == -XEN_EINVAL, "one could not be made");
	ok_eq(wrong, 0, "the others were");
	for (unsigned int i = 0; i < PAGES; i++) {
		idxs[i] = HOLE / PAGE_SIZE + i;
		gfns[i] = MANY_GFN + i;
	}
	ok_eq((uint64_t)batch(PAGES), 0, "and back");
	ok_eq(many_page(PAGES - 1)[0], PAGES, "with the content");
	ok_eq(many_page(100)[0], 101, "and that of the one that did not move");
}

static long bad_batch(uint16_t domid, uint16_t space, void *from, void *to, void *errs)
{
	struct xen_add_to_physmap_batch b = { .domid = domid, .space = space, .size = 2 };

	idxs[0] = MANY_GFN;
	idxs[1] = MANY_GFN + 1;
	gfns[0] = HOLE / PAGE_SIZE;
	gfns[1] = HOLE / PAGE_SIZE + 1;
	set_xen_guest_handle(b.idxs, (xen_ulong_t *)from);
	set_xen_guest_handle(b.gpfns, (xen_pfn_t *)to);
	set_xen_guest_handle(b.errs, (int *)errs);
	return memory_op(XENMEM_add_to_physmap_batch, &b);
}

static void bad_batches(void)
{
	const uint16_t gmfn = XENMAPSPACE_gmfn, self = DOMID_SELF;
	void *hole = (void *)HOLE;

	ok_eq((uint64_t)bad_batch(self, gmfn, hole, gfns, errors), E(EFAULT), "no sources");
	ok_eq((uint64_t)bad_batch(self, gmfn, idxs, hole, errors), E(EFAULT), "no targets");
	ok_eq((uint64_t)bad_batch(0x7000, gmfn, idxs, gfns, errors), E(ESRCH), "another domain");
	ok_eq((uint64_t)bad_batch(self, XENMAPSPACE_gmfn_range, idxs, gfns, errors), E(EINVAL),
	      "ranges");
	ok_eq((uint64_t)bad_batch(self, XENMAPSPACE_gmfn_foreign, idxs, gfns, errors), E(EPERM),
	      "pages of others");
	ok_eq(many_page(0)[0], 1, "none of them moved anything");
	ok_eq((uint64_t)bad_batch(self, gmfn, idxs, gfns, (void *)(HOLE + (1UL << 20))), E(EFAULT),
	      "no place for errors");
	(void)add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, MANY_GFN);
	ok_eq((uint64_t)bad_batch(self, 9, idxs, gfns, errors), 0, "an unknown space");
	ok(errors[0] == -XEN_EINVAL && errors[1] == -XEN_EINVAL, "is an error of each");
	ok_eq((uint64_t)memory_op(XENMEM_add_to_physmap_batch, HOLE), E(EFAULT), "a bad pointer");
}

static long move_range(unsigned long from, unsigned long to, uint16_t count)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF,
					.size = count,
					.space = XENMAPSPACE_gmfn_range,
					.idx = from,
					.gpfn = to };

	return memory_op(XENMEM_add_to_physmap, &a);
}

static void ranges(void)
{
	ok_eq((uint64_t)move_range(MANY_GFN, HOLE / PAGE_SIZE, 300), 0, "300 pages are moved");
	ok_eq(*(volatile uint64_t *)(HOLE + 299UL * PAGE_SIZE), 300, "to the last");
	ok_eq(many_page(299)[0], ~0ULL, "and are gone where they were");
	ok_eq((uint64_t)remove_gfn(HOLE / PAGE_SIZE + 200), 0, "one is removed");
	ok_eq((uint64_t)move_range(HOLE / PAGE_SIZE, MANY_GFN, 300), E(EINVAL),
	      "which stops their way back");
	ok(many_page(199)[0] == 200 && many_page(201)[0] == ~0ULL, "there");
	ok_eq((uint64_t)move_range(HOLE / PAGE_SIZE + 201, MANY_GFN + 201, 99), 0, "the rest");
	ok_eq((uint64_t)move_range(HOLE / PAGE_SIZE, MANY_GFN, 0), 0, "none at all");
	gfns[0] = MANY_GFN + 200;
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, gfns, 1, 0), 1, "and a new one");
}

/* What no sane guest asks for. */
static void made_up(void)
{
	const uint64_t progress = 1U << 6; /* MEMOP_EXTENT_SHIFT */
	xen_pfn_t twice[3] = { MANY_GFN + 5, MANY_GFN + 5, MANY_GFN + 6 };
	/* Of the numbers; of what EPT translates. */
	xen_pfn_t ends[2] = { ~(xen_pfn_t)0, (xen_pfn_t)(1ULL << 36) };
	static uint64_t zeroes[16];
	long before = reserved();

	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, twice, 3, 0), 1,
	      "a page can be given back once");
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, twice, 1, 0), 1, "and back");
	/* Room for what must not be had. */
	(void)reservation(XENMEM_decrease_reservation, many, 1024, 0);
	for (unsigned int i = 0; GUEST_BITS == 64 && i < 4; i++) {
		ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, &ends[i / 2], 1,
					    i % 2 * 9),
		      0, "no extent of order %u at %lx", i % 2 * 9, (unsigned long)ends[i / 2]);
		ok_eq((uint64_t)reservation(XENMEM_populate_physmap, &ends[i / 2], 1, i % 2 * 9), 0,
		      "nor can one be had");
	}
	(void)reservation(XENMEM_populate_physmap, many, 1024, 0);
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, twice, ~0UL, 0), 0,
	      "more extents than can be counted");
	ok_eq((uint64_t)memory_op(XENMEM_decrease_reservation | 5 * progress, HOLE), 5,
	      "progress that was not made is not taken back");
	ok_eq((uint64_t)memory_op(XENMEM_exchange, zeroes), E(EOPNOTSUPP),
	      "exchange is a PV thing");
	ok_eq((uint64_t)reserved(), (uint64_t)before, "the reservation is as before");
	/* The list itself lies in what is given back. */
	for (unsigned int i = 0; i < 512; i++)
		((volatile xen_pfn_t *)many_page(0))[i] = MANY_GFN;
	ok_eq((uint64_t)reservation(XENMEM_decrease_reservation, (xen_pfn_t *)MANY_AT, 512, 0), 1,
	      "a list that goes away");
	twice[0] = MANY_GFN;
	ok_eq((uint64_t)reservation(XENMEM_populate_physmap, twice, 1, 0), 1, "and back");
}

void test_main(void)
{
	out_and_in();
	limits();
	shared_info_survives();
	removal();
	thousands();
	large_extents();
	batches();
	bad_batches();
	ranges();
	made_up();
}
