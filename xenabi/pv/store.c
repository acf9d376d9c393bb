// SPDX-License-Identifier: MIT
/* The one xenstore of all guests: its lock, and who is told of what. */
#include "core/lib/log.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "mm/own.h"
#include "xenabi/evtchn.h"
#include "xenabi/pv/internal.h"
#include "xenabi/pv/pv.h"

/* Messages handled for a guest in one go; the rest waits for a turn between vCPU slices. */
#define STORE_BUDGET 32
#define STORE_ORDER  1

static_assert(sizeof(struct xs_store) <= PAGE_SIZE << STORE_ORDER, "the store's memory");

static struct spinlock lock = SPINLOCK_INIT; /* outside all others; holds off no guest for long */
static struct xs_store *store;               /* made with the first guest */
static struct list guests = LIST_INIT(guests);
static struct work later;

struct xs_store *pv_store_lock(void)
{
	spin_lock(&lock);
	return store;
}

void pv_store_unlock(void)
{
	spin_unlock(&lock);
}

/*
 * Pump every ring that has something to send, and `first` (or, with NULL, every ring) for requests,
 * too. The domids to notify go to `told`: raising events takes locks and wakes vCPUs, so it is done
 * without ours. True when there is more to do.
 */
static bool pump_all(const struct pv_domain *first, uint16_t *told, uint32_t *count)
{
	bool any_more = false;
	struct list *l;

	/* Requests first, so that the events they make go out in the same turn. */
	for (int pass = 0; pass < 2; pass++) {
		list_for_each(l, &guests) {
			struct pv_domain *pv = list_entry(l, struct pv_domain, link);
			bool asks = !first || pv == first, more = false;

			if (pass == 0 ? !asks : asks || list_empty(&pv->conn.events))
				continue;
			if (xs_ring_pump(&pv->ring, store, &pv->conn, STORE_BUDGET, &more))
				told[(*count)++] = pv->domain->id;
			any_more |= more;
		}
	}
	return any_more;
}

static bool serve(const struct pv_domain *first)
{
	uint16_t told[MAX_PHYSMAPS];
	uint32_t count = 0;
	bool more;

	spin_lock(&lock);
	more = pump_all(first, told, &count);
	spin_unlock(&lock);
	for (uint32_t i = 0; i < count; i++) {
		struct domain *d = domain_get(told[i]);

		if (!d)
			continue;
		/* A guest that closed the port does not want to be told. */
		(void)evtchn_service_raise(d, pv_store_port(d));
		domain_put(d);
	}
	return more;
}

static bool serve_later(struct work *w)
{
	(void)w;
	return serve(NULL);
}

void pv_store_serve(struct pv_domain *first)
{
	if (serve(first))
		work_queue(&later);
}

void pv_store_notified(struct domain *d, uint32_t port)
{
	(void)port;
	pv_store_serve(d->xen->pv);
}

static enum status init(void)
{
	enum status s;

	if (store)
		return OK;
	store = own_alloc_pages(STORE_ORDER);
	if (!store)
		return ERR_NOMEM;
	work_init(&later, serve_later);
	s = xs_store_init(store);
	if (s != OK) {
		own_free_pages(store, STORE_ORDER);
		store = NULL;
	}
	return s;
}

enum status pv_store_attach(struct pv_domain *pv)
{
	enum status s;

	spin_lock(&lock);
	s = init();
	if (s == OK) {
		xs_conn_init(store, &pv->conn, pv->domain->id);
		list_add_tail(&guests, &pv->link);
	}
	spin_unlock(&lock);
	return s;
}

void pv_store_detach(struct pv_domain *pv)
{
	spin_lock(&lock);
	pv_seed_remove(store, pv);
	xs_conn_destroy(store, &pv->conn);
	list_del(&pv->link);
	spin_unlock(&lock);
	/* Others may watch what has gone. */
	work_queue(&later);
}

enum status pv_request(struct domain *d, const char *node, const char *value)
{
	struct xs_view view = { .store = store, .conn = &store->self };
	char path[XS_DOMAIN_PATH_MAX + 20];
	size_t len = xs_path_of_domain(d->id, path);
	int err;

	len += (size_t)xsnprintf(path + len, sizeof(path) - len, "%s", node);
	spin_lock(&lock);
	err = xs_store_write(&view, path, len, value, strlen(value));
	spin_unlock(&lock);
	pv_store_serve(d->xen->pv);
	return err ? ERR_NOMEM : OK;
}
