// SPDX-License-Identifier: MIT
/* The life's two ends of a physmap: filling it before the domain runs, emptying it after. */
#include "core/lib/assert.h"
#include "mm/ept.h"
#include "mm/frame.h"
#include "mm/physmap.h"

bool physmap_leaf_2m = true, physmap_leaf_1g;

static bool fits(gfn_t gfn, uint64_t count, unsigned int order)
{
	return !(gfn.n & (BIT(order) - 1)) && count >= BIT(order);
}

/* The largest leaf that alignment, count, machine and free memory allow; gives its frame. */
static pfn_t take_block(const struct physmap *pm, gfn_t gfn, uint64_t count, bool huge,
			uint8_t *order)
{
	pfn_t pfn;

	if (huge && fits(gfn, count, FRAME_ORDER_1G)) {
		*order = FRAME_ORDER_1G;
		pfn = frame_alloc(FRAME_ORDER_1G, pm->slot);
		if (pfn_valid(pfn))
			return pfn;
	}
	if (physmap_leaf_2m && fits(gfn, count, FRAME_ORDER_2M)) {
		*order = FRAME_ORDER_2M;
		pfn = frame_alloc(FRAME_ORDER_2M, pm->slot);
		if (pfn_valid(pfn))
			return pfn;
	}
	*order = FRAME_ORDER_4K;
	return frame_alloc(FRAME_ORDER_4K, pm->slot);
}

static void put_block(pfn_t pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		frame_put(to_pfn(pfn.n + i));
}

enum status physmap_populate(struct physmap *pm, gfn_t gfn, uint64_t count, uint64_t budget,
			     uint64_t *done)
{
	bool huge = physmap_leaf_1g && budget >= BIT(FRAME_ORDER_1G);

	for (*done = 0; *done < min_u64(count, budget);) {
		struct physmap_change ch = { .gfn = to_gfn(gfn.n + *done), .type = PHYSMAP_RAM };
		enum status st;

		ch.pfn = take_block(pm, ch.gfn, count - *done, huge, &ch.order);
		if (!pfn_valid(ch.pfn))
			return ERR_NOMEM;
		st = physmap_change(pm, &ch, 1);
		if (st != OK) {
			put_block(ch.pfn, BIT(ch.order));
			return st;
		}
		*done += BIT(ch.order);
	}
	return OK;
}

static bool counted(uint64_t e)
{
	return ept_type(e) != PHYSMAP_OWN;
}

/* Frames given back in one piece. */
#define TEARDOWN_PIECE EPT_ENTRIES

/* Part of a large leaf; clears it when all its frames are back. */
static void drop_large(struct physmap *pm, uint64_t *slot, unsigned int level)
{
	uint64_t total = BIT(9 * level);
	pfn_t pfn = to_pfn((*slot & EPT_FRAME) >> PAGE_SHIFT);

	put_block(to_pfn(pfn.n + pm->teardown_done), TEARDOWN_PIECE);
	pm->teardown_done += TEARDOWN_PIECE;
	pm->ram_frames -= TEARDOWN_PIECE;
	if (pm->teardown_done < total)
		return;
	pm->teardown_done = 0;
	*slot = 0;
}

static void drop_page_table(struct physmap *pm, uint64_t *table)
{
	for (unsigned int i = 0; i < EPT_ENTRIES; i++) {
		if (!ept_present(table[i]) || !counted(table[i]))
			continue;
		if (ept_type(table[i]) == PHYSMAP_RAM)
			pm->ram_frames--;
		frame_put(to_pfn((table[i] & EPT_FRAME) >> PAGE_SHIFT));
	}
	own_free_pages(table, 0);
}

/* The first present entry of a table, or NULL. */
static uint64_t *first_present(uint64_t *table)
{
	for (unsigned int i = 0; i < EPT_ENTRIES; i++)
		if (ept_present(table[i]))
			return &table[i];
	return NULL;
}

bool physmap_teardown(struct physmap *pm)
{
	uint64_t *slot = first_present(pm->root);
	unsigned int level = 3;

	if (!slot) {
		ASSERT(!pm->ram_frames);
		return false;
	}
	/* Down to a page table, a large leaf, or an empty table. */
	while (level > 1 && ept_is_table(*slot)) {
		uint64_t *next = first_present(ept_table(*slot));

		if (!next) {
			own_free_pages(ept_table(*slot), 0);
			*slot = 0;
			return true;
		}
		slot = next;
		level--;
	}
	if (!ept_is_table(*slot)) {
		drop_large(pm, slot, level);
	} else {
		drop_page_table(pm, ept_table(*slot));
		*slot = 0;
	}
	return true;
}
