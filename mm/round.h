// SPDX-License-Identifier: MIT
#ifndef MM_ROUND_H
#define MM_ROUND_H

#include "mm/physmap.h"

struct vcpu;

/*
 * A new generation: somebody may hold old translations of `withdrawn` (physmap_gfn_bit()s), or (0) of
 * nothing but tables. Entries exchanged and caches marked before it. Under pm->lock.
 */
static inline void round_bump(struct physmap *pm, uint64_t withdrawn)
{
	uint64_t gen = pm->map_gen + 1;

	pm->recent[gen % PHYSMAP_RECENT] = withdrawn;
	store_release(&pm->map_gen, gen);
}

/*
 * The waiting half of a change, private to mm/: entries exchanged, caches marked and generation
 * bumped before it. Fences; kicks each core that is in this guest (one ICR write a core, an NMI
 * when that is not heeded in time); waits for the end of the sections open now and for those cores
 * to leave guest mode. On return no core uses what was exchanged. Under pm->lock, outside sections.
 * `only`: no other vCPU is concerned (of the hardware kind of cache); NULL: all of the guest.
 */
void round_run(struct physmap *pm, const struct vcpu *only);

/* TSC ticks after which a kick that was not heeded becomes an NMI (boot sets it: 100 us, or 10 ms
 * under another hypervisor, whose own scheduling may delay a core). */
extern uint64_t round_nmi_after;

#endif
