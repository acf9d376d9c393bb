// SPDX-License-Identifier: MIT
/*
 * Event channels: what is bound to each port, and the raising of events.
 *
 * A port is one 64-bit word (evtchn_word.h), so that a sender sees all of a binding or none of it
 * and takes no lock. Bindings change under the domain's evtchn lock. A sender opens an access
 * section before it loads anything of another domain's; what a domain owns here is freed only after
 * every core's sections were drained.
 */
#ifndef XENABI_EVTCHN_H
#define XENABI_EVTCHN_H

#include "core/domain.h"

/* What became of a raised event. */
enum evtchn_result {
	EVTCHN_RAISED,    /* newly pending and unmasked: the vCPU was told, or will be at entry */
	EVTCHN_COALESCED, /* it was pending already */
	EVTCHN_MASKED,    /* newly pending; the guest will look when it unmasks */
	EVTCHN_DROPPED,   /* nothing is bound there any more */
};

/*
 * A port for a service of the hypervisor's own (console, xenstore), bound to vCPU 0; guests see it
 * as interdomain with domain 0. `handler` runs when the guest sends: own core, outside sections, no
 * lock held. ERR_NOMEM when all ports or service slots are taken.
 */
enum status evtchn_alloc_service(struct domain *d, void (*handler)(struct domain *, uint32_t port),
				 uint32_t *port) must_check;
/* Tell the guest through its service port; dropped when the guest closed it. Any root context
 * outside sections that may take the scheduler lock. The domain is kept alive by the caller. */
enum evtchn_result evtchn_service_raise(struct domain *d, uint32_t port);

/* A per-vCPU virtual interrupt (VIRQ_TIMER, ...); dropped when it is bound to no port. Context as
 * evtchn_service_raise(). */
enum evtchn_result evtchn_raise_virq(struct vcpu *v, uint32_t virq);

/* Domain creation and destruction. Destroy: no vCPU of it runs any more; peers' ports fall back to
 * unbound. */
enum status evtchn_domain_create(struct domain *d) must_check;
void evtchn_domain_destroy(struct domain *d);
/* The first half of destruction, before any of its vCPUs is freed: all ports closed, no sender left.
 * Harmless when done already. */
void evtchn_domain_retire(struct domain *d);

struct hypercall;
/* EVTCHNOP_*: the hypercall. */
int64_t evtchn_hypercall(struct hypercall *h);
/* EVTCHNOP_send for the vCPU's own port; 0 or a negative Xen errno. */
int evtchn_send(struct vcpu *v, uint32_t port);
/* Is the port a number that could be bound? For the checks of SCHEDOP_poll. */
bool evtchn_port_valid(const struct domain *d, uint32_t port);

#endif
