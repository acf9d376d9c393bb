// SPDX-License-Identifier: MIT
/*
 * The xenstore's wire protocol (xen/io/xs_wire.h): one request in, one reply out, and watch events.
 * Pure but for the store; the caller serialises all calls.
 */
#ifndef XENABI_PV_XS_MESSAGE_H
#define XENABI_PV_XS_MESSAGE_H

#include "xenabi/pv/xs_store.h" /* first: the Xen headers want its integer types */

#include <xen/io/xs_wire.h>

/* One message whose payload is a buffer of XENSTORE_PAYLOAD_MAX bytes. */
struct xs_message {
	struct xsd_sockmsg header;
	char *payload;
};

/*
 * Serve a request (header.len <= XENSTORE_PAYLOAD_MAX) of this connection and make the reply, an
 * XS_ERROR with the error's name when it failed. Events of all connections are queued.
 */
void xs_message_serve(struct xs_store *s, struct xs_conn *c, const struct xs_message *request,
		      struct xs_message *reply);

/* Make an XS_WATCH_EVENT of the connection's first event and take it off; false without one. */
bool xs_message_event(struct xs_conn *c, struct xs_message *out) must_check;

#endif
