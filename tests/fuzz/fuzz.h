// SPDX-License-Identifier: MIT
/* What every fuzz target of a parser needs. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdlib.h>

#include "core/lib/string.h"
#include "core/lib/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the parser, beyond not touching what is out of bounds. */
static inline void must(bool what)
{
	if (!what)
		abort();
}

#endif
