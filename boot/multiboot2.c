// SPDX-License-Identifier: MIT
#include "boot/multiboot2.h"

#include "boot/multiboot2_abi.h"
#include "core/lib/bytes.h"

/* One tag: data is what follows its header. */
struct tag {
	uint32_t type;
	uint32_t len; /* of data */
	const uint8_t *data;
};

static enum status refuse(enum status status, const char *text, const char **error)
{
	*error = text;
	return status;
}

/* The string at offset of the tag's data, if its NUL lies in the tag as well. */
static const char *tag_string(const struct tag *tag, uint32_t offset)
{
	if (offset >= tag->len || memchr(tag->data + offset, '\0', tag->len - offset) == NULL)
		return NULL;
	return (const char *)tag->data + offset;
}

static enum status parse_module(const struct tag *tag, struct boot_info *out, const char **error)
{
	const char *string = tag_string(tag, 8);
	struct boot_module *module;

	if (string == NULL)
		return refuse(ERR_TRUNCATED, "multiboot2: module tag without a whole string",
			      error);
	if (out->module_count == BOOT_MODULES_MAX)
		return refuse(ERR_NOMEM, "multiboot2: more than 64 modules", error);
	module = &out->module[out->module_count++];
	module->start = to_hpa(bytes_get32(tag->data));
	module->end = to_hpa(bytes_get32(tag->data + 4));
	module->string = string;
	if (module->end.a < module->start.a)
		return refuse(ERR_INVALID, "multiboot2: module ends before it starts", error);
	return OK;
}

static enum status parse_memory_map(const struct tag *tag, struct boot_info *out,
				    const char **error)
{
	uint32_t entry_size;

	if (out->memory_count != 0)
		return refuse(ERR_INVALID, "multiboot2: two memory map tags", error);
	if (tag->len < 8)
		return refuse(ERR_TRUNCATED, "multiboot2: memory map tag too short", error);
	entry_size = bytes_get32(tag->data);
	if (entry_size < 24 || entry_size % 8 != 0)
		return refuse(ERR_INVALID, "multiboot2: bad entry size in the memory map tag",
			      error);
	for (uint32_t at = 8; bytes_within(tag->len, at, entry_size); at += entry_size) {
		const uint8_t *entry = tag->data + at;
		uint64_t base = bytes_get64(entry), length = bytes_get64(entry + 8);

		/* Firmware may describe the end of the address space: do not let it wrap. */
		length = min_u64(length, UINT64_MAX - base);
		if (length == 0)
			continue;
		if (out->memory_count == BOOT_MEMORY_MAX)
			return refuse(ERR_NOMEM, "multiboot2: more than 256 memory map entries",
				      error);
		out->memory[out->memory_count++] = (struct boot_memory){
			.base = to_hpa(base),
			.length = length,
			.type = bytes_get32(entry + 16),
		};
	}
	return OK;
}

static enum status parse_framebuffer(const struct tag *tag, struct boot_info *out,
				     const char **error)
{
	struct boot_framebuffer *fb = &out->framebuffer;
	const uint8_t *data = tag->data;

	/* The fixed part is 22 bytes; two reserved ones come before the colours. */
	if (tag->len < 22)
		return refuse(ERR_TRUNCATED, "multiboot2: framebuffer tag too short", error);
	fb->base = to_hpa(bytes_get64(data));
	fb->pitch = bytes_get32(data + 8);
	fb->width = bytes_get32(data + 12);
	fb->height = bytes_get32(data + 16);
	fb->bpp = data[20];
	fb->type = data[21];
	if (fb->type == BOOT_FRAMEBUFFER_RGB) {
		if (tag->len < 30)
			return refuse(ERR_TRUNCATED, "multiboot2: framebuffer tag without colours",
				      error);
		fb->red_shift = data[24];
		fb->red_bits = data[25];
		fb->green_shift = data[26];
		fb->green_bits = data[27];
		fb->blue_shift = data[28];
		fb->blue_bits = data[29];
	}
	fb->present = true;
	return OK;
}

static enum status parse_rsdp(const struct tag *tag, uint32_t size, struct boot_info *out,
			      const char **error)
{
	if (tag->len < size)
		return refuse(ERR_TRUNCATED, "multiboot2: ACPI RSDP tag too short", error);
	if (size <= out->rsdp_size)
		return OK;
	memcpy(out->rsdp, tag->data, size);
	out->rsdp_size = size;
	return OK;
}

static enum status parse_efi(const struct tag *tag, struct boot_info *out, const char **error)
{
	uint32_t size = tag->type == MB2_TAG_EFI64 ? 8 : 4;

	if (tag->len < size)
		return refuse(ERR_TRUNCATED, "multiboot2: EFI system table tag too short", error);
	out->efi = true;
	out->efi_system_table = size == 8 ? bytes_get64(tag->data) : bytes_get32(tag->data);
	return OK;
}

static enum status parse_tag(const struct tag *tag, struct boot_info *out, const char **error)
{
	switch (tag->type) {
	case MB2_TAG_CMDLINE:
		out->cmdline = tag_string(tag, 0);
		if (out->cmdline == NULL)
			return refuse(ERR_TRUNCATED, "multiboot2: command line not terminated",
				      error);
		return OK;
	case MB2_TAG_LOADER:
		out->loader = tag_string(tag, 0);
		if (out->loader == NULL)
			return refuse(ERR_TRUNCATED, "multiboot2: boot loader name not terminated",
				      error);
		return OK;
	case MB2_TAG_MODULE: return parse_module(tag, out, error);
	case MB2_TAG_MEMORY_MAP: return parse_memory_map(tag, out, error);
	case MB2_TAG_FRAMEBUFFER: return parse_framebuffer(tag, out, error);
	case MB2_TAG_EFI32:
	case MB2_TAG_EFI64: return parse_efi(tag, out, error);
	case MB2_TAG_EFI_MEMORY_MAP: out->efi = true; return OK;
	case MB2_TAG_EFI_BOOT_SERVICES: out->efi_boot_services = true; return OK;
	case MB2_TAG_RSDP_OLD: return parse_rsdp(tag, 20, out, error);
	case MB2_TAG_RSDP_NEW: return parse_rsdp(tag, 36, out, error);
	case MB2_TAG_LOAD_BASE:
		if (tag->len < 4)
			return refuse(ERR_TRUNCATED, "multiboot2: load base tag too short", error);
		out->load_base_present = true;
		out->load_base = bytes_get32(tag->data);
		return OK;
	default: return OK;
	}
}

/* Tag by tag, up to the end tag. */
static enum status parse_tags(const uint8_t *bytes, uint32_t total, struct boot_info *out,
			      const char **error)
{
	uint32_t at = MB2_INFO_HEADER;

	while (bytes_within(total, at, MB2_TAG_HEADER)) {
		uint32_t size = bytes_get32(bytes + at + 4);
		struct tag tag = { .type = bytes_get32(bytes + at) };
		enum status status;

		if (size < MB2_TAG_HEADER || !bytes_within(total, at, size))
			return refuse(ERR_TRUNCATED,
				      "multiboot2: tag reaches beyond the information structure",
				      error);
		if (tag.type == MB2_TAG_END)
			return OK;
		tag.data = bytes + at + MB2_TAG_HEADER;
		tag.len = size - MB2_TAG_HEADER;
		status = parse_tag(&tag, out, error);
		if (status != OK)
			return status;
		/* Both are within the structure: the sum only wraps when it is of no use. */
		at = (uint32_t)min_u64(round_up((uint64_t)at + size, MB2_TAG_ALIGN), total);
	}
	return refuse(ERR_TRUNCATED, "multiboot2: no end tag", error);
}

enum status multiboot2_parse(hpa_t at, const void *data, size_t size_limit, struct boot_info *out,
			     const char **error)
{
	uint32_t size;

	memset(out, 0, sizeof(*out));
	out->cmdline = "";
	out->loader = "";
	if (size_limit < MB2_INFO_HEADER)
		return refuse(ERR_TRUNCATED, "multiboot2: information structure too short", error);
	size = bytes_get32(data);
	if (size > size_limit || size < MB2_INFO_HEADER)
		return refuse(ERR_TRUNCATED, "multiboot2: bad size of the information structure",
			      error);
	out->start = at.a;
	out->end = at.a + size;
	return parse_tags(data, size, out, error);
}
