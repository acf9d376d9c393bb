// SPDX-License-Identifier: MIT
#include "xenabi/domain.h"

#include "core/hooks.h"
#include "core/lib/string.h"
#include "mm/own.h"
#include "xenabi/evtchn.h"
#include "xenabi/grant_table.h"
#include "xenabi/pv/pv.h"
#include "xenabi/watchdog.h"

/* What xl lets a domain have over its memory (LIBXL_MAXMEM_CONSTANT: 1 MiB). */
#define SLACK_PAGES 256

#define BATCH_ORDER 2

static_assert(sizeof(struct physmap_change) * PHYSMAP_BATCH == PAGE_SIZE << BATCH_ORDER,
	      "the batch of changes is one allocation");
static_assert(XEN_MEMMAP_SIZE <= PAGE_SIZE, "the memory map is one allocation");
static_assert(sizeof(struct xen_domain) <= PAGE_SIZE, "struct xen_domain is one allocation");

static void free_parts(struct domain *d)
{
	struct xen_domain *xd = d->xen;

	grant_table_destroy(d);
	evtchn_domain_destroy(d);
	if (xd->memmap)
		own_free(xd->memmap, XEN_MEMMAP_SIZE);
	if (xd->shared)
		own_free_pages(xd->shared, 0);
	if (xd->batch)
		own_free_pages(xd->batch, BATCH_ORDER);
	own_free(xd, sizeof(*xd));
	d->xen = NULL;
}

static enum status create_parts(struct domain *d)
{
	struct xen_domain *xd = d->xen;
	enum status st;

	xd->shared = own_alloc_pages(0);
	xd->memmap = own_alloc(XEN_MEMMAP_SIZE);
	xd->batch = own_alloc_pages(BATCH_ORDER);
	if (!xd->shared || !xd->memmap || !xd->batch)
		return ERR_NOMEM;
	st = evtchn_domain_create(d);
	if (st == OK)
		st = grant_table_create(d);
	if (st == OK)
		st = pv_domain_create(d);
	return st;
}

enum status xen_domain_create(struct domain *d)
{
	struct xen_domain *xd = own_alloc(sizeof(*xd));
	enum status st;

	if (!xd)
		return ERR_NOMEM;
	d->xen = xd;
	xd->domain = d;
	xd->shared_gfn = to_gfn(INVALID_FRAME);
	xd->max_pages = d->memory_pages + SLACK_PAGES;
	xd->shutdown_code = -1;
	watchdog_init(d);
	st = create_parts(d);
	if (st != OK)
		free_parts(d);
	return st;
}

void xen_domain_destroy(struct domain *d)
{
	watchdog_destroy(d);
	evtchn_domain_retire(d);
	pv_domain_destroy(d);
	free_parts(d);
}

void xen_domain_set_param(struct domain *d, uint32_t index, uint64_t value)
{
	ASSERT(index < HVM_NR_PARAMS);
	spin_lock(&d->xen->param_lock);
	d->xen->params[index] = value;
	spin_unlock(&d->xen->param_lock);
}

enum status xen_domain_set_memmap(struct domain *d, const struct xen_memmap_entry *map,
				  uint32_t count)
{
	struct xen_domain *xd = d->xen;

	if (count > XEN_MEMMAP_MAX)
		return ERR_INVALID;
	spin_lock(&xd->memory_lock);
	memcpy(xd->memmap, map, count * sizeof(*map));
	xd->memmap_count = count;
	spin_unlock(&xd->memory_lock);
	return OK;
}
