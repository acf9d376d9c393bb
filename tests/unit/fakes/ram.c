// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/ram.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/relax.h"
#include "core/lib/assert.h"
#include "mm/frame.h"
#include "mm/window.h"

uint8_t host_frame_table[FAKE_RAM_END * sizeof(struct frame)] aligned_to(16);
uint64_t ram_fills;
char ram_panic_text[256];
jmp_buf ram_panic_jump;
bool ram_panic_expected;

static uint8_t *ram; /* aligned as its frame number says */

void ram_init(void)
{
	ram = aligned_alloc(MIB(2), FAKE_RAM_FRAMES * PAGE_SIZE);
	if (!ram)
		abort();
	memset(ram, 0xa5, FAKE_RAM_FRAMES * PAGE_SIZE);
	frame_table_add(to_hpa(0), pfn_hpa(to_pfn(FAKE_RAM_END)));
}

uint64_t *ram_frame(uint64_t pfn)
{
	if (pfn < FAKE_RAM_PFN || pfn >= FAKE_RAM_END)
		abort();
	return (uint64_t *)(void *)(ram + (pfn - FAKE_RAM_PFN) * PAGE_SIZE);
}

void window_scrub(pfn_t pfn, uint64_t pattern)
{
	uint64_t *word = ram_frame(pfn.n);

	ram_fills++;
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = pattern;
}

bool window_uniform(pfn_t pfn, uint64_t *first)
{
	const uint64_t *word = ram_frame(pfn.n);

	*first = word[0];
	for (unsigned int i = 1; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != *first)
			return false;
	return true;
}

void host_relax(void)
{
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ram_panic_text, sizeof(ram_panic_text), fmt, ap);
	va_end(ap);
	if (ram_panic_expected)
		longjmp(ram_panic_jump, 1);
	fprintf(stderr, "panic: %s\n", ram_panic_text);
	abort();
}
