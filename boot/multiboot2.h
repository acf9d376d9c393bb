// SPDX-License-Identifier: MIT
/*
 * What the boot loader hands over (Multiboot2 Specification 2.0, section 3.6), as a plain struct.
 * The functions are pure: no memory but their arguments, any context.
 */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "core/lib/types.h"

#define MB2_MODULES_MAX 64
#define MB2_MEMMAP_MAX  256

/* Types of memory of the memory map (the e820 numbers). */
#define MB2_MEMORY_RAM      1
#define MB2_MEMORY_RESERVED 2
#define MB2_MEMORY_ACPI     3
#define MB2_MEMORY_NVS      4
#define MB2_MEMORY_BAD      5

struct mb2_module {
	hpa_t start;
	hpa_t end;          /* first byte behind it */
	const char *string; /* module command line, never NULL */
};

struct mb2_memory {
	hpa_t base;
	uint64_t length;
	uint32_t type; /* MB2_MEMORY_*, or another: treat as reserved */
};

enum mb2_framebuffer_type {
	MB2_FRAMEBUFFER_INDEXED = 0,
	MB2_FRAMEBUFFER_RGB = 1,
	MB2_FRAMEBUFFER_TEXT = 2, /* EGA text: two bytes a character */
};

struct mb2_framebuffer {
	bool present;
	hpa_t base;
	uint32_t pitch;    /* bytes a line */
	uint32_t width;    /* pixels, or characters of text */
	uint32_t height;   /* likewise */
	uint8_t bpp;       /* bits a pixel */
	uint8_t type;      /* enum mb2_framebuffer_type */
	uint8_t red_shift; /* of RGB only: position and width of each colour */
	uint8_t red_bits;
	uint8_t green_shift;
	uint8_t green_bits;
	uint8_t blue_shift;
	uint8_t blue_bits;
};

/*
 * About 8 KiB: meant to be static in the caller. The strings point into the information structure,
 * which must stay mapped as long as they are used; all are known to be terminated.
 */
struct mb2_info {
	uint32_t size;       /* bytes of the information structure itself */
	const char *cmdline; /* never NULL */
	const char *loader;  /* never NULL */

	uint32_t module_count;
	struct mb2_module module[MB2_MODULES_MAX];

	uint32_t memory_count;
	struct mb2_memory memory[MB2_MEMMAP_MAX];

	uint32_t rsdp_size; /* 0: none, 20: ACPI 1.0, 36: ACPI 2.0 (which is preferred) */
	uint8_t rsdp[36];

	struct mb2_framebuffer framebuffer;

	bool efi;                  /* booted by EFI firmware of either width */
	uint64_t efi_system_table; /* HPA, 0 when not given */
	bool efi_boot_services;    /* still on: the loader has not left them (unsupported) */
	bool load_base_present;
	uint32_t load_base; /* where the image was put, of tag 21 */
};

/*
 * Parse the information structure at info, of which at most size_limit bytes may be read. On
 * failure *error is a static text that names the tag; *out is then of no use. ERR_INVALID,
 * ERR_TRUNCATED, or ERR_NOMEM for more modules than MB2_MODULES_MAX. More memory map entries than
 * MB2_MEMMAP_MAX: ERR_NOMEM as well.
 */
enum status multiboot2_parse(const void *info, size_t size_limit, struct mb2_info *out,
			     const char **error) must_check;

/*
 * Are the modules usable: each inside one run of RAM of the memory map, none overlapping another,
 * the image [image_start, image_end) or the information structure [info, info + out->size)? On
 * failure *error is a static text and *index the module at fault. Empty modules (start == end) are
 * fine. ERR_INVALID.
 */
enum status multiboot2_check_modules(const struct mb2_info *mb, hpa_t image_start, hpa_t image_end,
				     hpa_t info, uint32_t *index, const char **error) must_check;

#endif
