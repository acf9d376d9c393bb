// SPDX-License-Identifier: MIT
#include "xenabi/poll.h"

#include "core/lib/bits.h"
#include "core/sched.h"
#include "xenabi/domain.h"
#include "xenabi/evtchn_2l.h"
#include "xenabi/xen.h"

#define POLL_MANY 0 /* xen_vcpu.poll_port: any port wakes (port 0 itself is never valid) */

static bool any_pending(const struct xen_domain *xd, const uint32_t *ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (evtchn_2l_pending(xd, ports[i]))
			return true;
	return false;
}

void poll_block(struct vcpu *v, const uint32_t *ports, uint32_t count, uint64_t timeout_ns)
{
	struct xen_domain *xd = v->domain->xen;

	store_relaxed(&v->xen->poll_port, count == 1 ? ports[0] : POLL_MANY);
	/* Announce, then look; a sender sets the bit, then looks for pollers. Both steps are locked
	 * instructions, so at least one of the two sees the other. */
	(void)atomic_or(&xd->polling, BIT(v->id));
	if (xen_event_pending(v) || any_pending(xd, ports, count)) {
		poll_over(v);
		return;
	}
	if (timeout_ns)
		timer_set(&v->xen->poll.timer, domain_time_to_tsc(v->domain, timeout_ns), v->core);
	sched_block(v);
	/* Not blocked after all; else it is over when the vCPU runs again. */
	if (load_relaxed(&v->state) == VCPU_RUNNING)
		poll_over(v);
}

void poll_wake(struct domain *d, uint64_t pollers, uint32_t port)
{
	for (; pollers; pollers &= pollers - 1) {
		struct vcpu *v = d->vcpus[bit_lowest(pollers)];
		uint32_t polled = load_relaxed(&v->xen->poll_port);

		if (polled == POLL_MANY || polled == port)
			vcpu_request(v, ATTN_TIMER);
	}
}

void poll_over(struct vcpu *v)
{
	struct xen_domain *xd = v->domain->xen;

	if (likely(!(load_relaxed(&xd->polling) & BIT(v->id))))
		return;
	(void)atomic_and(&xd->polling, ~BIT(v->id));
}
