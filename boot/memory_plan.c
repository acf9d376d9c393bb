// SPDX-License-Identifier: MIT
#include "boot/memory.h"

void memory_plan_init(struct memory_plan *plan, const struct mb2_info *mb)
{
	plan->ram_count = 0;
	plan->hole_count = 0;
	for (uint32_t i = 0; i < mb->memory_count; i++) {
		const struct mb2_memory *m = &mb->memory[i];
		/* Firmware's ranges may run to the very end of the address space. */
		uint64_t end = m->base.a + m->length < m->base.a ? ~0ULL : m->base.a + m->length;
		struct memory_range r = { m->base.a, end };

		if (m->type != MB2_MEMORY_RAM) {
			r.start = round_down(r.start, PAGE_SIZE);
			r.end = end > ~0ULL - PAGE_SIZE ? ~0ULL : round_up(end, PAGE_SIZE);
			plan->hole[plan->hole_count++] = r;
			continue;
		}
		/* Half a page of RAM is none. */
		r.end = round_down(r.end, PAGE_SIZE);
		if (r.start < r.end && round_up(r.start, PAGE_SIZE) < r.end) {
			r.start = round_up(r.start, PAGE_SIZE);
			plan->ram[plan->ram_count++] = r;
		}
	}
	for (uint32_t i = 0; i < mb->module_count; i++) {
		struct memory_range r = { round_down(mb->module[i].start.a, PAGE_SIZE),
					  round_up(mb->module[i].end.a, PAGE_SIZE) };

		plan->hole[plan->hole_count++] = r;
	}
}

enum status memory_plan_reserve(struct memory_plan *plan, uint64_t start, uint64_t end)
{
	if (plan->hole_count == MEMORY_HOLES_MAX)
		return ERR_NOMEM;
	plan->hole[plan->hole_count++] = (struct memory_range){
		round_down(start, PAGE_SIZE),
		round_up(end, PAGE_SIZE),
	};
	return OK;
}

/* The first address of RAM at or above `from`, and the end of that RAM; false: none. */
static bool next_ram(const struct memory_plan *plan, uint64_t from, struct memory_range *out)
{
	bool found = false;

	for (uint32_t i = 0; i < plan->ram_count; i++) {
		const struct memory_range *r = &plan->ram[i];
		uint64_t start = max_u64(from, r->start);

		if (r->end > from && (!found || start < out->start)) {
			*out = (struct memory_range){ start, r->end };
			found = true;
		}
	}
	return found;
}

bool memory_plan_next(const struct memory_plan *plan, uint64_t from, struct memory_range *out)
{
	while (next_ram(plan, from, out)) {
		uint64_t blocked = 0; /* end of a hole that covers the start */

		for (uint32_t i = 0; i < plan->hole_count; i++) {
			const struct memory_range *h = &plan->hole[i];

			if (h->start <= out->start && out->start < h->end)
				blocked = max_u64(blocked, h->end);
			else if (out->start < h->start && h->start < out->end)
				out->end = h->start;
		}
		if (!blocked)
			return true;
		from = blocked;
	}
	return false;
}
