// SPDX-License-Identifier: MIT
/* own_alloc_pages() on the host's heap; goes with own_heap.c. */
#include <stdlib.h>
#include <string.h>

#include "mm/own.h"
#include "tests/unit/fakes/own_heap.h"

void *own_alloc_pages(unsigned int order)
{
	size_t size = PAGE_SIZE << order;
	void *p;

	if (own_heap_fail_after >= 0 && own_heap_fail_after-- == 0)
		return NULL;
	p = aligned_alloc(PAGE_SIZE, size);
	if (!p)
		abort();
	own_heap_used += size;
	return memset(p, 0, size);
}

void own_free_pages(void *p, unsigned int order)
{
	own_heap_used -= PAGE_SIZE << order;
	free(p);
}

uint64_t own_pages_used(void)
{
	return own_heap_used / PAGE_SIZE;
}
