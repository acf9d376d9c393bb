// SPDX-License-Identifier: MIT
/* Changes of bindings, each checked and made under the domain's lock. */
#include "core/lib/string.h"
#include "mm/section.h"
#include "xenabi/evtchn_2l.h"
#include "xenabi/evtchn_domain.h"
#include "xenabi/vcpu.h"

/* Taken before the two domains' locks by whoever needs both. */
static struct spinlock peer_lock = SPINLOCK_INIT;

/* VIRQs by xen.h: V. may be bound once a vCPU; the others are global. */
static bool virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
	       virq != VIRQ_XENPMU;
}

static int bind_new(struct evtchn_domain *ed, uint64_t word, uint32_t *port)
{
	*port = ed->retired ? 0 : evtchn_find_free(ed);
	if (!*port)
		return -XEN_ENOSPC;
	evtchn_bind(ed, *port, word);
	return 0;
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port)
{
	struct evtchn_domain *ed = d->xen->events;
	int rc;

	if (remote == DOMID_SELF)
		remote = d->id;
	spin_lock(&ed->lock);
	rc = bind_new(ed, evtchn_word(EVTCHN_UNBOUND, 0, remote), port);
	spin_unlock(&ed->lock);
	return rc;
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_domain *ed = d->xen->events;
	int rc;

	if (vcpu >= d->vcpu_count)
		return -XEN_ENOENT;
	spin_lock(&ed->lock);
	rc = bind_new(ed, evtchn_word(EVTCHN_IPI, vcpu, 0), port);
	spin_unlock(&ed->lock);
	return rc;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_domain *ed = d->xen->events;
	uint32_t *bound;
	int rc;

	if (virq >= NR_VIRQS || (virq_is_global(virq) && vcpu != 0))
		return -XEN_EINVAL;
	if (vcpu >= d->vcpu_count)
		return -XEN_ENOENT;
	/* Handled by domain 0, but for Argo's, of which each domain has one of its own. */
	if (virq_is_global(virq) && virq != VIRQ_ARGO)
		return -XEN_EBUSY;
	bound = &d->vcpus[vcpu]->xen->virq_port[virq];
	spin_lock(&ed->lock);
	rc = *bound ? -XEN_EEXIST : bind_new(ed, evtchn_word(EVTCHN_VIRQ, vcpu, virq), port);
	if (!rc)
		store_release(bound, *port);
	spin_unlock(&ed->lock);
	return rc;
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn_domain *ed = d->xen->events;
	int rc = -XEN_EINVAL;
	uint64_t word;

	if (vcpu >= d->vcpu_count)
		return -XEN_ENOENT;
	if (!evtchn_port_valid(d, port))
		return -XEN_EINVAL;
	spin_lock(&ed->lock);
	word = evtchn_load(ed, port);
	switch (evtchn_word_kind(word)) {
	case EVTCHN_VIRQ:
		if (!virq_is_global(evtchn_word_payload(word)))
			break;
		/* fall through */
	case EVTCHN_UNBOUND:
	case EVTCHN_INTERDOMAIN:
	case EVTCHN_SERVICE:
		evtchn_bind(ed, port, evtchn_word_with_vcpu(word, vcpu));
		rc = 0;
		break;
	default: break;
	}
	spin_unlock(&ed->lock);
	return rc;
}

/* Does this port of the remote domain wait for us? Under its lock. */
static bool waits_for(const struct evtchn_domain *remote, uint32_t port, uint16_t id)
{
	uint64_t word = evtchn_load(remote, port);

	return evtchn_word_kind(word) == EVTCHN_UNBOUND && evtchn_word_payload(word) == id;
}

static void lock_both(struct evtchn_domain *a, struct evtchn_domain *b)
{
	spin_lock(&peer_lock);
	spin_lock(&a->lock);
	if (b != a)
		spin_lock(&b->lock);
}

static void unlock_both(struct evtchn_domain *a, struct evtchn_domain *b)
{
	if (b != a)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
	spin_unlock(&peer_lock);
}

static int connect(struct domain *d, struct domain *remote, uint32_t remote_port, uint32_t *port)
{
	struct evtchn_domain *ed = d->xen->events;
	struct evtchn_domain *red = remote->xen->events;
	struct evtchn_effect e = { 0 };
	int rc = -XEN_EINVAL;

	lock_both(ed, red);
	if (!red->retired && waits_for(red, remote_port, d->id)) {
		rc = bind_new(ed, evtchn_word_interdomain(0, remote->slot, remote_port), port);
		if (!rc) {
			uint32_t vcpu = evtchn_word_vcpu(evtchn_load(red, remote_port));

			evtchn_bind(red, remote_port,
				    evtchn_word_interdomain(vcpu, d->slot, *port));
			/* The peer may have sent before we were there (event_channel.h). */
			section_begin();
			e = evtchn_raise_port(d, *port, 0);
			section_end();
		}
	}
	unlock_both(ed, red);
	if (!rc)
		evtchn_carry_out(d, *port, &e);
	return rc;
}

int evtchn_bind_interdomain(struct domain *d, uint16_t remote, uint32_t remote_port, uint32_t *port)
{
	struct domain *rd = domain_get(remote == DOMID_SELF ? d->id : remote);
	int rc;

	if (!rd)
		return -XEN_ESRCH;
	rc = connect(d, rd, remote_port, port);
	domain_put(rd);
	return rc;
}

/* Free a port that has no peer. Under the lock. */
static void close_own(struct evtchn_domain *ed, uint32_t port, uint64_t word)
{
	if (evtchn_word_kind(word) == EVTCHN_VIRQ) {
		struct vcpu *v = ed->domain->vcpus[evtchn_word_vcpu(word)];
		uint32_t virq = evtchn_word_payload(word);

		/* A global one may notify another vCPU than the one it was bound on. */
		if (virq_is_global(virq))
			v = ed->domain->vcpus[0];
		store_relaxed(&v->xen->virq_port[virq], 0);
	}
	evtchn_unbind(ed, port);
}

/* Free a port and put its peer back to waiting. Looks again under both locks: things may have moved
 * since the caller saw the peer's slot. */
static int close_interdomain(struct evtchn_domain *ed, uint32_t port)
{
	struct evtchn_domain *red = ed;
	int rc = -XEN_EINVAL;
	uint64_t word;

	spin_lock(&peer_lock);
	spin_lock(&ed->lock);
	word = evtchn_load(ed, port);
	if (evtchn_word_kind(word) == EVTCHN_INTERDOMAIN) {
		uint32_t peer = evtchn_word_peer(word);

		/* A domain closes its ports, under these locks, before it leaves the table. */
		red = evtchn_domains[evtchn_word_slot(word)];
		if (red != ed)
			spin_lock(&red->lock);
		evtchn_bind(red, peer,
			    evtchn_word(EVTCHN_UNBOUND, evtchn_word_vcpu(evtchn_load(red, peer)),
					ed->domain->id));
		evtchn_unbind(ed, port);
		rc = 0;
	}
	unlock_both(ed, red);
	return rc;
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct evtchn_domain *ed = d->xen->events;
	enum evtchn_kind kind;
	uint64_t word;

	if (!port || !evtchn_slot(ed, port))
		return -XEN_EINVAL;
	spin_lock(&ed->lock);
	word = evtchn_load(ed, port);
	kind = evtchn_word_kind(word);
	if (kind != EVTCHN_FREE && kind != EVTCHN_INTERDOMAIN)
		close_own(ed, port, word);
	spin_unlock(&ed->lock);
	if (kind == EVTCHN_INTERDOMAIN)
		return close_interdomain(ed, port);
	return kind == EVTCHN_FREE ? -XEN_EINVAL : 0;
}

bool evtchn_reset_some(struct domain *d, uint32_t budget)
{
	const struct evtchn_domain *ed = d->xen->events;

	for (uint32_t port = 1; port < EVTCHN_BUCKETS * EVTCHN_BUCKET_PORTS; port++) {
		if (evtchn_word_kind(evtchn_load(ed, port)) == EVTCHN_FREE)
			continue;
		if (!budget--)
			return true;
		/* Closed by somebody else meanwhile is as good. */
		(void)!evtchn_close(d, port);
	}
	return false;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_effect e = { 0 };

	if (!evtchn_port_valid(d, port))
		return -XEN_EINVAL;
	e.vcpu = evtchn_word_vcpu(evtchn_load(d->xen->events, port));
	section_begin();
	evtchn_2l_unmask(d->xen, port, d->vcpus[e.vcpu], &e.notify);
	section_end();
	evtchn_carry_out(d, port, &e);
	return 0;
}

int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *out)
{
	struct evtchn_domain *ed = d->xen->events;
	uint64_t word;

	if (!evtchn_port_valid(d, port))
		return -XEN_EINVAL;
	spin_lock(&ed->lock);
	word = evtchn_load(ed, port);
	out->vcpu = evtchn_word_vcpu(word);
	switch (evtchn_word_kind(word)) {
	case EVTCHN_FREE: out->status = EVTCHNSTAT_closed; break;
	case EVTCHN_UNBOUND:
		out->status = EVTCHNSTAT_unbound;
		out->u.unbound.dom = (domid_t)evtchn_word_payload(word);
		break;
	case EVTCHN_INTERDOMAIN:
		out->status = EVTCHNSTAT_interdomain;
		/* Bound under this lock, so the peer is in the table. */
		out->u.interdomain.dom = evtchn_domains[evtchn_word_slot(word)]->domain->id;
		out->u.interdomain.port = evtchn_word_peer(word);
		break;
	case EVTCHN_SERVICE:
		/* Our own services stand where domain 0's daemons are. */
		out->status = EVTCHNSTAT_interdomain;
		out->u.interdomain.dom = 0;
		out->u.interdomain.port = port;
		break;
	case EVTCHN_VIRQ:
		out->status = EVTCHNSTAT_virq;
		out->u.virq = evtchn_word_payload(word);
		break;
	case EVTCHN_IPI: out->status = EVTCHNSTAT_ipi; break;
	}
	spin_unlock(&ed->lock);
	return 0;
}
