// SPDX-License-Identifier: MIT
/* A domain's PV services: their pages, ports and places. */
#include "xenabi/pv/pv.h"

#include "mm/own.h"
#include "xenabi/evtchn.h"
#include "xenabi/pv/internal.h"

static_assert(sizeof(struct pv_domain) <= PAGE_SIZE, "own_alloc() gives at most a page");

/* Everything that pv_domain_create() made, as far as it got. */
static void release(struct pv_domain *pv)
{
	xs_ring_destroy(&pv->ring);
	if (pv->ring.page)
		own_free_pages(pv->ring.page, 0);
	if (pv->console)
		own_free_pages(pv->console, 0);
	own_free(pv, sizeof(*pv));
}

static enum status make_pages(struct pv_domain *pv)
{
	struct xenstore_domain_interface *page;

	pv->console = own_alloc_pages(0);
	page = own_alloc_pages(0);
	if (!pv->console || !page || xs_ring_init(&pv->ring, page) != OK) {
		pv->ring.page = page;
		return ERR_NOMEM;
	}
	return OK;
}

enum status pv_domain_create(struct domain *d)
{
	struct pv_domain *pv = own_alloc(sizeof(*pv));
	enum status s;

	if (!pv)
		return ERR_NOMEM;
	pv->domain = d;
	pv->store_gfn = pv->console_gfn = to_gfn(INVALID_FRAME);
	s = make_pages(pv);
	if (s == OK)
		s = evtchn_alloc_service(d, pv_store_notified, &pv->store_port);
	if (s == OK)
		s = evtchn_alloc_service(d, pv_console_notified, &pv->console_port);
	if (s == OK)
		s = pv_store_attach(pv);
	if (s != OK) {
		release(pv);
		return s;
	}
	d->xen->pv = pv;
	return OK;
}

void pv_domain_destroy(struct domain *d)
{
	struct pv_domain *pv = d->xen->pv;

	if (!pv)
		return;
	d->xen->pv = NULL;
	pv_store_detach(pv);
	release(pv);
}

enum status pv_map_rings(struct domain *d, gfn_t store, gfn_t console)
{
	struct pv_domain *pv = d->xen->pv;
	struct physmap_change change[] = {
		{ .gfn = store, .pfn = own_pfn(pv->ring.page), .type = PHYSMAP_OWN },
		{ .gfn = console, .pfn = own_pfn(pv->console), .type = PHYSMAP_OWN },
	};
	enum status s = physmap_change(&d->physmap, change, array_size(change));

	if (s != OK)
		return s;
	pv->store_gfn = store;
	pv->console_gfn = console;
	xen_domain_set_param(d, HVM_PARAM_STORE_PFN, store.n);
	xen_domain_set_param(d, HVM_PARAM_STORE_EVTCHN, pv->store_port);
	xen_domain_set_param(d, HVM_PARAM_CONSOLE_PFN, console.n);
	xen_domain_set_param(d, HVM_PARAM_CONSOLE_EVTCHN, pv->console_port);
	s = pv_seed(pv_store_lock(), pv);
	pv_store_unlock();
	return s;
}

gfn_t pv_store_gfn(const struct domain *d)
{
	return d->xen->pv->store_gfn;
}

gfn_t pv_console_gfn(const struct domain *d)
{
	return d->xen->pv->console_gfn;
}

uint32_t pv_store_port(const struct domain *d)
{
	return d->xen->pv->store_port;
}

uint32_t pv_console_port(const struct domain *d)
{
	return d->xen->pv->console_port;
}
