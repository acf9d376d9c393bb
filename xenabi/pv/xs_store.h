// SPDX-License-Identifier: MIT
/*
 * The xenstore: one tree for all guests, with permissions, quotas, watches and transactions as
 * Xen's xenstored has them (xen.git docs/misc/xenstore.txt). Pure but for own_alloc(): the caller
 * serialises all calls. Operations answer with 0 or a positive Xen errno, the guest's own error.
 *
 * A transaction works on private copies of the nodes it touches, each with the generation that it
 * had then; its commit fails with EAGAIN unless all of them are still the same.
 */
#ifndef XENABI_PV_XS_STORE_H
#define XENABI_PV_XS_STORE_H

#include "xenabi/pv/xs_node.h"
#include "xenabi/pv/xs_path.h"

/* Limits of a guest: xenstored's defaults. */
#define XS_QUOTA_NODES        1000
#define XS_QUOTA_NODE_SIZE    2048
#define XS_QUOTA_WATCHES      128
#define XS_QUOTA_TRANSACTIONS 10
#define XS_QUOTA_TX_NODES     1024
#define XS_QUOTA_MEMORY       (2048 * 1024 + 512 * 1024)
/* Events that wait in one connection; each new one is compared with them. */
#define XS_EVENTS_MAX 2048
/* The record header that XS_QUOTA_NODE_SIZE counts beside permissions, data and children. */
#define XS_NODE_HEADER 24

struct xs_watch {
	struct list link;
	char *path; /* canonical, terminated */
	uint32_t path_len;
	uint32_t skip; /* characters of the path that events of this watch leave out (relative) */
	char *token;   /* terminated */
	uint32_t token_len;
};

/* An event that waits for room in its connection's ring. */
struct xs_event {
	struct list link;
	struct xs_watch *watch;
	uint32_t len;
	char path[]; /* as the guest gets it; not terminated */
};

struct xs_transaction {
	struct list link;
	uint32_t id;
	struct xs_table nodes;
	int32_t owned; /* nodes of the connection's that it adds */
	bool broken;   /* ran out of memory half-way: cannot be committed */
};

struct xs_conn {
	struct list link;
	uint16_t domid;
	struct xs_account account;
	uint32_t nodes, watch_count, event_count, transaction_count, last_transaction;
	struct list watches, transactions, events;
	uint64_t events_dropped;
};

struct xs_store {
	struct xs_table nodes;
	uint64_t generation;
	struct list conns;
	struct xs_conn self; /* the hypervisor's own: domid 0, no limits */
	/* Scratch of the operation under way: its path, and one of a child. */
	char path[XS_ABS_PATH_MAX + 1], child[XS_ABS_PATH_MAX + 1];
};

/* Who asks, in which transaction (NULL: none). */
struct xs_view {
	struct xs_store *store;
	struct xs_conn *conn;
	struct xs_transaction *tx;
};

enum status xs_store_init(struct xs_store *s) must_check;
void xs_store_destroy(struct xs_store *s);

/* A guest comes: its connection, which the caller owns. */
void xs_conn_init(struct xs_store *s, struct xs_conn *c, uint16_t domid);
/* It goes: watches, transactions and events are freed; what it owned becomes the hypervisor's, and
 * permissions that it had elsewhere end. Its own part of the tree is the caller's to remove. */
void xs_conn_destroy(struct xs_store *s, struct xs_conn *c);
struct xs_conn *xs_conn_find(struct xs_store *s, uint16_t domid);
/* XS_RESET_WATCHES: its watches, events and transactions end. */
void xs_conn_reset(struct xs_store *s, struct xs_conn *c);

/*
 * The operations on a node. path is what the guest sent, not terminated. Results that point into
 * the store are valid until the next call.
 */
int xs_store_read(const struct xs_view *v, const char *path, size_t len, const char **data,
		  size_t *data_len) must_check;
int xs_store_directory(const struct xs_view *v, const char *path, size_t len, const char **names,
		       size_t *names_len, uint64_t *generation) must_check;
int xs_store_get_perms(const struct xs_view *v, const char *path, size_t len,
		       const struct xs_perms **perms) must_check;
int xs_store_write(const struct xs_view *v, const char *path, size_t len, const void *data,
		   size_t data_len) must_check;
int xs_store_mkdir(const struct xs_view *v, const char *path, size_t len) must_check;
int xs_store_rm(const struct xs_view *v, const char *path, size_t len) must_check;
int xs_store_set_perms(const struct xs_view *v, const char *path, size_t len,
		       const struct xs_perms *perms) must_check;

/* xs_transaction.c. A transaction is of no use after its end, whatever the result. */
int xs_transaction_start(struct xs_store *s, struct xs_conn *c, uint32_t *id) must_check;
struct xs_transaction *xs_transaction_find(struct xs_conn *c, uint32_t id);
int xs_transaction_end(struct xs_store *s, struct xs_conn *c, struct xs_transaction *tx,
		       bool commit) must_check;
void xs_transaction_free(struct xs_conn *c, struct xs_transaction *tx);

/*
 * What the view sees at an absolute path: NULL with 0 when nothing is there. In a transaction the
 * node is a private copy, made now when it is the first look; ENOSPC or ENOMEM then.
 */
int xs_view_find(const struct xs_view *v, const char *path, size_t len,
		 struct xs_node **out) must_check;

/* xs_watch.c */
int xs_watch_add(struct xs_store *s, struct xs_conn *c, const char *path, size_t len,
		 const char *token, size_t token_len) must_check;
int xs_watch_remove(struct xs_store *s, struct xs_conn *c, const char *path, size_t len,
		    const char *token, size_t token_len) must_check;
void xs_watch_free(struct xs_conn *c, struct xs_watch *w);
/*
 * Something at the path changed: queue events for everybody who watches it (or, unless `exact`,
 * something above it) and may read it. perms: the node's own; parent: its parent's, or NULL.
 */
void xs_watch_fire(struct xs_store *s, const char *path, size_t len, const struct xs_perms *perms,
		   const struct xs_perms *parent, bool exact);
/* The first event of a connection, or NULL; and be done with it. */
struct xs_event *xs_event_first(struct xs_conn *c);
void xs_event_done(struct xs_conn *c, struct xs_event *e);

#endif
