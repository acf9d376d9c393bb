// SPDX-License-Identifier: MIT
/*
 * A fake machine's RAM: frames with owners and counts, own memory out of the same RAM, and windows
 * that are real mappings, so that a test sees what a core would see through a stale one.
 */
#ifndef TESTS_UNIT_FAKES_MEMORY_H
#define TESTS_UNIT_FAKES_MEMORY_H

#include "core/lib/types.h"

#define FAKE_FRAMES    8192
#define FAKE_FIRST_PFN 0x12000ULL /* frame numbers do not start at 0: a leaked index shows */

/* Start over: all free, nothing fails. */
void memory_reset(void);
/* Let the nth allocation from now on (0: the next) fail, once; -1: none. Frames and own pages. */
void memory_fail_after(int n);
/* The bytes of a frame. */
uint8_t *memory_frame(pfn_t pfn);
uint32_t memory_count(pfn_t pfn);
/* How often it has been freed: a translation to an earlier life is stale. A write to a freed frame
 * is noticed when it is next allocated. */
uint32_t memory_life(pfn_t pfn);
uint64_t memory_frames_in_use(void);
uint64_t memory_own_pages(void);
/* Called when a frame's last count goes, before it may be used again. */
extern void (*memory_freed_hook)(pfn_t pfn);

#endif
