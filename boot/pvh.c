// SPDX-License-Identifier: MIT
#include "boot/pvh.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "core/lib/bytes.h"

#define RSDP_OLD_SIZE    20
#define RSDP_REVISION_AT 15
/* Longer command lines are taken for garbage. */
#define STRING_MAX (2 * PAGE_SIZE)

static_assert(offsetof(struct hvm_start_info, memmap_paddr) == 40, "version 1 of start_info");
static_assert(sizeof(struct hvm_modlist_entry) == 32, "module list entry");
static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "memory map entry");
/* The types are the e820 numbers, like ours. */
static_assert(XEN_HVM_MEMMAP_TYPE_RAM == BOOT_MEMORY_RAM, "memory map types");

struct source {
	pvh_map_fn map;
	void *ctx;
	struct boot_info *out;
	const char **error;
};

static enum status refuse(const struct source *src, enum status status, const char *text)
{
	*src->error = text;
	return status;
}

/* Bytes that are read now and not kept. */
static const void *look(const struct source *src, uint64_t at, uint64_t len)
{
	const void *p = NULL;

	if (at == 0 || !bytes_within(GIB(4), at, len))
		*src->error = "PVH: the start information points to 0 or above 4 GiB";
	else
		p = src->map(src->ctx, at, len);
	if (p == NULL && *src->error == NULL)
		*src->error = "PVH: the start information cannot be mapped";
	return p;
}

static void keep(const struct source *src, uint64_t at, uint64_t len)
{
	src->out->start = min_u64(src->out->start, at);
	src->out->end = max_u64(src->out->end, at + len);
}

/* A string, in as few pages as it lies in: what is behind them may be nothing. */
static enum status get_string(const struct source *src, uint64_t at, const char **string)
{
	uint64_t len = PAGE_SIZE - at % PAGE_SIZE;

	*string = "";
	if (at == 0)
		return OK;
	for (; len <= STRING_MAX; len += PAGE_SIZE) {
		const char *s = look(src, at, len);
		const char *end = s != NULL ? memchr(s, '\0', len) : NULL;

		if (s == NULL)
			return ERR_INVALID;
		if (end == NULL)
			continue;
		keep(src, at, (uint64_t)(end - s) + 1);
		*string = s;
		return OK;
	}
	return refuse(src, ERR_TRUNCATED, "PVH: a command line is too long");
}

static enum status get_modules(const struct source *src, const struct hvm_start_info *info)
{
	uint32_t count = info->nr_modules;
	const uint8_t *list;

	if (count == 0)
		return OK;
	if (count > BOOT_MODULES_MAX)
		return refuse(src, ERR_NOMEM, "PVH: more than 64 modules");
	list = look(src, info->modlist_paddr, count * sizeof(struct hvm_modlist_entry));
	if (list == NULL)
		return ERR_INVALID;
	for (uint32_t i = 0; i < count; i++) {
		struct boot_module *module = &src->out->module[i];
		struct hvm_modlist_entry entry;
		enum status status;

		memcpy(&entry, list + i * sizeof(entry), sizeof(entry));
		if (entry.size > UINT64_MAX - entry.paddr)
			return refuse(src, ERR_INVALID,
				      "PVH: module wraps around the end of memory");
		module->start = to_hpa(entry.paddr);
		module->end = to_hpa(entry.paddr + entry.size);
		status = get_string(src, entry.cmdline_paddr, &module->string);
		if (status != OK)
			return status;
		src->out->module_count++;
	}
	return OK;
}

static enum status get_memory(const struct source *src, const struct hvm_start_info *info)
{
	uint32_t count = info->memmap_entries;
	const uint8_t *map;

	if (count > BOOT_MEMORY_MAX)
		return refuse(src, ERR_NOMEM, "PVH: more than 256 memory map entries");
	map = look(src, info->memmap_paddr, count * sizeof(struct hvm_memmap_table_entry));
	if (map == NULL)
		return ERR_INVALID;
	for (uint32_t i = 0; i < count; i++) {
		struct hvm_memmap_table_entry entry;

		memcpy(&entry, map + i * sizeof(entry), sizeof(entry));
		/* No entry may wrap: the last one may describe the end of the address space. */
		entry.size = min_u64(entry.size, UINT64_MAX - entry.addr);
		if (entry.size == 0)
			continue;
		src->out->memory[src->out->memory_count++] = (struct boot_memory){
			.base = to_hpa(entry.addr),
			.length = entry.size,
			.type = entry.type,
		};
	}
	return OK;
}

/* Its revision says whether the longer form is there. */
static enum status get_rsdp(const struct source *src, uint64_t at)
{
	const uint8_t *rsdp;
	uint32_t size = RSDP_OLD_SIZE;

	if (at == 0)
		return OK;
	rsdp = look(src, at, size);
	if (rsdp != NULL && rsdp[RSDP_REVISION_AT] >= 2) {
		size = sizeof(src->out->rsdp);
		rsdp = look(src, at, size);
	}
	if (rsdp == NULL)
		return ERR_INVALID;
	memcpy(src->out->rsdp, rsdp, size);
	src->out->rsdp_size = size;
	return OK;
}

bool pvh_probe(uint32_t first_word)
{
	return first_word == XEN_HVM_START_MAGIC_VALUE;
}

enum status pvh_parse(hpa_t at, pvh_map_fn map, void *ctx, struct boot_info *out,
		      const char **error)
{
	const struct source src = { map, ctx, out, error };
	struct hvm_start_info info = { 0 };
	const void *p;
	enum status status;

	memset(out, 0, sizeof(*out));
	out->start = UINT64_MAX;
	out->loader = "PVH";
	*error = NULL;
	/* Version 0 ends before the memory map. */
	p = look(&src, at.a, offsetof(struct hvm_start_info, memmap_paddr));
	if (p == NULL)
		return ERR_INVALID;
	memcpy(&info, p, offsetof(struct hvm_start_info, memmap_paddr));
	if (!pvh_probe(info.magic))
		return refuse(&src, ERR_INVALID, "PVH: the start information has no magic number");
	if (info.version >= 1) {
		p = look(&src, at.a, sizeof(info));
		if (p == NULL)
			return ERR_INVALID;
		memcpy(&info, p, sizeof(info));
	}
	if (info.memmap_entries == 0)
		return refuse(&src, ERR_INVALID, "PVH: the start information has no memory map");
	keep(&src, at.a, sizeof(info));
	status = get_string(&src, info.cmdline_paddr, &out->cmdline);
	if (status == OK)
		status = get_modules(&src, &info);
	if (status == OK)
		status = get_memory(&src, &info);
	if (status == OK)
		status = get_rsdp(&src, info.rsdp_paddr);
	return status;
}
