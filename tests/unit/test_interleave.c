// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/gpc_hw.c arch/x86/vmx/hw_pages.c
// sources: mm/section_drain.c arch/x86/vmx/run.c arch/x86/vmx/tags.c arch/x86/vmx/exit_intr.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c tests/unit/fakes/threads.c
// sources: tests/unit/fakes/turns.c tests/unit/fakes/tlb.c tests/unit/fakes/processor.c tests/unit/fakes/no_nested.c
// sources: tests/unit/fakes/world.c
/*
 * Every operation on a physmap, its caches and its guests is stopped at every one of its points,
 * and a rival does each of those operations there; then the first goes on. A third core is in the
 * guest all the while. Translations that were used too late, caches that lie, frames lost and
 * deadlocks are faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/fakes/turns.h"
#include "tests/unit/fakes/world.h"

#define FIRST 0
#define RIVAL 1

#define PATIENCE 12   /* turns of waiting after which another core goes on */
#define FOR_EVER 3000 /* turns of waiting in one interleaving: a deadlock */
#define ALL      0    /* points of a turn: no limit */

static uint64_t interleavings;
static unsigned int waits; /* in this interleaving */

/* The background guest goes on in every second turn of waiting: some kicks are heeded late. */
static void somebody_waits(void)
{
	waits++;
	if (waits % 2 == 0)
		world_guest_turn();
}

/* Let a core run until it is done, has passed these points, or is blocked by the other one. */
static bool run(uint32_t core, unsigned int points)
{
	unsigned int waited = 0;

	while (turns_busy(core) && waited < PATIENCE) {
		switch (turns_run(core, points)) {
		case TURN_POINTS: return true;
		case TURN_WAITING:
			waited++;
			somebody_waits();
			break;
		default: break;
		}
	}
	return false;
}

static void finish(void)
{
	while ((turns_busy(FIRST) || turns_busy(RIVAL)) && waits < FOR_EVER) {
		run(FIRST, ALL);
		run(RIVAL, ALL);
	}
	if (waits >= FOR_EVER)
		world_fault("deadlock", ~0U, to_gfn(0));
}

static bool rival_stopped; /* in the last interleaving: not yet at its end */

/*
 * `a` to its nth point, then `b` to its mth (or its end, m = 0), then `a` to its end. False when `a`
 * has no nth point, or there was a fault.
 */
static bool interleave(const struct world_op *a, const struct world_op *b, unsigned int n,
		       unsigned int m)
{
	bool there;

	waits = 0;
	world_begin(a->large || b->large, a->deaf || b->deaf);
	world_describe("%s stopped at point %u by %s (to point %u)", a->name, n, b->name, m);
	turns_job(FIRST, a->fn);
	turns_job(RIVAL, b->fn);
	there = run(FIRST, n);
	rival_stopped = run(RIVAL, m);
	finish();
	if (!world_failed())
		world_finish();
	interleavings++;
	return there && !world_failed();
}

/* True when the rival reached its mth point in any of them. */
static bool at_each_point(const struct world_op *a, const struct world_op *b, unsigned int m)
{
	bool stopped = false;

	for (unsigned int n = 1; interleave(a, b, n, m); n++)
		stopped |= rival_stopped;
	return stopped && !world_failed();
}

/* Each operation against each, the rival going through in one piece. */
static void each_at_every_access(void **state)
{
	turns_only_steps = false;
	for (const struct world_op *a = world_ops; a->fn; a++)
		for (const struct world_op *b = world_ops; b->fn && !world_failed(); b++)
			(void)at_each_point(a, b, ALL);
	assert_false(world_failed());
}

/* The rival is stopped as well, at each of its steps. */
static void each_at_every_step_of_each(void **state)
{
	if (world_failed())
		skip(); /* frames and locks are as the fault left them */
	turns_only_steps = true;
	for (const struct world_op *a = world_ops; a->fn; a++)
		for (const struct world_op *b = world_ops; b->fn && !world_failed(); b++)
			for (unsigned int m = 1; at_each_point(a, b, m);)
				m++;
	assert_false(world_failed());
}

static int start(void **state)
{
	world_create();
	interleavings = 0;
	return 0;
}

static int stop(void **state)
{
	world_destroy();
	printf("# counted: %llu interleavings, %llu uses of a kept translation, %llu INVEPTs\n",
	       (unsigned long long)interleavings, (unsigned long long)tlb_hits,
	       (unsigned long long)tlb_invepts);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_at_every_access, start, stop),
		cmocka_unit_test_setup_teardown(each_at_every_step_of_each, start, stop),
	};

	return cmocka_run_group_tests_name("interleave", tests, NULL, NULL);
}
