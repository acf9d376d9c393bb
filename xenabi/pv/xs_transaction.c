// SPDX-License-Identifier: MIT
/* Transactions: private copies of nodes, and the commit that makes them the tree's. */
#include "xenabi/pv/xs_store.h"

#include <xen/errno.h>

#include "core/lib/string.h"

int xs_transaction_start(struct xs_store *s, struct xs_conn *c, uint32_t *id)
{
	struct xs_transaction *tx;

	(void)s;
	if (c->domid != 0 && c->transaction_count >= XS_QUOTA_TRANSACTIONS)
		return XEN_ENOSPC;
	tx = xs_alloc(&c->account, sizeof(*tx));
	if (!tx)
		return XEN_ENOMEM;
	if (xs_table_init(&tx->nodes, &c->account) != OK) {
		xs_free(&c->account, tx, sizeof(*tx));
		return XEN_ENOMEM;
	}
	/* 0 means "no transaction"; an id still in use is not given again. */
	do {
		tx->id = ++c->last_transaction;
	} while (!tx->id || xs_transaction_find(c, tx->id));
	list_add_tail(&c->transactions, &tx->link);
	c->transaction_count++;
	*id = tx->id;
	return 0;
}

struct xs_transaction *xs_transaction_find(struct xs_conn *c, uint32_t id)
{
	struct list *l;

	list_for_each(l, &c->transactions) {
		struct xs_transaction *tx = list_entry(l, struct xs_transaction, link);

		if (tx->id == id)
			return tx;
	}
	return NULL;
}

void xs_transaction_free(struct xs_conn *c, struct xs_transaction *tx)
{
	xs_table_destroy(&tx->nodes, &c->account);
	list_del(&tx->link);
	c->transaction_count--;
	xs_free(&c->account, tx, sizeof(*tx));
}

/* A copy of the tree's node (NULL: the note that there was none). */
static struct xs_node *copy_node(struct xs_conn *c, const struct xs_node *from, const char *path,
				 size_t len)
{
	struct xs_node *n = xs_node_new(&c->account, path, len);

	if (!n)
		return NULL;
	n->exists = from != NULL;
	n->generation = from ? from->generation : XS_NO_NODE;
	if (!from)
		return n;
	n->perms = from->perms;
	if (xs_node_set(n, &n->data, from->data.bytes, from->data.len) == OK &&
	    xs_node_set(n, &n->children, from->children.bytes, from->children.len) == OK)
		return n;
	xs_node_free(n);
	return NULL;
}

int xs_view_find(const struct xs_view *v, const char *path, size_t len, struct xs_node **out)
{
	struct xs_node *n = v->tx ? xs_table_find(&v->tx->nodes, path, len) : NULL;

	if (n) {
		*out = n->exists ? n : NULL;
		return 0;
	}
	n = xs_table_find(&v->store->nodes, path, len);
	*out = n;
	if (!v->tx)
		return 0;
	if (v->conn->domid != 0 && v->tx->nodes.count >= XS_QUOTA_TX_NODES)
		return XEN_ENOSPC;
	n = copy_node(v->conn, n, path, len);
	if (!n)
		return XEN_ENOMEM;
	xs_table_insert(&v->tx->nodes, n);
	*out = n->exists ? n : NULL;
	return 0;
}

static bool conflicts(const struct xs_store *s, const struct xs_transaction *tx)
{
	for (struct xs_node *n = xs_table_next(&tx->nodes, NULL); n;
	     n = xs_table_next(&tx->nodes, n)) {
		struct xs_node *now = xs_table_find(&s->nodes, n->path, n->path_len);

		if ((now ? now->generation : XS_NO_NODE) != n->generation)
			return true;
	}
	return false;
}

static void count_owner(struct xs_store *s, const struct xs_node *n, int change)
{
	struct xs_conn *c = xs_conn_find(s, n->perms.entry[0].domid);

	if (c && c->domid != 0)
		c->nodes = (uint32_t)((int)c->nodes + change);
}

/* Who may read the node as it was or as it will be hears of the change; one event each. */
static void fire_node(struct xs_store *s, const struct xs_node *n)
{
	size_t len = xs_path_parent(n->path, n->path_len);
	struct xs_node *parent = len ? xs_table_find(&s->nodes, n->path, len) : NULL;
	struct xs_node *now = xs_table_find(&s->nodes, n->path, n->path_len);
	const struct xs_perms *parent_perms = parent ? &parent->perms : NULL;

	if (!n->fire || (!now && !n->exists))
		return;
	if (now)
		xs_watch_fire(s, n->path, n->path_len, &now->perms, parent_perms, n->exact);
	if (n->exists)
		xs_watch_fire(s, n->path, n->path_len, &n->perms, parent_perms, n->exact);
}

/* Put the copy in the place of the tree's node. Needs no memory: it cannot fail. */
static void apply(struct xs_store *s, struct xs_transaction *tx, struct xs_node *n)
{
	struct xs_node *now = xs_table_find(&s->nodes, n->path, n->path_len);
	struct xs_conn *owner = xs_conn_find(s, n->perms.entry[0].domid);

	xs_table_remove(&tx->nodes, n);
	if (now) {
		xs_table_remove(&s->nodes, now);
		count_owner(s, now, -1);
		xs_node_free(now);
	}
	if (!n->exists) {
		xs_node_free(n);
		return;
	}
	n->generation = ++s->generation;
	n->modified = n->fire = n->exact = false;
	xs_node_charge(n, owner ? &owner->account : &s->self.account);
	count_owner(s, n, 1);
	xs_table_insert(&s->nodes, n);
}

static void commit(struct xs_store *s, struct xs_transaction *tx)
{
	struct xs_node *n, *next;

	for (n = xs_table_next(&tx->nodes, NULL); n; n = xs_table_next(&tx->nodes, n))
		if (n->modified)
			fire_node(s, n);
	for (n = xs_table_next(&tx->nodes, NULL); n; n = next) {
		next = xs_table_next(&tx->nodes, n);
		if (n->modified)
			apply(s, tx, n);
	}
}

int xs_transaction_end(struct xs_store *s, struct xs_conn *c, struct xs_transaction *tx,
		       bool commit_it)
{
	int err = 0;

	if (commit_it) {
		if (tx->broken)
			err = XEN_ENOMEM;
		else if (conflicts(s, tx))
			err = XEN_EAGAIN;
		else if (c->domid != 0 && tx->owned > 0 &&
			 c->nodes + (uint32_t)tx->owned > XS_QUOTA_NODES)
			err = XEN_ENOSPC;
		else
			commit(s, tx);
	}
	xs_transaction_free(c, tx);
	return err;
}
