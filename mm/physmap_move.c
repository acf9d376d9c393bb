// SPDX-License-Identifier: MIT
#include "mm/physmap_move.h"

#include "core/lib/assert.h"
#include "core/lib/string.h"
#include "mm/frame.h"
#include "mm/section.h"
#include "mm/window.h"

/* Which frame it is, with a count of ours: it outlasts its removal. */
static enum status hold(const struct physmap *pm, gfn_t gfn, pfn_t *from)
{
	enum status st = OK;
	struct physmap_entry e;

	section_begin();
	e = physmap_lookup(pm, gfn);
	if (e.type == PHYSMAP_NONE)
		st = ERR_NOT_FOUND;
	else if (e.type != PHYSMAP_RAM)
		st = ERR_PERMISSION;
	else if (frame_count(e.pfn) != 1)
		st = ERR_BUSY;
	else
		frame_get(e.pfn);
	section_end();
	*from = e.pfn;
	return st;
}

static void copy(pfn_t from, pfn_t to)
{
	section_begin();
	memcpy(window_map_second(to), window_map(from), PAGE_SIZE);
	section_end();
}

enum status physmap_move(struct physmap *pm, gfn_t gfn)
{
	struct physmap_change ch = { .gfn = gfn, .when = PHYSMAP_WHEN_RAM };
	pfn_t from, to;
	enum status st = hold(pm, gfn, &from);

	if (st != OK)
		return st;
	to = frame_alloc(FRAME_ORDER_4K, pm->slot);
	st = pfn_valid(to) ? physmap_change(pm, &ch, 1) : ERR_NOMEM;
	if (st != OK) {
		if (pfn_valid(to))
			frame_put(to);
		frame_put(from);
		return st;
	}
	/* After the round nobody writes to the frame, and nobody comes to it: what is copied now is all
	 * there is, and a count that another guest took since hold() looked is seen. */
	if (frame_count(from) == 1)
		copy(from, to);
	else
		st = ERR_BUSY;
	ch = (struct physmap_change){ .gfn = gfn, .type = PHYSMAP_RAM };
	ch.pfn = st == OK ? to : from;
	ASSERT(physmap_change(pm, &ch, 1) == OK); /* its table is there */
	frame_put(st == OK ? from : to);
	return st;
}
