// SPDX-License-Identifier: MIT
// sources: boot/archive.c
#include "boot/archive.h"
#include "core/lib/bytes.h"
#include "tests/fuzz/fuzz.h"

#define BASE 0x400000ULL

static struct boot_info info;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *error = NULL;

	info.module_count = 1;
	info.module[0] = (struct boot_module){ to_hpa(BASE), to_hpa(BASE + size), "one" };
	if (archive_expand(data, size, &info, &error) != OK) {
		must(error != NULL && info.module_count == 1 && info.module[0].start.a == BASE);
		return 0;
	}
	must(error == NULL && archive_probe(data, size) && info.module_count <= BOOT_MODULES_MAX);
	for (uint32_t i = 0; i < info.module_count; i++) {
		const struct boot_module *m = &info.module[i];
		size_t at = (size_t)(m->string - info.names);

		must(m->start.a >= BASE && m->end.a >= m->start.a);
		must(bytes_within(size, m->start.a - BASE, m->end.a - m->start.a));
		must(at + strlen(m->string) < sizeof(info.names));
	}
	return 0;
}
