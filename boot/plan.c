// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/paging.h"
#include "boot/build.h"
#include "boot/bzimage.h"
#include "boot/guest_acpi.h"
#include "boot/start_info.h"
#include "core/lib/bits.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "mm/own.h"

#define INFO_ORDER 1 /* start_info or boot_params, with a command line: 8 KiB */
#define ACPI_ORDER 2 /* 16 KiB */

static_assert(START_INFO_SIZE_MAX <= PAGE_SIZE << INFO_ORDER, "start_info buffer");
static_assert(GUEST_ACPI_SIZE_MAX <= PAGE_SIZE << ACPI_ORDER, "ACPI buffer");

static enum status refuse(char *error, const char *what)
{
	xsnprintf(error, CONFIG_ERROR_MAX, "%s", what);
	return ERR_INVALID;
}

static enum status find_modules(struct build *b, char *error)
{
	const struct guest_config *c = &b->config;

	if (!module_find(c->kernel, &b->kernel)) {
		xsnprintf(error, CONFIG_ERROR_MAX, "kernel: no module is named '%s'", c->kernel);
		return ERR_NOT_FOUND;
	}
	b->ramdisk.size = 0;
	if (c->ramdisk[0] && !module_find(c->ramdisk, &b->ramdisk)) {
		xsnprintf(error, CONFIG_ERROR_MAX, "ramdisk: no module is named '%s'", c->ramdisk);
		return ERR_NOT_FOUND;
	}
	return OK;
}

/* What a configuration may say, but this hypervisor does not do. */
static enum status check_offered(const struct guest_config *c, char *error)
{
	if (c->disk_count)
		return refuse(error, "disk: block devices are not offered");
	if (c->vif_count)
		return refuse(error, "vif: network devices are not offered");
	if (c->vcpus > MAX_VCPUS) {
		xsnprintf(error, CONFIG_ERROR_MAX,
			  "vcpus: %u are more than the %u a guest can have", c->vcpus, MAX_VCPUS);
		return ERR_INVALID;
	}
	if (c->has_cpus && !(c->cpus[0] & (BITS(63, 0) >> (64 - core_count)))) {
		xsnprintf(error, CONFIG_ERROR_MAX, "cpus: the machine has only cores 0-%u",
			  core_count - 1);
		return ERR_INVALID;
	}
	return OK;
}

/* start_info with all it points to. */
static enum status pvh_info(struct build *b, bool write)
{
	struct start_info_args args = {
		.base = b->places.info,
		.rsdp = b->places.rsdp,
		.cmdline = b->config.cmdline,
		.range = b->places.range,
		.range_count = b->places.range_count,
		.module_count = b->ramdisk.size ? 1 : 0,
		.module[0] = { b->places.ramdisk, b->ramdisk.size, NULL },
	};

	if (!write) {
		args.range_count = LAYOUT_RANGES_MAX;
		b->info_size = start_info_size(&args);
		return OK;
	}
	return start_info_build(&args, b->info, PAGE_SIZE << INFO_ORDER);
}

/* boot_params in the first page, the command line in the second. */
static enum status linux_info(struct build *b, const void *image)
{
	struct bzimage_args args = {
		.range = b->places.range,
		.range_count = b->places.range_count,
		.cmdline = to_gpa(b->places.info.a + PAGE_SIZE),
		.ramdisk = b->places.ramdisk,
		.ramdisk_size = b->ramdisk.size,
		.rsdp = b->places.rsdp,
	};

	memcpy(b->info + PAGE_SIZE, b->config.cmdline,
	       strnlen(b->config.cmdline, PAGE_SIZE - 1) + 1);
	return bzimage_boot_params(image, b->kernel.size, &args, b->info);
}

static enum status make_info(struct build *b, const void *image, char *error)
{
	struct layout_sizes sizes = { .ramdisk = b->ramdisk.size };
	const char *text = "the start information cannot be made";
	enum status st = OK;

	if (b->plan.protocol == BOOT_LINUX) {
		if (strlen(b->config.cmdline) > bzimage_cmdline_max(image, b->kernel.size))
			return refuse(error, "cmdline: longer than the kernel takes");
		b->info_size = PAGE_SIZE << INFO_ORDER;
	} else {
		st = pvh_info(b, false);
	}
	sizes.info = b->info_size;
	if (st == OK)
		st = layout_place(&b->layout, &b->plan, &sizes, &b->places, &text);
	if (st == OK)
		st = b->plan.protocol == BOOT_LINUX ? linux_info(b, image) : pvh_info(b, true);
	if (st != OK)
		return refuse(error, text);
	return OK;
}

static enum status make_acpi(struct build *b, char *error)
{
	enum status st;
	gpa_t xsdt;

	st = guest_acpi_build(to_gpa(LAYOUT_ACPI_TABLES), b->config.vcpus, b->acpi,
			      PAGE_SIZE << ACPI_ORDER, &b->acpi_size, &xsdt);
	if (st != OK || LAYOUT_ACPI_TABLES + b->acpi_size > LAYOUT_ACPI_BASE + LAYOUT_ACPI_SIZE)
		return refuse(error, "vcpus: the ACPI tables have no room for so many");
	guest_acpi_rsdp(xsdt, b->rsdp);
	return OK;
}

static enum status plan_image(struct build *b, const void *image, char *error)
{
	const char *text = "";
	enum status st;

	st = layout_make(b->config.memory_mib, b->config.vcpus, &b->layout, &text);
	if (st == OK)
		st = load_plan_make(image, b->kernel.size, &b->layout, &b->plan, &text);
	if (st != OK) {
		xsnprintf(error, CONFIG_ERROR_MAX, "%.*s: %s", (int)b->kernel.name_len,
			  b->kernel.name, text);
		return st;
	}
	return make_info(b, image, error);
}

enum status plan_guest(struct build *b, char *error)
{
	enum status st = find_modules(b, error);
	void *image;

	if (st == OK)
		st = check_offered(&b->config, error);
	if (st != OK)
		return st;
	b->info = own_alloc_pages(INFO_ORDER);
	b->acpi = own_alloc_pages(ACPI_ORDER);
	if (!b->info || !b->acpi)
		return refuse(error, "no memory to prepare the guest");
	if (!b->kernel.size)
		return refuse(error, "kernel: the module is empty");
	image = paging_map(b->kernel.start, b->kernel.size, MAP_RAM_RO);
	if (!image)
		return refuse(error, "kernel: the module cannot be mapped");
	st = plan_image(b, image, error);
	paging_unmap(image, b->kernel.size);
	return st == OK ? make_acpi(b, error) : st;
}
