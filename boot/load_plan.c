// SPDX-License-Identifier: MIT
#include "boot/load_plan.h"

#include "boot/bzimage.h"
#include "boot/elf.h"
#include "boot/layout.h"
#include "core/lib/bytes.h"

bool load_plan_touches(const struct load_plan *plan, uint64_t start, uint64_t size)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct load_segment *s = &plan->segment[i];

		if (bytes_overlap(s->gpa.a, s->mem_size, start, size))
			return true;
	}
	return false;
}

enum status load_plan_check_fits(const struct load_plan *plan, const struct guest_layout *layout,
				 const char **error)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < plan->count; i++) {
		/* No single size reaches 2^63 unnoticed: segments do not overlap or wrap. */
		total += plan->segment[i].mem_size;
	}
	if (total > layout->memory) {
		*error = "kernel: needs more memory than the guest has";
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct load_segment *s = &plan->segment[i];

		if (layout_is_ram(layout, s->gpa.a, s->mem_size))
			continue;
		/* Would a bigger guest have RAM there? */
		if (bytes_within(LAYOUT_LOW_MAX, s->gpa.a, s->mem_size)) {
			*error = "kernel: needs more memory than the guest has";
			return ERR_NOMEM;
		}
		*error = "kernel: segment outside the guest's RAM";
		return ERR_INVALID;
	}
	return OK;
}

enum status load_plan_make(const void *image, size_t size, const struct guest_layout *layout,
			   struct load_plan *plan, const char **error)
{
	enum status status;

	if (elf_probe(image, size))
		status = elf_parse(image, size, plan, error);
	else if (bzimage_probe(image, size))
		status = bzimage_parse(image, size, layout, plan, error);
	else {
		*error = "kernel: neither an ELF file nor a Linux bzImage";
		return ERR_INVALID;
	}
	return status == OK ? load_plan_check_fits(plan, layout, error) : status;
}
