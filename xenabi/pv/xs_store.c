// SPDX-License-Identifier: MIT
#include "xenabi/pv/xs_store.h"

#include <xen/errno.h>

#include "core/lib/string.h"

enum status xs_store_init(struct xs_store *s)
{
	struct xs_node *root;

	memset(s, 0, sizeof(*s));
	list_init(&s->conns);
	xs_conn_init(s, &s->self, 0);
	s->self.account.limit = ~0ULL;
	if (xs_table_init(&s->nodes, &s->self.account) != OK)
		return ERR_NOMEM;
	root = xs_node_new(&s->self.account, "/", 1);
	if (!root)
		return ERR_NOMEM;
	root->perms.count = 1;
	root->generation = ++s->generation;
	xs_table_insert(&s->nodes, root);
	return OK;
}

void xs_store_destroy(struct xs_store *s)
{
	while (!list_empty(&s->conns))
		xs_conn_destroy(s, list_entry(s->conns.next, struct xs_conn, link));
	xs_table_destroy(&s->nodes, &s->self.account);
}

void xs_conn_init(struct xs_store *s, struct xs_conn *c, uint16_t domid)
{
	memset(c, 0, sizeof(*c));
	c->domid = domid;
	c->account.limit = XS_QUOTA_MEMORY;
	list_init(&c->watches);
	list_init(&c->transactions);
	list_init(&c->events);
	list_add_tail(&s->conns, &c->link);
}

struct xs_conn *xs_conn_find(struct xs_store *s, uint16_t domid)
{
	struct list *l;

	list_for_each(l, &s->conns) {
		struct xs_conn *c = list_entry(l, struct xs_conn, link);

		if (c->domid == domid)
			return c;
	}
	return NULL;
}

void xs_conn_reset(struct xs_store *s, struct xs_conn *c)
{
	(void)s;
	while (!list_empty(&c->transactions))
		xs_transaction_free(c,
				    list_entry(c->transactions.next, struct xs_transaction, link));
	while (!list_empty(&c->watches))
		xs_watch_free(c, list_entry(c->watches.next, struct xs_watch, link));
}

/* A domain that is gone owns nothing and may do nothing: its id may come again. */
static void forget_domain(struct xs_store *s, struct xs_node *n, const struct xs_conn *c)
{
	struct xs_perms *p = &n->perms;
	uint32_t kept = 1;

	if (n->payer == &c->account)
		xs_node_charge(n, &s->self.account);
	if (p->entry[0].domid == c->domid)
		p->entry[0] = (struct xs_perm){ 0, XS_PERM_NONE };
	for (uint32_t i = 1; i < p->count; i++)
		if (p->entry[i].domid != c->domid)
			p->entry[kept++] = p->entry[i];
	p->count = kept;
}

void xs_conn_destroy(struct xs_store *s, struct xs_conn *c)
{
	xs_conn_reset(s, c);
	if (c != &s->self && s->nodes.bucket)
		for (struct xs_node *n = xs_table_next(&s->nodes, NULL); n;
		     n = xs_table_next(&s->nodes, n))
			forget_domain(s, n, c);
	list_del(&c->link);
}

/* --- finding nodes --- */

/* The canonical form of what was sent, in the store's scratch. */
static int name_node(const struct xs_view *v, const char *path, size_t len, size_t *out_len)
{
	bool relative;

	if (!xs_path_canonical(path, len, v->conn->domid, false, v->store->path, out_len,
			       &relative))
		return XEN_EINVAL;
	return 0;
}

/* The bits that the caller has at the path: where nothing is, those of the nearest node above. */
static int bits_above(const struct xs_view *v, size_t len, uint32_t *bits)
{
	struct xs_node *n = NULL;
	int err = 0;

	while (!n && !err && len > 0) {
		err = xs_view_find(v, v->store->path, len, &n);
		len = xs_path_parent(v->store->path, len);
	}
	*bits = n ? xs_perms_of(&n->perms, v->conn->domid) : XS_PERM_NONE;
	return err;
}

/*
 * The node that was named, if the caller has `need` on it. Who may not see that it is missing gets
 * EACCES rather than ENOENT.
 */
static int get_node(const struct xs_view *v, const char *path, size_t len, uint32_t need,
		    struct xs_node **out, size_t *path_len)
{
	uint32_t bits;
	int err = name_node(v, path, len, path_len);

	if (!err)
		err = xs_view_find(v, v->store->path, *path_len, out);
	if (err)
		return err;
	if (*out)
		return (xs_perms_of(&(*out)->perms, v->conn->domid) & need) == need ? 0
										    : XEN_EACCES;
	err = bits_above(v, *path_len, &bits);
	if (err)
		return err;
	return (bits & need) == need ? XEN_ENOENT : XEN_EACCES;
}

int xs_store_read(const struct xs_view *v, const char *path, size_t len, const char **data,
		  size_t *data_len)
{
	struct xs_node *n;
	size_t path_len;
	int err = get_node(v, path, len, XS_PERM_READ, &n, &path_len);

	if (err)
		return err;
	*data = n->data.bytes;
	*data_len = n->data.len;
	return 0;
}

int xs_store_directory(const struct xs_view *v, const char *path, size_t len, const char **names,
		       size_t *names_len, uint64_t *generation)
{
	struct xs_node *n;
	size_t path_len;
	int err = get_node(v, path, len, XS_PERM_READ, &n, &path_len);

	if (err)
		return err;
	*names = n->children.bytes;
	*names_len = n->children.len;
	*generation = n->generation;
	return 0;
}

int xs_store_get_perms(const struct xs_view *v, const char *path, size_t len,
		       const struct xs_perms **perms)
{
	struct xs_node *n;
	size_t path_len;
	int err = get_node(v, path, len, XS_PERM_READ, &n, &path_len);

	if (err)
		return err;
	*perms = &n->perms;
	return 0;
}

/* --- changing nodes --- */

/* Account a node of this owner as one more or one less. */
static void count_node(const struct xs_view *v, const struct xs_perms *perms, int change)
{
	struct xs_conn *c = xs_conn_find(v->store, perms->entry[0].domid);

	if (v->tx && c == v->conn)
		v->tx->owned += change;
	else if (!v->tx && c && c->domid != 0)
		c->nodes = (uint32_t)((int)c->nodes + change);
}

static void changed(const struct xs_view *v, struct xs_node *n)
{
	if (v->tx)
		n->modified = true;
	else
		n->generation = ++v->store->generation;
}

static const struct xs_perms *parent_perms(const struct xs_view *v, const struct xs_node *n)
{
	struct xs_node *parent = NULL;
	size_t len = xs_path_parent(n->path, n->path_len);

	/* In a transaction the parent is looked up by its commit. */
	if (len)
		parent = xs_table_find(&v->store->nodes, n->path, len);
	return parent ? &parent->perms : NULL;
}

static void fire(const struct xs_view *v, struct xs_node *n, bool exact)
{
	if (v->tx) {
		n->exact = n->fire ? n->exact && exact : exact;
		n->fire = true;
	} else {
		xs_watch_fire(v->store, n->path, n->path_len, &n->perms, parent_perms(v, n), exact);
	}
}

/* Is a record of this size too big for the caller? */
static bool too_big(const struct xs_view *v, const struct xs_node *n, size_t data, size_t children)
{
	return v->conn->domid != 0 &&
	       XS_NODE_HEADER + n->perms.count * 4 + data + children >= XS_QUOTA_NODE_SIZE;
}

static const char *leaf_name(const struct xs_node *n, size_t *len)
{
	size_t parent = xs_path_parent(n->path, n->path_len);
	size_t skip = parent == 1 ? 1 : parent + 1;

	*len = n->path_len - skip;
	return n->path + skip;
}

/* Take an existing node out of the view and out of its parent. Needs no memory. */
static void drop_node(const struct xs_view *v, struct xs_node *n, struct xs_node *parent)
{
	size_t len;
	const char *name = leaf_name(n, &len);

	xs_node_remove_child(parent, name, len);
	changed(v, parent);
	count_node(v, &n->perms, -1);
	if (v->tx) {
		n->exists = false;
		n->modified = true;
		n->data.len = n->children.len = 0;
	} else {
		xs_table_remove(&v->store->nodes, n);
		xs_node_free(n);
	}
}

/* Put a node at the path, below `parent`, with the parent's permissions but the caller's own. */
static int add_node(const struct xs_view *v, const char *path, size_t len, struct xs_node *parent,
		    struct xs_node **out)
{
	size_t skip = parent->path_len == 1 ? 1 : parent->path_len + 1;
	struct xs_table *table = v->tx ? &v->tx->nodes : &v->store->nodes;
	struct xs_node *n = v->tx ? xs_table_find(table, path, len) : NULL;
	bool fresh = !n;

	if (too_big(v, parent, parent->data.len, parent->children.len + len - skip + 1))
		return XEN_ENOSPC;
	if (fresh)
		n = xs_node_new(&v->conn->account, path, len);
	if (!n)
		return XEN_ENOMEM;
	if (xs_node_add_child(parent, path + skip, len - skip) != OK) {
		if (fresh)
			xs_node_free(n);
		return XEN_ENOMEM;
	}
	n->exists = true;
	n->perms = parent->perms;
	if (v->conn->domid != 0)
		n->perms.entry[0].domid = v->conn->domid;
	if (fresh)
		xs_table_insert(table, n);
	count_node(v, &n->perms, 1);
	changed(v, n);
	changed(v, parent);
	*out = n;
	return 0;
}

/* The nearest existing node above the path in the scratch, and how many are missing below it. */
static int nearest(const struct xs_view *v, size_t len, struct xs_node **out, uint32_t *missing)
{
	int err = 0;

	*missing = 0;
	for (*out = NULL; !*out && !err; (*missing)++) {
		len = xs_path_parent(v->store->path, len);
		if (!len)
			return XEN_EINVAL;
		err = xs_view_find(v, v->store->path, len, out);
	}
	return err;
}

/* Create the node of the path in the scratch and what is missing above it; all or nothing. */
static int create_node(const struct xs_view *v, size_t len, struct xs_node **out)
{
	struct xs_node *parent, *first_parent, *n;
	const char *path = v->store->path;
	uint32_t missing;
	size_t at, made_len;
	int err = nearest(v, len, &parent, &missing);
	int64_t have = (int64_t)v->conn->nodes + (v->tx ? v->tx->owned : 0);

	if (err)
		return err;
	if (v->conn->domid != 0 && have + missing > XS_QUOTA_NODES)
		return XEN_ENOSPC;
	first_parent = parent;
	made_len = parent->path_len;
	while (!err && made_len < len) {
		at = made_len == 1 ? 1 : made_len + 1;
		while (at < len && path[at] != '/')
			at++;
		err = add_node(v, path, at, parent, &n);
		if (!err) {
			parent = n;
			made_len = at;
		}
	}
	*out = parent;
	if (!err)
		return 0;
	while (parent != first_parent) {
		n = parent;
		at = xs_path_parent(path, n->path_len);
		parent = xs_table_find(v->tx ? &v->tx->nodes : &v->store->nodes, path, at);
		drop_node(v, n, parent);
	}
	return err;
}

int xs_store_write(const struct xs_view *v, const char *path, size_t len, const void *data,
		   size_t data_len)
{
	struct xs_node *n;
	size_t path_len;
	bool created = false;
	int err = get_node(v, path, len, XS_PERM_WRITE, &n, &path_len);

	if (err == XEN_ENOENT) {
		err = create_node(v, path_len, &n);
		created = !err;
	}
	if (err)
		return err;
	if (data_len > XS_BLOB_MAX || too_big(v, n, data_len, n->children.len))
		err = XEN_ENOSPC;
	else if (xs_node_set(n, &n->data, data, data_len) != OK)
		err = XEN_ENOMEM;
	if (err) {
		/* What was made for it above stays, as a mkdir would have left it. */
		if (created) {
			size_t at = xs_path_parent(v->store->path, path_len);

			drop_node(v, n,
				  xs_table_find(v->tx ? &v->tx->nodes : &v->store->nodes,
						v->store->path, at));
		}
		return err;
	}
	changed(v, n);
	fire(v, n, false);
	return 0;
}

int xs_store_mkdir(const struct xs_view *v, const char *path, size_t len)
{
	struct xs_node *n;
	size_t path_len;
	int err = get_node(v, path, len, XS_PERM_WRITE, &n, &path_len);

	if (err != XEN_ENOENT)
		return err;
	err = create_node(v, path_len, &n);
	if (!err)
		fire(v, n, false);
	return err;
}

/* Follow first children down to a node that has none. In a transaction a child may have gone since
 * its parent's copy was made: it cannot be committed then. */
static int descend(const struct xs_view *v, struct xs_node **n, struct xs_node **parent)
{
	char *child = v->store->child;
	int err = 0;

	while (!err && (*n)->children.len) {
		size_t at = (*n)->path_len, name = strlen((*n)->children.bytes);

		memcpy(child, (*n)->path, at);
		child[at] = '/';
		memcpy(child + at + 1, (*n)->children.bytes, name);
		*parent = *n;
		err = xs_view_find(v, child, at + 1 + name, n);
		if (!err && !*n)
			err = XEN_EAGAIN;
	}
	return err;
}

/*
 * Remove the node with everything below it, leaves first. Watchers of a node below hear of it;
 * watchers of what is above hear of the top one alone.
 */
static int remove_tree(const struct xs_view *v, struct xs_node *top, struct xs_node *above)
{
	struct xs_node *n, *parent;
	bool done = false;

	while (!done) {
		int err;

		n = top;
		parent = above;
		err = descend(v, &n, &parent);
		if (err) {
			if (v->tx)
				v->tx->broken = true;
			return err;
		}
		done = n == top;
		fire(v, n, !done);
		drop_node(v, n, parent);
	}
	return 0;
}

int xs_store_rm(const struct xs_view *v, const char *path, size_t len)
{
	struct xs_node *n, *parent = NULL;
	size_t path_len, at;
	int err = get_node(v, path, len, XS_PERM_WRITE, &n, &path_len);

	if (err && err != XEN_ENOENT)
		return err;
	at = xs_path_parent(v->store->path, path_len);
	if (!at)
		return XEN_EINVAL;
	if (xs_view_find(v, v->store->path, at, &parent) != 0)
		return XEN_ENOMEM;
	/* Gone already is as good as removed, where there could have been one. */
	if (err || !parent)
		return parent ? 0 : XEN_ENOENT;
	return remove_tree(v, n, parent);
}

int xs_store_set_perms(const struct xs_view *v, const char *path, size_t len,
		       const struct xs_perms *perms)
{
	struct xs_node *n;
	size_t path_len;
	int err = get_node(v, path, len, XS_PERM_WRITE | XS_PERM_OWNER, &n, &path_len);

	if (err)
		return err;
	if (v->conn->domid != 0 && perms->entry[0].domid != n->perms.entry[0].domid)
		return XEN_EPERM;
	/* Who loses the right to read it hears of that, too. */
	if (!v->tx)
		fire(v, n, false);
	count_node(v, &n->perms, -1);
	n->perms = *perms;
	count_node(v, &n->perms, 1);
	changed(v, n);
	fire(v, n, false);
	return 0;
}
