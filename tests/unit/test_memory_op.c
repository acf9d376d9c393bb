// SPDX-License-Identifier: MIT
// sources: xenabi/evtchn.c xenabi/evtchn_2l.c xenabi/evtchn_bind.c xenabi/evtchn_op.c
// sources: tests/unit/fakes/xen_guest.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
// sources: xenabi/hypercall.c xenabi/upcall.c xenabi/poll.c xenabi/vcpu.c xenabi/vcpu_op.c
// sources: xenabi/vcpu_timer.c xenabi/sched_op.c xenabi/small_ops.c xenabi/hvm_op.c
// sources: xenabi/version.c xenabi/multicall.c xenabi/memory_op.c xenabi/physmap_op.c
// sources: xenabi/balloon.c xenabi/grant_table.c xenabi/debug_op.c xenabi/domain.c
// sources: xenabi/watchdog.c xenabi/shared_info.c xenabi/time.c xenabi/runstate.c
// sources: xenabi/guest_area.c mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c
// sources: mm/round.c mm/gpc.c mm/section_drain.c mm/gwalk.c arch/x86/cpu/count.c
#include "tests/unit/memory_rig.h"

static void thousands_of_extents_continue(void **state)
{
	uint64_t before = memory_frames_in_use();
	unsigned int times;

	put_list(0x10000, 3000, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 3000, 0, &times), 3000);
	assert_true(times >= 3);
	assert_true(mapped(0x10000) && mapped(0x10000 + 2999) && !mapped(0x10000 + 3000));
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 3000);
	guest_put(d0, ARG, &(uint16_t){ DOMID_SELF }, 2);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_maximum_gpfn, ARG), 0x10000 + 2999);
	assert_true(memory_frames_in_use() - before - 3000 < 20); /* tables */
	assert_int_equal(reserve(XENMEM_decrease_reservation, 3000, 0, &times), 3000);
	assert_true(times >= 3);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES);
	/* The tables have gone with the last page that they mapped. */
	assert_int_equal(memory_frames_in_use(), before);
}

static void the_slice_ends_a_batch(void **state)
{
	unsigned int times;

	put_list(0x10000, 640, 1);
	/* Every look says that the scheduler wants the core. */
	v0->attn.bits = ATTN_RESCHED;
	assert_int_equal(reserve(XENMEM_populate_physmap, 640, 0, &times), 640);
	assert_int_equal(times, 2);
}

static void what_stops_a_batch_is_not_counted(void **state)
{
	unsigned int times;

	put_list(20, 10, 1);
	guest_put(d0, LIST + 5 * 8, &(uint64_t){ 0x5000 }, 8); /* nothing there */
	assert_int_equal(reserve(XENMEM_decrease_reservation, 10, 0, &times), 5);
	assert_true(!mapped(20) && !mapped(24) && mapped(26));
	/* No frame at all, beyond the limit, beyond the address width, beyond the list. */
	memory_fail_after(3);
	put_list(0x10000, 10, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 3);
	memory_fail_after(-1);
	d0->xen->max_pages = d0->physmap.ram_frames + 4;
	put_list(0x11000, 10, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 4);
	d0->xen->max_pages = 4000;
	put_list(0x12000, 10, 1);
	guest_put(d0, LIST + 7 * 8, &(uint64_t){ 1ULL << 50 }, 8);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 7);
	/* The list itself lies in what is given back: it ends where it cannot be read. */
	assert_int_equal(reserve(XENMEM_populate_physmap, 1ULL << 59, 0, &times), 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, 1, 10, &times), 0);
	assert_int_equal(reserve(XENMEM_increase_reservation, 5, 0, &times), 0);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_populate_physmap, NOWHERE), 0);
	/* A start that the guest made up. */
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_populate_physmap | 77 << 6, ARG), 77);
}

static void extents_of_many_pages(void **state)
{
	unsigned int times;

	put_list(0x20000, 2, 512);
	assert_int_equal(reserve(XENMEM_populate_physmap, 2, 9, &times), 2);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 1024);
	put_list(0x20000, 64, 16);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 64, 4, &times), 64);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES);
	physmap_leaf_2m = true;
	put_list(0x20000, 1, 512);
	assert_int_equal(reserve(XENMEM_populate_physmap, 1, 9, &times), 1);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 512);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 9, &times), 1);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES);
	/* An extent with a hole. */
	put_list(0x30000, 1, 1);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 2, &times), 0);
}

static void the_32_bit_structure(void **state)
{
	struct {
		uint32_t list, count, order, flags;
		uint16_t domid, pad;
	} r = { LIST, 3, 0, 0, DOMID_SELF, 0 };
	uint32_t gfns[3] = { 0x10000, 0x10001, 0x10002 };

	guest_mode = VCPU_MODE_32;
	guest_put(d0, ARG, &r, sizeof(r));
	guest_put(d0, LIST, gfns, sizeof(gfns));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_populate_physmap, ARG), 3);
	assert_true(mapped(0x10002));
	r.count = 0x4000001; /* its progress could not be encoded */
	guest_put(d0, ARG, &r, sizeof(r));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_populate_physmap, ARG), 0);
}

static void remove_gfn(uint64_t gfn)
{
	guest_put(d0, ARG, &(uint64_t[2]){ DOMID_SELF, gfn }, 16);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_remove_from_physmap, ARG), 0);
}

static int64_t add(uint32_t space, uint64_t idx, uint64_t gpfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gpfn
	};

	guest_put(d0, ARG, &a, sizeof(a));
	return guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG);
}

static void shared_info_moves(void **state)
{
	uint64_t ram = d0->physmap.ram_frames;

	xen_vcpu_sched_in(v0);
	d0->xen->shared[0x700] = 0x42;
	/* Over RAM, which is freed. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 30), 0);
	assert_int_equal(guest_get32(d0, 30 * PAGE_SIZE + 0x700), 0x42);
	assert_int_equal(d0->physmap.ram_frames, ram - 1);
	/* The time is valid at once, the wallclock's version even. */
	assert_int_not_equal(guest_get32(d0, 30 * PAGE_SIZE + 32 + 24), 0);
	assert_int_equal(guest_get32(d0, 30 * PAGE_SIZE + 0xc00) & 1, 0);
	/* Somewhere high: gone from where it was. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 0x7ffff), 0);
	assert_false(mapped(30));
	assert_int_equal(guest_get32(d0, 0x7ffffUL * PAGE_SIZE + 0x700), 0x42);
	/* The same place again. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 0x7ffff), 0);
	assert_true(mapped(0x7ffff));
	/* Unhooked, not freed; events sent meanwhile are seen later. */
	guest_put(d0, ARG, &(uint64_t[2]){ DOMID_SELF, 0x7ffff }, 16);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_remove_from_physmap, ARG), 0);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_remove_from_physmap, ARG), -XEN_ENOENT);
	d0->xen->shared[0x701] = 0x43;
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 30), 0);
	assert_int_equal(guest_get32(d0, 30 * PAGE_SIZE + 0x700) & 0xffff, 0x4342);
	/* By the balloon as well. */
	put_list(30, 1, 1);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 0, NULL), 1);
	assert_false(mapped(30));
	assert_int_equal(add(XENMAPSPACE_shared_info, 1, 30), -XEN_EINVAL);
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 1ULL << 50), -XEN_EINVAL);
	assert_int_equal(add(9, 0, 30), -XEN_EINVAL);
	assert_int_equal(add(XENMAPSPACE_gmfn_foreign, 0, 30), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, NOWHERE), -XEN_EFAULT);
}

static void ram_moves(void **state)
{
	uint64_t ram = d0->physmap.ram_frames;

	guest_put(d0, 40 * PAGE_SIZE, "moved", 6);
	assert_int_equal(add(XENMAPSPACE_gmfn, 40, 50), 0);
	assert_false(mapped(40));
	assert_int_equal(guest_get32(d0, 50 * PAGE_SIZE), *(const uint32_t *)(const void *)"move");
	assert_int_equal(d0->physmap.ram_frames, ram - 1);
	assert_int_equal(add(XENMAPSPACE_gmfn, 50, 50), 0);
	assert_true(mapped(50));
	assert_int_equal(add(XENMAPSPACE_gmfn, 40, 51), -XEN_EINVAL);
	assert_int_equal(add(XENMAPSPACE_gmfn, 50, 1ULL << 50), -XEN_EINVAL);
	assert_true(mapped(50));
	/* The hypervisor's own frames do not move that way. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 40), 0);
	assert_int_equal(add(XENMAPSPACE_gmfn, 40, 51), -XEN_EINVAL);
}

static void a_range_moves_to_its_first_fault(void **state)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF,
					.size = 40,
					.space = XENMAPSPACE_gmfn_range,
					.idx = 20,
					.gpfn = 0x50000 };
	unsigned int times;

	guest_put(d0, 59 * PAGE_SIZE, "59", 3);
	guest_put(d0, ARG, &a, sizeof(a));
	/* Every look says that the scheduler wants the core. */
	v0->attn.bits = ATTN_RESCHED;
	assert_int_equal(
		guest_call(v0, MEMORY, (uint64_t[5]){ XENMEM_add_to_physmap, ARG }, &times), 0);
	assert_int_equal(times, 1);
	assert_true(!mapped(20) && !mapped(59) && mapped(60) && mapped(0x50000));
	assert_int_equal(guest_get32(d0, (0x50000UL + 39) * PAGE_SIZE) & 0xffff,
			 *(const uint16_t *)(const void *)"59");
	/* What stops it is the answer, however far it came. */
	remove_gfn(0x50000 + 10);
	a.idx = 0x50000;
	a.gpfn = 20;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG), -XEN_EINVAL);
	assert_true(mapped(20) && mapped(29) && !mapped(30) && mapped(0x50000 + 11));
	/* A start that the guest made up. */
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap | 41 << 6, ARG),
			 -XEN_EILSEQ);
	/* Nothing, and past the end of the numbers. */
	a.size = 0;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG), 0);
	a.size = 3;
	a.idx = ~0UL;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG), -XEN_EINVAL);
}

/* A page that is named twice can be given back once. */
static void an_extent_counts_once(void **state)
{
	uint64_t ram = d0->physmap.ram_frames;

	put_list(20, 8, 1);
	guest_put(d0, LIST + 5 * 8, &(uint64_t){ 22 }, 8);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 8, 0, NULL), 5);
	assert_int_equal(d0->physmap.ram_frames, ram - 5);
	assert_true(!mapped(24) && mapped(26));
	/* The same with extents that overlap. */
	put_list(32, 2, 4);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 2, 3, NULL), 1);
	assert_int_equal(d0->physmap.ram_frames, ram - 5 - 8);
	/* Mapped twice in one batch: the second takes the place of the first. */
	put_list(0x10000, 2, 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, 2, 0, NULL), 2);
	assert_int_equal(d0->physmap.ram_frames, ram - 5 - 8 + 1);
}

static void grant_frames_are_mapped(void **state)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_set_version s = { .version = 2 };
	struct gnttab_get_version g = { .dom = DOMID_SELF };

	guest_put(d0, ARG, &q, sizeof(q));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, ARG, 1),
			 0);
	guest_get(d0, ARG, &q, sizeof(q));
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 64);
	assert_int_equal(add(XENMAPSPACE_grant_table, 0, 0x40000), 0);
	assert_int_equal(add(XENMAPSPACE_grant_table, 3, 0x40003), 0);
	assert_int_equal(add(XENMAPSPACE_grant_table, 64, 0x40004), -XEN_EINVAL);
	assert_int_equal(add(XENMAPSPACE_grant_table, 1UL << 31, 0x40004), -XEN_EINVAL);
	guest_put(d0, ARG, &q, sizeof(q));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, ARG, 1),
			 0);
	guest_get(d0, ARG, &q, sizeof(q));
	assert_int_equal(q.nr_frames, 4);
	/* Moved: gone from where it was. */
	assert_int_equal(add(XENMAPSPACE_grant_table, 3, 0x40009), 0);
	assert_false(mapped(0x40003));
	assert_true(mapped(0x40000));
	guest_put(d0, ARG, &s, sizeof(s));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, ARG, 1),
			 -XEN_ENOSYS);
	s.version = 1;
	guest_put(d0, ARG, &s, sizeof(s));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, ARG, 1),
			 0);
	guest_put(d0, ARG, &g, sizeof(g));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_grant_table_op, GNTTABOP_get_version, ARG, 1),
			 0);
	guest_get(d0, ARG, &g, sizeof(g));
	assert_int_equal(g.version, 1);
}

static void a_batch_reports_each_error(void **state)
{
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF,
					      .space = XENMAPSPACE_gmfn,
					      .size = 3 };
	uint64_t idx[3] = { 40, 0x5000, 42 }, gfn[3] = { 0x50000, 0x50001, 0x50002 };
	int32_t errs[3];

	b.idxs.p = (xen_ulong_t *)LIST;
	b.gpfns.p = (xen_pfn_t *)(LIST + 64);
	b.errs.p = (int *)(LIST + 128);
	guest_put(d0, LIST, idx, sizeof(idx));
	guest_put(d0, LIST + 64, gfn, sizeof(gfn));
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), 0);
	guest_get(d0, LIST + 128, errs, sizeof(errs));
	assert_int_equal(errs[0], 0);
	assert_int_equal(errs[1], -XEN_EINVAL);
	assert_int_equal(errs[2], 0);
	assert_true(mapped(0x50000) && mapped(0x50002) && !mapped(40));
	/* Nothing is moved before the entry could be read. */
	idx[0] = 44;
	guest_put(d0, LIST, idx, sizeof(idx));
	b.gpfns.p = (xen_pfn_t *)NOWHERE;
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), -XEN_EFAULT);
	assert_true(mapped(44));
	b.gpfns.p = (xen_pfn_t *)(LIST + 64);
	b.errs.p = (int *)NOWHERE;
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), -XEN_EFAULT);
	/* Nor before its error could be written: the first one's only. */
	assert_true(mapped(44));
	b.errs.p = (int *)(GUEST_PAGES * PAGE_SIZE - sizeof(*errs));
	guest_put(d0, LIST + 8, &(uint64_t){ 45 }, 8);
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), -XEN_EFAULT);
	assert_true(!mapped(44) && mapped(45));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch | 4 << 6, ARG),
			 -XEN_EILSEQ);
	b.size = 0;
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), 0);
	b.space = XENMAPSPACE_gmfn_range;
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), -XEN_EINVAL);
	b.space = XENMAPSPACE_gmfn_foreign;
	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap_batch, ARG), -XEN_EPERM);
}

static void the_memory_map(void **state)
{
	struct xen_memmap_entry e[3] = { { 0, 0x1000, 1 }, { 0x2000, 0x3000, 2 }, { 9, 8, 7 } };
	struct xen_memory_map m = { .nr_entries = 3 };
	struct xen_foreign_memory_map f = { .domid = DOMID_SELF };
	uint32_t narrow[2] = { 5, LIST };

	m.buffer.p = (void *)LIST;
	guest_put(d0, ARG, &m, sizeof(m));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_memory_map, ARG), -XEN_ENOSYS);
	assert_int_equal(xen_domain_set_memmap(d0, e, 2), OK);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_memory_map, ARG), 0);
	assert_int_equal(guest_get32(d0, ARG), 2);
	assert_int_equal(guest_get64(d0, LIST + 20), 0x2000);
	assert_int_equal(guest_get32(d0, LIST + 36), 2);
	guest_put(d0, LIST, e, sizeof(e));
	f.map = m;
	guest_put(d0, ARG, &f, sizeof(f));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_set_memory_map, ARG), 0);
	guest_mode = VCPU_MODE_32;
	guest_put(d0, ARG, narrow, sizeof(narrow));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_memory_map, ARG), 0);
	assert_int_equal(guest_get32(d0, ARG), 3);
	assert_int_equal(guest_get32(d0, LIST + 56), 7);
	guest_mode = VCPU_MODE_64;
	f.map.nr_entries = 129;
	guest_put(d0, ARG, &f, sizeof(f));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_set_memory_map, ARG), -XEN_EINVAL);
}

static void queries_and_refusals(void **state)
{
	static const uint8_t refused[] = { 10, 16, 17, 20, 21, 22, 24 }, unknown[] = { 5, 12, 25 };

	guest_put(d0, ARG, &(uint64_t){ DOMID_SELF }, 8);
	assert_int_equal(guest_call2(v0, MEMORY, 3, ARG), GUEST_PAGES);
	assert_int_equal(guest_call2(v0, MEMORY, 4, ARG), 4000);
	assert_int_equal(guest_call2(v0, MEMORY, 3, NOWHERE), -XEN_EFAULT);
	assert_true(guest_call2(v0, MEMORY, 2, 0) > 0);
	for (unsigned int i = 0; i < sizeof(refused); i++)
		assert_int_equal(guest_call2(v0, MEMORY, refused[i], ARG), -XEN_EPERM);
	for (unsigned int i = 0; i < sizeof(unknown); i++)
		assert_int_equal(guest_call2(v0, MEMORY, unknown[i], ARG), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, MEMORY, 26, ARG), -XEN_EOPNOTSUPP);
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_exchange, ARG), -XEN_EOPNOTSUPP);
	guest_put(d0, ARG, &(uint32_t[2]){ 0, 9 }, 8);
	assert_int_equal(guest_call2(v0, MEMORY, 27, ARG), 0);
	assert_int_equal(guest_get32(d0, ARG + 4), 0);
	guest_put(d0, ARG, &(uint64_t){ 2 }, 8);
	assert_int_equal(guest_call2(v0, MEMORY, 3, ARG), -XEN_EPERM);
	guest_put(d0, ARG, &(uint64_t){ 40 }, 8);
	assert_int_equal(guest_call2(v0, MEMORY, 3, ARG), -XEN_ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_of_extents_continue),
		TEST(the_slice_ends_a_batch),
		TEST(what_stops_a_batch_is_not_counted),
		TEST(extents_of_many_pages),
		TEST(the_32_bit_structure),
		TEST(shared_info_moves),
		TEST(ram_moves),
		TEST(a_range_moves_to_its_first_fault),
		TEST(an_extent_counts_once),
		TEST(grant_frames_are_mapped),
		TEST(a_batch_reports_each_error),
		TEST(the_memory_map),
		TEST(queries_and_refusals),
	};

	return cmocka_run_group_tests_name("memory_op", tests, NULL, NULL);
}
