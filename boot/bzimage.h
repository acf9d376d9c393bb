// SPDX-License-Identifier: MIT
/*
 * Linux bzImage by its own 32-bit boot protocol (Linux Documentation/arch/x86/boot.rst): the kernel
 * unpacks itself inside the guest. Pure: any context.
 */
#ifndef BOOT_BZIMAGE_H
#define BOOT_BZIMAGE_H

#include "boot/layout.h"
#include "boot/load_plan.h"
#include "core/lib/types.h"

#define BZIMAGE_BOOT_PARAMS_SIZE 4096

/* Is there the boot sector signature and "HdrS"? */
bool bzimage_probe(const void *image, size_t size) must_check;

/*
 * Check the setup header, choose the load address for this layout and make the plan. On failure
 * *error is a static text. ERR_INVALID, ERR_TRUNCATED, ERR_UNSUPPORTED (protocol before 2.10, not
 * loaded high), ERR_NOMEM (no room in low RAM).
 */
enum status bzimage_parse(const void *image, size_t size, const struct guest_layout *layout,
			  struct load_plan *plan, const char **error) must_check;

struct bzimage_args {
	const struct layout_range *range; /* the memory map */
	uint32_t range_count;
	gpa_t cmdline;
	gpa_t ramdisk; /* with ramdisk_size 0: none */
	uint64_t ramdisk_size;
	gpa_t rsdp;
};

/*
 * Fill the zero page for an image that bzimage_parse accepted. ERR_INVALID when an address does not
 * fit the protocol's fields (all below 4 GiB).
 */
enum status bzimage_boot_params(const void *image, size_t size, const struct bzimage_args *args,
				uint8_t params[BZIMAGE_BOOT_PARAMS_SIZE]) must_check;

/* The longest command line the image takes (without NUL), of its setup header. */
uint32_t bzimage_cmdline_max(const void *image, size_t size) must_check;

#endif
