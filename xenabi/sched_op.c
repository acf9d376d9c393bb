// SPDX-License-Identifier: MIT
/* HYPERVISOR_sched_op (xen/sched.h): argument 0 the operation, 1 its structure. */
#include "core/sched.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/evtchn.h"
#include "xenabi/ops.h"
#include "xenabi/poll.h"
#include "xenabi/watchdog.h"
#include "xenabi/xen.h"

#include <xen/sched.h>

static int op_block(struct vcpu *v)
{
	/* An event that came before is taken at the next entry; one that comes from now on is seen
	 * by sched_block(). */
	if (!xen_event_pending(v))
		sched_block(v);
	return 0;
}

static int op_shutdown(struct hypercall *h)
{
	struct domain *d = h->v->domain;
	struct sched_shutdown s;
	int code, rc = guest_copy_in(h->v, &s, h->arg[1], sizeof(s));

	if (rc)
		return rc;
	if (s.reason > SHUTDOWN_MAX)
		return -XEN_EINVAL;
	/* Nobody could resume it: cancelled at once, which the ABI reports as 1. */
	if (s.reason == SHUTDOWN_suspend)
		return 1;
	code = load_relaxed(&d->xen->shutdown_code);
	domain_shutdown(d, (enum domain_end)(code >= 0 ? (uint32_t)code : s.reason));
	return 0;
}

static int op_shutdown_code(struct hypercall *h)
{
	struct sched_shutdown s;
	int rc = guest_copy_in(h->v, &s, h->arg[1], sizeof(s));

	if (rc)
		return rc;
	if (s.reason > SHUTDOWN_MAX)
		return -XEN_EINVAL;
	store_relaxed(&h->v->domain->xen->shutdown_code, (int)s.reason);
	return 0;
}

static int get_poll(struct hypercall *h, struct compat_sched_poll *narrow, uint64_t *ports)
{
	struct sched_poll wide;
	int rc;

	if (h->narrow) {
		rc = guest_copy_in(h->v, narrow, h->arg[1], sizeof(*narrow));
		*ports = narrow->ports;
		return rc;
	}
	rc = guest_copy_in(h->v, &wide, h->arg[1], sizeof(wide));
	*ports = (uint64_t)wide.ports.p;
	narrow->nr_ports = wide.nr_ports;
	narrow->timeout = wide.timeout;
	return rc;
}

static int op_poll(struct hypercall *h)
{
	uint32_t ports[POLL_PORTS_MAX];
	struct compat_sched_poll p;
	uint64_t list;
	int rc = get_poll(h, &p, &list);

	if (rc)
		return rc;
	if (p.nr_ports > POLL_PORTS_MAX)
		return -XEN_EINVAL;
	rc = guest_copy_in(h->v, ports, list, p.nr_ports * sizeof(ports[0]));
	if (rc)
		return rc;
	for (uint32_t i = 0; i < p.nr_ports; i++)
		if (!evtchn_port_valid(h->v->domain, ports[i]))
			return -XEN_EINVAL;
	poll_block(h->v, ports, p.nr_ports, p.timeout);
	return 0;
}

static int op_watchdog(struct hypercall *h)
{
	struct sched_watchdog w;
	int rc = guest_copy_in(h->v, &w, h->arg[1], sizeof(w));

	return rc ? rc : watchdog_set(h->v->domain, w.id, w.timeout);
}

/* Only for the toolstack; the argument is looked at first, as Xen does. */
static int op_remote_shutdown(struct hypercall *h)
{
	struct sched_remote_shutdown r;
	int rc = guest_copy_in(h->v, &r, h->arg[1], sizeof(r));

	return rc ? rc : -XEN_EPERM;
}

int64_t sched_hypercall(struct hypercall *h)
{
	switch ((uint32_t)h->arg[0]) {
	case SCHEDOP_yield: (void)sched_yield(h->v); return 0;
	case SCHEDOP_block: return op_block(h->v);
	case SCHEDOP_shutdown: return op_shutdown(h);
	case SCHEDOP_poll: return op_poll(h);
	case SCHEDOP_remote_shutdown: return op_remote_shutdown(h);
	case SCHEDOP_shutdown_code: return op_shutdown_code(h);
	case SCHEDOP_watchdog: return op_watchdog(h);
	case SCHEDOP_pin_override: return -XEN_EPERM;
	default: return -XEN_ENOSYS;
	}
}
