// SPDX-License-Identifier: MIT
/* What hypercalls do to the physmap. All take memory_lock: they look first and then change. */
#ifndef XENABI_PHYSMAP_OP_H
#define XENABI_PHYSMAP_OP_H

#include "xenabi/hypercall.h"

/* XENMEM_add_to_physmap(_batch) for one page. 0 or a negative Xen errno. */
int physmap_op_add(struct hypercall *h, uint32_t space, uint64_t idx, uint64_t gpfn) must_check;
/* XENMEM_remove_from_physmap: -ENOENT when nothing is there. */
int physmap_op_remove(struct domain *d, uint64_t gpfn) must_check;

/* XENMEM_increase/decrease_reservation and XENMEM_populate_physmap (balloon.c): from extent `start`
 * on; returns the extents done, never an errno. */
int64_t balloon_hypercall(struct hypercall *h, uint32_t op, uint64_t start);

/* add_to_physmap(s), remove_from_physmap (physmap_op.c); `start` is a batch's progress. */
int64_t physmap_op_add_hypercall(struct hypercall *h, uint64_t start);
int64_t physmap_op_batch_hypercall(struct hypercall *h, uint64_t start);
int64_t physmap_op_remove_hypercall(struct hypercall *h);

/* A memory_op's cmd carries how far a continued one has come (Xen's MEMOP_EXTENT_SHIFT). */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK     ((1U << MEMOP_EXTENT_SHIFT) - 1)

static inline int64_t memory_op_again(struct hypercall *h, uint32_t op, uint64_t done)
{
	h->arg[0] = op | done << MEMOP_EXTENT_SHIFT;
	return hypercall_again(h);
}

#endif
