// SPDX-License-Identifier: MIT
/*
 * Guest kernels as ELF files: 32- or 64-bit class, machine i386 or x86-64 in either, with Xen's
 * note PHYS32_ENTRY (xen/elfnote.h). Pure: any context.
 */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include "boot/load_plan.h"
#include "core/lib/types.h"

/* Does the image start with the ELF magic? */
bool elf_probe(const void *image, size_t size) must_check;

/*
 * Check the whole file and make the plan. On failure *error is a static text, a different one for
 * each reason. ERR_INVALID, ERR_TRUNCATED, ERR_UNSUPPORTED, ERR_NOT_FOUND (no PHYS32_ENTRY note).
 * Whether it fits a guest is load_plan_check_fits's question.
 */
enum status elf_parse(const void *image, size_t size, struct load_plan *plan,
		      const char **error) must_check;

#endif
