// SPDX-License-Identifier: MIT
// sources: boot/elf.c boot/load_plan.c boot/layout.c boot/bzimage.c
//
// The input is a kernel file, for guests of 16 MiB and of 5 GiB.
#include "boot/elf.h"
#include "tests/fuzz/plan_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t memories[] = { 16, 5120 };
	struct guest_layout layout;
	struct load_plan plan;
	const char *error = NULL;

	if (elf_parse(data, size, &plan, &error) != OK) {
		must(error != NULL);
		return 0;
	}
	plan_check(&plan, size);
	for (size_t i = 0; i < array_size(memories); i++) {
		must(layout_make(memories[i], 1, &layout, &error) == OK);
		if (load_plan_make(data, size, &layout, &plan, &error) == OK)
			plan_check_places(&plan, &layout);
	}
	return 0;
}
