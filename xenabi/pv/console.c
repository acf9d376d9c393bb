// SPDX-License-Identifier: MIT
/*
 * The PV console (xen/io/console.h): a guest's ring page on one side, the multiplexed serial line
 * on the other. Output stays in the ring while the line is full; input stays with the line while
 * the ring is.
 */
#include "core/hooks.h"
#include "core/lib/string.h"
#include "xenabi/evtchn.h"
#include "xenabi/pv/internal.h"

#define RING_OUT sizeof(((struct xencons_interface *)NULL)->out)
#define RING_IN  sizeof(((struct xencons_interface *)NULL)->in)
#define CHUNK    256

static_assert(RING_OUT == 2048 && RING_IN == 1024, "xen/io/console.h");
static_assert(offsetof(struct xencons_interface, in_cons) == 3072, "xen/io/console.h");

/* The guest's output to the line: as much as was in the ring when we looked. */
static bool move_output(struct pv_domain *pv)
{
	struct xencons_interface *page = pv->console;
	uint32_t prod = load_acquire(&page->out_prod), before = pv->console_out_cons;
	char buf[CHUNK];

	/* Nonsense is skipped, or it would be printed for ever. */
	if (prod - pv->console_out_cons > RING_OUT)
		pv->console_out_cons = prod;
	while (pv->console_out_cons != prod) {
		uint32_t at = pv->console_out_cons & (RING_OUT - 1);
		size_t n = min_u64(min_u64(prod - pv->console_out_cons, RING_OUT - at), CHUNK);
		size_t taken;

		memcpy(buf, page->out + at, n);
		taken = console_guest_write(pv->domain, buf, n, false);
		pv->console_out_cons += (uint32_t)taken;
		if (taken < n)
			break;
	}
	if (pv->console_out_cons == before)
		return false;
	store_release(&page->out_cons, pv->console_out_cons);
	return true;
}

/* The line's input to the guest: as much as the ring has room for. */
static bool move_input(struct pv_domain *pv)
{
	struct xencons_interface *page = pv->console;
	uint32_t cons = load_acquire(&page->in_cons), before = pv->console_in_prod;
	char buf[CHUNK];

	if (pv->console_in_prod - cons > RING_IN)
		return false;
	while (pv->console_in_prod - cons < RING_IN) {
		uint32_t at = pv->console_in_prod & (RING_IN - 1);
		uint32_t room = (uint32_t)RING_IN - (pv->console_in_prod - cons);
		size_t n = min_u64(min_u64(room, RING_IN - at), CHUNK);

		n = console_guest_read(pv->domain, buf, n);
		if (!n)
			break;
		memcpy(page->in + at, buf, n);
		pv->console_in_prod += (uint32_t)n;
	}
	if (pv->console_in_prod == before)
		return false;
	store_release(&page->in_prod, pv->console_in_prod);
	return true;
}

static void serve(struct domain *d)
{
	struct pv_domain *pv = d->xen ? d->xen->pv : NULL;
	bool moved;

	/* A line that speaks before the domain is built has nobody to tell. */
	if (!pv)
		return;
	spin_lock(&pv->console_lock);
	moved = move_output(pv);
	moved |= move_input(pv);
	spin_unlock(&pv->console_lock);
	if (moved)
		(void)evtchn_service_raise(d, pv->console_port);
}

void pv_console_notified(struct domain *d, uint32_t port)
{
	(void)port;
	serve(d);
}

void xen_console_input_ready(struct domain *d)
{
	serve(d);
}

void xen_console_output_ready(struct domain *d)
{
	serve(d);
}
