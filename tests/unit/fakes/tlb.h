// SPDX-License-Identifier: MIT
/*
 * What each core's processor may keep of a guest's translations, and as long as it may keep it (SDM
 * vol. 3, 29.4): guest-physical mappings and paging-structure entries, tagged by EP4TA, until an
 * INVEPT; combined mappings, tagged by EP4TA and VPID, until an INVEPT, an INVVPID, or without VPIDs
 * an entry or exit. Nothing is ever evicted. A guest that uses a translation to a frame that has
 * been freed since, or after the change that removed it has returned, is a fault of the test's.
 */
#ifndef TESTS_UNIT_FAKES_TLB_H
#define TESTS_UNIT_FAKES_TLB_H

#include "core/lib/types.h"

#define TLB_LINEAR 8 /* linear pages of a guest, each at a gfn of its choice */

/* All empty; linear page n of each VPID is gfn n. */
void tlb_reset(void);
/* Called with what was used wrongly. */
extern void (*tlb_fault)(const char *what, uint32_t core, gfn_t gfn);
/* How many accesses a translation that stood there already served; how many INVEPTs. */
extern uint64_t tlb_hits, tlb_invepts;

/* The guest touches a guest-physical page on a core; INVALID_FRAME when that is an EPT violation. */
pfn_t tlb_use(uint32_t core, uint64_t eptp, gfn_t gfn);
/* It touches a linear page. */
pfn_t tlb_use_linear(uint32_t core, uint64_t eptp, uint16_t vpid, uint32_t page);
/* The guest maps its linear page elsewhere, and does INVLPG on the core it runs on. */
void tlb_map_linear(uint32_t core, uint16_t vpid, uint32_t page, gfn_t gfn);

/* A change of this gfn has returned: nobody may use what differs from the map now. */
void tlb_change_done(uint64_t eptp, gfn_t gfn);
/* An entry to or exit from a guest, with VPIDs or without. */
void tlb_transition(uint32_t core, bool vpids);

#endif
