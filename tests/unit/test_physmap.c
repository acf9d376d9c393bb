// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/ept.c mm/round.c mm/gpc.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include "tests/unit/physmap_rig.h"

static void test_populate_uses_large_leaves(void **state)
{
	populate(1, 1535);
	assert_int_equal(look(0).type, PHYSMAP_NONE);
	assert_int_equal(look(1).order, 0);
	assert_int_equal(look(512).order, 9);
	assert_int_equal(look(1023).order, 9);
	assert_int_equal(look(1023).pfn.n, look(512).pfn.n + 511);
	assert_int_equal(look(1536).type, PHYSMAP_NONE);
	assert_int_equal(pm.ram_frames, 1535);
}

static void test_split_keeps_neighbours(void **state)
{
	struct physmap_entry before;

	populate(512, 512);
	before = look(700);
	remove_one(699);
	assert_int_equal(look(699).type, PHYSMAP_NONE);
	assert_int_equal(look(700).order, 0);
	assert_int_equal(look(700).pfn.n, before.pfn.n);
	assert_int_equal(memory_count(to_pfn(before.pfn.n - 1)), 0);
	assert_int_equal(memory_count(before.pfn), 1);
	assert_int_equal(pm.ram_frames, 511);
}

static void test_change_without_memory_changes_nothing(void **state)
{
	struct physmap_change ch[2];
	uint64_t gen;

	populate(512, 512);
	gen = pm.map_gen;
	ch[0] = (struct physmap_change){ .gfn = to_gfn(600), .type = PHYSMAP_NONE };
	ch[1] = (struct physmap_change){ .gfn = to_gfn(1ULL << 30), .type = PHYSMAP_OWN };
	memory_fail_after(2);
	assert_int_equal(physmap_change(&pm, ch, 2), ERR_NOMEM);
	assert_int_equal(look(600).type, PHYSMAP_RAM);
	assert_int_equal(look(600).order, 9);
	assert_int_equal(pm.map_gen, gen);
	assert_false(spin_is_locked(&pm.lock));
}

static void test_kicks_exactly_the_cores_in_this_guest(void **state)
{
	struct physmap other = { 0 };

	populate(0, 8);
	enter_guest(1, &pm);
	enter_guest(2, &other);
	remove_one(3);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(kicks[0] + kicks[2] + kicks[3], 0);
	assert_false(pcpus[1]->shared.run & RUN_ODD);
	assert_true(pcpus[2]->shared.run & RUN_ODD);
}

static void test_new_mapping_kicks_nobody(void **state)
{
	uint64_t gen = pm.map_gen;

	enter_guest(1, &pm);
	populate(0, 8);
	assert_int_equal(kicks[1], 0);
	assert_int_equal(pm.map_gen, gen);
}

static void test_deaf_core_gets_an_nmi(void **state)
{
	populate(0, 8);
	enter_guest(1, &pm);
	deaf[1] = true;
	remove_one(3);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(nmis[1], 1);
	assert_int_equal(pm.stats.nmis, 1);
}

static pfn_t watched;
static bool freed_early;

static void check_freed(pfn_t pfn)
{
	if (pfn.n == watched.n)
		freed_early = pcpus[1]->shared.run & RUN_ODD || pcpus[2]->shared.acc & 1;
}

static void test_frame_freed_after_exit_and_section(void **state)
{
	populate(0, 8);
	watched = look(3).pfn;
	freed_early = false;
	memory_freed_hook = check_freed;
	host_relax_hook = leave_and_close;
	enter_guest(1, &pm);
	pcpus[2]->shared.acc = 5;
	remove_one(3);
	assert_false(freed_early);
	assert_int_equal(memory_count(watched), 0);
	assert_int_equal(pcpus[2]->shared.acc, 6);
}

static void test_own_frames_are_only_unhooked(void **state)
{
	void *page = own_alloc_pages(0);
	struct physmap_change ch = { .gfn = to_gfn(5), .pfn = own_pfn(page), .type = PHYSMAP_OWN };

	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	remove_one(5);
	assert_int_equal(memory_count(own_pfn(page)), 1);
	own_free_pages(page, 0);
}

static void test_bad_gfn(void **state)
{
	struct physmap_change ch = { .gfn = to_gfn(1ULL << 36), .type = PHYSMAP_NONE };

	assert_int_equal(physmap_change(&pm, &ch, 1), ERR_INVALID);
	assert_int_equal(look(1ULL << 36).type, PHYSMAP_NONE);
	assert_int_equal(look(~0ULL).type, PHYSMAP_NONE);
}

static void test_slot_reuse_continues_generations(void **state)
{
	uint64_t gen;

	populate(0, 8);
	remove_one(1);
	gen = pm.map_gen;
	while (physmap_teardown(&pm))
		;
	physmap_retire(&pm);
	assert_int_equal(physmap_init(&pm, 3), OK);
	assert_true(pm.map_gen > gen);
}

static void test_copies(void **state)
{
	uint8_t out[3 * PAGE_SIZE], in[3 * PAGE_SIZE];

	populate(0, 4);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	assert_int_equal(physmap_write(&pm, to_gpa(100), in, sizeof(in)), OK);
	assert_int_equal(physmap_read(&pm, to_gpa(100), out, sizeof(out)), OK);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(physmap_read(&pm, to_gpa(3 * PAGE_SIZE), out, PAGE_SIZE + 1),
			 ERR_NOT_FOUND);
}

static uint8_t *page_of(struct gpc *g)
{
	uint8_t *p;

	section_begin();
	p = gpc_page(g);
	section_end();
	return p;
}

static void test_gpc_follows_the_map(void **state)
{
	struct gpc g;
	pfn_t pfn;

	populate(0, 8);
	gpc_init(&g, &pm, GPC_HOST, "test");
	assert_null(page_of(&g));
	assert_int_equal(gpc_refresh(&g), ERR_NOT_FOUND);
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	pfn = look(4).pfn;
	memory_frame(pfn)[17] = 0x5a;
	assert_int_equal(page_of(&g)[17], 0x5a);
	remove_one(4);
	assert_null(page_of(&g));
	assert_int_equal(gpc_refresh(&g), ERR_NOT_FOUND);
	populate(4, 1);
	assert_null(page_of(&g));
	assert_int_equal(gpc_refresh(&g), OK);
	assert_int_equal(page_of(&g)[17], 0);
	gpc_deactivate(&g);
	assert_null(page_of(&g));
	assert_int_equal(gpc_refresh(&g), ERR_NOT_FOUND);
}

static void test_mapping_a_waiting_gfn_tells(void **state)
{
	struct gpc g;

	populate(0, 8);
	gpc_init(&g, &pm, GPC_HOST, "test");
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	remove_one(4);
	populate(9, 1);
	assert_int_equal(waiters_ready, 0);
	populate(4, 1);
	assert_int_equal(waiters_ready, 1);
	gpc_deactivate(&g);
}

static void test_gpc_in_a_large_leaf(void **state)
{
	struct gpc a, b;

	populate(512, 512);
	gpc_init(&a, &pm, GPC_HOST, "a");
	gpc_init(&b, &pm, GPC_HOST, "b");
	assert_int_equal(gpc_activate(&a, to_gfn(600)), OK);
	assert_int_equal(gpc_activate(&b, to_gfn(601)), OK);
	remove_one(600);
	assert_null(page_of(&a));
	assert_non_null(page_of(&b));
	assert_int_equal(b.invalidations, 0);
	remove_one(601);
	assert_null(page_of(&b));
	gpc_deactivate(&a);
	gpc_deactivate(&b);
}

static void test_retarget_failure_keeps_the_old_target(void **state)
{
	struct gpc g;

	populate(0, 8);
	gpc_init(&g, &pm, GPC_HOST, "test");
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	assert_int_equal(gpc_activate(&g, to_gfn(99)), ERR_NOT_FOUND);
	assert_non_null(page_of(&g));
	assert_int_equal(gpc_activate(&g, to_gfn(5)), OK);
	remove_one(4);
	assert_non_null(page_of(&g));
	gpc_deactivate(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_populate_uses_large_leaves),
		T(test_split_keeps_neighbours),
		T(test_change_without_memory_changes_nothing),
		T(test_kicks_exactly_the_cores_in_this_guest),
		T(test_new_mapping_kicks_nobody),
		T(test_deaf_core_gets_an_nmi),
		T(test_frame_freed_after_exit_and_section),
		T(test_own_frames_are_only_unhooked),
		T(test_bad_gfn),
		T(test_slot_reuse_continues_generations),
		T(test_copies),
		T(test_gpc_follows_the_map),
		T(test_mapping_a_waiting_gfn_tells),
		T(test_gpc_in_a_large_leaf),
		T(test_retarget_failure_keeps_the_old_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
