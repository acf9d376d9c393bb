// SPDX-License-Identifier: MIT
/*
 * Records of the xenstore: a node's permissions, data and the names of its children, found by its
 * whole path in a hash table. The tree and a transaction's private view of it are such tables. All
 * memory is charged to the connection that pays for it. Under the store's lock.
 */
#ifndef XENABI_PV_XS_NODE_H
#define XENABI_PV_XS_NODE_H

#include "core/lib/list.h"
#include "core/lib/types.h"

#define XS_PERMS_MAX 5    /* xenstored's --perm-nb */
#define XS_BLOB_MAX  4096 /* bytes of data or of children's names, for anybody */
#define XS_NO_NODE   0    /* the generation of what does not exist */

enum { XS_PERM_NONE = 0, XS_PERM_READ = 1, XS_PERM_WRITE = 2, XS_PERM_OWNER = 4 };

/* The first entry is the owner, with what everybody may do who has no entry of his own. */
struct xs_perm {
	uint16_t domid;
	uint8_t bits;
};

struct xs_perms {
	uint32_t count;
	struct xs_perm entry[XS_PERMS_MAX];
};

/* Memory in use by a connection, and its limit. */
struct xs_account {
	uint64_t used, limit;
};

struct xs_blob {
	char *bytes; /* of own memory, `room` bytes, or NULL */
	uint32_t len, room;
};

struct xs_node {
	struct xs_node *next; /* in the bucket */
	struct xs_account *payer;
	char *path; /* terminated */
	uint32_t path_len, hash;
	uint64_t generation; /* of the last change; in a transaction: when it was first looked at */
	struct xs_perms perms;
	struct xs_blob data;
	struct xs_blob children; /* names, each with its NUL */

	/* Only in a transaction. */
	bool exists, modified;
	bool fire;  /* watches hear of it at the commit */
	bool exact; /* ... and only those on this very path */
};

#define XS_TABLE_BUCKETS 256 /* half a page, so that a transaction affords one too */

struct xs_table {
	struct xs_node **bucket;
	uint32_t count;
};

/* Own memory, charged. NULL when the account or the machine has no more. */
void *xs_alloc(struct xs_account *payer, size_t size) must_check;
void xs_free(struct xs_account *payer, void *p, size_t size);

enum status xs_table_init(struct xs_table *t, struct xs_account *payer) must_check;
/* Free the table and all nodes in it. */
void xs_table_destroy(struct xs_table *t, struct xs_account *payer);
struct xs_node *xs_table_find(const struct xs_table *t, const char *path, size_t len);
void xs_table_insert(struct xs_table *t, struct xs_node *n);
void xs_table_remove(struct xs_table *t, struct xs_node *n);
/* All nodes in no order: start with NULL; NULL at the end. Removing the one returned is allowed
 * only after the next was asked for. */
struct xs_node *xs_table_next(const struct xs_table *t, struct xs_node *n);

/* A node that is in no table, with nothing but its path. */
struct xs_node *xs_node_new(struct xs_account *payer, const char *path, size_t len) must_check;
void xs_node_free(struct xs_node *n);
/* Let another account pay from now on; its limit is not asked. */
void xs_node_charge(struct xs_node *n, struct xs_account *payer);
/* Replace the bytes of one of the node's blobs; it is unchanged on ERR_NOMEM. */
enum status xs_node_set(struct xs_node *n, struct xs_blob *blob, const void *bytes,
			size_t len) must_check;
enum status xs_node_add_child(struct xs_node *n, const char *name, size_t len) must_check;
/* Needs no memory. Harmless when there is no such child. */
void xs_node_remove_child(struct xs_node *n, const char *name, size_t len);

/* The bits that a domain has on a node of these permissions; all of them for domid 0. */
uint32_t xs_perms_of(const struct xs_perms *perms, uint16_t domid);

#endif
