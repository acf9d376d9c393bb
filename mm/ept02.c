// SPDX-License-Identifier: MIT
#include "mm/ept02.h"

#include "core/lib/assert.h"
#include "core/lib/string.h"
#include "mm/ept.h"
#include "mm/own.h"
#include "mm/step.h"

#define FILL_TABLES 3  /* that one fill may need */
#define FIRST_MADE  16 /* tables that are made at once: more than one fill ever needs */

/* Tables: entries first, links behind. */
#define TABLE_ORDER  1
#define ARRAY_ORDER  1
#define CHAINS_ORDER 2
#define CHAIN_BITS   12
#define CHAINS       (1U << CHAIN_BITS)

static_assert((EPT02_TABLES + 1) * sizeof(struct ept02_table) <= PAGE_SIZE << ARRAY_ORDER,
	      "order of the tables' array");
static_assert(CHAINS * sizeof(uint32_t) == PAGE_SIZE << CHAINS_ORDER, "order of the chains");

/* Accessed and dirty: set at once, or the processor does it with a locked access. */
#define EPT02_AD BITS(9, 8)
#define EPTP_AD  BIT(6)
/* The number of the table that an entry names; ignored by the processor. */
#define EPT02_NUMBER_SHIFT 52

/* A leaf is named by its table's number and its index; 0 is none. Its link: the L1 gfn that it maps
 * first, and the next leaf of its chain. */
#define LEAF_BITS 20
#define LEAF_NEXT BITS(LEAF_BITS - 1, 0)

static_assert(EPT02_TABLES < 1 << (LEAF_BITS - 9), "a leaf's name");

/*
 * Steps along chains that one operation may take. L1 can make a chain as long as its tables are, by
 * one page at many addresses: the root is emptied then.
 */
#define PATIENCE 8192

static uint64_t *entry_of(const struct ept02 *e, uint32_t leaf)
{
	return &e->tables[leaf / EPT_ENTRIES].entry[leaf % EPT_ENTRIES];
}

static uint64_t *link_of(const struct ept02 *e, uint32_t leaf)
{
	return entry_of(e, leaf) + EPT_ENTRIES;
}

/* ---- Tables ---- */

static bool make_table(struct ept02 *e)
{
	uint64_t *entry;

	if (e->made == EPT02_TABLES)
		return false;
	entry = own_alloc_pages(TABLE_ORDER);
	if (!entry)
		return false;
	e->tables[++e->made] = (struct ept02_table){ .entry = entry, .next = e->spare };
	e->spare = e->made;
	e->spares++;
	return true;
}

/* Nothing is mapped in the root any more. */
static void empty(struct ept02 *e, struct ept02_root *r)
{
	uint16_t last = r->tables;

	if (!last)
		return;
	for (e->spares++; e->tables[last].next; e->spares++)
		last = e->tables[last].next;
	e->tables[last].next = e->spare;
	e->spare = r->tables;
	r->tables = 0;
	memset(r->top, 0, PAGE_SIZE);
	memset(r->chains, 0, PAGE_SIZE << CHAINS_ORDER);
	memset(r->leaves, 0, sizeof(r->leaves));
	r->stale = true;
	e->stats.drops++;
}

static struct ept02_root *least_used(struct ept02 *e, bool with_tables)
{
	struct ept02_root *found = NULL;

	for (unsigned int i = 0; i < EPT02_ROOTS; i++) {
		struct ept02_root *r = &e->root[i];

		if (r->top && (!with_tables || r->tables) &&
		    (!found || r->last_used < found->last_used))
			found = r;
	}
	return found;
}

/* What a fill may need is at hand after: the root that was used longest ago pays first. */
static void reserve(struct ept02 *e)
{
	while (e->spares < FILL_TABLES && make_table(e))
		;
	while (e->spares < FILL_TABLES)
		empty(e, least_used(e, true));
}

/* ---- Leaves, by the L1 gfn that they map ---- */

static uint64_t first_gfn(uint64_t gfn, unsigned int level)
{
	return gfn >> 9 * level << 9 * level;
}

static uint32_t *chain_of(const struct ept02_root *r, unsigned int level, uint64_t first)
{
	uint64_t n = first >> 9 * level;

	return &r->chains[(n ^ n >> CHAIN_BITS ^ level << (CHAIN_BITS - 2)) & (CHAINS - 1)];
}

/*
 * Unmap the leaves of this level that map from gfn `first` on, or (`only` not 0) that one of them.
 * False: the chain is longer than *patience.
 */
static bool unmap(struct ept02 *e, struct ept02_root *r, unsigned int level, uint64_t first,
		  uint32_t only, unsigned int *patience)
{
	uint32_t *chain = chain_of(r, level, first);
	uint32_t before = 0, next;

	for (uint32_t leaf = *chain; leaf; leaf = next) {
		uint64_t *link = link_of(e, leaf);

		if (!*patience)
			return false;
		--*patience;
		next = (uint32_t)(*link & LEAF_NEXT);
		if (*link >> LEAF_BITS != first || e->tables[leaf / EPT_ENTRIES].level != level ||
		    (only && leaf != only)) {
			before = leaf;
			continue;
		}
		if (before)
			*link_of(e, before) = (*link_of(e, before) & ~LEAF_NEXT) | next;
		else
			*chain = next;
		store_relaxed(entry_of(e, leaf), 0);
		r->leaves[level]--;
		e->stats.zaps++;
	}
	return true;
}

/* ---- Following the log ---- */

static void unmap_gfn(struct ept02 *e, struct ept02_root *r, uint64_t gfn, unsigned int *patience)
{
	for (unsigned int level = 0; level < array_size(r->leaves); level++) {
		if (!r->leaves[level] || unmap(e, r, level, first_gfn(gfn, level), 0, patience))
			continue;
		empty(e, r);
		e->stats.overflows++;
	}
}

static void empty_all(struct ept02 *e)
{
	for (unsigned int i = 0; i < EPT02_ROOTS; i++)
		empty(e, &e->root[i]);
}

void ept02_all_stale(struct ept02 *e)
{
	for (unsigned int i = 0; i < EPT02_ROOTS; i++)
		e->root[i].stale = true;
}

void ept02_follow(struct ept02 *e)
{
	const struct physmap *pm = e->physmap;
	uint64_t end = load_acquire(&pm->logged);
	unsigned int patience = PATIENCE;

	protocol_step(STEP_LOG_READ);
	for (uint64_t n = e->followed; n != end && end - e->followed < PHYSMAP_LOG; n++) {
		uint64_t gfn = load_relaxed(&pm->log[n % PHYSMAP_LOG]);

		for (unsigned int i = 0; i < EPT02_ROOTS; i++)
			unmap_gfn(e, &e->root[i], gfn, &patience);
	}
	protocol_step(STEP_LOG_ZAPPED);
	/* What is being written now may stand where the oldest was. */
	fence_compiler();
	if (load_acquire(&pm->logged) - e->followed >= PHYSMAP_LOG) {
		empty_all(e);
		e->stats.overflows++;
	}
	e->followed = end;
	ept02_all_stale(e);
}

bool ept02_take_stale(struct ept02 *e)
{
	bool stale = e->current->stale;

	e->current->stale = false;
	return stale;
}

/* ---- Roots ---- */

static bool make_root(struct ept02_root *r)
{
	r->top = own_alloc_pages(0);
	r->chains = own_alloc_pages(CHAINS_ORDER);
	r->stale = true;
	if (r->top && r->chains)
		return true;
	if (r->top)
		own_free_pages(r->top, 0);
	if (r->chains)
		own_free_pages(r->chains, CHAINS_ORDER);
	r->top = NULL;
	return false;
}

static struct ept02_root *root_for(struct ept02 *e, uint64_t key)
{
	struct ept02_root *r;

	for (r = e->root; r < e->root + EPT02_ROOTS; r++)
		if (r->key == key)
			return r;
	for (r = e->root; r < e->root + EPT02_ROOTS; r++)
		if (r->top ? !r->key : make_root(r))
			return r;
	r = least_used(e, false);
	empty(e, r);
	return r;
}

void ept02_select(struct ept02 *e, uint64_t key, bool flags)
{
	struct ept02_root *r = root_for(e, key);

	r->key = key;
	r->eptp = own_hpa(r->top).a | EPTP_WALK_4 | EPTP_WB | (flags ? EPTP_AD : 0);
	r->last_used = ++e->uses;
	e->current = r;
}

void ept02_forget(struct ept02 *e, uint64_t key, uint64_t bits)
{
	for (struct ept02_root *r = e->root; r < e->root + EPT02_ROOTS; r++)
		if (r->key && !((r->key ^ key) & bits))
			empty(e, r);
}

/* ---- Filling ---- */

/*
 * The physmap's entry for a gfn, and its mark, so that a change which comes after is logged. The
 * entry may be out of date when it is used: then it is in the log, which is followed before that.
 */
static struct ept_walk copy(struct physmap *pm, gfn_t gfn)
{
	struct ept_walk w;

	spin_lock(&pm->lock);
	w = ept_walk(pm->root, gfn);
	if (ept_present(w.entry) && !(w.entry & EPT_HAS_COPY))
		store_release(w.slot, w.entry | EPT_HAS_COPY);
	spin_unlock(&pm->lock);
	protocol_step(STEP_COPIED);
	return w;
}

static uint16_t add_table(struct ept02 *e, uint64_t *slot, unsigned int level)
{
	uint16_t number = e->spare;
	struct ept02_table *t = &e->tables[number];

	ASSERT(number);
	e->spare = t->next;
	e->spares--;
	t->next = e->current->tables;
	t->level = (uint8_t)level;
	e->current->tables = number;
	memset(t->entry, 0, PAGE_SIZE);
	*slot = own_hpa(t->entry).a | EPT_RWX | EPT02_AD | (uint64_t)number << EPT02_NUMBER_SHIFT;
	return number;
}

/* Where the walk for an address ended. */
struct place {
	uint64_t *slot;
	uint32_t leaf; /* its name; only below the top */
	unsigned int level;
};

/* A leaf that is in the way. False: the root had to be emptied. */
static bool make_room(struct ept02 *e, const struct place *p)
{
	unsigned int patience = PATIENCE;
	uint64_t first;

	if (!*p->slot)
		return true;
	first = *link_of(e, p->leaf) >> LEAF_BITS;
	e->current->stale = true;
	if (unmap(e, e->current, p->level, first, p->leaf, &patience))
		return true;
	empty(e, e->current);
	return false;
}

/* Down to the entry for the address at `target`, or at a lower level where there is a table already.
 * False: the root had to be emptied. */
static bool reach(struct ept02 *e, uint64_t address, unsigned int target, struct place *p)
{
	gfn_t page = gpa_gfn(to_gpa(address));

	p->leaf = 0;
	p->slot = e->current->top + ept_index(page, 3);
	for (p->level = 3; p->level > target || ept_is_table(*p->slot);) {
		unsigned int index = ept_index(page, p->level - 1);
		uint16_t number = (uint16_t)(*p->slot >> EPT02_NUMBER_SHIFT);

		if (!ept_is_table(*p->slot)) {
			if (!make_room(e, p))
				return false;
			number = add_table(e, p->slot, p->level - 1);
		}
		p->level--;
		p->leaf = (uint32_t)number * EPT_ENTRIES + index;
		p->slot = e->tables[number].entry + index;
	}
	return true;
}

static bool same_frame(uint64_t a, uint64_t b)
{
	return !((a ^ b) & (EPT_FRAME | EPT_LARGE));
}

/* Put a leaf in for `gfn` of L1, whose frame is `pfn`. False: the root had to be emptied. */
static bool install(struct ept02 *e, uint64_t address, unsigned int order, gfn_t gfn, pfn_t pfn,
		    uint64_t rights)
{
	struct ept02_root *r = e->current;
	struct place p;
	uint64_t first, entry;
	uint32_t *chain;

	if (!reach(e, address, order / 9, &p))
		return false;
	first = first_gfn(gfn.n, p.level);
	entry = pfn_hpa(to_pfn(first_gfn(pfn.n, p.level))).a | rights | EPT_MT_WB | EPT_IGNORE_PAT |
		EPT02_AD | (p.level ? EPT_LARGE : 0);
	/* Other rights to the same page: what the processor remembers of it went with its exit. */
	if (*p.slot && same_frame(*p.slot, entry) && *link_of(e, p.leaf) >> LEAF_BITS == first) {
		r->stale |= *p.slot & EPT_RWX & ~rights;
		*p.slot = entry;
		return true;
	}
	if (!make_room(e, &p))
		return false;
	chain = chain_of(r, p.level, first);
	*link_of(e, p.leaf) = first << LEAF_BITS | *chain;
	*chain = p.leaf;
	*p.slot = entry;
	r->leaves[p.level]++;
	return true;
}

enum ept02_filled ept02_fill(struct ept02 *e, const struct ept02_page *page)
{
	gfn_t gfn = gpa_gfn(page->gpa);
	struct physmap_entry found;
	struct ept_walk w;
	unsigned int order;
	uint64_t rights;

	if (gfn.n >= EPT_GFN_LIMIT)
		return EPT02_NOWHERE;
	w = copy(e->physmap, gfn);
	if (!ept_present(w.entry))
		return EPT02_NOWHERE;
	rights = w.entry & page->rights & EPT_RWX;
	if (page->access & ~rights)
		return EPT02_DENIED;
	found = ept_decode(w, gfn);
	order = found.order < page->order ? found.order : page->order;
	/* An emptied root takes the page. */
	do {
		reserve(e);
	} while (!install(e, page->address, order, gfn, found.pfn, rights));
	e->stats.fills++;
	return EPT02_FILLED;
}

/* ---- Life ---- */

void ept02_destroy(struct ept02 *e)
{
	for (unsigned int i = 0; i < EPT02_ROOTS; i++) {
		if (!e->root[i].top)
			continue;
		own_free_pages(e->root[i].top, 0);
		own_free_pages(e->root[i].chains, CHAINS_ORDER);
	}
	for (unsigned int n = e->made; n; n--)
		own_free_pages(e->tables[n].entry, TABLE_ORDER);
	if (e->tables)
		own_free_pages(e->tables, ARRAY_ORDER);
	own_free(e, sizeof(*e));
}

enum status ept02_create(struct physmap *pm, struct ept02 **out)
{
	struct ept02 *e = own_alloc(sizeof(*e));

	*out = NULL;
	if (!e)
		return ERR_NOMEM;
	e->physmap = pm;
	e->current = e->root;
	e->tables = own_alloc_pages(ARRAY_ORDER);
	if (e->tables && make_root(e->root) && physmap_log_start(pm) == OK) {
		while (e->made < FIRST_MADE && make_table(e))
			;
		if (e->made == FIRST_MADE) {
			e->followed = load_acquire(&pm->logged);
			*out = e;
			return OK;
		}
	}
	ept02_destroy(e);
	return ERR_NOMEM;
}
