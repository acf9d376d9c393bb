// SPDX-License-Identifier: MIT
/*
 * From the boot loader's memory map to the frame allocator. What is kept out: the image, the
 * information structure, the modules, everything that is not RAM, and the first MiB.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "boot/boot_info.h"
#include "core/lib/types.h"

struct memory_range {
	uint64_t start, end; /* bytes; end is the first one behind it */
};

/* What is kept out beside the modules and what is not RAM. */
#define MEMORY_RESERVED_MAX 4

/* RAM in whole pages, and what of it is not free. Entries may overlap and come in any order. */
struct memory_plan {
	const struct boot_info *info;
	uint32_t reserved_count;
	struct memory_range reserved[MEMORY_RESERVED_MAX];
};

/* Pure: keep [start, end) out, rounded outwards to pages. ERR_NOMEM when the table is full. */
enum status memory_plan_reserve(struct memory_plan *plan, uint64_t start, uint64_t end) must_check;
/* Pure: the end of the highest RAM, free or not; 0 when there is none. */
uint64_t memory_plan_top(const struct memory_plan *plan);
/* Pure: the first free range that ends above `from`, cut to begin there; false: none. */
bool memory_plan_next(const struct memory_plan *plan, uint64_t from,
		      struct memory_range *out) must_check;

/*
 * Give all free memory to the frame allocator, after setting aside pages for the AP trampoline, the
 * frame table and the boot core's per-core area, which is made (but not loaded). On failure *error
 * says why. Boot core, once.
 */
enum status memory_init(const struct boot_info *info, const char **error) must_check;
/* Where the other cores start: SMP_TRAMPOLINE_PAGES pages below 640 KiB; 0: none was free. */
hpa_t memory_trampoline(void);
/* Pages for other cores' areas, once memory_init() is done. */
uint64_t memory_take(uint64_t pages) must_check;

#endif
