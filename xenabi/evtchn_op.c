// SPDX-License-Identifier: MIT
/* HYPERVISOR_event_channel_op (xen/event_channel.h). Its arguments are the same in both ABIs. */
#include "core/lib/string.h"
#include "xenabi/evtchn_domain.h"
#include "xenabi/hypercall.h"

#define RESET_BUDGET 256 /* ports closed in one go */

static int op_bind_interdomain(struct hypercall *h)
{
	struct evtchn_bind_interdomain b;
	int rc = guest_copy_in(h->v, &b, h->arg[1], sizeof(b));

	if (rc)
		return rc;
	rc = evtchn_bind_interdomain(h->v->domain, b.remote_dom, b.remote_port, &b.local_port);
	return rc ? rc : guest_copy_out(h->v, h->arg[1], &b, sizeof(b));
}

static int op_bind_virq(struct hypercall *h)
{
	struct evtchn_bind_virq b;
	int rc = guest_copy_in(h->v, &b, h->arg[1], sizeof(b));

	if (rc)
		return rc;
	rc = evtchn_bind_virq(h->v->domain, b.virq, b.vcpu, &b.port);
	return rc ? rc : guest_copy_out(h->v, h->arg[1], &b, sizeof(b));
}

static int op_bind_ipi(struct hypercall *h)
{
	struct evtchn_bind_ipi b;
	int rc = guest_copy_in(h->v, &b, h->arg[1], sizeof(b));

	if (rc)
		return rc;
	rc = evtchn_bind_ipi(h->v->domain, b.vcpu, &b.port);
	return rc ? rc : guest_copy_out(h->v, h->arg[1], &b, sizeof(b));
}

static int op_alloc_unbound(struct hypercall *h)
{
	struct evtchn_alloc_unbound a;
	int rc = guest_copy_in(h->v, &a, h->arg[1], sizeof(a));

	if (rc)
		return rc;
	rc = hypercall_check_self(h, a.dom);
	if (rc)
		return rc;
	rc = evtchn_alloc_unbound(h->v->domain, a.remote_dom, &a.port);
	return rc ? rc : guest_copy_out(h->v, h->arg[1], &a, sizeof(a));
}

static int op_status(struct hypercall *h)
{
	struct evtchn_status s;
	int rc = guest_copy_in(h->v, &s, h->arg[1], sizeof(s));

	if (rc)
		return rc;
	rc = hypercall_check_self(h, s.dom);
	if (rc)
		return rc;
	rc = evtchn_status(h->v->domain, s.port, &s);
	return rc ? rc : guest_copy_out(h->v, h->arg[1], &s, sizeof(s));
}

static int op_bind_vcpu(struct hypercall *h)
{
	struct evtchn_bind_vcpu b;
	int rc = guest_copy_in(h->v, &b, h->arg[1], sizeof(b));

	return rc ? rc : evtchn_bind_vcpu(h->v->domain, b.port, b.vcpu);
}

static int64_t op_reset(struct hypercall *h)
{
	struct evtchn_reset r;
	int rc = guest_copy_in(h->v, &r, h->arg[1], sizeof(r));

	if (!rc)
		rc = hypercall_check_self(h, r.dom);
	if (rc)
		return rc;
	/* Closed ports are the progress: the arguments stay as they are. */
	return evtchn_reset_some(h->v->domain, RESET_BUDGET) ? hypercall_again(h) : 0;
}

/* The operations whose argument is nothing but a port. */
static int op_port(struct hypercall *h, uint32_t cmd)
{
	uint32_t port;
	int rc = guest_copy_in_word(h->v, &port, h->arg[1]);

	if (rc)
		return rc;
	if (cmd == EVTCHNOP_send)
		return evtchn_send(h->v, port);
	if (cmd == EVTCHNOP_unmask)
		return evtchn_unmask(h->v->domain, port);
	return evtchn_close(h->v->domain, port);
}

static_assert(sizeof(struct evtchn_send) == 4 && sizeof(struct evtchn_unmask) == 4 &&
		      sizeof(struct evtchn_close) == 4,
	      "event_channel.h");

int64_t evtchn_hypercall(struct hypercall *h)
{
	uint32_t cmd = (uint32_t)h->arg[0];

	switch (cmd) {
	case EVTCHNOP_send:
	case EVTCHNOP_unmask:
	case EVTCHNOP_close: return op_port(h, cmd);
	case EVTCHNOP_bind_interdomain: return op_bind_interdomain(h);
	case EVTCHNOP_bind_virq: return op_bind_virq(h);
	case EVTCHNOP_bind_ipi: return op_bind_ipi(h);
	case EVTCHNOP_alloc_unbound: return op_alloc_unbound(h);
	case EVTCHNOP_status: return op_status(h);
	case EVTCHNOP_bind_vcpu: return op_bind_vcpu(h);
	case EVTCHNOP_reset: return op_reset(h);
	/* No physical interrupts. No FIFO channels: guests fall back to 2-level. */
	case EVTCHNOP_bind_pirq:
	case EVTCHNOP_init_control:
	case EVTCHNOP_expand_array:
	case EVTCHNOP_set_priority:
	default: return -XEN_ENOSYS;
	}
}
