// SPDX-License-Identifier: MIT
/*
 * The gfn -> pfn cache. A gpc remembers which frame stands at one gfn of a physmap; the physmap
 * marks it invalid, synchronously, when that changes. Storage lives as long as its domain or vCPU.
 */
#ifndef MM_GPC_H
#define MM_GPC_H

#include "mm/physmap.h"
#include "mm/section.h"
#include "mm/step.h"
#include "mm/window.h"

enum gpc_kind {
	GPC_HOST, /* the hypervisor reads and writes the page */
	GPC_HW,   /* its address stands in a VMCS: checked by generation at entry */
};

struct gpc_hw; /* mm/gpc_hw.h */

struct gpc {
	/* Hot: read inside sections. pfn is written before valid, under physmap.lock. */
	bool valid;
	bool active; /* hashed; under physmap.lock */
	enum gpc_kind kind;
	struct gpc_hw *hw; /* of the hardware kind: the VMCS it belongs to */
	pfn_t pfn;
	gfn_t gfn;
	struct physmap *physmap;
	struct gpc *hash_next;
	const char *name; /* for the monitor */
	uint64_t hits, misses, invalidations;
};

/* Once, before any other use. For the hardware kind: gpc_hw_init(). */
void gpc_init(struct gpc *g, struct physmap *pm, enum gpc_kind kind, const char *name);

/*
 * Point an inactive or active gpc at a gfn. ERR_NOT_FOUND unless the domain's own writable RAM (or
 * a frame of the hypervisor's made for it) stands there; an active gpc keeps its old target then.
 * One of the hardware kind takes any gfn: the processor gets another page while there is none.
 * Takes physmap.lock; outside sections. On return no core uses the old target, nor does the
 * processor.
 */
enum status gpc_activate(struct gpc *g, gfn_t gfn) must_check;
/* No use of the page starts after it returns. Harmless on an inactive gpc. */
void gpc_deactivate(struct gpc *g);
/* After a miss: look again. ERR_NOT_FOUND when still unmapped or inactive. Takes physmap.lock. */
enum status gpc_refresh(struct gpc *g) must_check;

/*
 * The page's address on this core, or NULL on a miss. Inside a section only; the address is not
 * used after the section ends. The window rule of window_map() applies.
 */
static inline void *gpc_page(struct gpc *g)
{
	void *page;

	if (unlikely(!load_acquire(&g->valid))) {
		g->misses++;
		return NULL;
	}
	g->hits++;
	protocol_step(STEP_GPC_VALID);
	page = window_map(g->pfn);
	if (!page)
		__builtin_unreachable(); /* the caller's look at it is for misses */
	return page;
}

#endif
