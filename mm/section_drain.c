// SPDX-License-Identifier: MIT
#include "mm/section_drain.h"

#include "arch/x86/cpu/relax.h"
#include "mm/section.h"

void sections_wait(void)
{
	uint32_t count = load_acquire(&core_count);

	ASSERT(!section_open());
	for (uint32_t c = 0; c < count; c++) {
		const uint64_t *epoch = &pcpus[c]->shared.acc;
		uint64_t acc = load_acquire(epoch);

		while (unlikely(acc & 1) && load_acquire(epoch) == acc)
			spin_relax();
	}
}

void sections_drain(void)
{
	/* Pairs with the exchange in section_begin(): either that core's section sees what we
	 * unlinked, or we see its epoch odd. */
	fence_full();
	sections_wait();
}
