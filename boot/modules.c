// SPDX-License-Identifier: MIT
#include "boot/boot.h"
#include "boot/build.h"
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
