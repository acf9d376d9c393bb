// SPDX-License-Identifier: MIT
#include "boot/layout.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "core/lib/bytes.h"

/* What is kept free for the RSDP of a kernel that looks for it below 1 MiB. */
#define RSDP_LOW_PAGE (LAYOUT_RSDP_LOW & PAGE_MASK)

/* Areas of the low RAM that something placed must not touch, beside the kernel. */
struct taken {
	uint64_t start;
	uint64_t size;
};

enum status layout_make(uint64_t memory_mib, uint32_t vcpus, struct guest_layout *out,
			const char **error)
{
	if (memory_mib < LAYOUT_MEMORY_MIN_MIB || memory_mib > LAYOUT_MEMORY_MAX_MIB) {
		*error = "memory is less than 2 MiB or more than 1 TiB";
		return ERR_INVALID;
	}
	if (vcpus == 0 || vcpus > LAYOUT_VCPUS_MAX) {
		*error = "number of vCPUs is not 1 to 128";
		return ERR_INVALID;
	}
	memset(out, 0, sizeof(*out));
	out->memory = MIB(memory_mib);
	out->vcpus = vcpus;
	out->low_end = min_u64(out->memory, LAYOUT_LOW_MAX);
	if (out->memory > LAYOUT_LOW_MAX)
		out->high_end = LAYOUT_HIGH_BASE + (out->memory - LAYOUT_LOW_MAX);
	out->xenstore = to_gfn((LAYOUT_SPECIAL_BASE >> PAGE_SHIFT) + LAYOUT_XENSTORE_PAGE);
	out->console = to_gfn((LAYOUT_SPECIAL_BASE >> PAGE_SHIFT) + LAYOUT_CONSOLE_PAGE);
	return OK;
}

bool layout_is_ram(const struct guest_layout *layout, uint64_t start, uint64_t size)
{
	if (bytes_within(layout->low_end, start, size))
		return true;
	return layout->high_end != 0 && start >= LAYOUT_HIGH_BASE &&
	       bytes_within(layout->high_end - LAYOUT_HIGH_BASE, start - LAYOUT_HIGH_BASE, size);
}

/* The end of something that [at, at + size) collides with; 0 when it is free. */
static uint64_t collision(const struct load_plan *plan, const struct taken *taken, uint32_t count,
			  uint64_t at, uint64_t size)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct load_segment *s = &plan->segment[i];

		if (bytes_overlap(s->gpa.a, s->mem_size, at, size))
			return s->gpa.a + s->mem_size;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (bytes_overlap(taken[i].start, taken[i].size, at, size))
			return taken[i].start + taken[i].size;
	}
	return 0;
}

/* First free pages at or above start that end at or below limit; 0 when there are none. */
static uint64_t find_free(const struct load_plan *plan, const struct taken *taken, uint32_t count,
			  uint64_t start, uint64_t size, uint64_t limit)
{
	uint64_t at = round_up(start, PAGE_SIZE);

	while (bytes_within(limit, at, size)) {
		uint64_t end = collision(plan, taken, count, at, size);

		if (end == 0)
			return at;
		at = round_up(end, PAGE_SIZE);
	}
	return 0;
}

/* Behind the kernel, else between 1 MiB and it, else anywhere but in the first page. */
static uint64_t find_place(const struct load_plan *plan, const struct taken *taken, uint32_t count,
			   uint64_t size, uint64_t limit)
{
	const uint64_t starts[] = { min_u64(plan->high.a, limit), MIB(1), PAGE_SIZE };
	uint64_t at = 0;

	for (size_t i = 0; i < array_size(starts) && at == 0; i++)
		at = find_free(plan, taken, count, starts[i], size, limit);
	return at;
}

static void add_range(struct layout_places *out, uint64_t start, uint64_t end, uint32_t type)
{
	if (start < end)
		out->range[out->range_count++] =
			(struct layout_range){ .start = start, .size = end - start, .type = type };
}

static void make_memmap(const struct guest_layout *layout, bool rsdp_low, struct layout_places *out)
{
	uint64_t low = 0;

	out->range_count = 0;
	if (rsdp_low) {
		low = RSDP_LOW_PAGE + PAGE_SIZE;
		add_range(out, 0, RSDP_LOW_PAGE, XEN_HVM_MEMMAP_TYPE_RAM);
		add_range(out, RSDP_LOW_PAGE, low, XEN_HVM_MEMMAP_TYPE_NVS);
	}
	add_range(out, low, layout->low_end, XEN_HVM_MEMMAP_TYPE_RAM);
	/* Not reclaimable, as xl has it: the guest's next kernel (kexec) needs the tables, too. */
	add_range(out, LAYOUT_ACPI_BASE, LAYOUT_ACPI_BASE + LAYOUT_ACPI_SIZE,
		  XEN_HVM_MEMMAP_TYPE_NVS);
	add_range(out, LAYOUT_SPECIAL_BASE, LAYOUT_SPECIAL_BASE + LAYOUT_SPECIAL_PAGES * PAGE_SIZE,
		  XEN_HVM_MEMMAP_TYPE_RESERVED);
	add_range(out, LAYOUT_HIGH_BASE, layout->high_end, XEN_HVM_MEMMAP_TYPE_RAM);
}

enum status layout_place(const struct guest_layout *layout, const struct load_plan *plan,
			 const struct layout_sizes *sizes, struct layout_places *out,
			 const char **error)
{
	uint64_t ramdisk_limit = layout->low_end;
	struct taken taken[2];
	uint32_t count = 0;
	/* A kernel that lies there itself cannot search there: start_info tells it. */
	bool rsdp_low = !plan->rsdp_anywhere && !load_plan_touches(plan, RSDP_LOW_PAGE, PAGE_SIZE);

	memset(out, 0, sizeof(*out));
	out->rsdp = to_gpa(rsdp_low ? LAYOUT_RSDP_LOW : LAYOUT_ACPI_BASE);
	make_memmap(layout, rsdp_low, out);
	if (rsdp_low)
		taken[count++] = (struct taken){ RSDP_LOW_PAGE, PAGE_SIZE };
	out->info = to_gpa(find_place(plan, taken, count, sizes->info, layout->low_end));
	if (out->info.a == 0) {
		*error = "memory has no room for the start information beside the kernel";
		return ERR_NOMEM;
	}
	if (sizes->ramdisk == 0)
		return OK;
	taken[count++] = (struct taken){ out->info.a, sizes->info };
	if (plan->ramdisk_max != 0)
		ramdisk_limit = min_u64(ramdisk_limit, plan->ramdisk_max);
	out->ramdisk = to_gpa(find_place(plan, taken, count, sizes->ramdisk, ramdisk_limit));
	if (out->ramdisk.a == 0) {
		*error = "memory has no room for the ramdisk beside the kernel";
		return ERR_NOMEM;
	}
	return OK;
}
