// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/own_heap.h"

#include <stdlib.h>

#include "mm/own.h"

uint64_t own_heap_used;
int own_heap_fail_after = -1;

void *own_alloc(size_t size)
{
	if (own_heap_fail_after >= 0 && own_heap_fail_after-- == 0)
		return NULL;
	if (size > PAGE_SIZE)
		abort();
	own_heap_used += size;
	return calloc(1, size);
}

void own_free(void *p, size_t size)
{
	own_heap_used -= size;
	free(p);
}
