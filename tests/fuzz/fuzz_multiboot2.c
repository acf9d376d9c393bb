// SPDX-License-Identifier: MIT
// sources: boot/multiboot2.c boot/boot_info.c
//
// The input is an information structure; modules are checked against an image at 1 to 2 MiB.
#include "boot/multiboot2.h"
#include "tests/fuzz/fuzz.h"

static struct boot_info mb;

/* A string that the structure holds to its NUL, or one of the parser's own. */
static void check_string(const char *s, const uint8_t *data)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)data;

	if (at < mb.end - mb.start)
		must(memchr(s, '\0', mb.end - mb.start - at) != NULL);
	else
		must(*s == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *error = NULL;
	uint32_t index = UINT32_MAX;

	if (multiboot2_parse(to_hpa(0x10000), data, size, &mb, &error) != OK) {
		must(error != NULL);
		return 0;
	}
	must(mb.end - mb.start <= size && mb.module_count <= BOOT_MODULES_MAX);
	must(mb.memory_count <= BOOT_MEMORY_MAX && mb.rsdp_size <= sizeof(mb.rsdp));
	check_string(mb.cmdline, data);
	check_string(mb.loader, data);
	for (uint32_t i = 0; i < mb.module_count; i++) {
		must(mb.module[i].start.a <= mb.module[i].end.a);
		check_string(mb.module[i].string, data);
	}
	if (boot_info_check_modules(&mb, to_hpa(MIB(1)), to_hpa(MIB(2)), &index, &error) != OK)
		must(error != NULL && index < mb.module_count);
	return 0;
}
