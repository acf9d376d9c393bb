// SPDX-License-Identifier: MIT
#include "xenabi/pv/xs_ring.h"

#include "core/lib/atomic.h"
#include "core/lib/string.h"
#include "mm/own.h"

static_assert(offsetof(struct xenstore_domain_interface, req_cons) == 2048, "xs_wire.h");
static_assert(offsetof(struct xenstore_domain_interface, server_features) == 2064, "xs_wire.h");
static_assert(offsetof(struct xenstore_domain_interface, error) == 2072, "xs_wire.h");
static_assert(sizeof(struct xsd_sockmsg) == 16, "xs_wire.h");

enum status xs_ring_init(struct xs_ring *r, struct xenstore_domain_interface *page)
{
	memset(r, 0, sizeof(*r));
	r->page = page;
	r->in.payload = own_alloc(XENSTORE_PAYLOAD_MAX);
	r->out.payload = own_alloc(XENSTORE_PAYLOAD_MAX);
	if (!r->in.payload || !r->out.payload) {
		xs_ring_destroy(r);
		return ERR_NOMEM;
	}
	page->server_features =
		XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
	return OK;
}

void xs_ring_destroy(struct xs_ring *r)
{
	if (r->in.payload)
		own_free(r->in.payload, XENSTORE_PAYLOAD_MAX);
	if (r->out.payload)
		own_free(r->out.payload, XENSTORE_PAYLOAD_MAX);
	r->in.payload = r->out.payload = NULL;
}

static void give_up(struct xs_ring *r, struct xs_store *s, struct xs_conn *c, uint32_t error)
{
	r->broken = true;
	store_relaxed(&r->page->error, error);
	xs_conn_reset(s, c);
}

/* xen.git docs/misc/xenstore-ring.txt: the guest asked for a fresh start. */
static void reconnect(struct xs_ring *r, struct xs_store *s, struct xs_conn *c)
{
	xs_conn_reset(s, c);
	r->req_cons = r->rsp_prod = 0;
	r->in_have = 0;
	r->out_busy = r->broken = false;
	store_relaxed(&r->page->req_cons, 0);
	store_relaxed(&r->page->req_prod, 0);
	store_relaxed(&r->page->rsp_cons, 0);
	store_relaxed(&r->page->rsp_prod, 0);
	store_relaxed(&r->page->error, XENSTORE_ERROR_NONE);
	store_release(&r->page->connection, XENSTORE_CONNECTED);
}

/* Up to len bytes of the request ring into dst: `avail` of them are there. */
static uint32_t take(struct xs_ring *r, char *dst, uint32_t len, uint32_t *avail)
{
	uint32_t done = 0;

	while (done < len && *avail) {
		uint32_t at = MASK_XENSTORE_IDX(r->req_cons);
		uint32_t n =
			(uint32_t)min_u64(len - done, min_u64(*avail, XENSTORE_RING_SIZE - at));

		memcpy(dst + done, r->page->req + at, n);
		r->req_cons += n;
		*avail -= n;
		done += n;
	}
	return done;
}

/* Gather the next request; true when it is whole. *moved: bytes were taken. */
static bool receive(struct xs_ring *r, bool *moved, uint32_t *error)
{
	const uint32_t header = sizeof(r->in.header);
	uint32_t before = r->req_cons;
	uint32_t avail = load_acquire(&r->page->req_prod) - r->req_cons;

	if (avail > XENSTORE_RING_SIZE) {
		*error = XENSTORE_ERROR_RINGIDX;
		return false;
	}
	if (r->in_have < header)
		r->in_have +=
			take(r, (char *)&r->in.header + r->in_have, header - r->in_have, &avail);
	if (r->in_have >= header) {
		uint32_t have = r->in_have - header;

		if (r->in.header.len > XENSTORE_PAYLOAD_MAX) {
			*error = XENSTORE_ERROR_PROTO;
			return false;
		}
		r->in_have += take(r, r->in.payload + have, r->in.header.len - have, &avail);
	}
	if (r->req_cons != before) {
		store_release(&r->page->req_cons, r->req_cons);
		*moved = true;
	}
	return r->in_have >= header && r->in_have == header + r->in.header.len;
}

/* Put bytes of the outgoing message into the response ring; true when all of it is there. */
static bool send(struct xs_ring *r, bool *moved, uint32_t *error)
{
	const uint32_t header = sizeof(r->out.header), total = header + r->out.header.len;
	uint32_t used = r->rsp_prod - load_acquire(&r->page->rsp_cons), before = r->rsp_prod;

	if (used > XENSTORE_RING_SIZE) {
		*error = XENSTORE_ERROR_RINGIDX;
		return false;
	}
	while (r->out_sent < total && used < XENSTORE_RING_SIZE) {
		bool head = r->out_sent < header;
		const char *from = head ? (const char *)&r->out.header + r->out_sent
					: r->out.payload + (r->out_sent - header);
		uint32_t at = MASK_XENSTORE_IDX(r->rsp_prod);
		uint64_t n = min_u64((head ? header : total) - r->out_sent,
				     min_u64(XENSTORE_RING_SIZE - used, XENSTORE_RING_SIZE - at));

		memcpy(r->page->rsp + at, from, n);
		r->rsp_prod += (uint32_t)n;
		r->out_sent += (uint32_t)n;
		used += (uint32_t)n;
	}
	if (r->rsp_prod != before) {
		store_release(&r->page->rsp_prod, r->rsp_prod);
		*moved = true;
	}
	return r->out_sent == total;
}

/* One message's worth of progress; false when there is nothing more to do now. Events go before
 * new requests, so that a guest that only asks cannot pile them up. */
static bool step(struct xs_ring *r, struct xs_store *s, struct xs_conn *c, bool *moved,
		 uint32_t *error)
{
	if (r->out_busy) {
		r->out_busy = !send(r, moved, error);
		return !r->out_busy;
	}
	if (!xs_message_event(c, &r->out)) {
		if (!receive(r, moved, error))
			return false;
		xs_message_serve(s, c, &r->in, &r->out);
		r->in_have = 0;
	}
	r->out_sent = 0;
	r->out_busy = true;
	return true;
}

bool xs_ring_pump(struct xs_ring *r, struct xs_store *s, struct xs_conn *c, unsigned int budget,
		  bool *more)
{
	bool moved = false;
	uint32_t error = XENSTORE_ERROR_NONE;

	if (load_acquire(&r->page->connection) == XENSTORE_RECONNECT) {
		reconnect(r, s, c);
		moved = true;
	}
	if (r->broken)
		return moved;
	while (budget && step(r, s, c, &moved, &error))
		budget--;
	if (error != XENSTORE_ERROR_NONE) {
		give_up(r, s, c, error);
		moved = true;
	}
	*more = budget == 0;
	return moved;
}
