// SPDX-License-Identifier: MIT
/*
 * The PVH start information, version 1, with module list, memory map and command line in one piece
 * (xen/arch-x86/hvm/start_info.h). Pure: any context.
 */
#ifndef BOOT_START_INFO_H
#define BOOT_START_INFO_H

#include "boot/layout.h"
#include "core/lib/types.h"

#define START_INFO_MODULES_MAX 4
/* Enough for any arguments with a command line of 4096 characters and short module strings. */
#define START_INFO_SIZE_MAX 8192

struct start_info_module {
	gpa_t paddr;
	uint64_t size;
	const char *cmdline; /* NULL: none */
};

struct start_info_args {
	gpa_t base; /* where the piece will be, page aligned */
	gpa_t rsdp;
	const char *cmdline;              /* never NULL */
	const struct layout_range *range; /* the memory map */
	uint32_t range_count;
	uint32_t module_count;
	struct start_info_module module[START_INFO_MODULES_MAX];
};

/* Bytes the piece takes: independent of base and of the addresses. */
size_t start_info_size(const struct start_info_args *args) must_check;

/* Write it. The structure itself comes first, at args->base. ERR_NOMEM when size is too small,
 * ERR_INVALID for too many modules or an address above 4 GiB. */
enum status start_info_build(const struct start_info_args *args, void *buf, size_t size) must_check;

#endif
