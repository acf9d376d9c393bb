// SPDX-License-Identifier: MIT
// variants: 64 32
//
// memory_op's reservations: pages given back and taken again, what counts as done, batches and
// removals. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define PAGES 700 /* more than one round of changes */

static uint8_t pages[PAGES][PAGE_SIZE] page_aligned;
static xen_pfn_t gfns[PAGES];

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

static void remove_and_batch(void)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = GFN(pages[7]) };
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF,
					      .space = XENMAPSPACE_gmfn,
					      .size = 2 };
	xen_ulong_t from[2] = { GFN(pages[8]), HOLE / PAGE_SIZE + 9 };
	xen_pfn_t to[2] = { HOLE / PAGE_SIZE, HOLE / PAGE_SIZE + 1 };
	int errors[2] = { 77, 77 };

	ok_eq((uint64_t)memory_op(XENMEM_remove_from_physmap, &r), 0, "a page is removed");
	ok_eq(*(volatile uint8_t *)pages[7], 0xff, "nothing is there");
	ok((long)memory_op(XENMEM_remove_from_physmap, &r) < 0, "and cannot be removed again");
	pages[8][0] = 0x31;
	set_xen_guest_handle(b.idxs, from);
	set_xen_guest_handle(b.gpfns, to);
	set_xen_guest_handle(b.errs, errors);
	ok_eq((uint64_t)memory_op(XENMEM_add_to_physmap_batch, &b), 0, "a batch of moves");
	ok_eq((uint64_t)(long)errors[0], 0, "the first worked");
	ok(errors[1] < 0, "the second did not: %d", errors[1]);
	ok_eq(*(volatile uint8_t *)HOLE, 0x31, "the page is in its new place");
}

void test_main(void)
{
	out_and_in();
	limits();
	shared_info_survives();
	remove_and_batch();
}
