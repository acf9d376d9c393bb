// SPDX-License-Identifier: MIT
#include "mm/gpc_hw.h"

#include "mm/gpc_index.h"
#include "mm/step.h"

void gpc_hw_init(struct gpc_hw *hw, struct physmap *pm, const struct vcpu *owner,
		 const char *const names[GPC_HW_PAGES])
{
	hw->gen = 0;
	hw->owner = owner;
	for (unsigned int i = 0; i < GPC_HW_PAGES; i++) {
		gpc_init(&hw->page[i], pm, GPC_HW, names[i]);
		hw->page[i].hw = hw;
		hw->frame[i].used = false;
		hw->frame[i].pfn = to_pfn(INVALID_FRAME);
	}
}

void gpc_hw_resolve(struct gpc_hw *hw, uint64_t gen, bool locked)
{
	struct physmap *pm = hw->page[0].physmap;

	if (!locked)
		spin_lock(&pm->lock);
	for (unsigned int i = 0; i < GPC_HW_PAGES; i++) {
		struct gpc *g = &hw->page[i];
		bool found = gpc_index_find(g);

		g->hits += found;
		g->misses += g->active && !found;
		hw->frame[i].used = g->active;
		hw->frame[i].pfn = found ? g->pfn : to_pfn(INVALID_FRAME);
	}
	/* Under the lock: a cache that changes after this makes it 0 again. */
	store_relaxed(&hw->gen, gen);
	if (!locked)
		spin_unlock(&pm->lock);
	protocol_step(STEP_HW_RESOLVED);
}
