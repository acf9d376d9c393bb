// SPDX-License-Identifier: MIT
#include "boot/memory.h"

/* Sizes as given by firmware may run to the very end of the address space. */
static uint64_t end_of(uint64_t base, uint64_t length)
{
	return base + length < base ? ~0ULL : base + length;
}

static struct memory_range outwards(uint64_t start, uint64_t end)
{
	return (struct memory_range){
		round_down(start, PAGE_SIZE),
		end > ~0ULL - PAGE_SIZE ? ~0ULL : round_up(end, PAGE_SIZE),
	};
}

/* An entry of RAM in whole pages: half a page of RAM is none. False for one without a page. */
static bool ram_entry(const struct boot_memory *m, struct memory_range *out)
{
	uint64_t end = round_down(end_of(m->base.a, m->length), PAGE_SIZE);

	if (m->type != BOOT_MEMORY_RAM || end <= m->base.a)
		return false;
	*out = (struct memory_range){ round_up(m->base.a, PAGE_SIZE), end };
	return out->start < out->end;
}

enum status memory_plan_reserve(struct memory_plan *plan, uint64_t start, uint64_t end)
{
	if (plan->reserved_count == MEMORY_RESERVED_MAX)
		return ERR_NOMEM;
	plan->reserved[plan->reserved_count++] = outwards(start, end);
	return OK;
}

uint64_t memory_plan_top(const struct memory_plan *plan)
{
	struct memory_range r;
	uint64_t top = 0;

	for (uint32_t i = 0; i < plan->info->memory_count; i++)
		if (ram_entry(&plan->info->memory[i], &r))
			top = max_u64(top, r.end);
	return top;
}

/* The first address of RAM at or above `from`, and the end of that RAM; false: none. */
static bool next_ram(const struct memory_plan *plan, uint64_t from, struct memory_range *out)
{
	struct memory_range r;
	bool found = false;

	for (uint32_t i = 0; i < plan->info->memory_count; i++) {
		if (!ram_entry(&plan->info->memory[i], &r) || r.end <= from)
			continue;
		r.start = max_u64(from, r.start);
		if (!found || r.start < out->start)
			*out = r;
		found = true;
	}
	return found;
}

/* The i-th thing that may lie in RAM and is not free; false past the last. */
static bool hole_at(const struct memory_plan *plan, uint32_t i, struct memory_range *out)
{
	const struct boot_info *info = plan->info;

	*out = (struct memory_range){ 0, 0 };
	if (i < info->memory_count) {
		const struct boot_memory *m = &info->memory[i];

		if (m->type != BOOT_MEMORY_RAM)
			*out = outwards(m->base.a, end_of(m->base.a, m->length));
		return true;
	}
	i -= info->memory_count;
	if (i < info->module_count) {
		*out = outwards(info->module[i].start.a, info->module[i].end.a);
		return true;
	}
	i -= info->module_count;
	if (i < plan->reserved_count)
		*out = plan->reserved[i];
	return i < plan->reserved_count;
}

bool memory_plan_next(const struct memory_plan *plan, uint64_t from, struct memory_range *out)
{
	while (next_ram(plan, from, out)) {
		struct memory_range hole;
		uint64_t blocked = 0; /* end of a hole that covers the start */

		for (uint32_t i = 0; hole_at(plan, i, &hole); i++) {
			if (hole.start <= out->start && out->start < hole.end)
				blocked = max_u64(blocked, hole.end);
			else if (out->start < hole.start && hole.start < out->end &&
				 hole.start < hole.end)
				out->end = hole.start;
		}
		if (!blocked)
			return true;
		from = blocked;
	}
	return false;
}
