// SPDX-License-Identifier: MIT
/*
 * The last few hundred scheduling and protocol events of each core. Always on: a handful of stores
 * an event. core/trace.h makes the rings and shows them.
 */
#ifndef ARCH_X86_CPU_TRACE_H
#define ARCH_X86_CPU_TRACE_H

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/percpu.h"

enum trace_event {
	TRACE_NONE,
	TRACE_RUN,      /* a: domain << 16 | vCPU */
	TRACE_STOP,     /* a: domain << 16 | vCPU, b: new state */
	TRACE_IDLE,     /* b: TSC of the next deadline */
	TRACE_WAKE,     /* a: domain << 16 | vCPU, b: where it ran last */
	TRACE_KICK,     /* a: domain << 16 | vCPU, b: core */
	TRACE_NMI_KICK, /* b: core */
	TRACE_ROUND,    /* a: physmap slot << 16, b: map generation */
	TRACE_DOMAIN,   /* a: domain << 16, b: its end, or END_NONE at the start */
	TRACE_REFRESH,  /* a: physmap slot << 16, b: gfn of a cache that had missed */
	TRACE_PARKED,   /* a: domain << 16 | vCPU, b: selector bits that wait for its page */
	TRACE_STEP,     /* debug builds; b: enum step of mm/step.h */
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

/* NULL for a core without one. */
extern struct trace_ring *trace_rings[MAX_CORES];

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

#endif
