// SPDX-License-Identifier: MIT
/*
 * The steps of the invalidation protocol (docs/gpc.md), each between two of its accesses to shared
 * memory. Debug builds trace every step and delay some of them; host tests run a rival there.
 * Nothing in release builds.
 */
#ifndef MM_STEP_H
#define MM_STEP_H

#include "core/lib/types.h"

enum step {
	/* A change: physmap.c, and round.c from FENCED to LEFT. */
	STEP_CHANGE_LOCKED,
	STEP_PREPARED,
	STEP_EXCHANGED,   /* one entry; its caches still say valid */
	STEP_LOGGED,      /* that entry, for EPT02s */
	STEP_INVALIDATED, /* that entry's caches too */
	STEP_BUMPED,
	STEP_FENCED,
	STEP_KICKED,
	STEP_DRAINED,
	STEP_LEFT,
	STEP_PUT, /* one frame */
	STEP_CHANGE_UNLOCKED,
	/* A cache: gpc.c. */
	STEP_WITHDRAWN, /* no longer valid, sections not drained yet */
	STEP_UNHASHED,
	STEP_HW_FORGOTTEN, /* of the hardware kind: its vCPU must look again, not kicked yet */
	STEP_RESOLVED,     /* looked up, not published yet */
	STEP_FRAME_STORED,
	STEP_PUBLISHED,
	/* An access: section.h, gpc.h. */
	STEP_SECTION_OPEN,
	STEP_GPC_VALID, /* seen valid, not used yet */
	STEP_SECTION_CLOSING,
	/* A copy of a leaf: ept02.c. */
	STEP_COPIED,     /* read and marked, lock given back, not in EPT02 yet */
	STEP_LOG_READ,   /* how far the log goes, none of it read yet */
	STEP_LOG_ZAPPED, /* not looked yet whether it was overwritten meanwhile */
	/* An entry: arch/x86/vmx/run.c. */
	STEP_ENTER,
	STEP_GENERATION_READ,
	STEP_FLUSHED,     /* INVEPT done, seen_gen not stored yet */
	STEP_HW_RESOLVED, /* frames of the hardware kind looked up, not in the VMCS yet */
	STEP_RUN_ODD,
	STEP_RUN_EVEN, /* not entered: again */
	STEP_COUNT,
};

/* mm/step.c in the hypervisor, the fakes in host tests. Any root context. */
void step_taken(enum step s);

/* Seed of the delays; 0: none. Set at boot, before other cores run. */
extern uint64_t step_delay_seed;

static inline void protocol_step(enum step s)
{
	if (XENITH_DEBUG)
		step_taken(s);
}

#endif
