// SPDX-License-Identifier: MIT
#include "mm/buddy.h"

#include "core/lib/assert.h"

void buddy_init(struct buddy *b, uint16_t owner, uint8_t max_order, uint64_t limit)
{
	b->owner = owner;
	b->max_order = max_order;
	b->limit = limit;
	for (unsigned int i = 0; i < array_size(b->list); i++)
		b->list[i] = (struct buddy_list){ BUDDY_NONE, BUDDY_NONE };
}

/* At the tail: what was freed last is used last, so that a late write is seen rather than lost. */
static void link_block(struct buddy *b, uint32_t pfn, unsigned int order)
{
	struct buddy_list *l = &b->list[order];
	struct frame *f = frame_entry(pfn);

	f->order = (uint8_t)order;
	f->flags |= FRAME_HEAD;
	f->next = BUDDY_NONE;
	f->prev = l->tail;
	*(l->tail == BUDDY_NONE ? &l->head : &frame_entry(l->tail)->next) = pfn;
	l->tail = pfn;
}

static void unlink_block(struct buddy *b, uint32_t pfn)
{
	struct frame *f = frame_entry(pfn);
	struct buddy_list *l = &b->list[f->order];

	*(f->prev == BUDDY_NONE ? &l->head : &frame_entry(f->prev)->next) = f->next;
	*(f->next == BUDDY_NONE ? &l->tail : &frame_entry(f->next)->prev) = f->prev;
	f->flags &= (uint8_t)~FRAME_HEAD;
}

static bool is_free_block(const struct buddy *b, uint32_t pfn, unsigned int order)
{
	const struct frame *f = frame_entry(pfn);

	return f->flags & FRAME_HEAD && f->owner == b->owner && f->order == order;
}

/* Of the unlinked block at `block` keep the 2^want frames at pfn, and link the rest. */
static void carve(struct buddy *b, uint32_t block, unsigned int order, uint32_t pfn,
		  unsigned int want)
{
	while (order > want) {
		uint32_t half = 1U << --order;

		if (pfn & half) {
			link_block(b, block, order);
			block += half;
		} else {
			link_block(b, block + half, order);
		}
	}
}

uint32_t buddy_take(struct buddy *b, unsigned int order)
{
	for (unsigned int o = order; o <= b->max_order; o++) {
		uint32_t pfn = b->list[o].head;

		if (pfn == BUDDY_NONE)
			continue;
		unlink_block(b, pfn);
		carve(b, pfn, o, pfn, order);
		return pfn;
	}
	return BUDDY_NONE;
}

bool buddy_take_at(struct buddy *b, uint32_t pfn, unsigned int order)
{
	for (unsigned int o = order; o <= b->max_order; o++) {
		uint32_t block = pfn & ~((1U << o) - 1);

		if (!is_free_block(b, block, o))
			continue;
		unlink_block(b, block);
		carve(b, block, o, pfn, order);
		return true;
	}
	return false;
}

void buddy_give(struct buddy *b, uint32_t pfn, unsigned int order)
{
	ASSERT(!(frame_entry(pfn)->flags & FRAME_HEAD));
	for (; order < b->max_order; order++) {
		uint32_t other = pfn ^ (1U << order);

		if (other >= b->limit || !is_free_block(b, other, order))
			break;
		unlink_block(b, other);
		pfn &= ~(1U << order);
	}
	link_block(b, pfn, order);
}
