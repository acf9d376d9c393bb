// SPDX-License-Identifier: MIT
/* The target's runstate and time areas: registered here and there, in pages that move. */
#include "tests/guest/stress/stress.h"

#define HOMES 3
#define FILL  0x5a
/* Where a leaf of 2 MiB fits, and the guest memory that makes room for it. */
#define HUGE_GFN   ((HOLE + 0x2000000) / PAGE_SIZE)
#define HUGE_PAGES 512
#define HUGE_FROM  (8UL << 20)

struct area {
	int op;
	unsigned int size;
	int now; /* the home that it is registered at, or -1 */
	struct {
		uint8_t *at;
		/* When it was left and filled; 0: it was not, or its page has moved since. */
		unsigned long left;
	} home[HOMES];
};

uint8_t area_pages[AREA_PAGES][PAGE_SIZE] page_aligned;
static struct area areas[2];

/* Says when the pages of these bytes last moved; 0 when one is away. */
static unsigned long age(const uint8_t *at, unsigned int size)
{
	unsigned long first = page_age(GFN(at)), last = page_age(GFN(at + size - 1));

	return first && last ? first + last : 0;
}

static long register_at(const struct area *a, void *at)
{
	struct vcpu_register_runstate_memory_area r;

	/* Both structures are a union of a pointer and a number. */
	memset(&r, 0, sizeof(r));
	r.addr.v = at;
	return vcpu_op(a->op, TARGET, &r);
}

/* Nothing was written to what was left. */
static void check_left(struct area *a)
{
	for (int h = 0; h < HOMES; h++) {
		if (!a->home[h].left || a->home[h].left != age(a->home[h].at, a->size))
			continue;
		for (unsigned int i = 0; i < a->size; i++)
			if (a->home[h].at[i] != FILL) {
				fault(FAULT_LATE, "an area that was left: byte %u is 0x%x", i,
				      a->home[h].at[i]);
				break;
			}
	}
}

static void move_area(struct area *a)
{
	int to = (int)chance(TARGET, HOMES + 1), from = a->now;
	bool off = to == HOMES;
	long err;

	check_left(a);
	if (!off && !age(a->home[to].at, a->size))
		return;
	err = register_at(a, off ? NULL : a->home[to].at);
	if (err) {
		fault(FAULT_OTHER, "an area cannot be registered: %ld", err);
		return;
	}
	a->now = off ? -1 : to;
	if (!off)
		a->home[to].left = 0;
	if (from >= 0 && from != a->now) {
		a->home[from].left = age(a->home[from].at, a->size);
		if (a->home[from].left)
			memset(a->home[from].at, FILL, a->size);
	}
}

void areas_step(void)
{
	move_area(&areas[chance(TARGET, 2)]);
}

void huge_step(void)
{
	unsigned long base = HUGE_GFN, inner = HUGE_GFN + 1 + chance(TARGET, HUGE_PAGES - 2);
	volatile unsigned long *before = (void *)((inner - 1) * PAGE_SIZE);
	struct area *time = &areas[1];

	if (take_again(&base, 1, 9))
		return; /* no such piece is free */
	moves++;
	before[0] = inner;
	if (register_at(time, (uint8_t *)(inner * PAGE_SIZE + 64)))
		fault(FAULT_OTHER, "no area in a large page");
	(void)moved(give_back(&inner, 1, 0), "a page of a large one");
	if (before[0] != inner)
		fault(FAULT_OTHER, "a large page lost its content when it was split");
	(void)moved(take_again(&inner, 1, 0), "a page of a large one");
	(void)register_at(time, NULL);
	time->now = -1;
	(void)moved(give_back(&base, 1, 9), "a large page");
}

void areas_init(void)
{
	unsigned long room = HUGE_FROM / PAGE_SIZE;

	areas[0] = (struct area){ .op = VCPUOP_register_runstate_memory_area,
				  .size = sizeof(struct vcpu_runstate_info),
				  .now = -1 };
	areas[0].home[0].at = info_page + 1024;
	areas[0].home[1].at = area_pages[1] - 20;
	areas[0].home[2].at = area_pages[2] + 512;
	areas[1] = (struct area){ .op = VCPUOP_register_vcpu_time_memory_area,
				  .size = sizeof(struct vcpu_time_info),
				  .now = -1 };
	areas[1].home[0].at = info_page + 2048;
	areas[1].home[1].at = area_pages[2] - 12;
	areas[1].home[2].at = area_pages[0] + 512;
	if (give_back(&room, 1, 9))
		fault(FAULT_OTHER, "no room for a large page");
}
