// SPDX-License-Identifier: MIT
/*
 * Per-core windows: the hypervisor's only mapping of guest frames. A direct-mapped cache of
 * WINDOW_COUNT slots, keyed by frame. As a mapping (frame -> address) a slot stays right as long
 * as it stands; what expires is the gfn -> frame step before it, which is why it is used inside the
 * access section that made that step and nowhere else.
 */
#ifndef MM_WINDOW_H
#define MM_WINDOW_H

#include "arch/x86/cpu/percpu.h"
#include "core/lib/types.h"

/* Replace the slot's frame. Use window_map(). */
noinline_fn void *window_fill(struct pcpu *cpu, pfn_t pfn);

static inline uint32_t window_slot(pfn_t pfn)
{
	return (uint32_t)pfn.n & (WINDOW_COUNT - 1);
}

/*
 * The address of a frame on this core, inside a section only. A later call may replace the slot of
 * any other frame with the same low bits: hold at most one window at a time unless the frames are
 * known to differ in their low bits, or use window_map_second().
 */
static inline void *window_map(pfn_t pfn)
{
	struct pcpu *cpu = this_cpu();
	uint32_t slot = window_slot(pfn);

	if (likely(cpu->window_tag[slot] == pfn.n))
		return this_cpu_windows(cpu) + slot * PAGE_SIZE;
	return window_fill(cpu, pfn);
}

/* A second window that no window_map() call replaces: for copies between two guest frames. */
void *window_map_second(pfn_t pfn);

/*
 * For the frame allocator, by a third window: fill a frame that nobody uses with a pattern; and
 * (debug builds) whether all its words are the same, *first being the first. Root, no section
 * needed.
 */
void window_scrub(pfn_t pfn, uint64_t pattern);
bool window_uniform(pfn_t pfn, uint64_t *first) must_check;

#endif
