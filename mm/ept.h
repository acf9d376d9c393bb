// SPDX-License-Identifier: MIT
/*
 * EPT entries (SDM vol. 3, 29.3.2) and the table walk. Private to mm/: everybody else speaks to
 * physmap.h. Accessed and dirty flags are off in the EPTP, so only physmap code writes entries.
 *
 *   63..57 56         55      54..52 51..............12 11..8 7  6   5..3 2 1 0
 *   |  -   | HAS_COPY | HAS_GPC | type | frame          | -   |PS|IPAT| mt |X|W|R|
 */
#ifndef MM_EPT_H
#define MM_EPT_H

#include "core/lib/atomic.h"
#include "core/lib/bits.h"
#include "mm/own.h"
#include "mm/physmap.h"

#define EPT_R   BIT(0)
#define EPT_W   BIT(1)
#define EPT_X   BIT(2)
#define EPT_RWX (EPT_R | EPT_W | EPT_X)
/* Write-back whatever the guest's PAT says: no device is assigned, and another type would alias the
 * hypervisor's own write-back mapping (SDM vol. 3, 29.3.7). */
#define EPT_MT_WB      (6ULL << 3)
#define EPT_IGNORE_PAT BIT(6)
#define EPT_LARGE      BIT(7)
#define EPT_FRAME      BITS(51, 12)
#define EPT_TYPE_SHIFT 52
#define EPT_TYPE       BITS(54, 52)
/* A gpc may refer to a gfn under this leaf: only saves the search, never decides a wait. */
#define EPT_HAS_GPC BIT(55)
/* An EPT02 (ept02.h) may have a copy of this leaf, or of a part of it: its change is logged. */
#define EPT_HAS_COPY BIT(56)
#define EPT_MARKS    (EPT_HAS_GPC | EPT_HAS_COPY)

#define EPTP_WALK_4 (3ULL << 3)
#define EPTP_WB     6ULL

#define EPT_LEVELS    4
#define EPT_ENTRIES   512
#define EPT_GFN_LIMIT BIT(36) /* four levels: 48-bit guest-physical addresses */

static inline unsigned int ept_index(gfn_t gfn, unsigned int level)
{
	return (unsigned int)(gfn.n >> (9 * level)) & (EPT_ENTRIES - 1);
}

static inline bool ept_present(uint64_t e)
{
	return e & EPT_RWX;
}

/* Whether the walk goes on: a table's entry has no other bits than EPT_RWX in its low byte, a leaf
 * has its memory type there. */
static inline bool ept_is_table(uint64_t e)
{
	return (uint8_t)e == EPT_RWX;
}

static inline uint64_t *ept_table(uint64_t e)
{
	return own_va(to_hpa(e - EPT_RWX));
}

static inline enum physmap_type ept_type(uint64_t e)
{
	return (enum physmap_type)((e & EPT_TYPE) >> EPT_TYPE_SHIFT);
}

static inline uint64_t ept_make_table(const uint64_t *table)
{
	return own_hpa(table).a | EPT_RWX;
}

static inline uint64_t ept_make_leaf(pfn_t pfn, enum physmap_type type, unsigned int order)
{
	uint64_t e = pfn_hpa(pfn).a | EPT_MT_WB | EPT_IGNORE_PAT | EPT_R |
		     (uint64_t)type << EPT_TYPE_SHIFT;

	if (type != PHYSMAP_FOREIGN_RO)
		e |= EPT_W | EPT_X;
	return order ? e | EPT_LARGE : e;
}

/* Where the walk for a gfn ended: at a leaf or an absent entry. */
struct ept_walk {
	uint64_t *slot; /* where the entry stands */
	uint64_t entry; /* as read */
	uint8_t level;
};

/* Look at the entry for gfn in a table of `level`; false at the end of the walk. */
static always_inline bool ept_look(struct ept_walk *w, uint64_t *table, gfn_t gfn, uint8_t level)
{
	w->slot = table + ept_index(gfn, level);
	w->entry = load_acquire(w->slot);
	w->level = level;
	return ept_is_table(w->entry);
}

static always_inline bool ept_down(struct ept_walk *w, gfn_t gfn, uint8_t level)
{
	return ept_look(w, ept_table(w->entry), gfn, level);
}

/* Follow the tables down to the entry that decides gfn. Under the lock, or inside a section. */
static always_inline struct ept_walk ept_walk(uint64_t *root, gfn_t gfn)
{
	struct ept_walk w;

	/* Spelt out: as a loop it takes twice the instructions. */
	(void)(ept_look(&w, root, gfn, 3) && ept_down(&w, gfn, 2) && ept_down(&w, gfn, 1) &&
	       ept_down(&w, gfn, 0));
	return w;
}

/* The same down to `lowest` only, where it may end at a table. */
static inline struct ept_walk ept_walk_to(uint64_t *root, gfn_t gfn, unsigned int lowest)
{
	struct ept_walk w;
	bool more = ept_look(&w, root, gfn, 3);

	while (more && w.level > lowest)
		more = ept_down(&w, gfn, (uint8_t)(w.level - 1));
	return w;
}

static inline struct physmap_entry ept_decode(struct ept_walk w, gfn_t gfn)
{
	struct physmap_entry e = { to_pfn(INVALID_FRAME), PHYSMAP_NONE, (uint8_t)(9 * w.level) };

	if (!ept_present(w.entry))
		return e;
	e.pfn = to_pfn(((w.entry & EPT_FRAME) >> PAGE_SHIFT) + (gfn.n & (BIT(e.order) - 1)));
	e.type = ept_type(w.entry);
	return e;
}

/*
 * Prepare: put `count` zeroed pages into pm->spare_tables. Under pm->lock. ERR_NOMEM changes nothing
 * that matters.
 */
enum status ept_add_spares(struct physmap *pm, unsigned int count) must_check;
/* Commit: the slot for gfn at `order`, building and splitting with the spare tables: as many as lie
 * between the walk's end and that level. Under pm->lock. */
uint64_t *ept_reach(struct physmap *pm, gfn_t gfn, unsigned int order);
/* Give unused spare tables back. Under pm->lock. */
void ept_drop_spares(struct physmap *pm);

/* Whether a table maps nothing. Under pm->lock. */
bool ept_table_empty(const uint64_t *table);
/*
 * Replace the lowest table above gfn by what the entry that names it can say as well: nothing, or a
 * large leaf. Returns that table, which hardware may use until the next round is over, or NULL: it
 * is needed. Under pm->lock.
 */
uint64_t *ept_fold(struct physmap *pm, gfn_t gfn) must_check;

#endif
