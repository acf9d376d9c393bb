// SPDX-License-Identifier: MIT
#include "mm/ept.h"

#include "core/lib/assert.h"

/* Spare tables are linked through their first word, which is cleared when one is taken. */
static enum status spare_push(struct physmap *pm)
{
	void **page = own_alloc_pages(0);

	if (!page)
		return ERR_NOMEM;
	*page = pm->spare_tables;
	pm->spare_tables = (void *)page;
	return OK;
}

static uint64_t *spare_pop(struct physmap *pm)
{
	void **page = (void **)pm->spare_tables;

	ASSERT(page);
	pm->spare_tables = *page;
	*page = NULL;
	return (uint64_t *)(void *)page;
}

void ept_drop_spares(struct physmap *pm)
{
	while (pm->spare_tables)
		own_free_pages(spare_pop(pm), 0);
}

enum status ept_add_spares(struct physmap *pm, unsigned int count)
{
	while (count--) {
		enum status st = spare_push(pm);

		if (st != OK)
			return st;
	}
	return OK;
}

/* Fill `table` (of `level`) so that it maps what the large leaf above it mapped. */
static void split_into(uint64_t *table, uint64_t leaf, unsigned int level)
{
	uint64_t step = PAGE_SIZE << (9 * level);

	if (level == 0)
		leaf &= ~EPT_LARGE;
	for (unsigned int i = 0; i < EPT_ENTRIES; i++)
		table[i] = leaf + i * step;
}

uint64_t *ept_reach(struct physmap *pm, gfn_t gfn, unsigned int order)
{
	unsigned int target = order / 9;
	struct ept_walk w = ept_walk_to(pm->root, gfn, target);

	while (w.level > target) {
		uint64_t *table = spare_pop(pm);

		if (ept_present(w.entry))
			split_into(table, w.entry, w.level - 1U);
		/* The new table says what the old entry said, so hardware may see either. */
		store_release(w.slot, ept_make_table(table));
		w.level--;
		w.slot = table + ept_index(gfn, w.level);
		w.entry = *w.slot;
	}
	return w.slot;
}

bool ept_table_empty(const uint64_t *table)
{
	for (unsigned int i = 0; i < EPT_ENTRIES; i++)
		if (ept_present(table[i]))
			return false;
	return true;
}

static bool leaf_size_offered(unsigned int level)
{
	return (level == 1 && physmap_leaf_2m) || (level == 2 && physmap_leaf_1g);
}

/*
 * The leaf of `level` that says what a table below it says, or 0: some entry is no leaf of RAM, or
 * their frames are not one aligned block.
 */
static uint64_t leaf_for(const uint64_t *table, unsigned int level)
{
	uint64_t step = PAGE_SIZE << (9 * (level - 1));
	uint64_t leaf = table[0], mark = 0;

	if (!leaf_size_offered(level) || ept_type(leaf) != PHYSMAP_RAM ||
	    (leaf & EPT_FRAME & (step * EPT_ENTRIES - 1)))
		return 0;
	/* From the end: a table that is still being filled is soon seen. */
	for (unsigned int i = EPT_ENTRIES; i-- > 0;) {
		if ((table[i] ^ (leaf + i * step)) & ~EPT_MARKS)
			return 0;
		mark |= table[i] & EPT_MARKS;
	}
	return leaf | mark | EPT_LARGE;
}

uint64_t *ept_fold(struct physmap *pm, gfn_t gfn)
{
	unsigned int level = ept_walk_to(pm->root, gfn, 0).level + 1U;
	struct ept_walk above;
	uint64_t *table;
	uint64_t leaf;

	if (level == EPT_LEVELS)
		return NULL;
	above = ept_walk_to(pm->root, gfn, level);
	table = ept_table(above.entry);
	leaf = leaf_for(table, level);
	if (!leaf && !ept_table_empty(table))
		return NULL;
	/* At once, and to nothing else than the table said: hardware may use either until the
	 * round. */
	(void)atomic_xchg(above.slot, leaf);
	return table;
}
