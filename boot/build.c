// SPDX-License-Identifier: MIT
#include "boot/build.h"

#include "arch/x86/cpu/paging.h"
#include "boot/boot.h"
#include "core/hooks.h"
#include "core/lib/assert.h"
#include "core/lib/log.h"
#include "core/vcpu_arch.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "xenabi/domain.h"
#include "xenabi/pv/pv.h"

/* What one piece of work does at most. */
#define PIECE_FRAMES 512
#define PIECE_BYTES  KIB(256)

/* Copy part of a module into the guest. The module is mapped only for the copy: the next piece may
 * run on another core, and mappings are a core's own. */
static enum status copy_part(struct domain *d, gpa_t to, hpa_t from, uint64_t len)
{
	const void *src = paging_map(from, len, MAP_RAM_RO);
	enum status st;

	if (!src)
		return ERR_NOMEM;
	st = physmap_write(&d->physmap, to, src, len);
	paging_unmap((void *)(uintptr_t)src, len);
	return st;
}

/* Go on copying `size` bytes; b->done counts. *more when the stage is not over. */
static enum status copy_piece(struct build *b, gpa_t to, hpa_t from, uint64_t size, bool *more)
{
	uint64_t len = min_u64(size - b->done, PIECE_BYTES);
	enum status st = OK;

	if (len)
		st = copy_part(b->domain, to_gpa(to.a + b->done), to_hpa(from.a + b->done), len);
	b->done += len;
	*more = b->done < size;
	return st;
}

static enum domain_action action_of(enum guest_action a)
{
	static const enum domain_action map[] = {
		[GUEST_ACTION_DESTROY] = ACTION_DESTROY,
		[GUEST_ACTION_RESTART] = ACTION_RESTART,
		[GUEST_ACTION_PRESERVE] = ACTION_PRESERVE,
	};

	return map[a];
}

static enum status create(struct build *b)
{
	const struct guest_config *c = &b->config;
	uint64_t all = ~0ULL >> (64 - core_count);
	struct domain *d;
	enum status st;

	st = domain_create(c->name, c->vcpus, b->layout.memory >> PAGE_SHIFT, c->nestedhvm, &d);
	if (st != OK)
		return st;
	b->domain = d;
	d->config = c;
	d->affinity = c->has_cpus ? c->cpus[0] & all : all;
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		d->vcpus[i]->affinity = d->affinity;
	d->on_poweroff = action_of(c->on_poweroff);
	d->on_reboot = action_of(c->on_reboot);
	d->on_crash = action_of(c->on_crash);
	return OK;
}

static enum status populate(struct build *b, uint64_t start, uint64_t end, bool *more)
{
	uint64_t count = (end - start) >> PAGE_SHIFT;
	uint64_t done;
	enum status st;

	st = physmap_populate(&b->domain->physmap, to_gfn((start >> PAGE_SHIFT) + b->done),
			      count - b->done, PIECE_FRAMES, &done);
	b->done += done;
	*more = b->done < count;
	return st;
}

static enum status load_kernel(struct build *b, bool *more)
{
	const struct load_segment *s = &b->plan.segment[b->segment];
	enum status st;

	st = copy_piece(b, s->gpa, to_hpa(b->kernel.start.a + s->file_offset), s->file_size, more);
	if (st == OK && !*more && b->segment + 1 < b->plan.count) {
		b->segment++;
		b->done = 0;
		*more = true;
	}
	return st;
}

/* The memory map that XENMEM_memory_map returns is the one in the start information. */
static enum status set_memmap(const struct build *b)
{
	struct xen_memmap_entry map[LAYOUT_RANGES_MAX];

	for (uint32_t i = 0; i < b->places.range_count; i++) {
		map[i].start = b->places.range[i].start;
		map[i].size = b->places.range[i].size;
		map[i].type = b->places.range[i].type;
	}
	return xen_domain_set_memmap(b->domain, map, b->places.range_count);
}

/* ACPI tables, start information, rings; then the boot vCPU's registers, and it lives. */
static enum status finish(struct build *b)
{
	struct physmap *pm = &b->domain->physmap;
	struct vcpu_start start = {
		.eip = (uint32_t)b->plan.entry.a,
		.linux_selectors = b->plan.protocol == BOOT_LINUX,
	};
	uint64_t done;
	enum status st;

	if (b->plan.protocol == BOOT_LINUX)
		start.esi = (uint32_t)b->places.info.a;
	else
		start.ebx = (uint32_t)b->places.info.a;
	st = physmap_populate(pm, to_gfn(LAYOUT_ACPI_BASE >> PAGE_SHIFT),
			      LAYOUT_ACPI_SIZE >> PAGE_SHIFT, PIECE_FRAMES, &done);
	if (st == OK)
		st = physmap_write(pm, to_gpa(LAYOUT_ACPI_TABLES), b->acpi, b->acpi_size);
	if (st == OK)
		st = physmap_write(pm, b->places.rsdp, b->rsdp, sizeof(b->rsdp));
	if (st == OK)
		st = physmap_write(pm, b->places.info, b->info, b->info_size);
	if (st == OK)
		st = set_memmap(b);
	if (st == OK)
		st = pv_map_rings(b->domain, b->layout.xenstore, b->layout.console);
	if (st != OK)
		return st;
	vcpu_arch_start(b->domain->vcpus[0], &start);
	domain_start(b->domain);
	return OK;
}

/* One piece of the present stage. */
static enum status stage_piece(struct build *b, bool *more)
{
	const struct guest_layout *l = &b->layout;

	*more = false;
	switch (b->stage) {
	case BUILD_CREATE: return create(b);
	case BUILD_POPULATE_LOW: return populate(b, 0, l->low_end, more);
	case BUILD_POPULATE_HIGH:
		return l->high_end ? populate(b, LAYOUT_HIGH_BASE, l->high_end, more) : OK;
	case BUILD_KERNEL: return load_kernel(b, more);
	case BUILD_RAMDISK:
		return copy_piece(b, b->places.ramdisk, b->ramdisk.start, b->ramdisk.size, more);
	case BUILD_FINISH: return finish(b);
	}
	return ERR_INVALID;
}

static const char *reason(enum status st)
{
	return st == ERR_NOMEM ? "not enough memory" : "the guest cannot be put together";
}

static bool build_piece(struct work *w)
{
	struct build *b = container_of(w, struct build, work);
	enum status st;
	bool more;

	st = stage_piece(b, &more);
	if (st != OK) {
		log_error("%s: %s", b->config.name, reason(st));
		if (b->domain)
			domain_shutdown(b->domain, END_BUILD_FAILED);
		else
			domain_not_created();
		return false;
	}
	if (more)
		return true;
	b->done = 0;
	b->segment = 0;
	return b->stage++ != BUILD_FINISH;
}

static void start_build(struct build *b)
{
	b->stage = BUILD_CREATE;
	b->domain = NULL;
	b->done = 0;
	b->segment = 0;
	work_queue(&b->work);
}

void build_restart(const struct guest_config *config)
{
	start_build(container_of((struct guest_config *)(uintptr_t)config, struct build, config));
}

void build_start(struct build *b)
{
	work_init(&b->work, build_piece);
	domain_expected();
	start_build(b);
}
