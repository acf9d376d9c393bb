// SPDX-License-Identifier: MIT
#ifndef MM_PHYSMAP_MOVE_H
#define MM_PHYSMAP_MOVE_H

#include "mm/physmap.h"

/*
 * A page of the guest's own RAM gets another frame with the same content: it is removed, copied and
 * mapped again (docs/gpc.md), so it is missing meanwhile. The caller, who has a reference to the
 * domain, sees to it that none of its vCPUs runs or is within a hypercall: nobody else changes its
 * map. What others send to it is parked. Context as physmap_change().
 *
 * The page stays where it is on ERR_NOT_FOUND: nothing is mapped there; ERR_PERMISSION: the
 * hypervisor's or another guest's frame; ERR_BUSY: counted elsewhere, too; ERR_NOMEM: no frame, or
 * no table to split a large page.
 */
enum status physmap_move(struct physmap *pm, gfn_t gfn) must_check;

#endif
