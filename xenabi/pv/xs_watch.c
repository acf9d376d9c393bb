// SPDX-License-Identifier: MIT
/* Watches, and the events that wait for their guests. */
#include "xenabi/pv/xs_store.h"

#include <xen/errno.h>
#include <xen/io/xs_wire.h>

#include "core/lib/string.h"

struct xs_event *xs_event_first(struct xs_conn *c)
{
	return list_empty(&c->events) ? NULL : list_entry(c->events.next, struct xs_event, link);
}

void xs_event_done(struct xs_conn *c, struct xs_event *e)
{
	list_del(&e->link);
	c->event_count--;
	xs_free(&c->account, e, sizeof(*e) + e->len);
}

static struct xs_watch *find_watch(struct xs_conn *c, const char *path, size_t len,
				   const char *token, size_t token_len)
{
	struct list *l;

	list_for_each(l, &c->watches) {
		struct xs_watch *w = list_entry(l, struct xs_watch, link);

		if (w->path_len == len && w->token_len == token_len &&
		    memcmp(w->path, path, len) == 0 && memcmp(w->token, token, token_len) == 0)
			return w;
	}
	return NULL;
}

/* One change makes one event for as long as the guest has not taken it. */
static bool queued(struct xs_conn *c, const struct xs_watch *w, const char *path, size_t len)
{
	struct list *l;

	list_for_each(l, &c->events) {
		struct xs_event *e = list_entry(l, struct xs_event, link);

		if (e->watch == w && e->len == len && memcmp(e->path, path, len) == 0)
			return true;
	}
	return false;
}

static void queue_event(struct xs_conn *c, struct xs_watch *w, const char *path, size_t len)
{
	struct xs_event *e = NULL;

	if (w->skip && len >= w->skip) {
		path += w->skip;
		len -= w->skip;
	}
	if (queued(c, w, path, len))
		return;
	/* A guest that lets its ring stand full loses events, not the hypervisor memory. */
	if (c->event_count < XS_EVENTS_MAX && len + w->token_len + 2 <= XENSTORE_PAYLOAD_MAX)
		e = xs_alloc(&c->account, sizeof(*e) + len);
	if (!e) {
		c->events_dropped++;
		return;
	}
	c->event_count++;
	e->watch = w;
	e->len = (uint32_t)len;
	memcpy(e->path, path, len);
	list_add_tail(&c->events, &e->link);
}

void xs_watch_free(struct xs_conn *c, struct xs_watch *w)
{
	struct list *l, *tmp;

	list_for_each_safe(l, tmp, &c->events)
	{
		struct xs_event *e = list_entry(l, struct xs_event, link);

		if (e->watch == w)
			xs_event_done(c, e);
	}
	list_del(&w->link);
	c->watch_count--;
	xs_free(&c->account, w->path, w->path_len + 1);
	xs_free(&c->account, w->token, w->token_len + 1);
	xs_free(&c->account, w, sizeof(*w));
}

static struct xs_watch *new_watch(struct xs_conn *c, const char *path, size_t len,
				  const char *token, size_t token_len)
{
	struct xs_watch *w = xs_alloc(&c->account, sizeof(*w));

	if (!w)
		return NULL;
	w->path_len = (uint32_t)len;
	w->token_len = (uint32_t)token_len;
	w->path = xs_alloc(&c->account, len + 1);
	w->token = w->path ? xs_alloc(&c->account, token_len + 1) : NULL;
	if (!w->token) {
		xs_free(&c->account, w->path, len + 1);
		xs_free(&c->account, w, sizeof(*w));
		return NULL;
	}
	memcpy(w->path, path, len);
	memcpy(w->token, token, token_len);
	list_add_tail(&c->watches, &w->link);
	c->watch_count++;
	return w;
}

int xs_watch_add(struct xs_store *s, struct xs_conn *c, const char *path, size_t len,
		 const char *token, size_t token_len)
{
	struct xs_watch *w;
	char own[XS_DOMAIN_PATH_MAX];
	bool relative;
	size_t at;

	if (!xs_path_canonical(path, len, c->domid, true, s->path, &at, &relative))
		return XEN_EINVAL;
	if (find_watch(c, s->path, at, token, token_len))
		return XEN_EEXIST;
	if (c->domid != 0 && c->watch_count >= XS_QUOTA_WATCHES)
		return XEN_E2BIG;
	/* Longer ones cannot be part of any event. */
	if (at + token_len + 2 > XENSTORE_PAYLOAD_MAX)
		return XEN_EINVAL;
	w = new_watch(c, s->path, at, token, token_len);
	if (!w)
		return XEN_ENOMEM;
	w->skip = relative ? (uint32_t)xs_path_of_domain(c->domid, own) : 0;
	queue_event(c, w, w->path, w->path_len);
	return 0;
}

int xs_watch_remove(struct xs_store *s, struct xs_conn *c, const char *path, size_t len,
		    const char *token, size_t token_len)
{
	struct xs_watch *w;
	bool relative;
	size_t at;

	if (!xs_path_canonical(path, len, c->domid, true, s->path, &at, &relative))
		return XEN_EINVAL;
	w = find_watch(c, s->path, at, token, token_len);
	if (!w)
		return XEN_ENOENT;
	xs_watch_free(c, w);
	return 0;
}

void xs_watch_fire(struct xs_store *s, const char *path, size_t len, const struct xs_perms *perms,
		   const struct xs_perms *parent, bool exact)
{
	struct list *lc, *lw;

	list_for_each(lc, &s->conns) {
		struct xs_conn *c = list_entry(lc, struct xs_conn, link);
		bool may = (xs_perms_of(perms, c->domid) & XS_PERM_READ) ||
			   (parent && (xs_perms_of(parent, c->domid) & XS_PERM_READ));

		if (!may)
			continue;
		list_for_each(lw, &c->watches) {
			struct xs_watch *w = list_entry(lw, struct xs_watch, link);

			if (exact ? w->path_len == len && memcmp(w->path, path, len) == 0
				  : xs_path_below(path, len, w->path, w->path_len))
				queue_event(c, w, path, len);
		}
	}
}
