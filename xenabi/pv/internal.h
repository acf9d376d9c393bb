// SPDX-License-Identifier: MIT
/* What the files of xenabi/pv share. */
#ifndef XENABI_PV_INTERNAL_H
#define XENABI_PV_INTERNAL_H

#include "core/work.h"
#include "xenabi/domain.h"
#include "xenabi/pv/xs_ring.h"

#include <xen/io/console.h>

struct pv_domain {
	struct list link; /* all of them, under the store's lock */
	struct domain *domain;
	gfn_t store_gfn, console_gfn;
	uint32_t store_port, console_port;

	struct xs_conn conn; /* these two under the store's lock */
	struct xs_ring ring;

	struct spinlock console_lock; /* outside the console's own lock */
	struct xencons_interface *console;
	uint32_t console_out_cons, console_in_prod;
};

/* store.c: the one store of all guests. */
enum status pv_store_attach(struct pv_domain *pv) must_check;
void pv_store_detach(struct pv_domain *pv);
/* The guest's ring has work, or the tree changed: serve it and tell who is to be told. */
void pv_store_notified(struct domain *d, uint32_t port);
void pv_store_serve(struct pv_domain *first);
/* The store locked, to be looked at and changed as domid 0. */
struct xs_store *pv_store_lock(void);
void pv_store_unlock(void);

/* seed.c: what a guest finds in its part of the tree. Under the store's lock. */
enum status pv_seed(struct xs_store *s, const struct pv_domain *pv) must_check;
void pv_seed_remove(struct xs_store *s, const struct pv_domain *pv);

/* console.c */
void pv_console_notified(struct domain *d, uint32_t port);

#endif
