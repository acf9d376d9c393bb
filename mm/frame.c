// SPDX-License-Identifier: MIT
#include "mm/frame.h"

#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/percpu.h"
#include "core/lib/bits.h"
#include "mm/buddy.h"
#include "mm/window.h"

/* Frames that an idle core scrubs at a time, and looks at for one that needs it. */
#define SCRUB_ORDER 4
#define SCRUB_LOOK  512U
#define RANGES_MAX  16

/* Fill of a freed frame in debug builds: this, the last owner, the low bits of its number. */
#define POISON             0xf4eeULL
#define POISON_OWNER(word) ((uint16_t)((word) >> 32))

static struct spinlock frame_lock = SPINLOCK_INIT;
static struct buddy buddy;
static struct frame_stats stats;
static uint64_t owned[MAX_PHYSMAPS];

/* Pieces of the frame table that are backed, for the sweep of the idle cores. */
static struct {
	uint64_t start, end; /* frames */
} ranges[RANGES_MAX];
static unsigned int range_count;
static struct {
	unsigned int range;
	uint64_t pfn;
} sweep;
static uint64_t dirty;         /* free frames not scrubbed yet */
static unsigned int scrubbers; /* blocks that idle cores have in hand */

struct frame *frame_entry(uint64_t pfn)
{
	return (struct frame *)FRAMES_BASE + pfn;
}

void frame_table_add(hpa_t start, hpa_t end)
{
	uint64_t limit = min_u64(end.a >> PAGE_SHIFT, FRAME_LIMIT);

	if (!buddy.limit)
		buddy_init(&buddy, FRAME_FREE, FRAME_ORDER_1G, 0);
	buddy.limit = max_u64(buddy.limit, limit);
	for (uint64_t pfn = start.a >> PAGE_SHIFT; pfn < limit; pfn++)
		*frame_entry(pfn) = (struct frame){ .owner = FRAME_FIRMWARE };
	if (range_count && ranges[range_count - 1].end == start.a >> PAGE_SHIFT) {
		ranges[range_count - 1].end = limit;
	} else if (range_count < RANGES_MAX) {
		ranges[range_count].start = start.a >> PAGE_SHIFT;
		ranges[range_count++].end = limit;
	}
}

void frame_add_ram(hpa_t start, hpa_t end)
{
	uint64_t pfn = start.a >> PAGE_SHIFT;
	uint64_t last = end.a >> PAGE_SHIFT;

	ASSERT(last <= buddy.limit);
	stats.total += last - pfn;
	stats.free += last - pfn;
	dirty += last - pfn;
	for (uint64_t i = pfn; i < last; i++)
		*frame_entry(i) = (struct frame){ .owner = FRAME_FREE, .flags = FRAME_DIRTY };
	while (pfn < last) {
		unsigned int order = pfn ? bit_lowest(pfn) : FRAME_ORDER_1G;

		if (order > FRAME_ORDER_1G)
			order = FRAME_ORDER_1G;
		while ((1ULL << order) > last - pfn)
			order--;
		buddy_give(&buddy, (uint32_t)pfn, order);
		pfn += 1ULL << order;
	}
}

void frame_add_own(hpa_t start, hpa_t end)
{
	for (uint64_t i = start.a >> PAGE_SHIFT; i < end.a >> PAGE_SHIFT; i++) {
		*frame_entry(i) = (struct frame){ .count = 1, .owner = FRAME_OWN };
		stats.total++;
		stats.own++;
	}
}

static void account(uint16_t owner, uint64_t frames, bool taken)
{
	uint64_t change = taken ? frames : -frames;

	stats.free -= change;
	if (owner < MAX_PHYSMAPS) {
		owned[owner] += change;
		stats.guests += change;
	} else {
		stats.own += change;
	}
}

/* A freed frame must still be what it was filled with: no core writes to it any more. */
static void check_poison(uint32_t pfn)
{
	uint64_t first;
	bool same = window_uniform(to_pfn(pfn), &first);

	if (!same || first >> 48 != POISON || low32(first) != pfn)
		panic("frame 0x%x was written after it was freed; first word 0x%llx, owner was %u",
		      pfn, (unsigned long long)first, POISON_OWNER(first));
}

/* Make every frame of a block that is off the lists hold zeros. */
static void scrub(uint32_t pfn, unsigned int order)
{
	uint64_t cleaned = 0;

	for (uint32_t i = pfn; i < pfn + (1U << order); i++) {
		struct frame *f = frame_entry(i);

		if (XENITH_DEBUG && f->flags & FRAME_POISONED)
			check_poison(i);
		if (f->flags & FRAME_DIRTY) {
			window_scrub(to_pfn(i), 0);
			cleaned++;
		}
		f->flags = 0;
	}
	if (cleaned)
		(void)atomic_sub(&dirty, cleaned);
}

pfn_t frame_alloc(unsigned int order, uint16_t owner)
{
	bool wait;
	uint32_t pfn;

	do {
		spin_lock(&frame_lock);
		pfn = buddy_take(&buddy, order);
		if (pfn != BUDDY_NONE)
			account(owner, 1ULL << order, true);
		/* A scrubber's few frames are free memory too: it brings them back in no time. */
		wait = pfn == BUDDY_NONE && scrubbers;
		spin_unlock(&frame_lock);
		if (wait)
			spin_relax();
	} while (wait);
	if (pfn == BUDDY_NONE)
		return to_pfn(INVALID_FRAME);
	for (uint32_t i = pfn; i < pfn + (1U << order); i++) {
		frame_entry(i)->owner = owner;
		frame_entry(i)->count = 1;
	}
	scrub(pfn, order);
	return to_pfn(pfn);
}

void frame_get(pfn_t pfn)
{
	uint32_t count = atomic_add(&frame_entry(pfn.n)->count, 1);

	ASSERT(count > 1); /* it was in use, and the count has not wrapped */
}

uint32_t frame_count(pfn_t pfn)
{
	return load_relaxed(&frame_entry(pfn.n)->count);
}

void frame_put(pfn_t pfn)
{
	struct frame *f = frame_entry(pfn.n);
	uint16_t owner = f->owner;
	uint32_t left = atomic_sub(&f->count, 1);

	ASSERT(left != ~0U);
	if (left)
		return;
	ASSERT(owner != FRAME_FREE && owner != FRAME_FIRMWARE);
	f->flags = FRAME_DIRTY;
	if (XENITH_DEBUG) {
		window_scrub(pfn, POISON << 48 | (uint64_t)owner << 32 | low32(pfn.n));
		f->flags |= FRAME_POISONED;
	}
	spin_lock(&frame_lock);
	f->owner = FRAME_FREE;
	account(owner, 1, false);
	(void)atomic_add(&dirty, 1);
	buddy_give(&buddy, (uint32_t)pfn.n, 0);
	spin_unlock(&frame_lock);
}

uint16_t frame_owner(pfn_t pfn)
{
	return load_relaxed(&frame_entry(pfn.n)->owner);
}

uint64_t frame_owned(uint16_t owner)
{
	return owner < MAX_PHYSMAPS ? load_relaxed(&owned[owner]) : 0;
}

void frame_stats(struct frame_stats *out)
{
	spin_lock(&frame_lock);
	*out = stats;
	spin_unlock(&frame_lock);
}

static bool needs_scrubbing(uint64_t pfn)
{
	const struct frame *f = frame_entry(pfn);

	return f->owner == FRAME_FREE && f->flags & FRAME_DIRTY;
}

/* The sweep's next step: take a dirty frame with its free neighbours, if one is near. */
static uint32_t take_dirty(unsigned int *order)
{
	for (unsigned int i = 0; i < SCRUB_LOOK; i++) {
		uint32_t pfn = (uint32_t)sweep.pfn;
		uint32_t block = pfn & ~((1U << SCRUB_ORDER) - 1);

		if (sweep.pfn >= ranges[sweep.range].end) {
			sweep.range = (sweep.range + 1) % range_count;
			sweep.pfn = ranges[sweep.range].start;
			continue;
		}
		sweep.pfn++;
		if (!needs_scrubbing(pfn))
			continue;
		*order = SCRUB_ORDER;
		if (buddy_take_at(&buddy, block, SCRUB_ORDER))
			return block;
		*order = 0;
		if (buddy_take_at(&buddy, pfn, 0))
			return pfn;
	}
	return BUDDY_NONE;
}

bool frame_scrub_some(void)
{
	unsigned int order = 0;
	uint32_t pfn;

	if (!load_relaxed(&dirty))
		return false;
	spin_lock(&frame_lock);
	pfn = take_dirty(&order);
	if (pfn != BUDDY_NONE)
		scrubbers++;
	spin_unlock(&frame_lock);
	if (pfn == BUDDY_NONE)
		return true;
	for (uint32_t i = pfn; i < pfn + (1U << order); i++)
		frame_entry(i)->owner = FRAME_SCRUBBING;
	scrub(pfn, order);
	spin_lock(&frame_lock);
	for (uint32_t i = pfn; i < pfn + (1U << order); i++)
		frame_entry(i)->owner = FRAME_FREE;
	buddy_give(&buddy, pfn, order);
	scrubbers--;
	spin_unlock(&frame_lock);
	return true;
}

uint64_t paging_alloc_table(void)
{
	pfn_t pfn = frame_alloc(FRAME_ORDER_4K, FRAME_OWN);

	return pfn_valid(pfn) ? pfn_hpa(pfn).a : 0;
}
