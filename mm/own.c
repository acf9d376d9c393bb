// SPDX-License-Identifier: MIT
#include "mm/own.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/paging.h"
#include "core/lib/bits.h"
#include "core/lib/string.h"
#include "mm/buddy.h"

/*
 * What is free holds zeros (but for the link of a free object), so that allocation is cheap and a
 * debug build sees a late write.
 */

#define MIN_SHIFT 4 /* smallest object: 16 bytes */

struct object {
	struct object *next;
};

static struct spinlock own_lock = SPINLOCK_INIT;
static struct buddy buddy;
static struct object *free_objects[PAGE_SHIFT]; /* by binary logarithm of their size */
static uint64_t pages_used;

static bool all_zero(const void *p, size_t size)
{
	const uint64_t *word = p;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

/* Take another 2 MiB from the frame allocator. */
static enum status grow(void)
{
	pfn_t pfn = frame_alloc(FRAME_ORDER_2M, FRAME_OWN);
	enum status st;

	if (!pfn_valid(pfn))
		return ERR_NOMEM;
	if (!buddy.limit)
		buddy_init(&buddy, FRAME_OWN, FRAME_ORDER_2M, FRAME_LIMIT);
	st = paging_map_own(pfn_hpa(pfn));
	if (st == OK)
		buddy_give(&buddy, (uint32_t)pfn.n, FRAME_ORDER_2M);
	else
		for (uint64_t i = 0; i < 1ULL << FRAME_ORDER_2M; i++)
			frame_put(to_pfn(pfn.n + i));
	return st;
}

static void *take_pages(unsigned int order)
{
	uint32_t pfn = buddy.limit ? buddy_take(&buddy, order) : BUDDY_NONE;
	void *p;

	if (pfn == BUDDY_NONE && grow() == OK)
		pfn = buddy_take(&buddy, order);
	if (pfn == BUDDY_NONE)
		return NULL;
	pages_used += 1ULL << order;
	p = own_va(pfn_hpa(to_pfn(pfn)));
	DEBUG_ASSERT(all_zero(p, PAGE_SIZE << order));
	return p;
}

void *own_alloc_pages(unsigned int order)
{
	void *p;

	ASSERT(order <= FRAME_ORDER_2M);
	spin_lock(&own_lock);
	p = take_pages(order);
	spin_unlock(&own_lock);
	return p;
}

void own_free_pages(void *p, unsigned int order)
{
	ASSERT(order <= FRAME_ORDER_2M && !((uint64_t)p & ((PAGE_SIZE << order) - 1)));
	for (uint64_t i = 0; i < 1ULL << order; i++)
		clear_page((uint8_t *)p + i * PAGE_SIZE);
	spin_lock(&own_lock);
	buddy_give(&buddy, (uint32_t)own_pfn(p).n, order);
	pages_used -= 1ULL << order;
	spin_unlock(&own_lock);
}

/* Objects are powers of two in size, and so aligned to it. */
static unsigned int shift_of(size_t size)
{
	ASSERT(size && size <= PAGE_SIZE);
	return size <= 1U << MIN_SHIFT ? MIN_SHIFT : bit_highest(size - 1) + 1;
}

static struct object *cut_page(unsigned int shift)
{
	uint8_t *page = take_pages(0);
	struct object *first = NULL;

	for (size_t at = PAGE_SIZE; page && at > 0; at -= 1UL << shift) {
		struct object *o = (struct object *)(void *)(page + at - (1UL << shift));

		o->next = first;
		first = o;
	}
	return first;
}

void *own_alloc(size_t size)
{
	unsigned int shift = shift_of(size);
	struct object *o;

	if (shift == PAGE_SHIFT)
		return own_alloc_pages(0);
	spin_lock(&own_lock);
	o = free_objects[shift];
	if (!o)
		o = cut_page(shift);
	if (o)
		free_objects[shift] = o->next;
	spin_unlock(&own_lock);
	if (!o)
		return NULL;
	o->next = NULL;
	DEBUG_ASSERT(all_zero(o, 1UL << shift));
	return o;
}

void own_free(void *p, size_t size)
{
	unsigned int shift = shift_of(size);
	struct object *o = p;

	if (!p)
		return;
	if (shift == PAGE_SHIFT) {
		own_free_pages(p, 0);
		return;
	}
	ASSERT(!((uint64_t)p & ((1UL << shift) - 1)));
	memset(p, 0, 1UL << shift);
	spin_lock(&own_lock);
	o->next = free_objects[shift];
	free_objects[shift] = o;
	spin_unlock(&own_lock);
}

uint64_t own_pages_used(void)
{
	return load_relaxed(&pages_used);
}
