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

/* Take a block out, splitting the smallest that fits. BUDDY_NONE: there is none. */
uint32_t buddy_take(struct buddy *b, unsigned int order) must_check;
/* Take out the block of this order at pfn (aligned to it); false unless all of it is free. */
bool buddy_take_at(struct buddy *b, uint32_t pfn, unsigned int order) must_check;
/* Put a block in, merging it with its free neighbours. */
void buddy_give(struct buddy *b, uint32_t pfn, unsigned int order);

#endif
