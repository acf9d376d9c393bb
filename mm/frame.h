// SPDX-License-Identifier: MIT
/*
 * The machine's RAM in 4 KiB frames: a buddy allocator whose metadata (struct frame, 16 bytes a
 * frame) knows the owner and counts the uses of each frame. A guest's frame is scrubbed before
 * anybody else can get it.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include "core/lib/types.h"

#define FRAME_ORDER_4K 0
#define FRAME_ORDER_2M 9
#define FRAME_ORDER_1G 18

/* Who has a frame. Domain slots (0 .. MAX_PHYSMAPS-1) are owners too. */
enum frame_owner {
	FRAME_FREE = 0xfff0,
	FRAME_OWN = 0xfff1,       /* the hypervisor's own memory */
	FRAME_FIRMWARE = 0xfff2,  /* image, modules, ACPI, not RAM: never allocated */
	FRAME_SCRUBBING = 0xfff3, /* off the free lists while an idle core scrubs it */
};

struct frame {
	uint32_t count; /* physmap entries and pins; 0 while free */
	uint16_t owner;
	uint8_t order;       /* of the free block that this frame heads */
	uint8_t flags;       /* FRAME_* below */
	uint32_t next, prev; /* free list links (frame numbers), valid at a free block's head */
};

#define FRAME_HEAD     1 /* heads a free block */
#define FRAME_DIRTY    2 /* free and not scrubbed yet */
#define FRAME_POISONED 4 /* debug builds: filled with the freed pattern, checked at allocation */

/* Frames are numbered in 32 bits: RAM beyond 16 TiB is not used. */
#define FRAME_LIMIT (1ULL << 32)
/* Blocks never cross this; the frame table is backed for whole pieces of it (up to the last RAM). */
#define FRAME_TABLE_SPAN GIB(1)

struct frame_stats {
	uint64_t total, free, own, guests; /* frames */
};

/*
 * Boot: the frame table is backed for [start, end), all of it firmware's so far. `end` of the last
 * call is the end of RAM.
 */
void frame_table_add(hpa_t start, hpa_t end);
/*
 * Boot: give [start, end) of RAM to the allocator, or count it as the hypervisor's own (what was
 * taken from the memory map before there was an allocator). The boot core only, before any
 * allocation.
 */
void frame_add_ram(hpa_t start, hpa_t end);
void frame_add_own(hpa_t start, hpa_t end);
/* The table's row of a frame; the frame must be in a backed piece. */
struct frame *frame_entry(uint64_t pfn);

/*
 * Allocate 2^order frames aligned to their size, each with count 1, scrubbed to zero; the
 * smallest block that fits is taken. INVALID_FRAME when there is none. Any root context outside an
 * access section; takes the allocator's lock.
 */
pfn_t frame_alloc(unsigned int order, uint16_t owner) must_check;

/* Take another count on a frame that the caller knows to be in use. */
void frame_get(pfn_t pfn);
/*
 * Give one count back; at zero the frame becomes free (dirty, scrubbed before its next use). The
 * caller has made sure that no core can still use a translation to it (docs/gpc.md).
 */
void frame_put(pfn_t pfn);
/* Its counts, of a frame in use. */
uint32_t frame_count(pfn_t pfn);
uint16_t frame_owner(pfn_t pfn);
/* Frames owned by a domain slot, in frames. */
uint64_t frame_owned(uint16_t owner);
void frame_stats(struct frame_stats *out);
/* One bounded piece of scrubbing for idle cores; false when nothing is dirty. */
bool frame_scrub_some(void);

#endif
