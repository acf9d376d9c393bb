// SPDX-License-Identifier: MIT
/*
 * What a boot loader hands over, whatever its protocol (boot/multiboot2.h, boot/pvh.h). Pure: no
 * memory but the arguments, any context.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "core/lib/types.h"

#define BOOT_MODULES_MAX 64
#define BOOT_MEMORY_MAX  256
#define BOOT_NAMES_MAX   2048

/* Types of memory of the memory map (the e820 numbers). */
#define BOOT_MEMORY_RAM      1
#define BOOT_MEMORY_RESERVED 2
#define BOOT_MEMORY_ACPI     3
#define BOOT_MEMORY_NVS      4
#define BOOT_MEMORY_BAD      5

struct boot_module {
	hpa_t start;
	hpa_t end;          /* first byte behind it */
	const char *string; /* module command line, never NULL */
};

struct boot_memory {
	hpa_t base;
	uint64_t length;
	uint32_t type; /* BOOT_MEMORY_*, or another: treat as reserved */
};

enum boot_framebuffer_type {
	BOOT_FRAMEBUFFER_INDEXED = 0,
	BOOT_FRAMEBUFFER_RGB = 1,
	BOOT_FRAMEBUFFER_TEXT = 2, /* EGA text: two bytes a character */
};

struct boot_framebuffer {
	bool present;
	hpa_t base;
	uint32_t pitch;    /* bytes a line */
	uint32_t width;    /* pixels, or characters of text */
	uint32_t height;   /* likewise */
	uint8_t bpp;       /* bits a pixel */
	uint8_t type;      /* enum boot_framebuffer_type */
	uint8_t red_shift; /* of RGB only: position and width of each colour */
	uint8_t red_bits;
	uint8_t green_shift;
	uint8_t green_bits;
	uint8_t blue_shift;
	uint8_t blue_bits;
};

/*
 * About 10 KiB: meant to be static in the caller. The strings point into what the loader left in
 * memory, which must stay mapped as long as they are used, or into names; all are known to be
 * terminated.
 */
struct boot_info {
	uint64_t start, end; /* HPAs around all that the strings below lie in: not free memory */
	const char *cmdline; /* never NULL */
	const char *loader;  /* its name, never NULL */

	uint32_t module_count;
	struct boot_module module[BOOT_MODULES_MAX];
	char names[BOOT_NAMES_MAX]; /* of modules that came in one (boot/archive.h) */

	uint32_t memory_count;
	struct boot_memory memory[BOOT_MEMORY_MAX];

	uint32_t rsdp_size; /* 0: none, 20: ACPI 1.0, 36: ACPI 2.0 (which is preferred) */
	uint8_t rsdp[36];

	struct boot_framebuffer framebuffer;

	bool efi;                  /* booted by EFI firmware of either width */
	uint64_t efi_system_table; /* HPA, 0 when not given */
	bool efi_boot_services;    /* still on: the loader has not left them (unsupported) */
	bool load_base_present;
	uint32_t load_base; /* where the image was put, of tag 21 */
};

/*
 * Are the modules usable: each inside one run of RAM of the memory map, none overlapping another,
 * the image [image_start, image_end) or what the loader left, [info->start, info->end)? On failure
 * *error is a static text and *index the module at fault. Empty modules (start == end) are fine.
 * ERR_INVALID.
 */
enum status boot_info_check_modules(const struct boot_info *info, hpa_t image_start,
				    hpa_t image_end, uint32_t *index,
				    const char **error) must_check;

#endif
