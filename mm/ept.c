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

enum status ept_prepare(struct physmap *pm, gfn_t gfn, unsigned int order)
{
	struct ept_walk w = ept_walk(pm->root, gfn);

	/* Two changes of a batch may count the same missing table: a spare too many is harmless. */
	for (unsigned int level = w.level; level > order / 9; level--) {
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
	struct ept_walk w = ept_walk(pm->root, gfn);

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
