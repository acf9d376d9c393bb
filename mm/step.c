// SPDX-License-Identifier: MIT
/* Debug builds only: what happens at a step of the protocol. */
#include "mm/step.h"

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/relax.h"
#include "arch/x86/cpu/trace.h"

uint64_t step_delay_seed;

#define DELAY_ONE_IN    16   /* steps */
#define DELAY_MOST      4096 /* ticks: longer than an exit and a hypercall */
#define DELAY_LONG_MOST 65536
#define DELAY_LONG_IN   64 /* of the delayed steps */

/* One sequence a core: what a core does depends on the seed and its own steps alone. */
static uint64_t luck[MAX_CORES];

/* xorshift64 (Marsaglia 2003). */
static uint64_t draw(void)
{
	uint64_t *x = &luck[this_cpu()->id];

	if (!*x)
		*x = step_delay_seed * 0x9e3779b97f4a7c15ULL + this_cpu()->id + 1;
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void delay(void)
{
	uint64_t most = draw() % DELAY_LONG_IN ? DELAY_MOST : DELAY_LONG_MOST;
	uint64_t until = clock_ticks() + draw() % most;

	while (clock_ticks() < until)
		spin_relax();
}

void step_taken(enum step s)
{
	trace(TRACE_STEP, 0, s);
	if (step_delay_seed && draw() % DELAY_ONE_IN == 0)
		delay();
}
