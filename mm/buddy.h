// SPDX-License-Identifier: MIT
/*
 * Free blocks of 2^order frames, aligned to their size, linked through the frame table. The caller
 * provides the locking.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/frame.h"

struct buddy_list {
	uint32_t head, tail; /* frame numbers, BUDDY_NONE when empty */
};

#define BUDDY_NONE 0xffffffffU

struct buddy {
	uint16_t owner;    /* of the frames in free blocks */
	uint8_t max_order; /* no merging beyond */
	uint64_t limit;    /* first frame without a row in the frame table */
	struct buddy_list list[FRAME_ORDER_1G + 1];
};

void buddy_init(struct buddy *b, uint16_t owner, uint8_t max_order, uint64_t limit);

/* Take a block out, splitting the smallest that fits; clean ones first. BUDDY_NONE: none. */
uint32_t buddy_take(struct buddy *b, unsigned int order) must_check;
/* Take a block of at most `order` (in *got) that may be dirty. BUDDY_NONE: all are clean. */
uint32_t buddy_take_dirty(struct buddy *b, unsigned int order, unsigned int *got) must_check;
/* Put a block in, merging it with its free neighbours. dirty: some frame of it may be. */
void buddy_give(struct buddy *b, uint32_t pfn, unsigned int order, bool dirty);

#endif
