// SPDX-License-Identifier: MIT
#include "mm/section_drain.h"

#include "arch/x86/cpu/relax.h"
#include "mm/section.h"

void sections_drain(void)
{
	uint32_t me = this_cpu()->id;

	ASSERT(!section_open());
	/* Pairs with the exchange in section_begin(): either that core's section sees what we
	 * unlinked, or we see its epoch odd. */
	fence_full();
	for (uint32_t c = 0; c < load_acquire(&core_count); c++) {
		uint64_t acc;

		if (c == me)
			continue;
		acc = load_acquire(&pcpus[c]->shared.acc);
		while ((acc & 1) && load_acquire(&pcpus[c]->shared.acc) == acc)
			spin_relax();
	}
}
