// SPDX-License-Identifier: MIT
#include "boot/boot_info.h"

#include "core/lib/bytes.h"

/* Is every byte of [start, end) in a RAM entry and none in an entry of another type? */
static bool in_ram(const struct boot_info *info, uint64_t start, uint64_t end)
{
	bool advanced = true;
	uint64_t at = start;

	for (uint32_t i = 0; i < info->memory_count; i++) {
		const struct boot_memory *m = &info->memory[i];

		if (m->type != BOOT_MEMORY_RAM &&
		    bytes_overlap(m->base.a, m->length, start, end - start))
			return false;
	}
	/* Firmware may cut one run of RAM into several entries, in any order. */
	while (at < end && advanced) {
		advanced = false;
		for (uint32_t i = 0; i < info->memory_count; i++) {
			const struct boot_memory *m = &info->memory[i];

			if (m->type == BOOT_MEMORY_RAM && at >= m->base.a &&
			    at - m->base.a < m->length) {
				at = m->base.a + m->length;
				advanced = true;
			}
		}
	}
	return at >= end;
}

static const char *module_fault(const struct boot_info *info, uint32_t index, uint64_t image_start,
				uint64_t image_end)
{
	uint64_t start = info->module[index].start.a, size = info->module[index].end.a - start;

	if (size == 0)
		return NULL;
	if (!in_ram(info, start, start + size))
		return "module is not in usable RAM";
	if (bytes_overlap(start, size, image_start, image_end - image_start))
		return "module overlaps the hypervisor's image";
	if (bytes_overlap(start, size, info->start, info->end - info->start))
		return "module overlaps the boot loader's information";
	for (uint32_t i = 0; i < index; i++) {
		const struct boot_module *other = &info->module[i];

		if (bytes_overlap(start, size, other->start.a, other->end.a - other->start.a))
			return "module overlaps another module";
	}
	return NULL;
}

enum status boot_info_check_modules(const struct boot_info *info, hpa_t image_start,
				    hpa_t image_end, uint32_t *index, const char **error)
{
	for (uint32_t i = 0; i < info->module_count; i++) {
		const char *fault = module_fault(info, i, image_start.a, image_end.a);

		if (fault != NULL) {
			*index = i;
			*error = fault;
			return ERR_INVALID;
		}
	}
	return OK;
}
