// SPDX-License-Identifier: MIT
/*
 * Cores for host tests: a block each, a clock, and a relax hook through which a test lets other
 * cores make progress while one waits.
 */
#include "tests/unit/fakes/cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/cpu/relax.h"
#include "arch/x86/cpu/trace.h"
#include "core/lib/assert.h"
#include "mm/step.h"

__thread struct pcpu *host_cpu;
uint64_t host_clock;
void (*host_relax_hook)(void);
void (*host_step_hook)(enum step s);
void (*host_access_hook)(void);
void (*host_panic_hook)(void);

struct pcpu *pcpus[MAX_CORES];
struct trace_ring *trace_rings[MAX_CORES];
uint32_t core_count;
static struct pcpu blocks[MAX_CORES];

void host_cores(uint32_t count)
{
	memset(blocks, 0, sizeof(blocks));
	core_count = count;
	for (uint32_t i = 0; i < count; i++) {
		blocks[i].self = &blocks[i];
		blocks[i].id = i;
		blocks[i].shared.online = true;
		for (int w = 0; w < WINDOW_COUNT; w++)
			blocks[i].window_tag[w] = INVALID_FRAME;
		pcpus[i] = &blocks[i];
	}
	host_cpu = &blocks[0];
}

void host_relax(void)
{
	(void)__atomic_fetch_add(&host_clock, 1, __ATOMIC_RELAXED);
	if (host_relax_hook)
		host_relax_hook();
}

void step_taken(enum step s)
{
	if (host_step_hook)
		host_step_hook(s);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	if (host_panic_hook)
		host_panic_hook();
	abort();
}
