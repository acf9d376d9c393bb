// SPDX-License-Identifier: MIT
/*
 * Interleavings: jobs on cores of which one runs at a time, switched at points that the test
 * chooses. Points are the steps of mm/step.h, each access to shared memory by the functions of
 * core/lib/atomic.h, a turn of a waiting loop, and turns_in_guest().
 */
#ifndef TESTS_UNIT_FAKES_TURNS_H
#define TESTS_UNIT_FAKES_TURNS_H

#include "core/lib/types.h"
#include "mm/step.h"

enum turn_end {
	TURN_DONE,    /* the job is done */
	TURN_POINTS,  /* it has passed as many points as it was given */
	TURN_WAITING, /* it waits for another core */
	TURN_GUEST,   /* it is in the guest */
};

/* Start and end the cores 0 .. count-1; the caller is another core. */
void turns_start(uint32_t count);
void turns_end(void);

/* What the core does when it next gets a turn. */
void turns_job(uint32_t core, void (*fn)(void));
bool turns_busy(uint32_t core);
/* Let it run until it waits, is in the guest or done, or has passed `points` points (0: no limit). */
enum turn_end turns_run(uint32_t core, unsigned int points);
/* For the job: it is in the guest, and nothing happens. */
void turns_in_guest(void);

/* Called at each point, by the core that is there; s is STEP_COUNT for a point without a name. Its
 * own accesses are no points. */
extern void (*turns_at_point)(enum step s);
/* Do this without a point. */
void turns_quietly(void (*fn)(void));
/* Only named steps are points. */
extern bool turns_only_steps;

#endif
