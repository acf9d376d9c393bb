// SPDX-License-Identifier: MIT
#include "boot/start_info.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "core/lib/bytes.h"

static_assert(sizeof(struct hvm_start_info) == 56, "version 1 of start_info");
static_assert(offsetof(struct hvm_start_info, memmap_paddr) == 40, "version 1 of start_info");
static_assert(sizeof(struct hvm_modlist_entry) == 32, "module list entry");
static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "memory map entry");

/* Offsets within the piece: fixed parts first, so that all numbers are aligned. */
static size_t modules_at(void)
{
	return sizeof(struct hvm_start_info);
}

static size_t memmap_at(const struct start_info_args *args)
{
	return modules_at() + args->module_count * sizeof(struct hvm_modlist_entry);
}

static size_t strings_at(const struct start_info_args *args)
{
	return memmap_at(args) + args->range_count * sizeof(struct hvm_memmap_table_entry);
}

size_t start_info_size(const struct start_info_args *args)
{
	size_t size = strings_at(args) + strlen(args->cmdline) + 1;

	for (uint32_t i = 0; i < args->module_count && i < START_INFO_MODULES_MAX; i++) {
		if (args->module[i].cmdline != NULL)
			size += strlen(args->module[i].cmdline) + 1;
	}
	return size;
}

/* Returns the guest-physical address of the string put at *at. */
static uint64_t put_string(const struct start_info_args *args, uint8_t *buf, size_t *at,
			   const char *s)
{
	size_t len = strlen(s) + 1;
	uint64_t gpa = args->base.a + *at;

	memcpy(buf + *at, s, len);
	*at += len;
	return gpa;
}

static void put_modules(const struct start_info_args *args, uint8_t *buf, size_t *strings)
{
	for (uint32_t i = 0; i < args->module_count; i++) {
		const struct start_info_module *module = &args->module[i];
		struct hvm_modlist_entry entry = {
			.paddr = module->paddr.a,
			.size = module->size,
		};

		if (module->cmdline != NULL)
			entry.cmdline_paddr = put_string(args, buf, strings, module->cmdline);
		memcpy(buf + modules_at() + i * sizeof(entry), &entry, sizeof(entry));
	}
}

static void put_memmap(const struct start_info_args *args, uint8_t *buf)
{
	for (uint32_t i = 0; i < args->range_count; i++) {
		struct hvm_memmap_table_entry entry = {
			.addr = args->range[i].start,
			.size = args->range[i].size,
			.type = args->range[i].type,
		};

		memcpy(buf + memmap_at(args) + i * sizeof(entry), &entry, sizeof(entry));
	}
}

enum status start_info_build(const struct start_info_args *args, void *buf, size_t size)
{
	struct hvm_start_info info = {
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.nr_modules = args->module_count,
		.rsdp_paddr = args->rsdp.a,
		.memmap_entries = args->range_count,
	};
	size_t strings;

	if (args->module_count > START_INFO_MODULES_MAX || args->range_count > LAYOUT_RANGES_MAX)
		return ERR_INVALID;
	/* EBX carries the address, and the header promises all data below 4 GiB. */
	if (!bytes_within(GIB(4), args->base.a, start_info_size(args)))
		return ERR_INVALID;
	for (uint32_t i = 0; i < args->module_count; i++) {
		if (!bytes_within(GIB(4), args->module[i].paddr.a, args->module[i].size))
			return ERR_INVALID;
	}
	if (size < start_info_size(args))
		return ERR_NOMEM;
	strings = strings_at(args);
	info.cmdline_paddr = put_string(args, buf, &strings, args->cmdline);
	if (args->module_count != 0)
		info.modlist_paddr = args->base.a + modules_at();
	info.memmap_paddr = args->base.a + memmap_at(args);
	put_modules(args, buf, &strings);
	put_memmap(args, buf);
	memcpy(buf, &info, sizeof(info));
	return OK;
}
