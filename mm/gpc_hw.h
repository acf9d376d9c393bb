// SPDX-License-Identifier: MIT
/*
 * The hardware kind of cache: guest frames whose addresses stand in a VMCS. A change marks them
 * invalid like any other; what keeps the processor from using an old address is the generation for
 * which the VMCS was last written, compared after the core has declared itself in the guest
 * (docs/gpc.md).
 */
#ifndef MM_GPC_HW_H
#define MM_GPC_HW_H

#include "mm/gpc.h"

#define GPC_HW_PAGES 3 /* of a VMCS; what each is for is its user's */

/* The caches of one VMCS, which belongs to one vCPU. */
struct gpc_hw {
	/* The map generation for which frame[] was looked up; 0, which no map has, when a cache has
	 * changed since. Other values are stored by the owner, under physmap.lock. */
	uint64_t gen;
	const struct vcpu *owner; /* whose core is kicked when only a cache changes */
	struct gpc page[GPC_HW_PAGES];
	/* As of gen; the owner's. */
	struct {
		bool used;
		pfn_t pfn; /* INVALID_FRAME: nothing is there */
	} frame[GPC_HW_PAGES];
};

/* Once, before any other use. */
void gpc_hw_init(struct gpc_hw *hw, struct physmap *pm, const struct vcpu *owner,
		 const char *const names[GPC_HW_PAGES]);

/*
 * Before an entry: look the frames up again and fill frame[], for a generation of the map that was
 * sampled before. The caller writes them to the VMCS, makes its core's `run` odd, and enters only if
 * hw->gen is still the map's generation. `locked`: physmap.lock is held already. Outside sections.
 */
void gpc_hw_resolve(struct gpc_hw *hw, uint64_t gen, bool locked);

#endif
