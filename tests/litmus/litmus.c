// SPDX-License-Identifier: MIT
/*
 * The two fence pairs of docs/gpc.md on real store buffers: the real functions, compiled as the
 * hypervisor's are, race natively on two processors.
 *
 *   section   gpc_page() in a section     against  valid = 0, sections_drain(), frame freed
 *   entry     vcpu_arch_run()             against  map_gen + 1, round_run(), frame freed
 *
 * usage: litmus section|entry SECONDS [CPU CPU]     prints "ROUNDS rounds, LATE late uses"
 *
 * A late use is one of the frame after it was freed. Built without one of the fences it must show
 * some: scripts/runlitmus.py does that.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/litmus/litmus.h"

#define BATCH 4096 /* rounds between looks at the clock */

static const struct litmus *test;
static int processors[2] = { 0, 1 };

/* Each on cache lines of its own. */
static struct {
	uint64_t ready[2] aligned_to(128); /* rounds that each side has come to */
	uint64_t freed aligned_to(128);    /* the round in which the frame was freed last */
	bool stop aligned_to(128);
} shared;

uint64_t litmus_late;

static void spin(unsigned int turns)
{
	for (unsigned int i = 0; i < turns; i++)
		__asm__ volatile("pause");
}

/* Both sides leave within a few dozen ticks of each other; which goes first changes. */
static void meet(unsigned int side, uint64_t round)
{
	__atomic_store_n(&shared.ready[side], round, __ATOMIC_RELEASE);
	while (__atomic_load_n(&shared.ready[!side], __ATOMIC_ACQUIRE) < round)
		;
	for (volatile unsigned int i = (unsigned int)(round >> (4 * side)) & 15; i; i--)
		;
}

void litmus_use(uint64_t round)
{
	/* Long enough for a changer that does not wait to free the frame. */
	for (unsigned int i = 0; i < 8; i++) {
		if (__atomic_load_n(&shared.freed, __ATOMIC_RELAXED) == round) {
			litmus_late++;
			return;
		}
		spin(2);
	}
}

static void pin(unsigned int side)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processors[side], &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		abort();
}

static void *user(void *unused)
{
	(void)unused;
	pin(0);
	test->user_starts();
	for (uint64_t round = 1; !__atomic_load_n(&shared.stop, __ATOMIC_RELAXED); round++) {
		test->user_prepares();
		meet(0, round);
		test->uses(round);
		meet(0, ++round);
	}
	__atomic_store_n(&shared.ready[0], ~0ULL, __ATOMIC_RELEASE);
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t change_until(double end)
{
	uint64_t round;

	pin(1);
	test->changer_starts();
	for (round = 1; round % (2 * BATCH) != 1 || round == 1 || seconds() < end; round++) {
		test->changer_prepares();
		meet(1, round);
		test->changes(round);
		__atomic_store_n(&shared.freed, round, __ATOMIC_RELEASE);
		meet(1, ++round);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	__atomic_store_n(&shared.ready[1], ~0ULL, __ATOMIC_RELEASE);
	return round / 2;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	uint64_t rounds;

	if (argc < 3)
		return 2;
	test = strcmp(argv[1], "section") ? &litmus_entry : &litmus_section;
	if (argc > 4) {
		processors[0] = atoi(argv[3]);
		processors[1] = atoi(argv[4]);
	}
	litmus_machine();
	if (pthread_create(&thread, NULL, user, NULL))
		abort();
	rounds = change_until(seconds() + atof(argv[2]));
	pthread_join(thread, NULL);
	printf("%llu rounds, %llu late uses\n", (unsigned long long)rounds,
	       (unsigned long long)litmus_late);
	return litmus_late != 0;
}
