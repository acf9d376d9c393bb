// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

/* xenabi/ops.h HYPERCALL_DEBUG, and arch/x86/cpu/count.h for the kinds. */
#define HYPERCALL_DEBUG __HYPERVISOR_arch_7
#define KINDS           8
#define ALWAYS_SHOWN    5 /* the first so many; the others where there are any */

static const char *const kinds[KINDS] = { "vmread", "vmwrite", "rdmsr",  "wrmsr",
					  "xsave",  "kicks",   "rounds", "change_ticks" };
static uint64_t least, sum;
static unsigned int rounds;
static unsigned long before[KINDS], paused[KINDS];
static bool pauses;

static unsigned long count(unsigned int kind)
{
	return (unsigned long)HC2(HYPERCALL_DEBUG, 0, kind);
}

static bool counting(void)
{
	return HC2(HYPERCALL_DEBUG, 0, 0) >= 0;
}

void bench_begin(void)
{
	least = ~0ULL;
	sum = 0;
	rounds = 0;
	pauses = false;
	for (unsigned int i = 0; i < KINDS && counting(); i++)
		before[i] = count(i);
}

void bench_pause(void)
{
	pauses = true;
	for (unsigned int i = 0; i < KINDS && counting(); i++)
		paused[i] = count(i);
}

void bench_resume(void)
{
	for (unsigned int i = 0; i < KINDS && counting(); i++)
		before[i] += count(i) - paused[i];
}

void bench_add(uint64_t ticks)
{
	least = ticks < least ? ticks : least;
	sum += ticks;
	rounds++;
}

void bench_end(const char *name)
{
	unsigned long after[KINDS];

	/* The dozen calls that ask for the counts are lost in the rounding. */
	for (unsigned int i = 0; i < KINDS && counting(); i++)
		after[i] = count(i);
	print("%s min=%llu avg=%llu", name, (unsigned long long)least,
	      (unsigned long long)((sum + rounds / 2) / rounds));
	for (unsigned int i = 0; i < KINDS && counting(); i++)
		/* Of instructions the calls that ask for counts in each pause have too many. */
		if (i < ALWAYS_SHOWN ? !pauses : after[i] != before[i])
			print(" %s=%lu", kinds[i], (after[i] - before[i] + rounds / 2) / rounds);
	print("\n");
}
