// SPDX-License-Identifier: MIT
#include "xenabi/pv/xs_node.h"

#include "core/lib/string.h"
#include "mm/own.h"

void *xs_alloc(struct xs_account *payer, size_t size)
{
	void *p;

	if (payer->used + size > payer->limit)
		return NULL;
	p = own_alloc(size);
	if (p)
		payer->used += size;
	return p;
}

void xs_free(struct xs_account *payer, void *p, size_t size)
{
	if (!p)
		return;
	payer->used -= size;
	own_free(p, size);
}

/* FNV-1a. A guest that looks for collisions gets long chains for its own thousand nodes. */
static uint32_t hash_of(const char *path, size_t len)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)path[i]) * 16777619U;
	return h;
}

static struct xs_node **bucket_of(const struct xs_table *t, uint32_t hash)
{
	return &t->bucket[hash % XS_TABLE_BUCKETS];
}

enum status xs_table_init(struct xs_table *t, struct xs_account *payer)
{
	t->bucket = xs_alloc(payer, XS_TABLE_BUCKETS * sizeof(*t->bucket));
	t->count = 0;
	return t->bucket ? OK : ERR_NOMEM;
}

void xs_table_destroy(struct xs_table *t, struct xs_account *payer)
{
	for (uint32_t i = 0; t->bucket && i < XS_TABLE_BUCKETS; i++) {
		while (t->bucket[i]) {
			struct xs_node *n = t->bucket[i];

			t->bucket[i] = n->next;
			xs_node_free(n);
		}
	}
	xs_free(payer, t->bucket, XS_TABLE_BUCKETS * sizeof(*t->bucket));
	t->bucket = NULL;
	t->count = 0;
}

struct xs_node *xs_table_find(const struct xs_table *t, const char *path, size_t len)
{
	uint32_t hash = hash_of(path, len);
	struct xs_node *n = *bucket_of(t, hash);

	while (n && (n->hash != hash || n->path_len != len || memcmp(n->path, path, len) != 0))
		n = n->next;
	return n;
}

void xs_table_insert(struct xs_table *t, struct xs_node *n)
{
	struct xs_node **b = bucket_of(t, n->hash);

	n->next = *b;
	*b = n;
	t->count++;
}

void xs_table_remove(struct xs_table *t, struct xs_node *n)
{
	struct xs_node **p = bucket_of(t, n->hash);

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	n->next = NULL;
	t->count--;
}

struct xs_node *xs_table_next(const struct xs_table *t, struct xs_node *n)
{
	uint32_t i = n ? n->hash % XS_TABLE_BUCKETS + 1 : 0;

	if (n && n->next)
		return n->next;
	while (i < XS_TABLE_BUCKETS && !t->bucket[i])
		i++;
	return i < XS_TABLE_BUCKETS ? t->bucket[i] : NULL;
}

struct xs_node *xs_node_new(struct xs_account *payer, const char *path, size_t len)
{
	struct xs_node *n = xs_alloc(payer, sizeof(*n));

	if (!n)
		return NULL;
	n->path = xs_alloc(payer, len + 1);
	if (!n->path) {
		xs_free(payer, n, sizeof(*n));
		return NULL;
	}
	memcpy(n->path, path, len);
	n->path_len = (uint32_t)len;
	n->hash = hash_of(path, len);
	n->payer = payer;
	n->exists = true;
	return n;
}

void xs_node_free(struct xs_node *n)
{
	struct xs_account *payer = n->payer;

	xs_free(payer, n->path, n->path_len + 1);
	xs_free(payer, n->data.bytes, n->data.room);
	xs_free(payer, n->children.bytes, n->children.room);
	xs_free(payer, n, sizeof(*n));
}

void xs_node_charge(struct xs_node *n, struct xs_account *payer)
{
	uint64_t cost = sizeof(*n) + n->path_len + 1 + n->data.room + n->children.room;

	n->payer->used -= cost;
	payer->used += cost;
	n->payer = payer;
}

/* Room for len bytes, keeping what is there. Grows in steps, so that adding children one by one
 * does not copy them each time. */
static enum status reserve(struct xs_node *n, struct xs_blob *b, size_t len)
{
	size_t room = round_up(len, 64);
	char *bytes;

	if (len <= b->room)
		return OK;
	if (room > XS_BLOB_MAX)
		return ERR_NOMEM;
	bytes = xs_alloc(n->payer, room);
	if (!bytes)
		return ERR_NOMEM;
	if (b->len)
		memcpy(bytes, b->bytes, b->len);
	xs_free(n->payer, b->bytes, b->room);
	b->bytes = bytes;
	b->room = (uint32_t)room;
	return OK;
}

enum status xs_node_set(struct xs_node *n, struct xs_blob *blob, const void *bytes, size_t len)
{
	enum status s = reserve(n, blob, len);

	if (s != OK)
		return s;
	if (len)
		memmove(blob->bytes, bytes, len);
	blob->len = (uint32_t)len;
	return OK;
}

enum status xs_node_add_child(struct xs_node *n, const char *name, size_t len)
{
	struct xs_blob *c = &n->children;
	enum status s = reserve(n, c, c->len + len + 1);

	if (s != OK)
		return s;
	memcpy(c->bytes + c->len, name, len);
	c->bytes[c->len + len] = '\0';
	c->len += (uint32_t)len + 1;
	return OK;
}

void xs_node_remove_child(struct xs_node *n, const char *name, size_t len)
{
	struct xs_blob *c = &n->children;
	uint32_t at = 0;

	while (at < c->len) {
		uint32_t size = (uint32_t)strlen(c->bytes + at) + 1;

		if (size == len + 1 && memcmp(c->bytes + at, name, len) == 0) {
			memmove(c->bytes + at, c->bytes + at + size, c->len - at - size);
			c->len -= size;
			return;
		}
		at += size;
	}
}

uint32_t xs_perms_of(const struct xs_perms *perms, uint16_t domid)
{
	const uint32_t all = XS_PERM_READ | XS_PERM_WRITE | XS_PERM_OWNER;

	if (domid == 0 || perms->entry[0].domid == domid)
		return all;
	for (uint32_t i = 1; i < perms->count; i++)
		if (perms->entry[i].domid == domid)
			return perms->entry[i].bits;
	return perms->entry[0].bits;
}
