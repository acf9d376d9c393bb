// SPDX-License-Identifier: MIT
/* Host tests: own memory lies in the fake machine's RAM (tests/unit/fakes/memory.c). */
#ifndef MM_OWN_H
#define MM_OWN_H

#include "core/lib/types.h"

void *own_alloc_pages(unsigned int order) must_check;
void own_free_pages(void *p, unsigned int order);
void *own_alloc(size_t size) must_check;
void own_free(void *p, size_t size);
hpa_t own_hpa(const void *p);
void *own_va(hpa_t hpa);
uint64_t own_pages_used(void);

static inline pfn_t own_pfn(const void *p)
{
	return hpa_pfn(own_hpa(p));
}

#endif
