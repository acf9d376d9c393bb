// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/ept.c mm/round.c mm/gpc.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include "tests/unit/physmap_rig.h"

static struct physmap_change batch[PHYSMAP_BATCH];

/* n removals from gfn on, or mappings of the frames from pfn on. */
static void fill_batch(uint64_t gfn, unsigned int n, enum physmap_type type, pfn_t pfn)
{
	for (unsigned int i = 0; i < n; i++)
		batch[i] = (struct physmap_change){ .gfn = to_gfn(gfn + i),
						    .type = type,
						    .pfn = to_pfn(pfn.n + i) };
}

static void remove_batch(uint64_t gfn, unsigned int n)
{
	fill_batch(gfn, n, PHYSMAP_NONE, to_pfn(0));
	assert_int_equal(physmap_change(&pm, batch, n), OK);
}

static void map_batch(uint64_t gfn, unsigned int n, pfn_t pfn)
{
	fill_batch(gfn, n, PHYSMAP_RAM, pfn);
	assert_int_equal(physmap_change(&pm, batch, n), OK);
}

static void test_batch_costs_one_kick(void **state)
{
	uint64_t tables = memory_own_pages(), gen;

	/* In four pieces: 4 KiB leaves. */
	for (unsigned int i = 0; i < PHYSMAP_BATCH; i += PHYSMAP_BATCH / 4)
		populate(1024 + i, PHYSMAP_BATCH / 4);
	assert_int_equal(look(1024).order, 0);
	enter_guest(1, &pm);
	gen = pm.map_gen;
	remove_batch(1024, PHYSMAP_BATCH);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(pm.map_gen, gen + 1);
	assert_int_equal(pm.ram_frames, 0);
	/* With its last page the tables went. */
	assert_int_equal(memory_own_pages(), tables);
}

/* The first own page that is freed, and what other cores did then. */
static pfn_t first_freed;
static bool table_freed_early;

static void check_table_freed(pfn_t pfn)
{
	if (pfn_valid(first_freed) || frame_owner(pfn) != FRAME_OWN)
		return;
	first_freed = pfn;
	table_freed_early = pcpus[1]->shared.run & RUN_ODD || pcpus[2]->shared.acc & 1;
}

static void watch_tables(void)
{
	first_freed = to_pfn(INVALID_FRAME);
	memory_freed_hook = check_table_freed;
	host_relax_hook = leave_and_close;
	enter_guest(1, &pm);
	pcpus[2]->shared.acc = 5;
}

static void test_tables_go_after_the_round(void **state)
{
	populate(512, 511);
	watch_tables();
	remove_batch(512, 511);
	assert_true(pfn_valid(first_freed));
	assert_false(table_freed_early);
	assert_int_equal(pm.root[0], 0);
}

static void test_a_block_of_leaves_becomes_large(void **state)
{
	pfn_t block = frame_alloc(9, pm.slot);
	uint64_t gen = pm.map_gen, tables;
	struct gpc g;

	map_batch(512, 300, block);
	assert_int_equal(look(512).order, 0);
	tables = memory_own_pages();
	gpc_init(&g, &pm, GPC_HOST, "test");
	assert_int_equal(gpc_activate(&g, to_gfn(600)), OK);
	watch_tables();
	map_batch(512 + 300, 212, to_pfn(block.n + 300));
	/* One round, for the sake of the table. */
	assert_int_equal(look(600).order, 9);
	assert_int_equal(look(600).pfn.n, block.n + 88);
	assert_int_equal(pm.map_gen, gen + 1);
	assert_int_equal(kicks[1], 1);
	assert_true(pfn_valid(first_freed));
	assert_false(table_freed_early);
	assert_int_equal(memory_own_pages(), tables - 1);
	assert_int_equal(pm.ram_frames, 512);
	/* Nothing was withdrawn; the mark that somebody may hold it has gone along. */
	assert_true(g.valid);
	remove_one(600);
	assert_false(g.valid);
	assert_int_equal(look(599).order, 0);
	gpc_deactivate(&g);
}

static void test_what_is_no_block_stays(void **state)
{
	pfn_t block = frame_alloc(9, pm.slot), single;
	uint64_t *own = own_alloc_pages(0);
	struct physmap_change ch = { .gfn = to_gfn(1024 + 511), .type = PHYSMAP_OWN };

	/* A hole at the end; then another's frame there, one out of order, and no large leaves. */
	map_batch(1024, 511, block);
	assert_int_equal(look(1024).order, 0);
	ch.pfn = own_pfn(own);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_null(ept_fold(&pm, to_gfn(1024)));
	single = frame_alloc(0, pm.slot);
	map_batch(1024 + 511, 1, single);
	assert_null(ept_fold(&pm, to_gfn(1024)));
	physmap_leaf_2m = false;
	map_batch(1024 + 511, 1, to_pfn(block.n + 511));
	assert_null(ept_fold(&pm, to_gfn(1024)));
	physmap_leaf_2m = true;
	/* Not aligned: the block begins one gfn too early. */
	remove_batch(1024, 512);
	assert_int_equal(memory_count(block), 0);
	block = frame_alloc(9, pm.slot);
	map_batch(1023, 512, block);
	assert_int_equal(look(1024).order, 0);
	own_free_pages(own, 0);
}

static void test_a_large_leaf_in_place_of_an_empty_table(void **state)
{
	struct physmap_change ch = { .gfn = to_gfn(512), .type = PHYSMAP_RAM, .order = 9 };

	populate(600, 2);
	ch.pfn = frame_alloc(9, pm.slot);
	assert_int_equal(physmap_change(&pm, &ch, 1), ERR_EXISTS);
	remove_one(600);
	remove_one(601);
	watch_tables();
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(look(600).order, 9);
	assert_int_equal(kicks[1], 1);
	assert_true(pfn_valid(first_freed));
	assert_false(table_freed_early);
	assert_int_equal(physmap_change(&pm, &ch, 1), ERR_EXISTS);
	ch.gfn = to_gfn(513);
	assert_int_equal(physmap_change(&pm, &ch, 1), ERR_INVALID);
	assert_int_equal(pm.ram_frames, 512);
}

static void test_large_leaves_become_huge(void **state)
{
	struct physmap_change ch = { .type = PHYSMAP_RAM, .order = 9 };
	uint64_t *own = own_alloc_pages(0);

	/* Frames that do not exist: they are mapped only. */
	for (uint64_t i = 0; i < 511; i++) {
		ch.gfn = to_gfn(i << 9);
		ch.pfn = to_pfn((1 << 20) + (i << 9));
		assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	}
	physmap_leaf_1g = true;
	map_batch(511 << 9, 512, to_pfn((1 << 20) + (511 << 9)));
	physmap_leaf_1g = false;
	assert_int_equal(look(12345).order, 18);
	assert_int_equal(look(12345).pfn.n, (1 << 20) + 12345);
	assert_int_equal(pm.ram_frames, 1 << 18);
	/* Split twice, for a page that is put in. */
	ch = (struct physmap_change){ .gfn = to_gfn(7), .type = PHYSMAP_OWN };
	ch.pfn = own_pfn(own);
	ept_table(pm.root[0])[0] &= ~EPT_TYPE;
	ept_table(pm.root[0])[0] |= (uint64_t)PHYSMAP_OWN << EPT_TYPE_SHIFT;
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(look(7).pfn.n, own_pfn(own).n);
	assert_int_equal(look(6).order, 0);
	assert_int_equal(look(6).pfn.n, (1 << 20) + 6);
	assert_int_equal(look(12345).order, 9);
	for (uint64_t i = 1; i < 512; i++)
		ept_table(ept_table(pm.root[0])[0])[i] = 0;
	pm.ram_frames = 0;
	own_free_pages(own, 0);
}

/* A removal at gfn under a condition; what becomes of it. */
static enum status remove_when(uint64_t gfn, enum physmap_when when, pfn_t pfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .when = when, .pfn = pfn };

	return physmap_change(&pm, &ch, 1);
}

static void test_conditional_removal(void **state)
{
	pfn_t none = to_pfn(0);
	uint64_t *own = own_alloc_pages(0);
	struct physmap_change ch = { .gfn = to_gfn(5), .pfn = own_pfn(own), .type = PHYSMAP_OWN };

	populate(0, 8);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_FRAME, look(3).pfn), ERR_NOT_FOUND);
	assert_int_equal(remove_when(5, PHYSMAP_WHEN_RAM, none), ERR_NOT_FOUND);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_FRAME, look(2).pfn), OK);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_FRAME, none), ERR_NOT_FOUND);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_THERE, none), ERR_NOT_FOUND);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_OWNED, none), ERR_NOT_FOUND);
	assert_int_equal(remove_when(2, PHYSMAP_WHEN_ANY, none), OK);
	/* Above any table as well. */
	assert_int_equal(remove_when(1 << 28, PHYSMAP_WHEN_ANY, none), OK);
	assert_int_equal(remove_when(1 << 28, PHYSMAP_WHEN_THERE, none), ERR_NOT_FOUND);
	assert_int_equal(remove_when(5, PHYSMAP_WHEN_OWNED, none), OK);
	assert_int_equal(remove_when(6, PHYSMAP_WHEN_OWNED, none), OK);
	assert_int_equal(remove_when(7, PHYSMAP_WHEN_THERE, none), OK);
	own_free_pages(own, 0);
}

static unsigned int change_groups(struct physmap_change *ch, unsigned int n, unsigned int unit,
				  enum status wanted)
{
	enum status st;
	unsigned int made = physmap_change_groups(&pm, ch, n, unit, &st);

	assert_int_equal(st, wanted);
	return made;
}

static void test_a_batch_ends_at_the_first_that_cannot_be(void **state)
{
	struct physmap_change ch[6];

	populate(0, 8);
	for (unsigned int i = 0; i < 6; i++)
		ch[i] = (struct physmap_change){ .gfn = to_gfn(i), .when = PHYSMAP_WHEN_THERE };
	ch[3].gfn = to_gfn(2); /* twice: seen only when the first is gone */
	enter_guest(1, &pm);
	assert_int_equal(change_groups(ch, 6, 1, ERR_NOT_FOUND), 3);
	assert_int_equal(look(2).type, PHYSMAP_NONE);
	assert_int_equal(look(4).type, PHYSMAP_RAM);
	assert_int_equal(pm.ram_frames, 5);
	assert_int_equal(kicks[1], 1);
	/* A bad gfn spoils its group, and nothing is left of it. */
	for (unsigned int i = 0; i < 4; i++)
		ch[i].gfn = to_gfn(4 + i);
	ch[3].gfn = to_gfn(~0ULL);
	assert_int_equal(change_groups(ch, 4, 2, ERR_INVALID), 2);
	assert_int_equal(look(5).type, PHYSMAP_NONE);
	assert_int_equal(look(6).type, PHYSMAP_RAM);
	assert_int_equal(pm.ram_frames, 3);
	/* The first: no round at all. */
	kicks[1] = 0;
	enter_guest(1, &pm);
	assert_int_equal(change_groups(ch, 4, 2, ERR_NOT_FOUND), 0);
	assert_int_equal(kicks[1], 0);
	assert_int_equal(pm.ram_frames, 3);
}

static void test_a_frame_follows(void **state)
{
	struct physmap_change ch[4] = {
		{ .gfn = to_gfn(2), .when = PHYSMAP_WHEN_RAM },
		{ .gfn = to_gfn(3), .type = PHYSMAP_RAM, .follows = true },
		{ .gfn = to_gfn(3), .when = PHYSMAP_WHEN_RAM },
		{ .gfn = to_gfn(1 << 20), .type = PHYSMAP_RAM, .follows = true },
	};
	pfn_t moved, replaced;

	populate(0, 8);
	moved = look(2).pfn;
	replaced = look(3).pfn;
	/* On to where a table is missing, in the same batch. */
	assert_int_equal(change_groups(ch, 4, 2, OK), 4);
	assert_int_equal(look(1 << 20).pfn.n, moved.n);
	assert_int_equal(memory_count(moved), 1);
	assert_int_equal(memory_count(replaced), 0);
	assert_int_equal(look(2).type, PHYSMAP_NONE);
	assert_int_equal(look(3).type, PHYSMAP_NONE);
	assert_int_equal(pm.ram_frames, 7);
	/* To itself. */
	ch[0].gfn = ch[1].gfn = to_gfn(1 << 20);
	assert_int_equal(change_groups(ch, 2, 2, OK), 2);
	assert_int_equal(look(1 << 20).pfn.n, moved.n);
	assert_int_equal(memory_count(moved), 1);
	assert_int_equal(pm.ram_frames, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_batch_costs_one_kick),
		T(test_tables_go_after_the_round),
		T(test_a_block_of_leaves_becomes_large),
		T(test_what_is_no_block_stays),
		T(test_a_large_leaf_in_place_of_an_empty_table),
		T(test_large_leaves_become_huge),
		T(test_conditional_removal),
		T(test_a_batch_ends_at_the_first_that_cannot_be),
		T(test_a_frame_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
