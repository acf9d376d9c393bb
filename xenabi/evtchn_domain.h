// SPDX-License-Identifier: MIT
/* Event channels inside: the table of ports, shared by evtchn*.c alone. */
#ifndef XENABI_EVTCHN_DOMAIN_H
#define XENABI_EVTCHN_DOMAIN_H

#include "xenabi/domain.h"
#include "xenabi/evtchn.h"
#include "xenabi/evtchn_2l.h"
#include "xenabi/evtchn_word.h"
#include "xenabi/poll.h"

#define EVTCHN_BUCKET_PORTS 512 /* words in a page */
#define EVTCHN_BUCKETS      8   /* 4096 ports: all that 2-level has */
#define EVTCHN_SERVICES     4

typedef void evtchn_handler(struct domain *d, uint32_t port);

struct evtchn_domain {
	struct domain *domain;
	/*
	 * Bindings change under it; senders take no lock. Two domains' locks are held together only
	 * under the global peer lock (evtchn_bind.c), so in any order.
	 */
	struct spinlock lock;
	bool retired;                     /* no port is bound any more */
	uint64_t *bucket[EVTCHN_BUCKETS]; /* pages of port words, never freed before the domain */
	evtchn_handler *service[EVTCHN_SERVICES];
	uint32_t services;
	uint32_t free_hint; /* no port below it is free */
};

/* By domain slot, for senders of other domains: loaded inside a section. */
extern struct evtchn_domain *evtchn_domains[MAX_PHYSMAPS];

/* The port's word, or NULL when the port has none. */
static inline uint64_t *evtchn_slot(const struct evtchn_domain *ed, uint32_t port)
{
	uint64_t *bucket;

	if (unlikely(port >= EVTCHN_BUCKETS * EVTCHN_BUCKET_PORTS))
		return NULL;
	/* Acquire: a published bucket is seen cleared. */
	bucket = load_acquire(&ed->bucket[port / EVTCHN_BUCKET_PORTS]);
	return likely(bucket) ? &bucket[port % EVTCHN_BUCKET_PORTS] : NULL;
}

/* The port's word; EVTCHN_FREE (0) when the port has none. */
static inline uint64_t evtchn_load(const struct evtchn_domain *ed, uint32_t port)
{
	const uint64_t *slot = evtchn_slot(ed, port);

	return likely(slot) ? load_relaxed(slot) : 0;
}

/* A free port, its bucket allocated; 0 when there is none. Under the lock. */
uint32_t evtchn_find_free(struct evtchn_domain *ed) must_check;
/* Bind a port found free, or change its word. Under the lock. */
void evtchn_bind(struct evtchn_domain *ed, uint32_t port, uint64_t word);
/* Free a port: no pending bit stays behind for its next binding. Under the lock. */
void evtchn_unbind(struct evtchn_domain *ed, uint32_t port);

/* What remains to be done outside the section for a raised event. */
struct evtchn_effect {
	enum evtchn_result result;
	bool notify;      /* upcall_notify() the target */
	uint32_t vcpu;    /* the target */
	uint64_t pollers; /* vCPUs that may poll the port: wake them */
};

/* Set a bound port of a domain pending. Inside a section. */
static always_inline struct evtchn_effect evtchn_raise_port(const struct domain *d, uint32_t port,
							    uint32_t vcpu)
{
	const struct xen_domain *xd = d->xen;
	struct evtchn_effect e = { .vcpu = vcpu };

	e.result = evtchn_2l_raise(xd, port, d->vcpus[vcpu], &e.notify);
	/* Pollers wake on masked events too; a coalesced one has woken them when it came. The locked
	 * instruction above orders the bit before this look (poll.c does the opposite). */
	if (e.result != EVTCHN_COALESCED)
		e.pollers = load_relaxed(&xd->polling);
	return e;
}

/* Wake and notify. Outside sections; d is kept alive by the caller. */
static always_inline void evtchn_carry_out(struct domain *d, uint32_t port,
					   const struct evtchn_effect *e)
{
	if (e->notify)
		upcall_notify(d->vcpus[e->vcpu]);
	if (unlikely(e->pollers))
		poll_wake(d, e->pollers, port);
}

/* State changes of evtchn_bind.c; all return 0 or a negative Xen errno. */
int evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port) must_check;
int evtchn_bind_interdomain(struct domain *d, uint16_t remote, uint32_t remote_port,
			    uint32_t *port) must_check;
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port) must_check;
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port) must_check;
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu) must_check;
int evtchn_close(struct domain *d, uint32_t port) must_check;
int evtchn_unmask(struct domain *d, uint32_t port) must_check;
int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *out) must_check;
/* Close up to `budget` ports; true when more are bound. */
bool evtchn_reset_some(struct domain *d, uint32_t budget) must_check;

#endif
