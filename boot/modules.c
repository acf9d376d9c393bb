// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/paging.h"
#include "boot/archive.h"
#include "boot/boot.h"
#include "boot/build.h"
#include "core/lib/log.h"
#include "core/lib/string.h"

bool module_at(uint32_t i, struct module *out)
{
	const struct boot_module *m = &boot_info.module[i];
	const char *end;

	if (i >= boot_info.module_count)
		return false;
	end = strchr(m->string, ' ');
	out->name = m->string;
	out->name_len = end ? (uint32_t)(end - m->string) : (uint32_t)strlen(m->string);
	out->args = end ? end + 1 : "";
	out->start = m->start;
	out->size = m->end.a - m->start.a;
	return true;
}

bool module_find(const char *name, struct module *out)
{
	size_t len = strlen(name);

	for (uint32_t i = 0; module_at(i, out); i++)
		if (out->name_len == len && !memcmp(out->name, name, len))
			return true;
	return false;
}

void modules_unpack(void)
{
	const struct boot_module *m = &boot_info.module[0];
	uint64_t size = m->end.a - m->start.a;
	const char *error;
	void *all;

	if (boot_info.module_count != 1 || !size)
		return;
	all = paging_map(m->start, size, MAP_RAM_RO);
	if (!all)
		return;
	if (!archive_probe(all, size)) {
		paging_unmap(all, size);
		return;
	}
	if (archive_expand(all, size, &boot_info, &error) == OK)
		log_info("%u modules in an archive", boot_info.module_count);
	else
		log_warning("%s", error);
	paging_unmap(all, size);
}
