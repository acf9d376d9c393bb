// SPDX-License-Identifier: MIT
#ifndef TESTS_LITMUS_LITMUS_H
#define TESTS_LITMUS_LITMUS_H

#include "core/lib/types.h"

/* A pair: what each side does in a round. The changer's `changes` ends when it would free. */
struct litmus {
	void (*user_starts)(void), (*changer_starts)(void);
	/* Apart: what the round needs, so that its first accesses are quick. */
	void (*user_prepares)(void), (*changer_prepares)(void);
	void (*uses)(uint64_t round);
	void (*changes)(uint64_t round);
};

extern const struct litmus litmus_section, litmus_entry;

/* Two cores, a guest and a cache. */
void litmus_machine(void);
/* The user has a translation and uses it: a late use is counted. */
void litmus_use(uint64_t round);
extern uint64_t litmus_late;

#endif
