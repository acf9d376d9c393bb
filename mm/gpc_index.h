// SPDX-License-Identifier: MIT
/* What physmap.c asks of the cache: private to mm/. All under physmap.lock. */
#ifndef MM_GPC_INDEX_H
#define MM_GPC_INDEX_H

#include "mm/physmap.h"

/* Mark every cache of this gfn invalid. */
void gpc_index_invalidate(struct physmap *pm, gfn_t gfn);
/* Whether an active cache refers to a gfn of [gfn, gfn + 2^order). Sets *hw when one of them is of
 * the hardware kind: its processor uses another page until it has looked again. */
bool gpc_index_waits(const struct physmap *pm, gfn_t gfn, unsigned int order, bool *hw);
/* For gpc_hw.c: look the frame of a cache up if it is active and not valid. True when it is valid. */
bool gpc_index_find(struct gpc *g);

#endif
