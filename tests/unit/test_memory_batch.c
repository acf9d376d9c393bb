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

static void a_batch_is_one_round(void **state)
{
	unsigned int times;
	uint64_t gen;

	put_list(0x10000, 512, 3);
	assert_int_equal(reserve(XENMEM_populate_physmap, 512, 0, &times), 512);
	gen = d0->physmap.map_gen;
	assert_int_equal(reserve(XENMEM_decrease_reservation, 512, 0, &times), 512);
	assert_int_equal(d0->physmap.map_gen, gen + 1);
	assert_int_equal(times, 1);
	/* 2 MiB at once, by one large leaf as by 512 small ones. */
	for (unsigned int large = 0; large < 2; large++) {
		physmap_leaf_2m = large;
		put_list(0x20000, 1, 1);
		assert_int_equal(reserve(XENMEM_populate_physmap, 1, 9, &times), 1);
		gen = d0->physmap.map_gen;
		assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 9, &times), 1);
		assert_int_equal(d0->physmap.map_gen, gen + 1);
	}
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES);
}

static void hostile_lists(void **state)
{
	uint64_t before = memory_frames_in_use();
	unsigned int times;

	/* The same page twice: the second is not there any more. */
	put_list(0x10000, 10, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 10);
	guest_put(d0, LIST + 6 * 8, &(uint64_t){ 0x10002 }, 8);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 10, 0, &times), 6);
	assert_true(!mapped(0x10005) && mapped(0x10006) && mapped(0x10007));
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 4);
	/* Populated twice: the first frame is given back. */
	put_list(0x10000, 10, 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 10);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 5);
	/* A bad gfn in the middle, everywhere. */
	put_list(0x10000, 10, 1);
	guest_put(d0, LIST + 3 * 8, &(uint64_t){ ~0ULL }, 8);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 10, 0, &times), 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 10, 0, &times), 3);
	/* Extents that overlap; one that wraps around. */
	put_list(0x10000, 2, 2);
	assert_int_equal(reserve(XENMEM_populate_physmap, 2, 2, &times), 2);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 2, 2, &times), 1);
	put_list(~0ULL - 1, 1, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 1, 2, &times), 0);
	assert_int_equal(reserve(XENMEM_decrease_reservation, 1, 2, &times), 0);
	/* Nothing was lost. */
	for (uint64_t gfn = 0x10000; gfn < 0x10010; gfn++) {
		put_list(gfn, 1, 1);
		(void)reserve(XENMEM_decrease_reservation, 1, 0, &times);
	}
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES);
	assert_true(memory_frames_in_use() <= before + 3); /* tables */
}

static void ranges_move(void **state)
{
	struct xen_add_to_physmap a = { .domid = DOMID_SELF,
					.space = XENMAPSPACE_gmfn_range,
					.size = 500,
					.idx = 0x10000,
					.gpfn = 0x20000 };
	unsigned int times;
	uint64_t gen;

	put_list(0x10000, 500, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, 500, 0, &times), 500);
	for (uint64_t i = 0; i < 500; i++)
		guest_put(d0, (0x10000 + i) * PAGE_SIZE, &i, 8);
	gen = d0->physmap.map_gen;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(
		guest_call(v0, MEMORY, (uint64_t[5]){ XENMEM_add_to_physmap, ARG }, &times), 0);
	assert_int_equal(times, 2);
	assert_int_equal(d0->physmap.map_gen, gen + 2);
	assert_true(!mapped(0x10000) && !mapped(0x10000 + 499));
	assert_int_equal(guest_get32(d0, (0x20000 + 499UL) * PAGE_SIZE), 499);
	/* Down by one, onto itself: each page in turn. Up by one: the first goes all the way. */
	a.idx = 0x20000;
	a.gpfn = 0x1ffff;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG), 0);
	assert_int_equal(guest_get32(d0, (0x1ffff + 499UL) * PAGE_SIZE), 499);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 500);
	a.idx = 0x1ffff;
	a.gpfn = 0x20000;
	a.size = 3;
	guest_put(d0, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, MEMORY, XENMEM_add_to_physmap, ARG), 0);
	assert_int_equal(guest_get32(d0, (0x1ffff + 3UL) * PAGE_SIZE), 0);
	assert_int_equal(d0->physmap.ram_frames, GUEST_PAGES + 497);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_is_one_round),
		TEST(hostile_lists),
		TEST(ranges_move),
	};

	return cmocka_run_group_tests_name("memory_batch", tests, NULL, NULL);
}
