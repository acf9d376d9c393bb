// SPDX-License-Identifier: MIT
/*
 * The hypervisor's side of a guest's xenstore page (xen/io/xs_wire.h). The guest may write anything
 * into it at any time: indices and bytes are read once into memory of ours and checked there, and
 * our own indices are kept outside the page.
 */
#ifndef XENABI_PV_XS_RING_H
#define XENABI_PV_XS_RING_H

#include "xenabi/pv/xs_message.h"

struct xs_ring {
	struct xenstore_domain_interface *page;
	uint32_t req_cons, rsp_prod;
	struct xs_message in, out;
	uint32_t in_have; /* bytes of the request under way, header included */
	uint32_t out_sent;
	bool out_busy; /* a message is being sent */
	bool broken;   /* the guest broke the protocol: nothing until it reconnects */
};

/* page: zeroed, the hypervisor's own for the ring's life. ERR_NOMEM. */
enum status xs_ring_init(struct xs_ring *r, struct xenstore_domain_interface *page) must_check;
void xs_ring_destroy(struct xs_ring *r);

/*
 * Move messages both ways until there is nothing to do, no room, or `budget` messages have been
 * handled (*more is set then). True when the guest must be notified. Under the store's lock.
 */
bool xs_ring_pump(struct xs_ring *r, struct xs_store *s, struct xs_conn *c, unsigned int budget,
		  bool *more) must_check;

#endif
