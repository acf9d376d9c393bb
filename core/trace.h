// SPDX-License-Identifier: MIT
/* The last few hundred scheduling and protocol events of each core. Always on. */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/percpu.h"

enum trace_event {
	TRACE_NONE,
	TRACE_RUN,      /* a: domain << 16 | vCPU */
	TRACE_STOP,     /* a: domain << 16 | vCPU, b: new state */
	TRACE_IDLE,     /* b: TSC of the next deadline */
	TRACE_WAKE,     /* a: domain << 16 | vCPU, b: core chosen or ~0 */
	TRACE_KICK,     /* b: core */
	TRACE_NMI_KICK, /* b: core */
	TRACE_ROUND,    /* a: physmap slot, b: map generation */
	TRACE_WORK,     /* b: the piece's address */
	TRACE_DOMAIN,   /* a: domain, b: its end, or END_NONE at the start */
	TRACE_EVENT_COUNT,
};

struct trace_entry {
	uint64_t tsc;
	uint16_t event;
	uint16_t pad;
	uint32_t a;
	uint64_t b;
};

#define TRACE_ENTRIES 256 /* a core; power of two */

struct trace_ring {
	uint32_t next; /* counts all events; index modulo TRACE_ENTRIES */
	struct trace_entry entry[TRACE_ENTRIES];
};

extern struct trace_ring *trace_rings[MAX_CORES];

/* Give the calling core its ring; it goes without one when there is no memory. */
void trace_init_core(void);

/* Own core, any root context. */
static inline void trace(enum trace_event event, uint32_t a, uint64_t b)
{
	struct trace_ring *r = trace_rings[this_cpu()->id];
	struct trace_entry *e;

	if (unlikely(!r))
		return;
	e = &r->entry[r->next++ & (TRACE_ENTRIES - 1)];
	e->tsc = clock_ticks();
	e->event = (uint16_t)event;
	e->a = a;
	e->b = b;
}

/* The last `count` entries of a core, oldest first. Also in a panic: takes no lock. */
void trace_print(uint32_t core, uint32_t count, void (*print)(const char *fmt, ...));

#endif
