// SPDX-License-Identifier: MIT
/* Looking at guest-physical memory above 4 GiB. */
#include "tests/guest/lib/guest.h"

#if GUEST_BITS == 64
#define HIGH_WINDOW 0x140000000UL /* a linear address that the first tables leave free */

extern uint64_t page_tables[];

static uint64_t high_directory[512] page_aligned;

volatile uint8_t *map_high(uint64_t gpa)
{
	uint64_t *pdpt = page_tables + 512;
	unsigned long window = HIGH_WINDOW;

	pdpt[window >> 30] = (uintptr_t)high_directory | 7;
	high_directory[0] = (gpa & ~0x1fffffULL) | 0x87;
	invlpg((void *)window);
	return (volatile uint8_t *)window + (gpa & 0x1fffff);
}
#else
/* Page directory entries of 4 MiB reach no further: nothing to look through. */
volatile uint8_t *map_high(uint64_t gpa)
{
	(void)gpa;
	return NULL;
}
#endif
