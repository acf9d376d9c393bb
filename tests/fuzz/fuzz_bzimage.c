// SPDX-License-Identifier: MIT
// sources: boot/bzimage.c boot/elf.c boot/load_plan.c boot/layout.c
//
// The input is a kernel file; both signatures are put in, so that the fuzzer need not.
#include "boot/bzimage.h"
#include "tests/fuzz/plan_check.h"

static void check(const uint8_t *image, size_t size)
{
	static uint8_t params[BZIMAGE_BOOT_PARAMS_SIZE];
	static const struct layout_range range = { 0, MIB(64), 1 };
	const struct bzimage_args args = { .range = &range, .range_count = 1 };
	struct guest_layout layout;
	struct load_plan plan;
	const char *error = NULL;

	must(layout_make(64, 1, &layout, &error) == OK);
	if (bzimage_boot_params(image, size, &args, params) == OK)
		must(params[0x1E8] == 1 && params[0x210] == 0xFF);
	(void)!bzimage_cmdline_max(image, size);
	if (bzimage_parse(image, size, &layout, &plan, &error) != OK) {
		must(error != NULL);
		return;
	}
	plan_check(&plan, size);
	plan_check_places(&plan, &layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image = malloc(size + 1);

	memcpy(image, data, size);
	if (size >= 0x208) {
		bytes_put16(image + 0x1FE, 0xAA55);
		memcpy(image + 0x202, "HdrS", 4);
	}
	check(image, size);
	free(image);
	return 0;
}
