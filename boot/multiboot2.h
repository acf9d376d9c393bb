// SPDX-License-Identifier: MIT
/*
 * The information structure of a multiboot2 loader (Multiboot2 Specification 2.0, section 3.6).
 * Pure: no memory but its arguments, any context.
 */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "boot/boot_info.h"

/*
 * Parse the structure that lies at `at` and can be read at data, of which at most size_limit bytes
 * may be. On failure *error is a static text that names the tag; *out is then of no use.
 * ERR_INVALID, ERR_TRUNCATED, or ERR_NOMEM for more modules than BOOT_MODULES_MAX or more memory
 * map entries than BOOT_MEMORY_MAX.
 */
enum status multiboot2_parse(hpa_t at, const void *data, size_t size_limit, struct boot_info *out,
			     const char **error) must_check;

#endif
