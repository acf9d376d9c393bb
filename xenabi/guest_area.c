// SPDX-License-Identifier: MIT
#include "xenabi/guest_area.h"

#include "core/domain.h"
#include "core/lib/string.h"
#include "core/vcpu_arch.h"
#include "mm/section_drain.h"
#include "xenabi/abi.h"

void guest_area_init(struct guest_area *a, struct physmap *pm, const char *name)
{
	memset(a, 0, sizeof(*a));
	for (unsigned int i = 0; i < GUEST_AREA_PAGES; i++)
		gpc_init(&a->page[i], pm, GPC_HOST, name);
}

void guest_area_unregister(struct guest_area *a)
{
	if (!a->registered)
		return;
	store_relaxed(&a->registered, false);
	/* Nobody is still writing by the old offset when it changes. */
	sections_drain();
	for (unsigned int i = 0; i < GUEST_AREA_PAGES; i++)
		gpc_deactivate(&a->page[i]);
}

static bool translate(struct vcpu *v, uint64_t linear, gfn_t *gfn)
{
	struct guest_paging paging;
	struct gwalk_fault fault;
	gpa_t gpa;

	vcpu_arch_paging(v, &paging);
	if (gwalk_translate(&v->domain->physmap, &paging, linear, GWALK_WRITE, &gpa, &fault) != OK)
		return false;
	*gfn = gpa_gfn(gpa);
	return true;
}

int guest_area_register(struct vcpu *current, struct guest_area *a, uint64_t linear, uint16_t size)
{
	uint32_t offset = (uint32_t)linear & (PAGE_SIZE - 1);
	uint8_t pages = offset + size > PAGE_SIZE ? 2 : 1;
	gfn_t gfn[GUEST_AREA_PAGES];

	if (!linear) {
		guest_area_unregister(a);
		return 0;
	}
	for (unsigned int i = 0; i < pages; i++) {
		/* The sum may leave the canonical range: then it does not translate. */
		if (!translate(current, (linear & PAGE_MASK) + i * PAGE_SIZE, &gfn[i]) ||
		    physmap_type_at(&current->domain->physmap, gfn[i]) != PHYSMAP_RAM)
			return -XEN_EFAULT;
	}
	guest_area_unregister(a);
	for (unsigned int i = 0; i < pages; i++) {
		if (gpc_activate(&a->page[i], gfn[i]) == OK)
			continue;
		/* Taken away by another vCPU since we looked. */
		for (unsigned int j = 0; j < i; j++)
			gpc_deactivate(&a->page[j]);
		return -XEN_EFAULT;
	}
	a->pages = pages;
	a->offset = (uint16_t)offset;
	a->size = size;
	store_release(&a->registered, true);
	return 0;
}

bool guest_area_map(struct guest_area *a, struct guest_area_map *map)
{
	uint8_t *page;

	if (!load_acquire(&a->registered))
		return false;
	map->second = NULL;
	if (a->pages == 2) {
		struct gpc *g = &a->page[1];

		/* Not by gpc_page(): its window could be replaced by the first page's. */
		if (!load_acquire(&g->valid)) {
			g->misses++;
			return false;
		}
		g->hits++;
		map->second = window_map_second(g->pfn);
	}
	page = gpc_page(&a->page[0]);
	if (!page)
		return false;
	map->first = page + a->offset;
	map->split = (uint32_t)min_u64(a->size, PAGE_SIZE - a->offset);
	return true;
}

void guest_area_put(const struct guest_area_map *map, uint32_t offset, const void *src, size_t len)
{
	const uint8_t *from = src;
	size_t part = offset < map->split ? min_u64(len, map->split - offset) : 0;

	if (part)
		memcpy(map->first + offset, from, part);
	if (part < len)
		memcpy(map->second + (offset + part - map->split), from + part, len - part);
}

bool guest_area_refresh(struct guest_area *a)
{
	if (!load_acquire(&a->registered))
		return false;
	for (unsigned int i = 0; i < a->pages; i++)
		if (gpc_refresh(&a->page[i]) != OK)
			return false;
	return true;
}
