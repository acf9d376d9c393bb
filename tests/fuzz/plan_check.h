// SPDX-License-Identifier: MIT
/* What holds for every load plan that a parser or load_plan_make lets pass. */
#ifndef TESTS_FUZZ_PLAN_CHECK_H
#define TESTS_FUZZ_PLAN_CHECK_H

#include "boot/layout.h"
#include "boot/load_plan.h"
#include "core/lib/bytes.h"
#include "tests/fuzz/fuzz.h"

static inline void plan_check(const struct load_plan *plan, size_t size)
{
	uint64_t end = 0;

	must(plan->count != 0 && plan->count <= LOAD_SEGMENTS_MAX);
	must(plan->low.a == plan->segment[0].gpa.a);
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct load_segment *s = &plan->segment[i];

		must(bytes_within(size, s->file_offset, s->file_size));
		must(s->file_size <= s->mem_size && s->mem_size != 0);
		must(s->gpa.a >= end && s->gpa.a + s->mem_size > s->gpa.a);
		end = s->gpa.a + s->mem_size;
	}
	must(plan->high.a == end);
	must(plan->entry.a <= UINT32_MAX && load_plan_touches(plan, plan->entry.a, 1));
}

/* The plan passed for a guest of that layout: what is placed beside it collides with nothing. */
static inline void plan_check_places(const struct load_plan *plan,
				     const struct guest_layout *layout)
{
	const struct layout_sizes sizes = { .info = 5000, .ramdisk = MIB(2) };
	struct layout_places places;
	const char *error = NULL;

	for (uint32_t i = 0; i < plan->count; i++)
		must(layout_is_ram(layout, plan->segment[i].gpa.a, plan->segment[i].mem_size));
	if (layout_place(layout, plan, &sizes, &places, &error) != OK) {
		must(error != NULL);
		return;
	}
	must(places.info.a != 0 && places.ramdisk.a != 0);
	must(layout_is_ram(layout, places.info.a, sizes.info));
	must(layout_is_ram(layout, places.ramdisk.a, sizes.ramdisk));
	must(!load_plan_touches(plan, places.info.a, sizes.info));
	must(!load_plan_touches(plan, places.ramdisk.a, sizes.ramdisk));
	must(!bytes_overlap(places.info.a, sizes.info, places.ramdisk.a, sizes.ramdisk));
	must(places.rsdp.a == LAYOUT_ACPI_BASE || !load_plan_touches(plan, places.rsdp.a, 36));
}

#endif
