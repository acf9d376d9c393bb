// SPDX-License-Identifier: MIT
/*
 * The start information of the PVH protocol (xen/arch-x86/hvm/start_info.h), by which Xenith is
 * entered as a guest of Xen, of another Xenith, or of QEMU's -kernel. Pure but for the callback
 * that makes memory readable.
 */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#include "boot/boot_info.h"

/*
 * Make len bytes at hpa readable and return them; NULL when that cannot be. They stay readable: the
 * strings of struct boot_info point there.
 */
typedef const void *(*pvh_map_fn)(void *ctx, uint64_t hpa, size_t len);

/* Whether the first word of what the loader left is that of a start information structure. */
bool pvh_probe(uint32_t first_word) must_check;

/*
 * Parse the structure at `at`, which must be of version 1 or later with a memory map, and what it
 * points to; all of it lies below 4 GiB, but modules need not. What
 * is kept may be in pieces: out->start to out->end is around them; the RSDP is copied. On failure *error is a static
 * text; *out is then of no use. ERR_INVALID, ERR_TRUNCATED (a string without an end), or ERR_NOMEM
 * for more modules or memory than struct boot_info holds.
 */
enum status pvh_parse(hpa_t at, pvh_map_fn map, void *ctx, struct boot_info *out,
		      const char **error) must_check;

#endif
