// SPDX-License-Identifier: MIT
// variants: 64 32
//
// memory_op: shared_info at any gfn and moved, gmfn moves, the memory map, and what a guest is not
// allowed. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static uint8_t first[PAGE_SIZE] page_aligned, second[PAGE_SIZE] page_aligned;
static uint8_t moved[PAGE_SIZE] page_aligned;

static long map_shared(unsigned long gfn)
{
	return add_to_physmap(XENMAPSPACE_shared_info, 0, gfn);
}

static bool all(const volatile uint8_t *p, uint8_t value)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i += 64)
		if (p[i] != value)
			return false;
	return true;
}

static void shared_info_moves(void)
{
	struct shared_info *a = (void *)first, *b = (void *)second;
	volatile struct vcpu_time_info *t;

	memset(first, 0x77, PAGE_SIZE);
	memset(second, 0x77, PAGE_SIZE);
	ok_eq((uint64_t)map_shared(GFN(first)), 0, "shared_info over RAM");
	t = &a->vcpu_info[0].time;
	ok(t->tsc_to_system_mul != 0 && t->version % 2 == 0, "the time is valid at once");
	ok(a->wc_sec > 1500000000U, "the wall clock is: %u", a->wc_sec);
	a->evtchn_mask[1] = 0x1234567;
	ok_eq((uint64_t)map_shared(GFN(second)), 0, "moved over other RAM");
	ok_eq(READ_ONCE(b->evtchn_mask[1]), 0x1234567, "its content came along");
	ok(all(first, 0xff), "nothing is left at the old gfn");
	ok_eq((uint64_t)map_shared(HOLE / PAGE_SIZE), 0, "moved to where nothing was");
	a = (void *)HOLE;
	ok_eq(READ_ONCE(a->evtchn_mask[1]), 0x1234567, "its content came along");
	ok(all(second, 0xff), "nothing is left there either");
	ok_eq((uint64_t)map_shared(GFN(first)), 0, "and back");
	ok_eq(READ_ONCE(((struct shared_info *)(void *)first)->evtchn_mask[1]), 0x1234567,
	      "its content came along");
	ok(all((void *)HOLE, 0xff), "the hole is one again");
	ok_eq((uint64_t)map_shared(GFN(first)), 0, "to where it is already");
	ok_eq(READ_ONCE(((struct shared_info *)(void *)first)->evtchn_mask[1]), 0x1234567,
	      "it is still there");
}

/* Behind 4 GiB, where no RAM was given. */
static void high_gfns(void)
{
	const uint64_t gpa = 5ULL << 30;
	volatile uint8_t *high;

	ok_eq((uint64_t)map_shared((unsigned long)(gpa / PAGE_SIZE)), 0, "shared_info at 5 GiB");
	high = map_high(gpa);
	if (high)
		ok_eq(((volatile struct shared_info *)high)->evtchn_mask[1], 0x1234567,
		      "it is there");
	else
		skip("32-bit tables do not reach it");
	ok((long)map_shared(~0UL / PAGE_SIZE / 2) < 0 || GUEST_BITS == 32,
	   "beyond the physical address width");
	ok_eq((uint64_t)map_shared(GFN(first)), 0, "and back");
}

static void refusals(void)
{
	struct xen_add_to_physmap a = { .domid = 0x7000, .space = XENMAPSPACE_shared_info };

	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 1, GFN(second)), E(EINVAL),
	      "there is no second shared_info");
	ok((long)add_to_physmap(9, 0, GFN(second)) < 0, "an unknown space");
	a.gpfn = GFN(second);
	ok_eq((uint64_t)memory_op(XENMEM_add_to_physmap, &a), E(ESRCH), "another domain");
	ok_eq((uint64_t)memory_op(XENMEM_add_to_physmap, HOLE), E(EFAULT), "a bad pointer");
}

static void gmfn_moves(void)
{
	memset(moved, 0x42, PAGE_SIZE);
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_gmfn, GFN(moved), HOLE / PAGE_SIZE), 0,
	      "a page of RAM is moved into the hole");
	ok(all((void *)HOLE, 0x42), "with its content");
	ok(all(moved, 0xff), "and is gone where it was");
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(moved)), 0,
	      "moved back");
	ok(all(moved, 0x42), "with its content");
	ok((long)add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(moved)) < 0,
	   "nothing cannot be moved");
	ok(all(moved, 0x42), "and moves nothing");
}

static void the_map(void)
{
	static struct hvm_memmap_table_entry *m;
	/* e820 entries as in the BIOS call: 20 bytes each. */
	static uint8_t buf[32][20];
	struct xen_memory_map map = { .nr_entries = 32 };
	bool same = true;

	set_xen_guest_handle(map.buffer, buf);
	ok_eq((uint64_t)memory_op(XENMEM_memory_map, &map), 0, "memory_map");
	ok_eq(map.nr_entries, start_info->memmap_entries, "as many entries as start_info has");
	m = (void *)(uintptr_t)start_info->memmap_paddr;
	for (unsigned int i = 0; i < map.nr_entries && i < 32; i++)
		same &= memcmp(buf[i], &m[i].addr, 8) == 0 &&
			memcmp(buf[i] + 8, &m[i].size, 8) == 0 &&
			memcmp(buf[i] + 16, &m[i].type, 4) == 0;
	ok(same, "and the same ones");
	ok_eq((uint64_t)memory_op(XENMEM_memory_map, HOLE), E(EFAULT), "a bad pointer");
	set_xen_guest_handle(map.buffer, (void *)HOLE);
	map.nr_entries = 32;
	ok_eq((uint64_t)memory_op(XENMEM_memory_map, &map), E(EFAULT), "a bad buffer");
}

static void queries(void)
{
	domid_t self = DOMID_SELF;
	long current, max;

	current = memory_op(XENMEM_current_reservation, &self);
	max = memory_op(XENMEM_maximum_reservation, &self);
	ok(current > 4000 && current <= 4200, "16 MiB are %ld pages", current);
	ok(max >= current, "of at most %ld", max);
	ok(memory_op(XENMEM_maximum_ram_page, 0) > 0, "there is a last page of RAM");
	ok(memory_op(XENMEM_maximum_gpfn, &self) >= 0xfff, "and a last gfn");
}

static void denied(void)
{
	static const uint8_t absent[] = { 5, 12, 25 }, forbidden[] = { 10, 16, 17, 20, 21, 22, 24 };
	static uint64_t zeroes[16];

	for (unsigned int i = 0; i < array_size(absent); i++)
		ok_eq((uint64_t)memory_op(absent[i], zeroes), E(ENOSYS), "operation %u", absent[i]);
	for (unsigned int i = 0; i < array_size(forbidden); i++)
		ok_eq((uint64_t)memory_op(forbidden[i], zeroes), E(EPERM), "operation %u",
		      forbidden[i]);
	ok_eq((uint64_t)memory_op(60, zeroes), E(ENOSYS), "an unknown operation");
}

void test_main(void)
{
	shared_info_moves();
	high_gfns();
	refusals();
	gmfn_moves();
	the_map();
	queries();
	denied();
}
