// SPDX-License-Identifier: MIT
/*
 * From the boot loader's memory map to the frame allocator. What is kept out: the image, the
 * information structure, the modules, everything that is not RAM, and the first MiB.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "boot/multiboot2.h"
#include "core/lib/types.h"

struct memory_range {
	uint64_t start, end; /* bytes; end is the first one behind it */
};

/* All entries that are not RAM, all modules, and a few. */
#define MEMORY_HOLES_MAX (MB2_MEMMAP_MAX + MB2_MODULES_MAX + 8)

/* RAM in whole pages, and what of it is not free. Ranges may overlap and come in any order. */
struct memory_plan {
	uint32_t ram_count, hole_count;
	struct memory_range ram[MB2_MEMMAP_MAX];
	struct memory_range hole[MEMORY_HOLES_MAX];
};

/* Pure: fill a plan from the boot information, modules reserved. */
void memory_plan_init(struct memory_plan *plan, const struct mb2_info *mb);
/* Pure: keep [start, end) out, rounded outwards to pages. ERR_NOMEM when the table is full. */
enum status memory_plan_reserve(struct memory_plan *plan, uint64_t start, uint64_t end) must_check;
/* Pure: the first free range that ends above `from`, cut to begin there; false: none. */
bool memory_plan_next(const struct memory_plan *plan, uint64_t from,
		      struct memory_range *out) must_check;

/*
 * Give all free memory to the frame allocator, after setting aside pages for the AP trampoline, the
 * frame table and the boot core's per-core area, which is made (but not loaded). On failure *error
 * says why. Boot core, once.
 */
enum status memory_init(const struct mb2_info *mb, struct memory_range info,
			const char **error) must_check;
/* Where the other cores start: SMP_TRAMPOLINE_PAGES pages below 640 KiB; 0: none was free. */
hpa_t memory_trampoline(void);
/* Pages for other cores' areas, once memory_init() is done. */
uint64_t memory_take(uint64_t pages) must_check;

#endif
