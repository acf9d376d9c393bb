// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/gpc_hw.c mm/section_drain.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include "mm/gpc_hw.h"
#include "mm/physmap_flush.h"
#include "tests/unit/physmap_rig.h"

enum { PAGE_X, PAGE_Y, PAGE_Z };

static struct gpc_hw hw;

/* vCPUs are only told apart. */
static char vcpus[2];
#define OWNER   ((struct vcpu *)(void *)&vcpus[0])
#define SIBLING ((struct vcpu *)(void *)&vcpus[1])

static void enter_vcpu(uint32_t core, struct vcpu *v)
{
	pcpus[core]->shared.current = v;
	enter_guest(core, &pm);
}

static bool in_guest(uint32_t core)
{
	return pcpus[core]->shared.run & RUN_ODD;
}

static int setup_hw(void **state)
{
	static const char *const names[GPC_HW_PAGES] = { "x", "y", "z" };

	(void)setup(state);
	gpc_hw_init(&hw, &pm, OWNER, names);
	populate(0, 16);
	return 0;
}

static int teardown_hw(void **state)
{
	host_step_hook = NULL;
	return teardown(state);
}

/* As an entry does. */
static void resolve(void)
{
	gpc_hw_resolve(&hw, pm.map_gen, false);
	assert_false(spin_is_locked(&pm.lock));
}

/* Whether an entry would go on with what the VMCS holds. */
static bool may_enter(void)
{
	return hw.gen == pm.map_gen;
}

static void activate(unsigned int page, uint64_t gfn)
{
	assert_int_equal(gpc_activate(&hw.page[page], to_gfn(gfn)), OK);
}

static void test_frames_are_looked_up(void **state)
{
	assert_false(may_enter());
	resolve();
	assert_true(may_enter());
	assert_false(hw.frame[PAGE_X].used);
	activate(PAGE_X, 4);
	activate(PAGE_Z, 5);
	assert_false(may_enter());
	resolve();
	assert_true(may_enter());
	assert_true(hw.frame[PAGE_X].used);
	assert_false(hw.frame[PAGE_Y].used);
	assert_int_equal(hw.frame[PAGE_X].pfn.n, look(4).pfn.n);
	assert_int_equal(hw.frame[PAGE_Z].pfn.n, look(5).pfn.n);
}

static void test_a_change_must_be_looked_at(void **state)
{
	activate(PAGE_X, 4);
	resolve();
	enter_vcpu(1, OWNER);
	enter_vcpu(2, SIBLING);
	remove_one(4);
	assert_false(in_guest(1) || in_guest(2));
	assert_false(may_enter());
	resolve();
	assert_true(may_enter());
	assert_true(hw.frame[PAGE_X].used);
	assert_false(pfn_valid(hw.frame[PAGE_X].pfn));
	assert_int_equal(hw.page[PAGE_X].misses, 1);
}

/* The processor uses another page as long as there is none: a page that comes is a change for it, and
 * nothing to announce for caches that the hypervisor uses. */
static void test_a_page_that_comes_is_waited_for(void **state)
{
	struct gpc host;

	gpc_init(&host, &pm, GPC_HOST, "host");
	assert_int_equal(gpc_activate(&host, to_gfn(5)), OK);
	remove_one(4);
	remove_one(5);
	activate(PAGE_X, 4);
	resolve();
	enter_vcpu(1, OWNER);
	populate(5, 1);
	assert_true(in_guest(1) && may_enter());
	populate(4, 1);
	assert_false(in_guest(1) || may_enter());
	resolve();
	assert_int_equal(hw.frame[PAGE_X].pfn.n, look(4).pfn.n);
	assert_int_equal(gpc_refresh(&host), OK);
	gpc_deactivate(&host);
}

static void test_any_gfn_is_taken(void **state)
{
	activate(PAGE_X, 99);
	activate(PAGE_Y, EPT_GFN_LIMIT + 4);
	activate(PAGE_Z, ~0ULL - 1);
	resolve();
	for (unsigned int i = 0; i < GPC_HW_PAGES; i++) {
		assert_true(hw.frame[i].used);
		assert_false(pfn_valid(hw.frame[i].pfn));
	}
	populate(99, 1);
	resolve();
	assert_int_equal(hw.frame[PAGE_X].pfn.n, look(99).pfn.n);
	for (unsigned int i = 0; i < GPC_HW_PAGES; i++)
		gpc_deactivate(&hw.page[i]);
}

/* What is not the guest's own to write does not get into a VMCS. */
static void test_foreign_frames_are_not_taken(void **state)
{
	struct physmap_change ch = { .gfn = to_gfn(20), .type = PHYSMAP_FOREIGN };

	ch.pfn = frame_alloc(0, 9);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	activate(PAGE_X, 20);
	resolve();
	assert_false(pfn_valid(hw.frame[PAGE_X].pfn));
}

static void test_retarget_kicks_the_owner_alone(void **state)
{
	uint64_t gen;

	activate(PAGE_X, 4);
	resolve();
	enter_vcpu(1, OWNER);
	enter_vcpu(2, SIBLING);
	gen = pm.map_gen;
	activate(PAGE_X, 5);
	assert_int_equal(pm.map_gen, gen);
	assert_int_equal(kicks[1], 1);
	assert_int_equal(kicks[2], 0);
	assert_false(in_guest(1));
	assert_true(in_guest(2));
	assert_false(may_enter());
	resolve();
	assert_int_equal(hw.frame[PAGE_X].pfn.n, look(5).pfn.n);
	/* The old target is nobody's business any more. */
	hw.page[PAGE_X].invalidations = 0;
	remove_one(4);
	assert_int_equal(hw.page[PAGE_X].invalidations, 0);
	assert_true(hw.page[PAGE_X].valid);
}

static void test_deactivate_kicks_the_owner(void **state)
{
	activate(PAGE_X, 4);
	resolve();
	enter_vcpu(3, OWNER);
	gpc_deactivate(&hw.page[PAGE_X]);
	assert_false(in_guest(3) || may_enter());
	resolve();
	assert_true(may_enter());
	assert_false(hw.frame[PAGE_X].used);
	enter_vcpu(3, OWNER);
	gpc_deactivate(&hw.page[PAGE_X]);
	assert_true(in_guest(3));
}

/* The owner has gone from the core whose epoch was read: nobody to wait for. */
static void test_another_vcpu_on_the_core_is_left_alone(void **state)
{
	activate(PAGE_X, 4);
	enter_vcpu(1, SIBLING);
	activate(PAGE_X, 5);
	assert_int_equal(kicks[1], 0);
	assert_true(in_guest(1));
}

static uint64_t rival_gfn;

/* Between the look-up and the entry. */
static void rival(enum step s)
{
	uint64_t gfn = rival_gfn;

	if (s != STEP_HW_RESOLVED || !gfn)
		return;
	rival_gfn = 0;
	host_cpu = pcpus[1];
	if (gfn == 4)
		remove_one(gfn);
	else
		activate(PAGE_X, gfn);
	host_cpu = pcpus[0];
}

static void test_what_comes_after_the_look_up_is_seen(void **state)
{
	activate(PAGE_X, 4);
	host_step_hook = rival;
	rival_gfn = 4;
	resolve();
	assert_false(may_enter());
	resolve();
	assert_true(may_enter());
	rival_gfn = 5;
	resolve();
	assert_false(may_enter());
	resolve();
	assert_true(may_enter());
	assert_int_equal(hw.frame[PAGE_X].pfn.n, look(5).pfn.n);
}

/* The core flushed its tag for the generation that was sampled, so the frames stand for no later
 * one. */
static void test_the_generation_is_the_sampled_one(void **state)
{
	uint64_t gen = pm.map_gen;

	activate(PAGE_X, 4);
	physmap_flush(&pm);
	gpc_hw_resolve(&hw, gen, false);
	assert_int_equal(hw.gen, gen);
	assert_false(may_enter());
}

static void test_under_the_callers_lock(void **state)
{
	activate(PAGE_X, 4);
	spin_lock(&pm.lock);
	gpc_hw_resolve(&hw, pm.map_gen, true);
	assert_true(spin_is_locked(&pm.lock));
	spin_unlock(&pm.lock);
	assert_true(may_enter());
}

static uint8_t *page_of(struct gpc *g)
{
	uint8_t *p;

	section_begin();
	p = gpc_page(g);
	section_end();
	return p;
}

/* --- large leaves --- */

/* 1 GiB of RAM in one leaf, of which only the frames of the fake machine are ever touched: its gfns
 * are GIANT + pfn. */
#define GIANT BIT(18)

static void map_giant(void)
{
	uint64_t *table;

	populate(GIANT - 1, 1); /* makes the table above */
	table = ept_table(pm.root[0]);
	table[1] = ept_make_leaf(to_pfn(0), PHYSMAP_RAM, 18);
	pm.ram_frames += BIT(18);
}

static void unmap_giant(void)
{
	uint64_t *table = ept_table(pm.root[0]);

	for (unsigned int i = 0; i < EPT_ENTRIES && !(table[1] & EPT_LARGE); i++) {
		uint64_t e = ept_table(table[1])[i];

		if (ept_present(e) && !(e & EPT_LARGE))
			own_free_pages(ept_table(e), 0);
	}
	if (!(table[1] & EPT_LARGE))
		own_free_pages(ept_table(table[1]), 0);
	table[1] = 0;
	pm.ram_frames = 17;
}

static uint64_t giant_gfn(pfn_t pfn)
{
	return GIANT + pfn.n;
}

static void test_a_1g_leaf_is_split_behind_a_cache(void **state)
{
	pfn_t frame[3] = { frame_alloc(0, 3), frame_alloc(0, 3), frame_alloc(0, 3) };
	struct gpc a, b;

	map_giant();
	gpc_init(&a, &pm, GPC_HOST, "a");
	gpc_init(&b, &pm, GPC_HOST, "b");
	assert_int_equal(gpc_activate(&a, to_gfn(giant_gfn(frame[0]))), OK);
	assert_int_equal(gpc_activate(&b, to_gfn(giant_gfn(frame[1]))), OK);
	activate(PAGE_X, giant_gfn(frame[1]));
	assert_int_equal(look(giant_gfn(frame[0])).order, 18);
	memory_frame(frame[1])[7] = 0x3c;
	/* A neighbour goes: the leaf is split, twice, and nobody else's translation changes. */
	remove_one(giant_gfn(frame[2]));
	assert_int_equal(look(giant_gfn(frame[1])).order, 0);
	assert_int_equal(look(GIANT).order, 9);
	assert_int_equal(a.invalidations + b.invalidations, 0);
	assert_int_equal(page_of(&b)[7], 0x3c);
	/* One of those cached: it alone. */
	remove_one(giant_gfn(frame[0]));
	assert_null(page_of(&a));
	assert_int_equal(page_of(&b)[7], 0x3c);
	/* The pieces still say that there are caches. */
	remove_one(giant_gfn(frame[1]));
	assert_null(page_of(&b));
	resolve();
	assert_false(pfn_valid(hw.frame[PAGE_X].pfn));
	assert_int_equal(memory_count(frame[1]), 0);
	gpc_deactivate(&a);
	gpc_deactivate(&b);
	unmap_giant();
}

static void test_a_2m_leaf_replaced_in_one_batch(void **state)
{
	struct physmap_change ch[2] = { { .gfn = to_gfn(600), .type = PHYSMAP_NONE },
					{ .gfn = to_gfn(2000), .type = PHYSMAP_RAM } };
	struct gpc a;

	populate(512, 512);
	gpc_init(&a, &pm, GPC_HOST, "a");
	assert_int_equal(gpc_activate(&a, to_gfn(600)), OK);
	/* Its frame moves to another gfn: the cache is the gfn's, not the frame's. */
	ch[1].pfn = look(600).pfn;
	frame_get(ch[1].pfn);
	assert_int_equal(physmap_change(&pm, ch, 2), OK);
	assert_null(page_of(&a));
	assert_int_equal(gpc_refresh(&a), ERR_NOT_FOUND);
	gpc_deactivate(&a);
}

/* --- life --- */

static void test_an_inactive_cache_stays_invalid(void **state)
{
	struct gpc g;

	gpc_init(&g, &pm, GPC_HOST, "g");
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	gpc_deactivate(&g);
	gpc_deactivate(&g);
	assert_int_equal(gpc_refresh(&g), ERR_NOT_FOUND);
	assert_false(g.valid);
	/* Not hashed: a change does not touch it. */
	remove_one(4);
	assert_int_equal(g.invalidations, 0);
	assert_int_equal(gpc_activate(&g, to_gfn(4)), ERR_NOT_FOUND);
	assert_false(g.active);
}

static void test_caches_of_one_gfn_and_of_one_bucket(void **state)
{
	struct gpc g[4];

	populate(5 + PHYSMAP_HASH, 1);
	for (unsigned int i = 0; i < 4; i++) {
		gpc_init(&g[i], &pm, GPC_HOST, "g");
		assert_int_equal(gpc_activate(&g[i], to_gfn(i < 2 ? 5 : 5 + PHYSMAP_HASH)), OK);
	}
	gpc_deactivate(&g[1]);
	remove_one(5);
	assert_false(g[0].valid || g[1].valid);
	assert_true(g[2].valid && g[3].valid);
	gpc_deactivate(&g[3]);
	gpc_deactivate(&g[0]);
	remove_one(5 + PHYSMAP_HASH);
	assert_false(g[2].valid);
	gpc_deactivate(&g[2]);
	for (unsigned int i = 0; i < PHYSMAP_HASH; i++)
		assert_null(pm.hash[i]);
}

static void test_hits_and_misses_are_counted(void **state)
{
	struct gpc g;

	gpc_init(&g, &pm, GPC_HOST, "g");
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	(void)page_of(&g);
	(void)page_of(&g);
	remove_one(4);
	(void)page_of(&g);
	assert_int_equal(g.hits, 2);
	assert_int_equal(g.misses, 1);
	assert_int_equal(g.invalidations, 1);
	gpc_deactivate(&g);
}

static void test_saved_kicks_are_those_of_other_cores(void **state)
{
	enter_vcpu(1, OWNER);
	remove_one(4);
	assert_int_equal(pm.stats.kicks, 1);
	assert_int_equal(pm.stats.kicks_saved, 2);
}

#define HW(f) cmocka_unit_test_setup_teardown(f, setup_hw, teardown_hw)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HW(test_frames_are_looked_up),
		HW(test_a_change_must_be_looked_at),
		HW(test_a_page_that_comes_is_waited_for),
		HW(test_any_gfn_is_taken),
		HW(test_foreign_frames_are_not_taken),
		HW(test_retarget_kicks_the_owner_alone),
		HW(test_deactivate_kicks_the_owner),
		HW(test_another_vcpu_on_the_core_is_left_alone),
		HW(test_what_comes_after_the_look_up_is_seen),
		HW(test_the_generation_is_the_sampled_one),
		HW(test_under_the_callers_lock),
		HW(test_a_1g_leaf_is_split_behind_a_cache),
		HW(test_a_2m_leaf_replaced_in_one_batch),
		HW(test_an_inactive_cache_stays_invalid),
		HW(test_caches_of_one_gfn_and_of_one_bucket),
		HW(test_hits_and_misses_are_counted),
		HW(test_saved_kicks_are_those_of_other_cores),
	};

	return cmocka_run_group_tests_name("gpc", tests, NULL, NULL);
}
