// SPDX-License-Identifier: MIT
/*
 * Threads as cores. A file of its own, since <pthread.h> declares the C library's sched_yield(),
 * which is not ours.
 */
#ifndef TESTS_UNIT_FAKES_THREADS_H
#define TESTS_UNIT_FAKES_THREADS_H

#include "core/lib/types.h"

/* Run fn as this core on a thread of its own. */
void threads_start(uint32_t core, void (*fn)(void));
void threads_join(uint32_t core);
/* Let others run: for a moment, or only if there are any. */
void threads_pause(void);
void threads_yield(void);

/*
 * Cores that take turns: one runs at a time, until it calls threads_wait(). threads_turn() lets a
 * core run to its next wait. threads_end() ends all of them where they wait.
 */
void threads_spawn(uint32_t core, void (*fn)(void));
void threads_turn(uint32_t core);
void threads_wait(void);
void threads_end(void);

#endif
