// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

/* xenabi/ops.h HYPERCALL_DEBUG*, and arch/x86/cpu/count.h for the kinds; the last one is ours. */
#define HYPERCALL_DEBUG       __HYPERVISOR_arch_7
#define HYPERCALL_DEBUG_SAVED 3
#define CHANGE_ROUNDS         200

enum kind { KICKS = 5, ROUNDS, CHANGE_TICKS, KICKS_SAVED, KINDS };

static const char *const kinds[KINDS] = { "vmread", "vmwrite",      "rdmsr",
					  "wrmsr",  "xsave",        "kicks",
					  "rounds", "change_ticks", "kicks_saved" };
static uint64_t least, sum;
static unsigned int rounds;
static unsigned long before[KINDS], paused[KINDS];
static bool pauses;

static unsigned long count(unsigned int kind)
{
	return (unsigned long)(kind == KICKS_SAVED ? HC1(HYPERCALL_DEBUG, HYPERCALL_DEBUG_SAVED)
						   : HC2(HYPERCALL_DEBUG, 0, kind));
}

static bool counting(void)
{
	return !bare && HC2(HYPERCALL_DEBUG, 0, 0) >= 0;
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

/* Of instructions: the calls that ask for the counts are lost in the rounding, but not those in each
 * pause. */
static void show_average(unsigned int kind, unsigned long n)
{
	if (!pauses)
		print(" %s=%lu", kinds[kind], (n + rounds / 2) / rounds);
}

/* Of what only changes of the memory map do, which must be right to the last one. */
static void show_exactly(unsigned int kind, unsigned long n)
{
	if (kind == CHANGE_TICKS || n % rounds == 0)
		print(" %s=%lu", kinds[kind], (n + rounds / 2) / rounds);
	else
		print(" %s=%lu/%u", kinds[kind], n, rounds);
}

void bench_end(const char *name)
{
	unsigned long after[KINDS];

	for (unsigned int i = 0; i < KINDS && counting(); i++)
		after[i] = count(i);
	print("%s min=%llu avg=%llu", name, (unsigned long long)least,
	      (unsigned long long)((sum + rounds / 2) / rounds));
	for (unsigned int i = 0; i < KICKS && counting(); i++)
		show_average(i, after[i] - before[i]);
	for (unsigned int i = KICKS; i < KINDS && counting() && after[ROUNDS] != before[ROUNDS];
	     i++)
		show_exactly(i, after[i] - before[i]);
	print("\n");
}

static long take_away(void)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = HOLE / PAGE_SIZE };

	return memory_op(XENMEM_remove_from_physmap, &r);
}

void bench_change(const char *name)
{
	unsigned int failed = 0;

	bench_begin();
	for (unsigned int i = 0; i < CHANGE_ROUNDS; i++) {
		uint64_t start;

		bench_pause();
		failed += add_to_physmap(XENMAPSPACE_shared_info, 0, HOLE / PAGE_SIZE) != 0;
		bench_resume();
		start = rdtsc();
		failed += take_away() != 0;
		bench_add(rdtsc() - start);
	}
	bench_end(name);
	if (failed)
		note("%u failed", failed);
}
