// SPDX-License-Identifier: MIT
#include "xenabi/pv/xs_message.h"

#include <xen/errno.h>

#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"

/* What a handler works on. Handlers answer with 0, their reply being in `out`, or with an errno. */
struct call {
	struct xs_view view;
	const char *in;
	size_t in_len;
	char *out; /* XENSTORE_PAYLOAD_MAX bytes */
	size_t out_len;
};

/* xs_wire.h xsd_errors, whose table exists only beside a C library's errno. */
static const char *error_name(int err)
{
	switch (err) {
	case XEN_EINVAL: return "EINVAL";
	case XEN_EACCES: return "EACCES";
	case XEN_EEXIST: return "EEXIST";
	case XEN_ENOENT: return "ENOENT";
	case XEN_ENOMEM: return "ENOMEM";
	case XEN_ENOSPC: return "ENOSPC";
	case XEN_ENOSYS: return "ENOSYS";
	case XEN_EBUSY: return "EBUSY";
	case XEN_EAGAIN: return "EAGAIN";
	case XEN_E2BIG: return "E2BIG";
	case XEN_EPERM: return "EPERM";
	default: return "EIO";
	}
}

/* Take the next NUL-terminated string off the request; false when there is none. */
static bool take_string(struct call *c, struct text *t)
{
	const char *end = c->in_len ? memchr(c->in, '\0', c->in_len) : NULL;

	if (!end)
		return false;
	t->s = c->in;
	t->len = (size_t)(end - c->in);
	c->in += t->len + 1;
	c->in_len -= t->len + 1;
	return true;
}

/* The one string that is all of the request. */
static bool only_string(struct call *c, struct text *t)
{
	return take_string(c, t) && c->in_len == 0;
}

/* A decimal number of 32 bits as the one string. */
static bool only_number(struct call *c, uint32_t *value)
{
	struct text t;
	uint64_t v;

	if (!only_string(c, &t) || !parse_u64(t, &v) || v > UINT32_MAX)
		return false;
	*value = (uint32_t)v;
	return true;
}

static int reply_bytes(struct call *c, const void *bytes, size_t len)
{
	if (len > XENSTORE_PAYLOAD_MAX)
		return XEN_E2BIG;
	if (len)
		memcpy(c->out, bytes, len);
	c->out_len = len;
	return 0;
}

static int reply_ok(struct call *c, int err)
{
	return err ? err : reply_bytes(c, "OK", sizeof("OK"));
}

/* --- one handler for each type of message --- */

static int serve_directory(struct call *c)
{
	struct text path;
	const char *names;
	uint64_t generation;
	size_t len;
	int err;

	if (!only_string(c, &path))
		return XEN_EINVAL;
	err = xs_store_directory(&c->view, path.s, path.len, &names, &len, &generation);
	return err ? err : reply_bytes(c, names, len);
}

/* The part of the list from an offset on, behind the generation by which the guest sees that the
 * list changed between two parts; an empty name ends the last part. */
static int serve_directory_part(struct call *c)
{
	struct text path, number;
	const char *names;
	uint64_t generation, offset;
	size_t len, at, take = 0;
	int err;

	if (!take_string(c, &path) || !only_string(c, &number) || !parse_u64(number, &offset))
		return XEN_EINVAL;
	err = xs_store_directory(&c->view, path.s, path.len, &names, &len, &generation);
	if (err)
		return err;
	at = (size_t)xsnprintf(c->out, XENSTORE_PAYLOAD_MAX, "%lu", (unsigned long)generation) + 1;
	offset = min_u64(offset, len);
	while (offset + take < len) {
		size_t name = strnlen(names + offset + take, len - offset - take) + 1;

		if (at + take + name + 1 > XENSTORE_PAYLOAD_MAX)
			break;
		take += name;
	}
	if (take)
		memcpy(c->out + at, names + offset, take);
	at += take;
	if (offset + take == len)
		c->out[at++] = '\0';
	c->out_len = at;
	return 0;
}

static int serve_read(struct call *c)
{
	struct text path;
	const char *data;
	size_t len;
	int err;

	if (!only_string(c, &path))
		return XEN_EINVAL;
	err = xs_store_read(&c->view, path.s, path.len, &data, &len);
	return err ? err : reply_bytes(c, data, len);
}

static int serve_get_perms(struct call *c)
{
	static const char letters[] = "nrwb";
	const struct xs_perms *perms;
	struct text path;
	int err;

	if (!only_string(c, &path))
		return XEN_EINVAL;
	err = xs_store_get_perms(&c->view, path.s, path.len, &perms);
	for (uint32_t i = 0; !err && i < perms->count; i++)
		c->out_len += (size_t)xsnprintf(c->out + c->out_len, 8, "%c%u",
						letters[perms->entry[i].bits & 3],
						perms->entry[i].domid) +
			      1;
	return err;
}

/* "r7" and the like: a letter and a domid. */
static bool parse_perm(struct text t, struct xs_perm *out)
{
	static const char letters[] = "nrwb";
	const char *letter = t.len ? strchr(letters, t.s[0]) : NULL;
	uint64_t domid;

	if (!letter || !parse_u64((struct text){ t.s + 1, t.len - 1 }, &domid) || domid > 0xffff)
		return false;
	out->bits = (uint8_t)(letter - letters);
	out->domid = (uint16_t)domid;
	return true;
}

static int serve_set_perms(struct call *c)
{
	struct xs_perms perms = { .count = 0 };
	struct text path, t;

	if (!take_string(c, &path))
		return XEN_EINVAL;
	while (take_string(c, &t)) {
		if (perms.count == XS_PERMS_MAX)
			return XEN_ENOSPC;
		if (!parse_perm(t, &perms.entry[perms.count++]))
			return XEN_EINVAL;
	}
	if (!perms.count || c->in_len)
		return XEN_EINVAL;
	return reply_ok(c, xs_store_set_perms(&c->view, path.s, path.len, &perms));
}

static int serve_watch(struct call *c)
{
	struct text path, token;

	if (!take_string(c, &path) || !take_string(c, &token))
		return XEN_EINVAL;
	return reply_ok(
		c, xs_watch_add(c->view.store, c->view.conn, path.s, path.len, token.s, token.len));
}

static int serve_unwatch(struct call *c)
{
	struct text path, token;

	if (!take_string(c, &path) || !take_string(c, &token))
		return XEN_EINVAL;
	return reply_ok(c, xs_watch_remove(c->view.store, c->view.conn, path.s, path.len, token.s,
					   token.len));
}

static int serve_transaction_start(struct call *c)
{
	uint32_t id;
	int err;

	if (c->view.tx)
		return XEN_EBUSY;
	err = xs_transaction_start(c->view.store, c->view.conn, &id);
	if (!err)
		c->out_len = (size_t)xsnprintf(c->out, 16, "%u", id) + 1;
	return err;
}

static int serve_transaction_end(struct call *c)
{
	struct text verdict;

	if (!only_string(c, &verdict) || (!parse_is(verdict, "T") && !parse_is(verdict, "F")))
		return XEN_EINVAL;
	if (!c->view.tx)
		return XEN_ENOENT;
	return reply_ok(c, xs_transaction_end(c->view.store, c->view.conn, c->view.tx,
					      verdict.s[0] == 'T'));
}

static int serve_get_domain_path(struct call *c)
{
	char path[XS_DOMAIN_PATH_MAX];
	uint32_t domid;
	size_t len;

	if (!only_number(c, &domid) || domid > 0xffff)
		return XEN_EINVAL;
	len = xs_path_of_domain((uint16_t)domid, path);
	path[len - 1] = '\0'; /* without the slash at its end */
	return reply_bytes(c, path, len);
}

static int serve_is_introduced(struct call *c)
{
	uint32_t domid;

	if (!only_number(c, &domid))
		return XEN_EINVAL;
	return reply_bytes(
		c, domid <= 0xffff && xs_conn_find(c->view.store, (uint16_t)domid) ? "T" : "F", 2);
}

static int serve_write(struct call *c)
{
	struct text path;

	if (!take_string(c, &path))
		return XEN_EINVAL;
	return reply_ok(c, xs_store_write(&c->view, path.s, path.len, c->in, c->in_len));
}

static int serve_mkdir(struct call *c)
{
	struct text path;

	if (!only_string(c, &path))
		return XEN_EINVAL;
	return reply_ok(c, xs_store_mkdir(&c->view, path.s, path.len));
}

static int serve_rm(struct call *c)
{
	struct text path;

	if (!only_string(c, &path))
		return XEN_EINVAL;
	return reply_ok(c, xs_store_rm(&c->view, path.s, path.len));
}

static int serve_reset_watches(struct call *c)
{
	xs_conn_reset(c->view.store, c->view.conn);
	return reply_ok(c, 0);
}

/* The toolstack's requests: no guest has the privilege. */
static int serve_denied(struct call *c)
{
	(void)c;
	return XEN_EACCES;
}

struct handler {
	int (*serve)(struct call *c);
	bool in_tx; /* the message's tx_id means something */
};

static const struct handler handlers[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { serve_denied, false },
	[XS_DIRECTORY] = { serve_directory, true },
	[XS_READ] = { serve_read, true },
	[XS_GET_PERMS] = { serve_get_perms, true },
	[XS_WATCH] = { serve_watch, false },
	[XS_UNWATCH] = { serve_unwatch, false },
	[XS_TRANSACTION_START] = { serve_transaction_start, true },
	[XS_TRANSACTION_END] = { serve_transaction_end, true },
	[XS_INTRODUCE] = { serve_denied, false },
	[XS_RELEASE] = { serve_denied, false },
	[XS_GET_DOMAIN_PATH] = { serve_get_domain_path, false },
	[XS_WRITE] = { serve_write, true },
	[XS_MKDIR] = { serve_mkdir, true },
	[XS_RM] = { serve_rm, true },
	[XS_SET_PERMS] = { serve_set_perms, true },
	[XS_IS_DOMAIN_INTRODUCED] = { serve_is_introduced, false },
	[XS_RESUME] = { serve_denied, false },
	[XS_SET_TARGET] = { serve_denied, false },
	[XS_RESET_WATCHES] = { serve_reset_watches, false },
	[XS_DIRECTORY_PART] = { serve_directory_part, true },
};

static int serve(struct call *c, const struct xsd_sockmsg *header)
{
	const struct handler *h;

	if (header->type >= XS_TYPE_COUNT || !handlers[header->type].serve)
		return XEN_ENOSYS;
	h = &handlers[header->type];
	if (h->in_tx && header->tx_id) {
		c->view.tx = xs_transaction_find(c->view.conn, header->tx_id);
		if (!c->view.tx)
			return XEN_ENOENT;
	}
	return h->serve(c);
}

void xs_message_serve(struct xs_store *s, struct xs_conn *c, const struct xs_message *request,
		      struct xs_message *reply)
{
	struct call call = {
		.view = { .store = s, .conn = c },
		.in = request->payload,
		.in_len = request->header.len,
		.out = reply->payload,
	};
	int err = serve(&call, &request->header);

	reply->header = request->header;
	if (err) {
		const char *name = error_name(err);

		reply->header.type = XS_ERROR;
		call.out_len = strlen(name) + 1;
		memcpy(reply->payload, name, call.out_len);
	}
	reply->header.len = (uint32_t)call.out_len;
}

bool xs_message_event(struct xs_conn *c, struct xs_message *out)
{
	struct xs_event *e = xs_event_first(c);

	if (!e)
		return false;
	/* The sum was checked when the event was queued. */
	memcpy(out->payload, e->path, e->len);
	out->payload[e->len] = '\0';
	memcpy(out->payload + e->len + 1, e->watch->token, e->watch->token_len + 1);
	out->header = (struct xsd_sockmsg){ .type = XS_WATCH_EVENT,
					    .len = e->len + e->watch->token_len + 2 };
	xs_event_done(c, e);
	return true;
}
