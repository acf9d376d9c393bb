// SPDX-License-Identifier: MIT
/*
 * What it takes to put a kernel image into a guest, whatever its format: copy these pieces of the
 * file there, clear the rest, enter here. Made by elf.h or bzimage.h, carried out by the domain
 * builder.
 */
#ifndef BOOT_LOAD_PLAN_H
#define BOOT_LOAD_PLAN_H

#include "core/lib/types.h"

struct guest_layout;

#define LOAD_SEGMENTS_MAX 16

enum boot_protocol {
	BOOT_PVH,   /* EBX = GPA of hvm_start_info */
	BOOT_LINUX, /* ESI = GPA of boot_params (boot/bzimage.h builds them) */
};

struct load_segment {
	uint64_t file_offset;
	uint64_t file_size; /* bytes to copy, <= mem_size */
	uint64_t mem_size;  /* bytes of guest memory taken; what is not copied is zero */
	gpa_t gpa;
};

/* Segments are in ascending order and do not overlap. */
struct load_plan {
	enum boot_protocol protocol;
	bool rsdp_anywhere;   /* the kernel finds an RSDP that is not below 1 MiB */
	gpa_t entry;          /* 32-bit, protected mode, paging off */
	gpa_t low;            /* lowest byte of any segment */
	gpa_t high;           /* first byte behind all of them */
	uint64_t ramdisk_max; /* a ramdisk must end at or below; 0: anywhere below 4 GiB */
	uint32_t count;
	struct load_segment segment[LOAD_SEGMENTS_MAX];
};

/*
 * Make the plan for the kernel image of size bytes, ELF or bzImage, for a guest of that layout
 * (load address of a relocatable kernel; everything must lie in RAM). On failure *error is a
 * static text that says what is wrong with the image. ERR_INVALID, ERR_TRUNCATED, ERR_UNSUPPORTED,
 * ERR_NOMEM (the kernel is bigger than the memory). Pure.
 */
enum status load_plan_make(const void *image, size_t size, const struct guest_layout *layout,
			   struct load_plan *plan, const char **error) must_check;

/* Do all segments lie in the guest's RAM? ERR_NOMEM when the memory is too small for the kernel,
 * ERR_INVALID when a segment lies where no RAM is. */
enum status load_plan_check_fits(const struct load_plan *plan, const struct guest_layout *layout,
				 const char **error) must_check;

/* Does any segment touch [start, start + size)? */
bool load_plan_touches(const struct load_plan *plan, uint64_t start, uint64_t size) must_check;

#endif
