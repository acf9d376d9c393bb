// SPDX-License-Identifier: MIT
#include "mm/physmap.h"

#include "core/lib/assert.h"
#include "core/lib/string.h"
#include "mm/ept.h"
#include "mm/frame.h"
#include "mm/gpc.h"
#include "mm/gpc_index.h"
#include "mm/round.h"
#include "mm/section.h"
#include "mm/step.h"
#include "mm/window.h"

/* The last generation of the physmap that had the slot before: a tag that a core flushed for the
 * old one must not pass for the new one. */
static uint64_t slot_last_gen[MAX_PHYSMAPS];

enum status physmap_init(struct physmap *pm, uint16_t slot)
{
	memset(pm, 0, sizeof(*pm));
	pm->root = own_alloc_pages(0);
	if (!pm->root)
		return ERR_NOMEM;
	pm->slot = slot;
	pm->map_gen = slot_last_gen[slot] + 1;
	pm->eptp = own_hpa(pm->root).a | EPTP_WALK_4 | EPTP_WB;
	return OK;
}

void physmap_retire(struct physmap *pm)
{
	slot_last_gen[pm->slot] = pm->map_gen;
	own_free_pages(pm->root, 0);
	pm->root = NULL;
}

static bool counted(enum physmap_type type)
{
	return type == PHYSMAP_RAM || type == PHYSMAP_FOREIGN || type == PHYSMAP_FOREIGN_RO;
}

/* Everything that can go wrong goes wrong here, before the first effect. */
static enum status prepare(struct physmap *pm, const struct physmap_change *ch, unsigned int n,
			   bool conditional)
{
	for (unsigned int i = 0; i < n; i++) {
		struct ept_walk w;
		enum status st;

		if (ch[i].gfn.n >= EPT_GFN_LIMIT || (ch[i].gfn.n & (BIT(ch[i].order) - 1)))
			return ERR_INVALID;
		w = ept_walk(pm->root, ch[i].gfn);
		if (conditional) {
			struct physmap_entry now = ept_decode(w, ch[i].gfn);

			if (now.type != ch[i].old.type || now.pfn.n != ch[i].old.pfn.n)
				return ERR_BUSY;
		}
		if (ch[i].order && (ept_present(w.entry) || 9U * w.level < ch[i].order))
			return ERR_EXISTS;
		/* Removing what is not there needs no tables. */
		if (ch[i].type == PHYSMAP_NONE && !ept_present(w.entry))
			continue;
		st = ept_prepare(pm, ch[i].gfn, ch[i].order);
		if (st != OK)
			return st;
	}
	return OK;
}

/*
 * Exchange one entry and mark its caches invalid. Sets *stale when somebody may hold the old
 * translation or a processor the page in place of one that was not there, and *seen when a cache waits for this gfn to be mapped.
 */
static void exchange(struct physmap *pm, struct physmap_change *ch, bool *stale, bool *seen)
{
	struct ept_walk w = ept_walk(pm->root, ch->gfn);
	uint64_t new = 0;
	uint64_t old;
	uint64_t *slot;

	if (ch->type == PHYSMAP_NONE && !ept_present(w.entry)) {
		ch->old = ept_decode(w, ch->gfn);
		return;
	}
	if (ch->type != PHYSMAP_NONE)
		new = ept_make_leaf(ch->pfn, ch->type, ch->order);
	slot = 9U * w.level == ch->order ? w.slot : ept_reach(pm, ch->gfn, ch->order);
	old = atomic_xchg(slot, new);
	protocol_step(STEP_EXCHANGED);
	ch->old = ept_decode((struct ept_walk){ slot, old, ch->order / 9 }, ch->gfn);
	if (ch->old.type == PHYSMAP_RAM)
		pm->ram_frames--;
	if (ch->type == PHYSMAP_RAM)
		pm->ram_frames += BIT(ch->order);
	if (ch->type != PHYSMAP_NONE)
		pm->max_gfn = max_u64(pm->max_gfn, ch->gfn.n + BIT(ch->order) - 1);
	*stale |= ept_present(old);
	if (!ept_present(old))
		*seen |= gpc_index_waits(pm, ch->gfn, ch->order, stale);
	else if (old & EPT_HAS_GPC)
		gpc_index_invalidate(pm, ch->gfn);
	protocol_step(STEP_INVALIDATED);
}

static enum status change(struct physmap *pm, struct physmap_change *ch, unsigned int n,
			  bool conditional)
{
	bool stale = false, seen = false;
	enum status st;

	ASSERT(n <= PHYSMAP_BATCH && !section_open());
	spin_lock(&pm->lock);
	protocol_step(STEP_CHANGE_LOCKED);
	st = prepare(pm, ch, n, conditional);
	if (st == OK) {
		protocol_step(STEP_PREPARED);
		for (unsigned int i = 0; i < n; i++)
			exchange(pm, &ch[i], &stale, &seen);
		pm->stats.changes++;
		if (stale) {
			store_release(&pm->map_gen, pm->map_gen + 1);
			protocol_step(STEP_BUMPED);
			round_run(pm, NULL); /* fence, kick, drain, wait */
		}
		for (unsigned int i = 0; i < n; i++) {
			if (counted(ch[i].old.type))
				frame_put(ch[i].old.pfn);
			protocol_step(STEP_PUT);
		}
	}
	if (unlikely(pm->spare_tables))
		ept_drop_spares(pm);
	spin_unlock(&pm->lock);
	protocol_step(STEP_CHANGE_UNLOCKED);
	if (unlikely(seen))
		physmap_waiters_ready(pm);
	return st;
}

enum status physmap_change(struct physmap *pm, struct physmap_change *ch, unsigned int n)
{
	return change(pm, ch, n, false);
}

enum status physmap_change_if(struct physmap *pm, struct physmap_change *ch, unsigned int n)
{
	return change(pm, ch, n, true);
}

struct physmap_entry physmap_lookup(const struct physmap *pm, gfn_t gfn)
{
	struct physmap_entry none = { to_pfn(INVALID_FRAME), PHYSMAP_NONE, 0 };

	DEBUG_ASSERT(section_open());
	if (unlikely(gfn.n >= EPT_GFN_LIMIT))
		return none;
	return ept_decode(ept_walk(pm->root, gfn), gfn);
}

enum physmap_type physmap_type_at(const struct physmap *pm, gfn_t gfn)
{
	enum physmap_type type;

	section_begin();
	type = physmap_lookup(pm, gfn).type;
	section_end();
	return type;
}

static bool writable(enum physmap_type type)
{
	return type == PHYSMAP_RAM || type == PHYSMAP_OWN || type == PHYSMAP_FOREIGN;
}

/* The address of one page's part of a copy, or NULL. Inside a section. */
static uint8_t *part_address(const struct physmap *pm, gpa_t gpa, bool write)
{
	struct physmap_entry e = physmap_lookup(pm, gpa_gfn(gpa));

	if (e.type == PHYSMAP_NONE || (write && !writable(e.type)))
		return NULL;
	return (uint8_t *)window_map(e.pfn) + gpa_offset(gpa);
}

/* Bytes of a copy that end with this page: each gets a section of its own. */
static size_t part_length(gpa_t gpa, size_t len)
{
	return min_u64(len, PAGE_SIZE - gpa_offset(gpa));
}

enum status physmap_read(const struct physmap *pm, gpa_t gpa, void *dst, size_t len)
{
	uint8_t *to = dst;

	while (len) {
		size_t part = part_length(gpa, len);
		const uint8_t *from;

		section_begin();
		from = part_address(pm, gpa, false);
		if (from)
			memcpy(to, from, part);
		section_end();
		if (!from)
			return ERR_NOT_FOUND;
		gpa.a += part;
		to += part;
		len -= part;
	}
	return OK;
}

enum status physmap_write(struct physmap *pm, gpa_t gpa, const void *src, size_t len)
{
	const uint8_t *from = src;

	while (len) {
		size_t part = part_length(gpa, len);
		uint8_t *to;

		section_begin();
		to = part_address(pm, gpa, true);
		if (to)
			memcpy(to, from, part);
		section_end();
		if (!to)
			return ERR_NOT_FOUND;
		gpa.a += part;
		from += part;
		len -= part;
	}
	return OK;
}
