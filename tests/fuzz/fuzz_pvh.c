// SPDX-License-Identifier: MIT
// sources: boot/pvh.c boot/boot_info.c
//
// The input is memory from BASE on; the start information is at its beginning.
#include "boot/pvh.h"
#include "core/lib/bytes.h"
#include "tests/fuzz/fuzz.h"

#define BASE 0x1000ULL

static struct boot_info info;

struct input {
	const uint8_t *data;
	size_t size;
};

static const void *map(void *ctx, uint64_t hpa, size_t len)
{
	const struct input *in = ctx;

	must(hpa != 0 && len != 0 && bytes_within(GIB(4), hpa, len));
	return hpa >= BASE && bytes_within(in->size, hpa - BASE, len) ? in->data + (hpa - BASE)
								      : NULL;
}

/* A string of the input in what is kept, or one of the parser's own. */
static void check_string(const char *s, const struct input *in)
{
	uint64_t at = (uint64_t)((uintptr_t)s - (uintptr_t)in->data);

	if (at < in->size)
		must(BASE + at >= info.start && BASE + at + strlen(s) < info.end);
	else
		must(*s == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const char *error = "";
	uint32_t index = UINT32_MAX;

	if (pvh_parse(to_hpa(BASE), map, &in, &info, &error) != OK) {
		must(error != NULL);
		return 0;
	}
	must(error == NULL && info.start == BASE && info.end <= BASE + size);
	must(info.module_count <= BOOT_MODULES_MAX && info.memory_count <= BOOT_MEMORY_MAX);
	must(info.rsdp_size == 0 || info.rsdp_size == 20 || info.rsdp_size == 36);
	check_string(info.cmdline, &in);
	for (uint32_t i = 0; i < info.memory_count; i++)
		must(info.memory[i].base.a + info.memory[i].length > info.memory[i].base.a);
	for (uint32_t i = 0; i < info.module_count; i++) {
		must(info.module[i].start.a <= info.module[i].end.a);
		check_string(info.module[i].string, &in);
	}
	if (boot_info_check_modules(&info, to_hpa(MIB(1)), to_hpa(MIB(2)), &index, &error) != OK)
		must(error != NULL && index < info.module_count);
	return 0;
}
