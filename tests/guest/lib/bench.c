// SPDX-License-Identifier: MIT
#include "tests/guest/lib/bench.h"

/* Xenith's own, in the counting build: how many instructions of a kind it has executed. */
#define DEBUG_HYPERCALL 55
#define DEBUG_COUNT     0

static const char *const kinds[BENCH_KINDS] = { "vmread", "vmwrite", "rdmsr",     "wrmsr",
						"xsave",  "vmptrld", "invalidate" };

/* 0 where nothing is counted. */
static uint64_t count(unsigned int kind)
{
	long n = HC2(DEBUG_HYPERCALL, DEBUG_COUNT, kind);

	return n < 0 ? 0 : (uint64_t)n;
}

static bool counting(void)
{
	return HC2(DEBUG_HYPERCALL, DEBUG_COUNT, 0) >= 0;
}

void bench_begin(struct bench *b, const char *name)
{
	b->name = name;
	b->min = ~0ULL;
	b->sum = 0;
	b->rounds = 0;
	for (unsigned int k = 0; k < BENCH_KINDS; k++)
		b->counts[k] = count(k);
}

void bench_add(struct bench *b, uint64_t ticks)
{
	b->sum += ticks;
	b->rounds++;
	if (ticks < b->min)
		b->min = ticks;
}

void bench_end(struct bench *b)
{
	char line[200];
	int at;

	at = format_to(line, sizeof(line), "%s min=%u avg=%u", b->name, (unsigned int)b->min,
		       (unsigned int)b->sum / b->rounds);
	/* Per operation, rounded: reading the counters costs a little too. */
	for (unsigned int k = 0; k < BENCH_KINDS && counting(); k++)
		at += format_to(line + at, sizeof(line) - (size_t)at, " %s=%u", kinds[k],
				((unsigned int)(count(k) - b->counts[k]) + b->rounds / 2) /
					b->rounds);
	print("%s\n", line);
}

static void nothing(void)
{
}

/* What the frame of a measurement costs. */
static uint64_t empty(void (*volatile op)(void))
{
	uint64_t start = rdtsc();

	op();
	return rdtsc() - start;
}

void bench_run(const char *name, void (*op)(void), void (*undo)(void))
{
	uint64_t frame = empty(nothing);
	struct bench b;

	op();
	if (undo)
		undo();
	bench_begin(&b, name);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t ticks = empty(op);

		bench_add(&b, ticks > frame ? ticks - frame : 0);
		if (undo)
			undo();
	}
	bench_end(&b);
}
