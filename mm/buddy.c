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

static void link_block(struct buddy *b, uint32_t pfn, unsigned int order, bool dirty)
{
	struct buddy_list *l = &b->list[order];
	struct frame *f = frame_entry(pfn);

	f->order = (uint8_t)order;
	f->flags |= FRAME_HEAD;
	/* Dirty ones at the tail: allocation takes from the head, scrubbing from the tail. */
	if (dirty) {
		f->flags |= FRAME_DIRTY_BLOCK;
		f->next = BUDDY_NONE;
		f->prev = l->tail;
		*(l->tail == BUDDY_NONE ? &l->head : &frame_entry(l->tail)->next) = pfn;
		l->tail = pfn;
	} else {
		f->prev = BUDDY_NONE;
		f->next = l->head;
		*(l->head == BUDDY_NONE ? &l->tail : &frame_entry(l->head)->prev) = pfn;
		l->head = pfn;
	}
}

/* Take a block off its list; true when it may be dirty. */
static bool unlink_block(struct buddy *b, uint32_t pfn)
{
	struct frame *f = frame_entry(pfn);
	struct buddy_list *l = &b->list[f->order];
	bool dirty = f->flags & FRAME_DIRTY_BLOCK;

	*(f->prev == BUDDY_NONE ? &l->head : &frame_entry(f->prev)->next) = f->next;
	*(f->next == BUDDY_NONE ? &l->tail : &frame_entry(f->next)->prev) = f->prev;
	f->flags &= (uint8_t) ~(FRAME_HEAD | FRAME_DIRTY_BLOCK);
	return dirty;
}

/* Keep the lower 2^want frames of an unlinked block. */
static void split(struct buddy *b, uint32_t pfn, unsigned int order, unsigned int want, bool dirty)
{
	while (order > want) {
		order--;
		link_block(b, pfn + (1U << order), order, dirty);
	}
}

uint32_t buddy_take(struct buddy *b, unsigned int order)
{
	for (unsigned int o = order; o <= b->max_order; o++) {
		uint32_t pfn = b->list[o].head;

		if (pfn == BUDDY_NONE)
			continue;
		split(b, pfn, o, order, unlink_block(b, pfn));
		return pfn;
	}
	return BUDDY_NONE;
}

uint32_t buddy_take_dirty(struct buddy *b, unsigned int order, unsigned int *got)
{
	for (unsigned int o = 0; o <= b->max_order; o++) {
		uint32_t pfn = b->list[o].tail;

		if (pfn == BUDDY_NONE || !(frame_entry(pfn)->flags & FRAME_DIRTY_BLOCK))
			continue;
		*got = o < order ? o : order;
		split(b, pfn, o, *got, unlink_block(b, pfn));
		return pfn;
	}
	return BUDDY_NONE;
}

void buddy_give(struct buddy *b, uint32_t pfn, unsigned int order, bool dirty)
{
	ASSERT(!(frame_entry(pfn)->flags & FRAME_HEAD));
	while (order < b->max_order) {
		uint32_t other = pfn ^ (1U << order);
		const struct frame *f;

		if (other >= b->limit)
			break;
		f = frame_entry(other);
		if (!(f->flags & FRAME_HEAD) || f->owner != b->owner || f->order != order)
			break;
		dirty |= unlink_block(b, other);
		pfn &= ~(1U << order);
		order++;
	}
	link_block(b, pfn, order, dirty);
}
