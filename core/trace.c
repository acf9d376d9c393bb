// SPDX-License-Identifier: MIT
#include "core/trace.h"

#include "arch/x86/cpu/tsc.h"
#include "core/lib/atomic.h"
#include "mm/own.h"

#define RING_ORDER 1
static_assert(sizeof(struct trace_ring) <= PAGE_SIZE << RING_ORDER, "struct trace_ring");

static const char *const names[TRACE_EVENT_COUNT] = {
	[TRACE_NONE] = "-",
	[TRACE_RUN] = "run",
	[TRACE_STOP] = "stop",
	[TRACE_IDLE] = "idle",
	[TRACE_WAKE] = "wake",
	[TRACE_KICK] = "kick",
	[TRACE_NMI_KICK] = "NMI kick",
	[TRACE_ROUND] = "round",
	[TRACE_DOMAIN] = "domain",
	[TRACE_REFRESH] = "refresh",
	[TRACE_PARKED] = "parked",
	[TRACE_STEP] = "step",
};

void trace_init_core(void)
{
	struct trace_ring *r = own_alloc_pages(RING_ORDER);

	store_release(&trace_rings[this_cpu()->id], r);
}

void trace_print(uint32_t core, uint32_t count, void (*print)(const char *fmt, ...))
{
	const struct trace_ring *r = trace_rings[core];
	uint32_t last, first;

	if (!r)
		return;
	last = r->next;
	if (count > TRACE_ENTRIES)
		count = TRACE_ENTRIES;
	first = last > count ? last - count : 0;
	for (uint32_t i = first; i != last; i++) {
		const struct trace_entry *e = &r->entry[i & (TRACE_ENTRIES - 1)];
		uint64_t us = tsc_to_ns(e->tsc) / 1000;

		print("%6lu.%06lu core %u %s %u.%u %lx\n", (unsigned long)(us / 1000000),
		      (unsigned long)(us % 1000000), core,
		      e->event < TRACE_EVENT_COUNT ? names[e->event] : "?", e->a >> 16,
		      e->a & 0xffff, (unsigned long)e->b);
	}
}
