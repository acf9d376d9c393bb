// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/physmap_move.c mm/ept.c mm/round.c
// sources: mm/gpc.c mm/gpc_hw.c mm/section_drain.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include "mm/gpc_hw.h"
#include "mm/physmap_flush.h"
#include "mm/physmap_move.h"
#include "tests/unit/physmap_rig.h"

static uint8_t *bytes(uint64_t gfn)
{
	return memory_frame(look(gfn).pfn);
}

static enum status move(uint64_t gfn)
{
	enum status st = physmap_move(&pm, to_gfn(gfn));

	assert_false(spin_is_locked(&pm.lock));
	return st;
}

static void fill(uint64_t gfn)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		bytes(gfn)[i] = (uint8_t)(i * 7 + gfn);
}

static bool filled(uint64_t gfn)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		if (bytes(gfn)[i] != (uint8_t)(i * 7 + gfn))
			return false;
	return true;
}

static void the_content_moves_and_the_frame_is_freed(void **state)
{
	uint64_t used;
	pfn_t old;

	populate(0, 8);
	fill(3);
	old = look(3).pfn;
	used = memory_frames_in_use();
	assert_int_equal(move(3), OK);
	assert_int_not_equal(look(3).pfn.n, old.n);
	assert_int_equal(look(3).type, PHYSMAP_RAM);
	assert_true(filled(3));
	assert_int_equal(memory_count(old), 0);
	assert_int_equal(memory_life(old), 1);
	assert_int_equal(memory_count(look(3).pfn), 1);
	assert_int_equal(memory_frames_in_use(), used);
	assert_int_equal(pm.ram_frames, 8);
}

static void out_of_a_large_page(void **state)
{
	struct physmap_entry neighbour;

	populate(512, 512);
	neighbour = look(601);
	fill(600);
	assert_int_equal(move(600), OK);
	assert_true(filled(600));
	assert_int_equal(look(601).pfn.n, neighbour.pfn.n);
	assert_int_equal(pm.ram_frames, 512);
}

static unsigned int steps;

/* A page that its cache still calls valid is written to until the last moment. */
static struct gpc cache;

static void write_by_the_cache(enum step s)
{
	if (s != STEP_EXCHANGED && s != STEP_CHANGE_LOCKED)
		return;
	if (load_acquire(&cache.valid)) {
		memory_frame(cache.pfn)[99]++;
		steps++;
	}
}

static void what_caches_write_meanwhile_is_kept(void **state)
{
	pfn_t old;

	populate(0, 8);
	gpc_init(&cache, &pm, GPC_HOST, "cache");
	assert_int_equal(gpc_activate(&cache, to_gfn(3)), OK);
	old = look(3).pfn;
	steps = 0;
	host_step_hook = write_by_the_cache;
	assert_int_equal(move(3), OK);
	host_step_hook = NULL;
	assert_true(steps >= 2);
	assert_int_equal(bytes(3)[99], steps);
	/* Who missed it is told that it is back. */
	assert_false(cache.valid);
	assert_int_equal(waiters_ready, 1);
	assert_int_equal(gpc_refresh(&cache), OK);
	assert_int_equal(cache.pfn.n, look(3).pfn.n);
	assert_int_not_equal(cache.pfn.n, old.n);
	gpc_deactivate(&cache);
}

static void pages_in_a_vmcs_are_looked_up_again(void **state)
{
	static const char *const names[GPC_HW_PAGES] = { "x", "y", "z" };
	struct gpc_hw hw;

	populate(0, 8);
	gpc_hw_init(&hw, &pm, NULL, names);
	assert_int_equal(gpc_activate(&hw.page[0], to_gfn(5)), OK);
	gpc_hw_resolve(&hw, pm.map_gen, false);
	assert_int_equal(move(5), OK);
	assert_int_not_equal(hw.gen, pm.map_gen);
	gpc_hw_resolve(&hw, pm.map_gen, false);
	assert_int_equal(hw.frame[0].pfn.n, look(5).pfn.n);
	gpc_deactivate(&hw.page[0]);
}

static void what_is_not_the_guests_own_stays(void **state)
{
	struct physmap_change own = { .gfn = to_gfn(9), .pfn = to_pfn(1), .type = PHYSMAP_OWN };
	pfn_t pfn;

	populate(0, 8);
	assert_int_equal(physmap_change(&pm, &own, 1), OK);
	assert_int_equal(move(9), ERR_PERMISSION);
	assert_int_equal(look(9).pfn.n, 1);
	remove_one(9);
	assert_int_equal(move(9), ERR_NOT_FOUND);
	assert_int_equal(move(1ULL << 52), ERR_NOT_FOUND);
	pfn = look(4).pfn;
	frame_get(pfn);
	assert_int_equal(move(4), ERR_BUSY);
	frame_put(pfn);
	assert_int_equal(look(4).pfn.n, pfn.n);
	assert_int_equal(memory_count(pfn), 1);
}

/* A grant is mapped after the first look and before the page is removed. */
static void map_elsewhere(enum step s)
{
	if (s != STEP_CHANGE_LOCKED || steps++)
		return;
	frame_get(cache.pfn);
}

static void what_another_guest_has_just_mapped_stays(void **state)
{
	uint64_t used;

	populate(0, 8);
	fill(3);
	used = memory_frames_in_use();
	cache.pfn = look(3).pfn;
	steps = 0;
	host_step_hook = map_elsewhere;
	assert_int_equal(move(3), ERR_BUSY);
	host_step_hook = NULL;
	assert_int_equal(look(3).pfn.n, cache.pfn.n);
	assert_int_equal(memory_count(cache.pfn), 2);
	assert_true(filled(3));
	assert_int_equal(memory_frames_in_use(), used);
	frame_put(cache.pfn);
}

static void without_memory_it_stays(void **state)
{
	pfn_t pfn;

	populate(512, 512);
	fill(600);
	pfn = look(600).pfn;
	/* No frame; then no table. */
	for (int n = 0; n < 2; n++) {
		uint64_t used = memory_frames_in_use();

		memory_fail_after(n);
		assert_int_equal(move(600), ERR_NOMEM);
		assert_int_equal(look(600).pfn.n, pfn.n);
		assert_int_equal(memory_count(pfn), 1);
		assert_int_equal(memory_frames_in_use(), used);
	}
	memory_fail_after(-1);
	assert_true(filled(600));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_content_moves_and_the_frame_is_freed),
		T(out_of_a_large_page),
		T(what_caches_write_meanwhile_is_kept),
		T(pages_in_a_vmcs_are_looked_up_again),
		T(what_is_not_the_guests_own_stays),
		T(what_another_guest_has_just_mapped_stays),
		T(without_memory_it_stays),
	};

	return cmocka_run_group_tests_name("physmap_move", tests, NULL, NULL);
}
