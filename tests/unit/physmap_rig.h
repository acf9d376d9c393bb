// SPDX-License-Identifier: MIT
/* What the tests of the physmap share: a machine of four cores, one physmap, cores that heed kicks. */
#ifndef TESTS_UNIT_PHYSMAP_RIG_H
#define TESTS_UNIT_PHYSMAP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/apic.h"
#include "core/lib/bits.h"
#include "mm/ept.h"
#include "mm/frame.h"
#include "mm/gpc.h"
#include "mm/own.h"
#include "mm/physmap.h"
#include "mm/round.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/memory.h"

static struct physmap pm;
static unsigned int kicks[MAX_CORES], nmis[MAX_CORES];

/* A kicked core leaves guest mode when the waiter next looks away, if it heeds kicks. */
static bool deaf[MAX_CORES];
static uint64_t leaving;

void apic_send_kick(uint32_t core)
{
	kicks[core]++;
	if (!deaf[core])
		leaving |= BIT(core);
}

void apic_send_nmi(uint32_t core)
{
	nmis[core]++;
	leaving |= BIT(core);
}

static inline void leave(void)
{
	for (; leaving; leaving &= leaving - 1)
		pcpus[bit_lowest(leaving)]->shared.run += RUN_ODD;
}

static unsigned int waiters_ready;

void physmap_waiters_ready(struct physmap *p)
{
	assert_ptr_equal(p, &pm);
	assert_false(spin_is_locked(&pm.lock));
	waiters_ready++;
}

static inline void enter_guest(uint32_t core, struct physmap *p)
{
	uint64_t run = pcpus[core]->shared.run;

	pcpus[core]->shared.run = (run & ~RUN_SLOT) | RUN_ODD | p->slot;
}

static inline int setup(void **state)
{
	host_cores(4);
	memory_reset();
	memset(kicks, 0, sizeof(kicks));
	memset(nmis, 0, sizeof(nmis));
	memset(deaf, 0, sizeof(deaf));
	leaving = 0;
	waiters_ready = 0;
	host_relax_hook = leave;
	host_step_hook = NULL;
	assert_int_equal(physmap_init(&pm, 3), OK);
	return 0;
}

static inline int teardown(void **state)
{
	for (uint32_t c = 0; c < core_count; c++)
		pcpus[c]->shared.run = 0;
	while (physmap_teardown(&pm))
		;
	physmap_retire(&pm);
	assert_int_equal(memory_frames_in_use(), 0);
	return 0;
}

static inline void populate(uint64_t gfn, uint64_t count)
{
	while (count) {
		uint64_t done;

		assert_int_equal(physmap_populate(&pm, to_gfn(gfn), count, 512, &done), OK);
		gfn += done;
		count -= done;
	}
}

static inline struct physmap_entry look(uint64_t gfn)
{
	struct physmap_entry e;

	section_begin();
	e = physmap_lookup(&pm, to_gfn(gfn));
	section_end();
	return e;
}

static inline void remove_one(uint64_t gfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_NONE };

	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
}

static inline void leave_and_close(void)
{
	leave();
	if (pcpus[2]->shared.acc & 1)
		pcpus[2]->shared.acc++;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
