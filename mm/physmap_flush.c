// SPDX-License-Identifier: MIT
#include "mm/physmap_flush.h"

#include "mm/round.h"

void physmap_flush(struct physmap *pm)
{
	spin_lock(&pm->lock);
	/* A change of nothing: each core does INVEPT before its next entry. */
	round_bump(pm, 0);
	round_run(pm, NULL);
	spin_unlock(&pm->lock);
}
