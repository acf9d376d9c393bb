// SPDX-License-Identifier: MIT
#include "mm/window.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/paging.h"
#include "core/lib/assert.h"
#include "mm/section.h"

/* The slots behind the cache. */
#define SLOT_SECOND WINDOW_COUNT
#define SLOT_SCRUB  (WINDOW_COUNT + 1)

static void *map_slot(struct pcpu *cpu, unsigned int slot, pfn_t pfn)
{
	void *va = cpu->window_base + slot * PAGE_SIZE;

	/* In this core's own tables: no other core has the frame mapped. */
	cpu->window_pte[slot] = pfn_hpa(pfn).a | paging_rw_bits;
	invlpg(va);
	return va;
}

void *window_fill(struct pcpu *cpu, pfn_t pfn)
{
	unsigned int slot = pfn.n & (WINDOW_COUNT - 1);

	DEBUG_ASSERT(section_open());
	cpu->window_tag[slot] = pfn.n;
	return map_slot(cpu, slot, pfn);
}

void *window_map_second(pfn_t pfn)
{
	struct pcpu *cpu = this_cpu();

	DEBUG_ASSERT(section_open());
	if (cpu->window_pte[SLOT_SECOND] == (pfn_hpa(pfn).a | paging_rw_bits))
		return cpu->window_base + SLOT_SECOND * PAGE_SIZE;
	return map_slot(cpu, SLOT_SECOND, pfn);
}

void window_scrub(pfn_t pfn, uint64_t pattern)
{
	fill_page(map_slot(this_cpu(), SLOT_SCRUB, pfn), pattern);
}

bool window_uniform(pfn_t pfn, uint64_t *first)
{
	const uint64_t *word = map_slot(this_cpu(), SLOT_SCRUB, pfn);

	*first = word[0];
	for (unsigned int i = 1; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != *first)
			return false;
	return true;
}
