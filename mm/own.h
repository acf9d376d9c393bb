// SPDX-License-Identifier: MIT
/*
 * The hypervisor's own memory: taken from the frame allocator in 2 MiB chunks, mapped for good at
 * OWN_BASE + hpa, and handed out as pages and as small objects. It is never given back to guests,
 * so no mapping of it ever goes stale.
 */
#ifndef MM_OWN_H
#define MM_OWN_H

#include "arch/x86/cpu/paging.h"
#include "core/lib/types.h"

/*
 * 2^order zeroed pages, contiguous and aligned to their size (order <= 9), or NULL. Any root
 * context outside an access section; takes the own-memory lock, then the frame allocator's.
 */
void *own_alloc_pages(unsigned int order) must_check;
void own_free_pages(void *p, unsigned int order);

/* size (<= 4096) zeroed bytes aligned to at least 16 and to 64 when size >= 64, or NULL. */
void *own_alloc(size_t size) must_check;
void own_free(void *p, size_t size);

/* Own addresses are OWN_BASE + hpa. */
static inline hpa_t own_hpa(const void *p)
{
	return to_hpa((uint64_t)p - OWN_BASE);
}

static inline pfn_t own_pfn(const void *p)
{
	return hpa_pfn(own_hpa(p));
}

/* Only for frames that own_alloc_pages() handed out (EPT tables, shared_info). */
static inline void *own_va(hpa_t hpa)
{
	return (void *)(OWN_BASE + hpa.a);
}

uint64_t own_pages_used(void);

#endif
