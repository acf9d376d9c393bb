// SPDX-License-Identifier: MIT
/*
 * Access sections: the only time in which a core may touch a guest's frame. A physmap change waits
 * until every section that was open when it looked has ended before it frees anything
 * (docs/gpc.md). Inside: read a translation and use it, about a page of work at most; no lock, no
 * wait, no nested section. A translation read in one section is never used in another.
 */
#ifndef MM_SECTION_H
#define MM_SECTION_H

#include "arch/x86/cpu/percpu.h"
#include "core/lib/assert.h"
#include "core/lib/atomic.h"
#include "mm/step.h"

/* A full fence between this store and the load of any translation. */
static inline void section_begin(void)
{
	DEBUG_ASSERT(!(this_cpu()->shared.acc & 1));
	this_cpu_inc_fence(shared.acc);
	protocol_step(STEP_SECTION_OPEN);
}

static inline void section_end(void)
{
	DEBUG_ASSERT(this_cpu()->shared.acc & 1);
	protocol_step(STEP_SECTION_CLOSING);
	this_cpu_inc(shared.acc);
}

static inline bool section_open(void)
{
	return this_cpu()->shared.acc & 1;
}

#endif
