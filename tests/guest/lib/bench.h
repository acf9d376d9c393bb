// SPDX-License-Identifier: MIT
/* Measuring guests: cases of many rounds, printed as "NAME min=N avg=N vmread=N ...". */
#ifndef TESTS_GUEST_LIB_BENCH_H
#define TESTS_GUEST_LIB_BENCH_H

#include "tests/guest/lib/guest.h"

#define ROUNDS      2000
#define BENCH_KINDS 7

struct bench {
	const char *name;
	uint64_t min, sum;
	unsigned int rounds;
	uint64_t counts[BENCH_KINDS];
};

void bench_begin(struct bench *b, const char *name);
void bench_add(struct bench *b, uint64_t ticks);
void bench_end(struct bench *b);
/* Measure op, ROUNDS times, less what an empty function costs; undo runs unmeasured. */
void bench_run(const char *name, void (*op)(void), void (*undo)(void));

#endif
