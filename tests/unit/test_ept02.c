// SPDX-License-Identifier: MIT
// sources: mm/ept02.c mm/physmap.c mm/physmap_build.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/section_drain.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include "tests/unit/physmap_rig.h"

#include "mm/ept02.h"

#define KEY(n) ((uint64_t)(n) << 12 | EPTP_WALK_4)

static struct ept02 *e;

static int begin(void **state)
{
	setup(state);
	assert_int_equal(ept02_create(&pm, &e), OK);
	ept02_select(e, KEY(1), false);
	return 0;
}

static int end(void **state)
{
	host_step_hook = NULL;
	ept02_destroy(e);
	return teardown(state);
}

/* L2 page number l2 is L1's gfn, in a page of `order` there. */
static enum ept02_filled fill(uint64_t l2, uint64_t gfn, uint8_t order, uint8_t rights)
{
	struct ept02_page page = {
		.address = l2 << PAGE_SHIFT,
		.gpa = gfn_gpa(to_gfn(gfn)),
		.order = order,
		.rights = rights,
	};

	return ept02_fill(e, &page);
}

/* What the processor finds: the entry, 0 for none, and its order. */
static uint64_t find(uint64_t l2, uint8_t *order)
{
	uint64_t *table = own_va(to_hpa(e->current->eptp & EPT_FRAME));

	for (unsigned int level = 3;; level--) {
		uint64_t entry = table[ept_index(to_gfn(l2), level)];

		*order = (uint8_t)(9 * level);
		if (!ept_is_table(entry))
			return entry;
		table = own_va(to_hpa(entry & EPT_FRAME));
	}
}

static uint64_t frame(uint64_t l2)
{
	uint8_t order;
	uint64_t entry = find(l2, &order);

	if (!entry)
		return INVALID_FRAME;
	assert_int_equal(entry & EPT_MT_WB, EPT_MT_WB);
	assert_true(entry & EPT_IGNORE_PAT);
	assert_int_equal(!!(entry & EPT_LARGE), order != 0);
	return ((entry & EPT_FRAME) >> PAGE_SHIFT) + (l2 & (BIT(order) - 1));
}

static uint64_t rights_at(uint64_t l2)
{
	uint8_t order;

	return find(l2, &order) & EPT_RWX;
}

static uint8_t order_at(uint64_t l2)
{
	uint8_t order;

	return find(l2, &order) ? order : 0xff;
}

static void invept(void)
{
	if (ept02_take_stale(e))
		assert_false(ept02_take_stale(e));
}

static void a_page_is_composed(void **state)
{
	populate(0, 8);
	assert_int_equal(frame(5), INVALID_FRAME);
	assert_int_equal(fill(5, 3, 0, EPT_RWX), EPT02_FILLED);
	assert_int_equal(frame(5), look(3).pfn.n);
	assert_int_equal(rights_at(5), EPT_RWX);
	assert_int_equal(frame(3), INVALID_FRAME);
	assert_int_equal(frame(4), INVALID_FRAME);
	/* The far end of the address space. */
	assert_int_equal(fill(BIT(36) - 1, 7, 0, EPT_R), EPT02_FILLED);
	assert_int_equal(frame(BIT(36) - 1), look(7).pfn.n);
}

static void the_smaller_order_counts(void **state)
{
	populate(512, 1024);
	populate(2048, 4);
	assert_int_equal(look(600).order, 9);
	/* Large and large. */
	assert_int_equal(fill(5 * 512 + 9, 512 + 9, 9, EPT_RWX), EPT02_FILLED);
	assert_int_equal(order_at(5 * 512), 9);
	assert_int_equal(frame(5 * 512 + 100), look(612).pfn.n);
	/* Larger in L1's tables than in the physmap. */
	assert_int_equal(fill(7 * 512, 1024, 18, EPT_RWX), EPT02_FILLED);
	assert_int_equal(order_at(7 * 512 + 511), 9);
	/* Small in L1's tables. */
	assert_int_equal(fill(9 * 512 + 1, 1025, 0, EPT_RWX), EPT02_FILLED);
	assert_int_equal(order_at(9 * 512 + 1), 0);
	assert_int_equal(frame(9 * 512 + 1), look(1025).pfn.n);
	assert_int_equal(frame(9 * 512 + 2), INVALID_FRAME);
	/* Small in the physmap. */
	assert_int_equal(fill(11 * 512 + 2, 2050, 9, EPT_RWX), EPT02_FILLED);
	assert_int_equal(order_at(11 * 512 + 2), 0);
	assert_int_equal(frame(11 * 512 + 2), look(2050).pfn.n);
	assert_int_equal(frame(11 * 512 + 3), INVALID_FRAME);
}

static void put(uint64_t gfn, enum physmap_type type)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = type };

	ch.pfn = frame_alloc(0, pm.slot);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
}

static void both_rights_count(void **state)
{
	struct ept02_page page = { .gpa = to_gpa(4 * PAGE_SIZE), .rights = EPT_RWX };

	populate(0, 4);
	put(4, PHYSMAP_FOREIGN_RO);
	for (uint8_t rights = 1; rights <= EPT_RWX; rights++) {
		assert_int_equal(fill(rights, 3, 0, rights), EPT02_FILLED);
		assert_int_equal(rights_at(rights), rights);
		assert_int_equal(fill(rights + 8U, 4, 0, rights), EPT02_FILLED);
		assert_int_equal(rights_at(rights + 8U), rights & EPT_R);
	}
	page.access = EPT_W;
	assert_int_equal(ept02_fill(e, &page), EPT02_DENIED);
	page.access = EPT_R;
	assert_int_equal(ept02_fill(e, &page), EPT02_FILLED);
	assert_int_equal(fill(1, 5, 0, EPT_RWX), EPT02_NOWHERE);
	assert_int_equal(fill(1, BIT(36) + 3, 0, EPT_RWX), EPT02_NOWHERE);
	assert_int_equal(fill(1, BIT(40) - 1, 0, EPT_RWX), EPT02_NOWHERE);
}

static void a_page_is_replaced(void **state)
{
	populate(0, 8);
	populate(512, 512);
	(void)fill(1, 3, 0, EPT_R | EPT_W);
	invept();
	/* More rights: the processor's own copy went with its violation. */
	(void)fill(1, 3, 0, EPT_RWX);
	assert_int_equal(rights_at(1), EPT_RWX);
	assert_false(ept02_take_stale(e));
	(void)fill(1, 3, 0, EPT_R);
	assert_int_equal(rights_at(1), EPT_R);
	assert_true(ept02_take_stale(e));
	(void)fill(1, 4, 0, EPT_R);
	assert_int_equal(frame(1), look(4).pfn.n);
	assert_true(ept02_take_stale(e));
	assert_false(ept02_take_stale(e));
	/* The old page's leaf has left its chain, the new one's is on its own. */
	remove_one(3);
	ept02_follow(e);
	assert_int_equal(frame(1), look(4).pfn.n);
	remove_one(4);
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
	/* A large page makes room for small ones. */
	(void)fill(512, 512, 9, EPT_RWX);
	(void)fill(513, 5, 0, EPT_RWX);
	assert_int_equal(frame(513), look(5).pfn.n);
	assert_int_equal(frame(514), INVALID_FRAME);
	/* A table is there: the large page goes in below it. */
	(void)fill(514, 514, 9, EPT_RWX);
	assert_int_equal(order_at(514), 0);
	assert_int_equal(frame(514), look(514).pfn.n);
	assert_int_equal(frame(513), look(5).pfn.n);
}

static void a_change_takes_its_copies_and_no_others(void **state)
{
	populate(0, 8);
	populate(512, 1024);
	for (uint64_t i = 0; i < 8; i++)
		(void)fill(i, i, 0, EPT_RWX);
	(void)fill(BIT(20), 3, 0, EPT_R); /* the same page once more */
	(void)fill(5 * 512 + 3, 515, 9, EPT_RWX);
	(void)fill(6 * 512, 1024, 9, EPT_RWX);
	ept02_select(e, KEY(2), false);
	(void)fill(77, 3, 0, EPT_RWX);
	(void)fill(78, 700, 0, EPT_RWX);
	invept();
	remove_one(3);
	remove_one(600);
	ept02_follow(e);
	assert_true(ept02_take_stale(e));
	assert_int_equal(frame(77), INVALID_FRAME);
	assert_int_equal(frame(78), look(700).pfn.n);
	ept02_select(e, KEY(1), false);
	assert_true(ept02_take_stale(e));
	assert_int_equal(frame(BIT(20)), INVALID_FRAME);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(frame(i), i == 3 ? INVALID_FRAME : look(i).pfn.n);
	assert_int_equal(frame(5 * 512 + 7), INVALID_FRAME);
	assert_int_equal(frame(6 * 512 + 7), look(1031).pfn.n);
	assert_int_equal(e->stats.zaps, 4);
	assert_int_equal(e->stats.drops, 0);
}

/* One page at two addresses: what is put in the place of one leaf leaves the other one. */
static void one_of_two_leaves_is_replaced(void **state)
{
	populate(0, 8);
	(void)fill(1, 3, 0, EPT_RWX);
	(void)fill(2, 3, 0, EPT_RWX);
	(void)fill(3, 3, 0, EPT_RWX);
	(void)fill(2, 4, 0, EPT_RWX);
	assert_int_equal(frame(1), look(3).pfn.n);
	assert_int_equal(frame(3), look(3).pfn.n);
	remove_one(3);
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_int_equal(frame(2), look(4).pfn.n);
	assert_int_equal(frame(3), INVALID_FRAME);
}

/* One frame at two gfns: a leaf belongs to the gfn it was last filled for. */
static void a_leaf_goes_with_its_gfn(void **state)
{
	struct physmap_change ch = { .gfn = to_gfn(4), .type = PHYSMAP_FOREIGN };

	populate(0, 4);
	ch.pfn = look(3).pfn;
	frame_get(ch.pfn);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	(void)fill(1, 3, 0, EPT_RWX);
	(void)fill(1, 4, 0, EPT_RWX);
	remove_one(3);
	ept02_follow(e);
	assert_int_equal(frame(1), look(4).pfn.n);
	remove_one(4);
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
}

/* Large and small leaves in one chain. */
static void levels_are_told_apart(void **state)
{
	uint64_t first = 0;

	for (uint64_t n = 1; !first; n++)
		if (((n << 9 ^ n >> 3) & 4095) == ((n ^ n >> 12 ^ 1024) & 4095))
			first = n << 9;
	populate(first, 512);
	(void)fill(0, first, 0, EPT_RWX);
	(void)fill(512, first, 9, EPT_RWX);
	remove_one(first + 5);
	ept02_follow(e);
	assert_int_equal(frame(0), look(first).pfn.n);
	assert_int_equal(frame(512), INVALID_FRAME);
}

/* A cache's mark is not EPT02's. */
static void a_cached_page_is_not_logged(void **state)
{
	struct gpc g;

	populate(0, 8);
	gpc_init(&g, &pm, GPC_HOST, "test");
	assert_int_equal(gpc_activate(&g, to_gfn(3)), OK);
	remove_one(3);
	assert_false(g.valid);
	assert_int_equal(pm.logged, 0);
	/* Both. */
	assert_int_equal(gpc_activate(&g, to_gfn(4)), OK);
	(void)fill(1, 4, 0, EPT_RWX);
	remove_one(4);
	assert_false(g.valid);
	assert_int_equal(pm.logged, 1);
	gpc_deactivate(&g);
}

/* Only leaves that were copied, and each once. */
static void what_was_not_copied_is_not_logged(void **state)
{
	populate(0, 8);
	(void)fill(1, 1, 0, EPT_RWX);
	remove_one(2);
	assert_int_equal(pm.logged, 0);
	remove_one(1);
	assert_int_equal(pm.logged, 1);
	put(1, PHYSMAP_RAM);
	remove_one(1);
	assert_int_equal(pm.logged, 1);
}

/* The mark goes with a leaf that is split or folded. */
static void a_split_leaf_stays_marked(void **state)
{
	populate(512, 512);
	(void)fill(0, 513, 0, EPT_RWX);
	(void)fill(512, 512, 9, EPT_RWX);
	remove_one(514);
	ept02_follow(e);
	assert_int_equal(frame(512), INVALID_FRAME);
	assert_int_equal(frame(0), look(513).pfn.n);
	remove_one(513);
	ept02_follow(e);
	assert_int_equal(frame(0), INVALID_FRAME);
}

static void a_folded_leaf_stays_marked(void **state)
{
	static struct physmap_change ch[PHYSMAP_BATCH];
	pfn_t block = frame_alloc(9, pm.slot);

	for (unsigned int i = 0; i < 512; i++)
		ch[i] = (struct physmap_change){ .gfn = to_gfn(512 + i),
						 .pfn = to_pfn(block.n + i),
						 .type = PHYSMAP_RAM };
	assert_int_equal(physmap_change(&pm, ch, 384), OK);
	assert_int_equal(look(600).order, 0);
	(void)fill(3, 600, 0, EPT_RWX);
	assert_int_equal(physmap_change(&pm, ch + 384, 128), OK);
	assert_int_equal(look(600).order, 9);
	remove_one(601);
	assert_int_equal(pm.logged, 1);
	ept02_follow(e);
	assert_int_equal(frame(3), look(600).pfn.n);
	remove_one(600);
	ept02_follow(e);
	assert_int_equal(frame(3), INVALID_FRAME);
}

static void a_whole_batch_is_followed(void **state)
{
	static struct physmap_change ch[PHYSMAP_BATCH];

	populate(1, PHYSMAP_BATCH + 1);
	for (uint64_t i = 0; i < PHYSMAP_BATCH; i++) {
		(void)fill(i, i + 1, 0, EPT_RWX);
		ch[i] = (struct physmap_change){ .gfn = to_gfn(i + 1) };
	}
	(void)fill(BIT(18), PHYSMAP_BATCH + 1, 0, EPT_RWX);
	assert_int_equal(physmap_change(&pm, ch, PHYSMAP_BATCH), OK);
	ept02_follow(e);
	for (uint64_t i = 0; i < PHYSMAP_BATCH; i++)
		assert_int_equal(frame(i), INVALID_FRAME);
	assert_int_equal(frame(BIT(18)), look(PHYSMAP_BATCH + 1).pfn.n);
	assert_int_equal(e->stats.overflows, 0);
}

static struct ept02 *other;

/* Another EPT02 of the guest copies a page, and it is taken away: an entry of the log. */
static void log_one(void)
{
	struct ept02_page page = { .gpa = to_gpa(0), .rights = EPT_RWX };

	put(0, PHYSMAP_RAM);
	assert_int_equal(ept02_fill(other, &page), EPT02_FILLED);
	remove_one(0);
}

static void a_log_that_ran_over_takes_everything(void **state)
{
	assert_int_equal(ept02_create(&pm, &other), OK);
	ept02_select(other, KEY(3), false);
	populate(8, 8);
	for (unsigned int n = PHYSMAP_LOG - 2; n <= PHYSMAP_LOG + 1; n++) {
		uint64_t gfn = 8 + n % 8;

		(void)fill(1, gfn, 0, EPT_RWX);
		(void)fill(2, 8 + (n + 1) % 8, 0, EPT_RWX);
		remove_one(gfn);
		for (unsigned int i = 1; i < n; i++)
			log_one();
		assert_int_equal(pm.logged - e->followed, n);
		ept02_follow(e);
		assert_int_equal(frame(1), INVALID_FRAME);
		if (n < PHYSMAP_LOG)
			assert_int_equal(frame(2), look(8 + (n + 1) % 8).pfn.n);
		else
			assert_int_equal(frame(2), INVALID_FRAME);
		assert_int_equal(e->stats.overflows, n < PHYSMAP_LOG ? 0 : n + 1 - PHYSMAP_LOG);
	}
	ept02_destroy(other);
}

static void overrun(enum step s)
{
	if (s != STEP_LOG_READ)
		return;
	host_step_hook = NULL;
	for (unsigned int i = 0; i < PHYSMAP_LOG; i++)
		log_one();
}

/* The log is overwritten while it is read. */
static void a_log_that_runs_over_is_noticed(void **state)
{
	assert_int_equal(ept02_create(&pm, &other), OK);
	ept02_select(other, KEY(3), false);
	populate(8, 8);
	(void)fill(1, 9, 0, EPT_RWX);
	remove_one(9);
	host_step_hook = overrun;
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_int_equal(e->stats.overflows, 1);
	/* What was logged meanwhile is left for the next time. */
	assert_int_equal(e->followed, 1);
	ept02_destroy(other);
}

static void take_away(enum step s)
{
	if (s != STEP_COPIED)
		return;
	host_step_hook = NULL;
	remove_one(3);
}

/* A change after the look at the leaf: the copy is old, and in the log. */
static void a_change_during_a_fill_is_followed(void **state)
{
	populate(0, 8);
	host_step_hook = take_away;
	(void)fill(1, 3, 0, EPT_RWX);
	assert_int_not_equal(frame(1), INVALID_FRAME);
	assert_int_equal(pm.logged, 1);
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
}

static void roots_are_kept_apart(void **state)
{
	populate(0, 8);
	for (uint64_t n = 1; n <= EPT02_ROOTS; n++) {
		ept02_select(e, KEY(n), n == 2);
		assert_true(ept02_take_stale(e));
		(void)fill(1, n, 0, EPT_RWX);
	}
	for (uint64_t n = 1; n <= EPT02_ROOTS; n++) {
		ept02_select(e, KEY(n), n == 2);
		assert_int_equal(frame(1), look(n).pfn.n);
		assert_int_equal(e->current->eptp & BIT(6), n == 2 ? BIT(6) : 0);
		assert_false(ept02_take_stale(e));
	}
	/* One more: the one that was used longest ago goes. */
	ept02_select(e, KEY(1), false);
	ept02_select(e, KEY(9), false);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_true(ept02_take_stale(e));
	for (uint64_t n = 1; n <= EPT02_ROOTS; n++) {
		bool there = false;

		for (unsigned int i = 0; i < EPT02_ROOTS; i++)
			there |= e->root[i].key == KEY(n);
		assert_int_equal(there, n != 2);
	}
}

static void only_what_is_named_is_forgotten(void **state)
{
	const uint64_t flag = BIT(6);

	populate(0, 8);
	ept02_select(e, KEY(1) | flag, true);
	(void)fill(1, 1, 0, EPT_RWX);
	ept02_select(e, KEY(1), false);
	assert_int_equal(frame(1), INVALID_FRAME);
	(void)fill(1, 1, 0, EPT_RWX);
	ept02_select(e, KEY(2), false);
	(void)fill(1, 1, 0, EPT_RWX);
	invept();
	ept02_forget(e, KEY(1), EPT_FRAME);
	assert_int_not_equal(frame(1), INVALID_FRAME);
	assert_false(ept02_take_stale(e));
	ept02_select(e, KEY(1) | flag, true);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_true(ept02_take_stale(e));
	ept02_select(e, KEY(1), false);
	assert_int_equal(frame(1), INVALID_FRAME);
	ept02_select(e, KEY(2), false);
	ept02_forget(e, 0, 0);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_true(ept02_take_stale(e));
	/* Nothing of it is left, in chains neither. */
	for (unsigned int i = 0; i < 64; i++) {
		ept02_forget(e, 0, 0);
		(void)fill(1, 1, 0, EPT_RWX);
	}
	assert_int_equal(e->current->leaves[0], 1);
	remove_one(1);
	ept02_follow(e);
	assert_int_equal(frame(1), INVALID_FRAME);
	assert_int_equal(e->current->leaves[0], 0);
	assert_int_equal(e->stats.overflows, 0);
}

/* Pages so far apart that each takes two tables or three: the roots share what there is. */
static void tables_are_limited(void **state)
{
	populate(0, 8);
	(void)fill(0, 1, 0, EPT_RWX);
	ept02_select(e, KEY(2), false);
	for (uint64_t i = 0; i < 3 * EPT02_TABLES; i++) {
		assert_int_equal(fill(i << 18, 1 + i % 4, 0, EPT_RWX), EPT02_FILLED);
		assert_int_equal(frame(i << 18), look(1 + i % 4).pfn.n);
		assert_true(e->made <= EPT02_TABLES);
	}
	assert_true(e->stats.drops > 2);
	remove_one(1);
	remove_one(2);
	remove_one(3);
	remove_one(4);
	ept02_follow(e);
	for (uint64_t i = 0; i < 3 * EPT02_TABLES; i++)
		assert_int_equal(frame(i << 18), INVALID_FRAME);
	/* The other root was emptied first. */
	ept02_select(e, KEY(1), false);
	assert_int_equal(frame(0), INVALID_FRAME);
}

static void nothing_is_needed_to_go_on_without_memory(void **state)
{
	populate(0, 8);
	for (uint64_t i = 0; i < 64; i++) {
		memory_fail_after(0);
		ept02_select(e, KEY(1 + i % 3), false);
		memory_fail_after(0);
		assert_int_equal(fill(i << 18, 1 + i % 4, 0, EPT_RWX), EPT02_FILLED);
		assert_int_equal(frame(i << 18), look(1 + i % 4).pfn.n);
	}
	memory_fail_after(-1);
}

/* One page at as many addresses as there are entries: the time a change takes is bounded. */
static void a_long_chain_is_dropped(void **state)
{
	populate(0, 8);
	(void)fill(0, 2, 0, EPT_RWX);
	for (uint64_t i = 1; i < 20 * 512; i++)
		(void)fill(i, 1, 0, EPT_RWX);
	assert_int_equal(e->stats.drops, 0);
	remove_one(1);
	ept02_follow(e);
	assert_int_equal(e->stats.overflows, 1);
	assert_int_equal(frame(0), INVALID_FRAME);
	for (uint64_t i = 1; i < 20 * 512; i++)
		assert_int_equal(frame(i), INVALID_FRAME);
	/* Nor does the replacing of one of them take longer. */
	for (uint64_t i = 0; i < 20 * 512; i++)
		(void)fill(i, 2, 0, EPT_RWX);
	(void)fill(0, 3, 0, EPT_RWX);
	assert_int_equal(frame(0), look(3).pfn.n);
	assert_int_equal(frame(1), INVALID_FRAME);
}

static void a_creation_without_memory_leaves_nothing(void **state)
{
	uint64_t before = memory_frames_in_use();
	unsigned int failures = 0;

	for (int n = 0;; n++) {
		memory_fail_after(n);
		if (ept02_create(&pm, &other) == OK)
			break;
		failures++;
		assert_null(other);
		assert_int_equal(memory_frames_in_use(), before);
	}
	memory_fail_after(-1);
	assert_true(failures > 16);
	ept02_destroy(other);
	assert_int_equal(memory_frames_in_use(), before);
}

/* Random fills, changes and switches; then every leaf is what the map says. */
static void random_changes(void **state)
{
	uint64_t where[EPT02_ROOTS + 1][256] = { 0 };
	uint32_t seed = 1;

	populate(0, 64);
	populate(512, 1024);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t l2, gfn, root;

		seed = seed * 1664525 + 1013904223;
		root = seed >> 30;
		l2 = seed >> 8 & 255;
		gfn = seed >> 16 & 63;
		switch (seed >> 27 & 7) {
		case 0:
			if (look(gfn).type == PHYSMAP_NONE)
				put(gfn, PHYSMAP_RAM);
			else
				remove_one(gfn);
			break;
		case 1: ept02_select(e, KEY(root + 1), false); break;
		default:
			if (fill(l2, gfn, 0, EPT_RWX) == EPT02_FILLED)
				where[e->current->key >> 12][l2] = gfn + 1;
		}
		ept02_follow(e);
	}
	for (uint64_t root = 1; root <= EPT02_ROOTS; root++) {
		ept02_select(e, KEY(root), false);
		for (uint64_t l2 = 0; l2 < 256; l2++)
			if (frame(l2) != INVALID_FRAME)
				assert_int_equal(frame(l2), look(where[root][l2] - 1).pfn.n);
	}
	assert_int_equal(e->stats.overflows, 0);
}

#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_page_is_composed),
		T(the_smaller_order_counts),
		T(both_rights_count),
		T(a_page_is_replaced),
		T(a_change_takes_its_copies_and_no_others),
		T(one_of_two_leaves_is_replaced),
		T(a_leaf_goes_with_its_gfn),
		T(levels_are_told_apart),
		T(a_cached_page_is_not_logged),
		T(what_was_not_copied_is_not_logged),
		T(a_split_leaf_stays_marked),
		T(a_folded_leaf_stays_marked),
		T(a_whole_batch_is_followed),
		T(a_log_that_ran_over_takes_everything),
		T(a_log_that_runs_over_is_noticed),
		T(a_change_during_a_fill_is_followed),
		T(roots_are_kept_apart),
		T(only_what_is_named_is_forgotten),
		T(tables_are_limited),
		T(nothing_is_needed_to_go_on_without_memory),
		T(a_long_chain_is_dropped),
		T(a_creation_without_memory_leaves_nothing),
		T(random_changes),
	};

	return cmocka_run_group_tests_name("ept02", tests, NULL, NULL);
}
