// SPDX-License-Identifier: MIT
/*
 * Where everything lies in a guest's physical address space: the map xl gives a PVH guest. Pure
 * decisions: any context.
 *
 *   0            RAM, no hole below 1 MiB
 *   low_end      nothing (low_end is at most 0xFC000000)
 *   0xFC000000   ACPI: a page for the RSDP, then the tables
 *   0xFEE00000   local APIC
 *   0xFEFF8000   special pages: xenstore ring +4, console ring +7
 *   4 GiB        the rest of the RAM, up to high_end
 */
#ifndef BOOT_LAYOUT_H
#define BOOT_LAYOUT_H

#include "boot/load_plan.h"
#include "core/lib/types.h"

#define LAYOUT_LOW_MAX        0xFC000000ULL /* RAM below 4 GiB ends here at the latest */
#define LAYOUT_ACPI_BASE      0xFC000000ULL
#define LAYOUT_ACPI_TABLES    0xFC001000ULL
#define LAYOUT_ACPI_SIZE      0x00005000ULL
#define LAYOUT_LAPIC_BASE     0xFEE00000ULL
#define LAYOUT_SPECIAL_BASE   0xFEFF8000ULL
#define LAYOUT_SPECIAL_PAGES  8
#define LAYOUT_XENSTORE_PAGE  4
#define LAYOUT_CONSOLE_PAGE   7
#define LAYOUT_HIGH_BASE      0x100000000ULL
#define LAYOUT_RSDP_LOW       0x000FFFC0ULL /* where old Linux looks for it */
#define LAYOUT_RANGES_MAX     6
#define LAYOUT_VCPUS_MAX      128
#define LAYOUT_MEMORY_MIN_MIB 2
#define LAYOUT_MEMORY_MAX_MIB (1024ULL * 1024)

/* One entry of the guest's memory map; type is XEN_HVM_MEMMAP_TYPE_* (the e820 numbers). */
struct layout_range {
	uint64_t start;
	uint64_t size;
	uint32_t type;
};

struct guest_layout {
	uint64_t memory; /* bytes of RAM: what static-max and memory/target say */
	uint32_t vcpus;
	uint64_t low_end;  /* RAM is [0, low_end) ... */
	uint64_t high_end; /* ... and [LAYOUT_HIGH_BASE, high_end); 0 when there is none */
	gfn_t xenstore;    /* gfn of the xenstore ring */
	gfn_t console;     /* gfn of the console ring */
};

/* Sizes of what goes into the RAM beside the kernel. */
struct layout_sizes {
	uint64_t info;    /* start_info with all it points to, or boot_params and command line */
	uint64_t ramdisk; /* 0: none */
};

struct layout_places {
	gpa_t info;    /* page aligned */
	gpa_t ramdisk; /* page aligned */
	gpa_t rsdp;    /* LAYOUT_ACPI_BASE, or LAYOUT_RSDP_LOW for a kernel that needs that */
	/* The guest's memory map: ascending, without overlaps. */
	uint32_t range_count;
	struct layout_range range[LAYOUT_RANGES_MAX];
};

/*
 * Lay out a guest of that memory. ERR_INVALID with a static text in *error for less than
 * LAYOUT_MEMORY_MIN_MIB, more than LAYOUT_MEMORY_MAX_MIB, no vCPU or more than LAYOUT_VCPUS_MAX.
 */
enum status layout_make(uint64_t memory_mib, uint32_t vcpus, struct guest_layout *out,
			const char **error) must_check;

/*
 * Place start information and ramdisk in low RAM right behind the kernel, as xl does: a guest that
 * starts with only its first GiB mapped can read them (Linux's PVH entry). Where that is too
 * little, below the kernel. Clear of the kernel, the low RSDP and each other. ERR_NOMEM with a
 * static text that says what found no room.
 */
enum status layout_place(const struct guest_layout *layout, const struct load_plan *plan,
			 const struct layout_sizes *sizes, struct layout_places *out,
			 const char **error) must_check;

/* Does [start, start + size) lie in RAM entirely? */
bool layout_is_ram(const struct guest_layout *layout, uint64_t start, uint64_t size) must_check;

#endif
