// SPDX-License-Identifier: MIT
#include "mm/gpc.h"

#include "arch/x86/cpu/trace.h"
#include "core/lib/string.h"
#include "mm/ept.h"
#include "mm/gpc_hw.h"
#include "mm/gpc_index.h"
#include "mm/round.h"
#include "mm/section_drain.h"
#include "mm/step.h"

static struct gpc **bucket(struct physmap *pm, gfn_t gfn)
{
	return &pm->hash[gfn.n & (PHYSMAP_HASH - 1)];
}

static void unhash(struct gpc *g)
{
	struct gpc **p = bucket(g->physmap, g->gfn);

	while (*p != g)
		p = &(*p)->hash_next;
	*p = g->hash_next;
	store_relaxed(&g->active, false);
}

static void hash(struct gpc *g, gfn_t gfn)
{
	struct gpc **b = bucket(g->physmap, gfn);

	g->gfn = gfn;
	g->hash_next = *b;
	*b = g;
	store_relaxed(&g->active, true);
}

void gpc_index_invalidate(struct physmap *pm, gfn_t gfn)
{
	for (struct gpc *g = *bucket(pm, gfn); g; g = g->hash_next) {
		if (g->gfn.n != gfn.n)
			continue;
		store_relaxed(&g->valid, false);
		g->invalidations++;
	}
}

bool gpc_index_waits(const struct physmap *pm, gfn_t gfn, unsigned int order, bool *hw)
{
	unsigned int count = order ? PHYSMAP_HASH : 1;
	bool found = false;

	for (unsigned int i = 0; i < count; i++) {
		const struct gpc *g = pm->hash[(gfn.n + i) & (PHYSMAP_HASH - 1)];

		for (; unlikely(g); g = g->hash_next) {
			if (g->gfn.n >> order != gfn.n >> order)
				continue;
			found = true;
			if (g->kind == GPC_HW)
				*hw = true;
		}
	}
	return found;
}

/* What may stand behind a cache: the domain's own writable RAM, or a frame made for guests. */
static bool cacheable(enum physmap_type type)
{
	return type == PHYSMAP_RAM || type == PHYSMAP_OWN;
}

/* The gfn's frame, with its leaf marked so that a change looks for caches. Under the lock. */
static pfn_t resolve(struct physmap *pm, gfn_t gfn)
{
	struct ept_walk w;
	struct physmap_entry e;

	if (gfn.n >= EPT_GFN_LIMIT)
		return to_pfn(INVALID_FRAME);
	w = ept_walk(pm->root, gfn);
	e = ept_decode(w, gfn);
	if (!cacheable(e.type))
		return to_pfn(INVALID_FRAME);
	store_release(w.slot, w.entry | EPT_HAS_GPC);
	protocol_step(STEP_RESOLVED);
	return e.pfn;
}

/* valid goes last: who sees it sees the frame. */
static void publish(struct gpc *g, pfn_t pfn)
{
	store_relaxed(&g->pfn.n, pfn.n);
	protocol_step(STEP_FRAME_STORED);
	store_release(&g->valid, true);
	protocol_step(STEP_PUBLISHED);
}

void gpc_init(struct gpc *g, struct physmap *pm, enum gpc_kind kind, const char *name)
{
	memset(g, 0, sizeof(*g));
	g->physmap = pm;
	g->kind = kind;
	g->name = name;
	g->pfn = to_pfn(INVALID_FRAME);
	g->gfn = to_gfn(INVALID_FRAME);
}

/* Take an active cache out of use: nobody reads its frame when this returns. Under the lock. */
static void withdraw(struct gpc *g)
{
	store_relaxed(&g->valid, false);
	protocol_step(STEP_WITHDRAWN);
	sections_drain();
	unhash(g);
	protocol_step(STEP_UNHASHED);
}

bool gpc_index_find(struct gpc *g)
{
	pfn_t pfn;

	if (!g->active || g->valid)
		return g->valid;
	pfn = resolve(g->physmap, g->gfn);
	if (pfn_valid(pfn)) {
		publish(g, pfn);
		trace(TRACE_REFRESH, (uint32_t)g->physmap->slot << 16, g->gfn.n);
	}
	return g->valid;
}

/* A cache of the hardware kind was changed: its vCPU is out of the guest when this returns, and looks
 * again before it enters. Under the lock. */
static void settle(struct gpc *g)
{
	if (g->kind != GPC_HW)
		return;
	store_relaxed(&g->hw->gen, 0);
	protocol_step(STEP_HW_FORGOTTEN);
	round_run(g->physmap, g->hw->owner);
}

enum status gpc_activate(struct gpc *g, gfn_t gfn)
{
	struct physmap *pm = g->physmap;
	enum status st = ERR_NOT_FOUND;
	pfn_t pfn;

	spin_lock(&pm->lock);
	pfn = resolve(pm, gfn);
	if (pfn_valid(pfn) || g->kind == GPC_HW) {
		if (g->active)
			withdraw(g);
		hash(g, gfn);
		if (pfn_valid(pfn))
			publish(g, pfn);
		settle(g);
		st = OK;
	}
	spin_unlock(&pm->lock);
	return st;
}

void gpc_deactivate(struct gpc *g)
{
	struct physmap *pm = g->physmap;

	spin_lock(&pm->lock);
	if (g->active) {
		withdraw(g);
		settle(g);
	}
	spin_unlock(&pm->lock);
}

enum status gpc_refresh(struct gpc *g)
{
	struct physmap *pm = g->physmap;
	bool found;

	spin_lock(&pm->lock);
	found = gpc_index_find(g);
	spin_unlock(&pm->lock);
	return found ? OK : ERR_NOT_FOUND;
}
