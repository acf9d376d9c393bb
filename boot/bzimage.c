// SPDX-License-Identifier: MIT
#include "boot/bzimage.h"

#include "core/lib/bits.h"
#include "core/lib/bytes.h"

/*
 * The real-mode header, by offset in the file, and struct boot_params, by offset in the zero page
 * (Linux Documentation/arch/x86/boot.rst and zero-page.rst). The header has the same offsets in
 * both.
 */
#define HDR_SETUP_SECTS      0x1F1
#define HDR_SYSSIZE          0x1F4
#define HDR_BOOT_FLAG        0x1FE
#define HDR_JUMP             0x200 /* its second byte is the distance from 0x202 to the end */
#define HDR_MAGIC            0x202
#define HDR_VERSION          0x206
#define HDR_TYPE_OF_LOADER   0x210
#define HDR_LOADFLAGS        0x211
#define HDR_CODE32_START     0x214
#define HDR_RAMDISK_IMAGE    0x218
#define HDR_RAMDISK_SIZE     0x21C
#define HDR_CMD_LINE_PTR     0x228
#define HDR_INITRD_ADDR_MAX  0x22C
#define HDR_KERNEL_ALIGNMENT 0x230
#define HDR_RELOCATABLE      0x234
#define HDR_CMDLINE_SIZE     0x238
#define HDR_PREF_ADDRESS     0x258
#define HDR_INIT_SIZE        0x260
#define HDR_END_OF_2_10      0x264

#define PARAMS_RSDP_ADDR    0x070
#define PARAMS_E820_ENTRIES 0x1E8
#define PARAMS_E820_TABLE   0x2D0
#define PARAMS_E820_SIZE    20

#define LOADED_HIGH      0x01
#define KEEP_SEGMENTS    0x40
#define LOADER_UNDEFINED 0xFF

#define VERSION_INIT_SIZE 0x20A /* the first with pref_address and init_size */
/* Kernels since 5.0 take the RSDP's address from boot_params; this version is of 5.5. */
#define VERSION_RSDP 0x20F

static enum status refuse(enum status status, const char *text, const char **error)
{
	*error = text;
	return status;
}

bool bzimage_probe(const void *image, size_t size)
{
	const uint8_t *p = image;

	return size >= HDR_VERSION + 2 && bytes_get16(p + HDR_BOOT_FLAG) == 0xAA55 &&
	       memcmp(p + HDR_MAGIC, "HdrS", 4) == 0;
}

uint32_t bzimage_cmdline_max(const void *image, size_t size)
{
	const uint8_t *p = image;

	return size >= HDR_END_OF_2_10 ? bytes_get32(p + HDR_CMDLINE_SIZE) : 0;
}

static enum status check_header(const uint8_t *p, size_t size, const char **error)
{
	if (!bzimage_probe(p, size))
		return refuse(ERR_INVALID, "kernel: not a Linux bzImage", error);
	if (size < HDR_END_OF_2_10)
		return refuse(ERR_TRUNCATED, "kernel: bzImage truncated in its header", error);
	if (bytes_get16(p + HDR_VERSION) < VERSION_INIT_SIZE)
		return refuse(ERR_UNSUPPORTED, "kernel: bzImage with a boot protocol before 2.10",
			      error);
	if ((p[HDR_LOADFLAGS] & LOADED_HIGH) == 0)
		return refuse(ERR_UNSUPPORTED, "kernel: zImage (loaded low) is not supported",
			      error);
	return OK;
}

/*
 * The kernel unpacks itself at its preferred address or, if it was loaded higher, there (the
 * decompressor takes the maximum): loaded at the preferred one it needs least.
 */
static enum status choose_address(const uint8_t *p, const struct guest_layout *layout,
				  uint64_t mem_size, uint64_t *address, const char **error)
{
	uint64_t preferred = bytes_get64(p + HDR_PREF_ADDRESS);
	uint32_t alignment = bytes_get32(p + HDR_KERNEL_ALIGNMENT);

	if (preferred < MIB(1) || preferred > UINT32_MAX)
		return refuse(ERR_INVALID, "kernel: bzImage with a bad preferred address", error);
	if (p[HDR_RELOCATABLE] != 0 && (alignment == 0 || preferred % alignment != 0))
		return refuse(ERR_INVALID, "kernel: bzImage with a bad alignment", error);
	if (!bytes_within(layout->low_end, preferred, mem_size))
		return refuse(ERR_NOMEM, "kernel: needs more memory than the guest has", error);
	*address = preferred;
	return OK;
}

enum status bzimage_parse(const void *image, size_t size, const struct guest_layout *layout,
			  struct load_plan *plan, const char **error)
{
	const uint8_t *p = image;
	uint64_t offset, file_size, mem_size, address;
	enum status status = check_header(p, size, error);

	if (status != OK)
		return status;
	/* 0 means 4, for historical reasons; the boot sector comes before the setup sectors. */
	offset = ((p[HDR_SETUP_SECTS] == 0 ? 4 : p[HDR_SETUP_SECTS]) + 1ULL) * 512;
	file_size = bytes_get32(p + HDR_SYSSIZE) * 16ULL;
	/* syssize is rounded up to 16 bytes. */
	if (file_size == 0 || offset >= size || file_size > round_up(size - offset, 16))
		return refuse(ERR_TRUNCATED, "kernel: bzImage truncated", error);
	file_size = min_u64(file_size, size - offset);
	mem_size = max_u64(bytes_get32(p + HDR_INIT_SIZE), file_size);
	status = choose_address(p, layout, mem_size, &address, error);
	if (status != OK)
		return status;
	memset(plan, 0, sizeof(*plan));
	plan->protocol = BOOT_LINUX;
	plan->rsdp_anywhere = bytes_get16(p + HDR_VERSION) >= VERSION_RSDP;
	plan->entry = to_gpa(address);
	plan->low = to_gpa(address);
	plan->high = to_gpa(address + mem_size);
	plan->ramdisk_max = bytes_get32(p + HDR_INITRD_ADDR_MAX) + 1ULL;
	plan->count = 1;
	plan->segment[0] = (struct load_segment){
		.file_offset = offset,
		.file_size = file_size,
		.mem_size = mem_size,
		.gpa = to_gpa(address),
	};
	return OK;
}

static void put_e820(const struct bzimage_args *args, uint8_t *params)
{
	params[PARAMS_E820_ENTRIES] = (uint8_t)args->range_count;
	for (uint32_t i = 0; i < args->range_count; i++) {
		uint8_t *entry = params + PARAMS_E820_TABLE + (size_t)i * PARAMS_E820_SIZE;

		bytes_put64(entry, args->range[i].start);
		bytes_put64(entry + 8, args->range[i].size);
		bytes_put32(entry + 16, args->range[i].type);
	}
}

enum status bzimage_boot_params(const void *image, size_t size, const struct bzimage_args *args,
				uint8_t params[BZIMAGE_BOOT_PARAMS_SIZE])
{
	const uint8_t *p = image;
	const char *unused;
	size_t header_end;

	if (check_header(p, size, &unused) != OK || args->range_count > LAYOUT_RANGES_MAX)
		return ERR_INVALID;
	if (args->cmdline.a > UINT32_MAX ||
	    !bytes_within(GIB(4), args->ramdisk.a, args->ramdisk_size))
		return ERR_INVALID;
	/* At most 0x202 + 0xFF, below the e820 table. */
	header_end = HDR_MAGIC + p[HDR_JUMP + 1];
	if (header_end < HDR_END_OF_2_10 || header_end > size)
		return ERR_INVALID;
	memset(params, 0, BZIMAGE_BOOT_PARAMS_SIZE);
	memcpy(params + HDR_SETUP_SECTS, p + HDR_SETUP_SECTS, header_end - HDR_SETUP_SECTS);
	params[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	/* The guest starts without a descriptor table: it must not reload its segments from one. */
	params[HDR_LOADFLAGS] |= KEEP_SEGMENTS;
	bytes_put32(params + HDR_CODE32_START, low32(bytes_get64(p + HDR_PREF_ADDRESS)));
	bytes_put32(params + HDR_CMD_LINE_PTR, low32(args->cmdline.a));
	if (args->ramdisk_size != 0) {
		bytes_put32(params + HDR_RAMDISK_IMAGE, low32(args->ramdisk.a));
		bytes_put32(params + HDR_RAMDISK_SIZE, low32(args->ramdisk_size));
	}
	bytes_put64(params + PARAMS_RSDP_ADDR, args->rsdp.a);
	put_e820(args, params);
	return OK;
}
