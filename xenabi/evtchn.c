// SPDX-License-Identifier: MIT
#include "xenabi/evtchn.h"

#include "mm/own.h"
#include "mm/section.h"
#include "mm/section_drain.h"
#include "xenabi/evtchn_domain.h"

struct evtchn_domain *evtchn_domains[MAX_PHYSMAPS];

enum status evtchn_domain_create(struct domain *d)
{
	struct evtchn_domain *ed = own_alloc(sizeof(*ed));

	if (!ed)
		return ERR_NOMEM;
	ed->domain = d;
	ed->free_hint = 1; /* port 0 is never valid */
	ed->bucket[0] = own_alloc_pages(0);
	if (!ed->bucket[0]) {
		own_free(ed, sizeof(*ed));
		return ERR_NOMEM;
	}
	d->xen->events = ed;
	store_release(&evtchn_domains[d->slot], ed);
	return OK;
}

void evtchn_domain_retire(struct domain *d)
{
	struct evtchn_domain *ed = d->xen->events;

	if (!ed || ed->retired)
		return;
	/* From here on nothing is bound, by whomever; then everything bound is closed. */
	spin_lock(&ed->lock);
	ed->retired = true;
	spin_unlock(&ed->lock);
	while (evtchn_reset_some(d, EVTCHN_BUCKET_PORTS))
		;
	store_relaxed(&evtchn_domains[d->slot], NULL);
	/* Senders that found a port of this domain before it was closed have finished. */
	sections_drain();
}

void evtchn_domain_destroy(struct domain *d)
{
	struct evtchn_domain *ed = d->xen->events;

	if (!ed)
		return;
	evtchn_domain_retire(d);
	for (unsigned int i = 0; i < EVTCHN_BUCKETS; i++)
		if (ed->bucket[i])
			own_free_pages(ed->bucket[i], 0);
	own_free(ed, sizeof(*ed));
	d->xen->events = NULL;
}

uint32_t evtchn_find_free(struct evtchn_domain *ed)
{
	uint32_t limit = evtchn_2l_ports(ed->domain->xen);

	for (uint32_t port = ed->free_hint; port < limit; port++) {
		uint64_t **bucket = &ed->bucket[port / EVTCHN_BUCKET_PORTS];

		if (!*bucket) {
			uint64_t *fresh = own_alloc_pages(0);

			if (!fresh)
				return 0;
			/* Release: a sender that sees the bucket sees it cleared. */
			store_release(bucket, fresh);
		}
		if (evtchn_word_kind(evtchn_load(ed, port)) == EVTCHN_FREE) {
			ed->free_hint = port;
			return port;
		}
	}
	return 0;
}

void evtchn_bind(struct evtchn_domain *ed, uint32_t port, uint64_t word)
{
	store_release(evtchn_slot(ed, port), word);
}

void evtchn_unbind(struct evtchn_domain *ed, uint32_t port)
{
	evtchn_bind(ed, port, 0);
	/* Senders read the word in the section in which they set the bit: from here on none does. */
	sections_drain();
	evtchn_2l_clear_pending(ed->domain->xen, port);
	if (port < ed->free_hint)
		ed->free_hint = port;
}

enum status evtchn_alloc_service(struct domain *d, evtchn_handler *handler, uint32_t *port)
{
	struct evtchn_domain *ed = d->xen->events;
	enum status st = ERR_NOMEM;

	spin_lock(&ed->lock);
	*port = evtchn_find_free(ed);
	if (*port && ed->services < EVTCHN_SERVICES) {
		ed->service[ed->services] = handler;
		evtchn_bind(ed, *port, evtchn_word(EVTCHN_SERVICE, 0, ed->services++));
		st = OK;
	}
	spin_unlock(&ed->lock);
	return st;
}

bool evtchn_port_valid(const struct domain *d, uint32_t port)
{
	return port && evtchn_slot(d->xen->events, port) && port < evtchn_2l_ports(d->xen);
}

/* Raise a port of the domain's that is still bound as it was in `word`, for whichever vCPU. */
static enum evtchn_result raise_own(struct domain *d, uint32_t port, uint64_t word)
{
	struct evtchn_effect e = { .result = EVTCHN_DROPPED };
	uint64_t now;

	section_begin();
	now = evtchn_load(d->xen->events, port);
	if (evtchn_word_with_vcpu(now ^ word, 0) == 0)
		e = evtchn_raise_port(d, port, evtchn_word_vcpu(now));
	section_end();
	evtchn_carry_out(d, port, &e);
	return e.result;
}

/* An event for another domain: its vCPUs may be gone when the section has ended, so the notice goes
 * by a reference of its own. */
static int send_interdomain(const struct domain *self, uint32_t port, uint64_t word)
{
	uint32_t peer_port = evtchn_word_peer(word);
	struct evtchn_effect e = { .result = EVTCHN_DROPPED };
	const struct evtchn_domain *peer;
	struct domain *d;
	uint16_t id = 0;

	section_begin();
	peer = load_acquire(&evtchn_domains[evtchn_word_slot(word)]);
	if (peer) {
		uint64_t w = evtchn_load(peer, peer_port);

		/* Closed or bound anew since our word was read: not ours to raise. */
		if (evtchn_word_kind(w) == EVTCHN_INTERDOMAIN &&
		    evtchn_word_slot(w) == self->slot && evtchn_word_peer(w) == port) {
			id = peer->domain->id;
			e = evtchn_raise_port(peer->domain, peer_port, evtchn_word_vcpu(w));
		}
	}
	section_end();
	if (!e.notify && !e.pollers)
		return 0;
	d = domain_get(id);
	if (d) {
		evtchn_carry_out(d, peer_port, &e);
		domain_put(d);
	}
	return 0;
}

/* Any kind of port. */
static noinline_fn int send_any(struct domain *d, uint32_t port)
{
	uint64_t word = evtchn_load(d->xen->events, port);

	switch (evtchn_word_kind(word)) {
	case EVTCHN_IPI: (void)raise_own(d, port, word); return 0;
	case EVTCHN_INTERDOMAIN: return send_interdomain(d, port, word);
	case EVTCHN_SERVICE: d->xen->events->service[evtchn_word_payload(word)](d, port); return 0;
	case EVTCHN_UNBOUND: return 0; /* silently dropped: nobody is there yet */
	default: return -XEN_EINVAL;
	}
}

static noinline_fn int carry_out(struct domain *d, uint32_t port, uint32_t vcpu, bool notify,
				 uint64_t pollers)
{
	struct evtchn_effect e = { .notify = notify, .vcpu = vcpu, .pollers = pollers };

	evtchn_carry_out(d, port, &e);
	return 0;
}

/*
 * An IPI in the 64-bit layout whose target's record is at hand: what is counted in instructions.
 * Everything else is a call in last place, so that the compiler saves no register for it.
 */
int evtchn_send(struct vcpu *v, uint32_t port)
{
	struct domain *d = v->domain;
	const struct xen_domain *xd = d->xen;
	enum evtchn_result result;
	uint64_t word, pollers = 0;
	struct vcpu *target;
	bool up = false;
	uint8_t *info;

	/* A port that is closed stays quiet (evtchn_unbind()), and the target's vcpu_info may be guest
	 * memory: hence the section. */
	section_begin();
	word = evtchn_load(xd->events, port);
	if (unlikely(evtchn_word_kind(word) != EVTCHN_IPI || load_relaxed(&xd->narrow)))
		goto slowly;
	target = d->vcpus[evtchn_word_vcpu(word)];
	info = upcall_vcpu_info_quick(target->xen);
	if (unlikely(!info))
		goto slowly;
	result = evtchn_2l_raise_in(xd, port, target->xen, info, false, &up);
	if (result != EVTCHN_COALESCED)
		pollers = load_relaxed(&xd->polling);
	section_end();
	if (likely(!pollers && (!up || upcall_notify_self(target))))
		return 0;
	return carry_out(d, port, evtchn_word_vcpu(word), up, pollers);
slowly:
	section_end();
	return send_any(d, port);
}

enum evtchn_result evtchn_service_raise(struct domain *d, uint32_t port)
{
	uint64_t word = evtchn_load(d->xen->events, port);

	if (evtchn_word_kind(word) != EVTCHN_SERVICE)
		return EVTCHN_DROPPED;
	return raise_own(d, port, word);
}

enum evtchn_result evtchn_raise_virq(struct vcpu *v, uint32_t virq)
{
	struct domain *d = v->domain;
	uint32_t port = load_relaxed(&v->xen->virq_port[virq]);
	uint64_t word = evtchn_load(d->xen->events, port);

	if (!port || evtchn_word_kind(word) != EVTCHN_VIRQ)
		return EVTCHN_DROPPED;
	return raise_own(d, port, word);
}
