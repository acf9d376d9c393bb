// SPDX-License-Identifier: MIT
// Binary search in the table of function names.
#include <stddef.h>

#include "core/lib/symbols.h"

const char *symbols_lookup(uint64_t addr, uint64_t *offset)
{
	uint32_t low = 0, high = symbols_count;
	uint64_t wanted;

	if (addr < SYMBOLS_BASE)
		return NULL;
	wanted = addr - SYMBOLS_BASE;
	// Invariant: every row below low starts at or below wanted, every row
	// from high on starts above it.
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols_table[middle].offset <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	*offset = wanted - symbols_table[low - 1].offset;
	return &symbols_names[symbols_table[low - 1].name];
}
