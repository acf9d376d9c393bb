// SPDX-License-Identifier: MIT
#include "boot/memory.h"

#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/smp.h"
#include "core/lib/assert.h"
#include "mm/frame.h"

#define LOW_END MIB(1)
/* Behind it: video memory, option ROMs, and often the extended BIOS data area before. */
#define TRAMPOLINE_END KIB(640)

/* linker.ld */
extern const char image_start[], image_end[];

static struct memory_plan plan;
static uint64_t taken_from, taken_to; /* pages from here on up were taken before the allocator */
static bool allocator_ready;
static hpa_t trampoline;

hpa_t memory_trampoline(void)
{
	return trampoline;
}

/* Frame numbers have 32 bits, and own memory and frame table their places in the address space. */
static uint64_t usable_end(void)
{
	return FRAME_LIMIT * PAGE_SIZE;
}

uint64_t memory_take(uint64_t pages)
{
	struct memory_range r;

	if (allocator_ready) {
		pfn_t pfn =
			pages == 1 ? frame_alloc(FRAME_ORDER_4K, FRAME_OWN) : to_pfn(INVALID_FRAME);

		return pfn_valid(pfn) ? pfn_hpa(pfn).a : 0;
	}
	while (memory_plan_next(&plan, taken_to, &r) && r.start < usable_end()) {
		uint64_t end = r.start + pages * PAGE_SIZE;

		taken_to = r.end;
		if (end > r.end)
			continue;
		taken_to = end;
		return r.start;
	}
	return 0;
}

/* The first free pages below 640 KiB, but for page 0, which catches stray null pointers. */
static void take_trampoline(void)
{
	uint64_t size = SMP_TRAMPOLINE_PAGES * PAGE_SIZE;
	uint64_t from = PAGE_SIZE;
	struct memory_range r;

	while (memory_plan_next(&plan, from, &r) && r.start + size <= TRAMPOLINE_END) {
		if (r.start + size <= r.end) {
			trampoline = to_hpa(r.start);
			return;
		}
		from = r.end;
	}
}

static uint64_t ram_end(void)
{
	return min_u64(memory_plan_top(&plan), usable_end());
}

/* Back the frame table for every FRAME_TABLE_SPAN in which there is RAM. */
static enum status back_frame_table(void)
{
	struct memory_range r;
	uint64_t from = 0;
	uint64_t top = ram_end();
	enum status st = OK;

	while (st == OK && memory_plan_next(&plan, from, &r) && r.start < top) {
		uint64_t start = round_down(r.start, FRAME_TABLE_SPAN);
		uint64_t end = min_u64(start + FRAME_TABLE_SPAN, top);
		uint64_t first, last;

		from = start + FRAME_TABLE_SPAN;
		first = round_down((uint64_t)frame_entry(start >> PAGE_SHIFT), PAGE_SIZE);
		last = round_up((uint64_t)frame_entry(end >> PAGE_SHIFT), PAGE_SIZE);
		st = paging_map_boot((void *)first, last - first, memory_take);
		if (st == OK)
			frame_table_add(to_hpa(start), to_hpa(end));
	}
	return st;
}

/* Free ranges in [from, to) to the allocator, or to the hypervisor's own count. */
static void hand_over(uint64_t from, uint64_t to, bool own)
{
	struct memory_range r;

	while (from < to && memory_plan_next(&plan, from, &r) && r.start < to) {
		uint64_t end = min_u64(r.end, to);

		(own ? frame_add_own : frame_add_ram)(to_hpa(r.start), to_hpa(end));
		from = end;
	}
}

enum status memory_init(const struct boot_info *info, const char **error)
{
	uint64_t image = image_hpa(image_start).a;
	uint64_t image_size = (uint64_t)(image_end - image_start);

	plan.info = info;
	*error = "more pieces than the hypervisor can keep track of";
	if (memory_plan_reserve(&plan, image, image + image_size) != OK ||
	    memory_plan_reserve(&plan, info->start, info->end) != OK)
		return ERR_NOMEM;
	take_trampoline();
	if (memory_plan_reserve(&plan, 0, LOW_END) != OK)
		return ERR_NOMEM;
	taken_from = LOW_END;
	taken_to = LOW_END;
	*error = "not enough memory for the hypervisor itself";
	if (back_frame_table() != OK || paging_reserve_own(to_hpa(ram_end()), memory_take) != OK)
		return ERR_NOMEM;
	pcpus[0] = percpu_create(0, this_cpu()->apic_id, memory_take);
	if (!pcpus[0])
		return ERR_NOMEM;
	allocator_ready = true;
	hand_over(taken_from, taken_to, true);
	hand_over(taken_to, usable_end(), false);
	return OK;
}
