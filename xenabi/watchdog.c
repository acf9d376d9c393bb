// SPDX-License-Identifier: MIT
#include "xenabi/watchdog.h"

#include "arch/x86/cpu/clock.h"
#include "core/lib/log.h"
#include "xenabi/domain.h"

static void fire(struct timer *t)
{
	struct domain *d = container_of(t, struct xen_watchdog, timer)->domain;

	log_warning("%s: its watchdog was not fed", d->name);
	domain_shutdown(d, END_WATCHDOG);
}

void watchdog_init(struct domain *d)
{
	for (unsigned int i = 0; i < XEN_WATCHDOGS; i++) {
		d->xen->watchdogs[i].domain = d;
		timer_init(&d->xen->watchdogs[i].timer, fire);
	}
}

void watchdog_destroy(struct domain *d)
{
	for (unsigned int i = 0; i < XEN_WATCHDOGS; i++)
		timer_cancel(&d->xen->watchdogs[i].timer);
}

/* Take a free one; XEN_WATCHDOGS when there is none. Under param_lock. */
static uint32_t take(struct xen_domain *xd)
{
	uint32_t i = 0;

	while (i < XEN_WATCHDOGS && xd->watchdogs[i].used)
		i++;
	if (i < XEN_WATCHDOGS)
		xd->watchdogs[i].used = true;
	return i;
}

static void arm(struct domain *d, uint32_t i, uint32_t seconds)
{
	uint64_t ns = domain_time_ns(d, clock_ticks()) + seconds * 1000000000ULL;

	timer_set(&d->xen->watchdogs[i].timer, domain_time_to_tsc(d, ns), this_cpu()->id);
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
	struct xen_domain *xd = d->xen;
	int rc = 0;

	/* memory_lock, because a timer is cancelled under it: a handler takes no such lock. */
	spin_lock(&xd->memory_lock);
	if (id > XEN_WATCHDOGS || (id == 0 && seconds == 0)) {
		rc = -XEN_EINVAL;
	} else if (id == 0) {
		uint32_t i = take(xd);

		if (i < XEN_WATCHDOGS)
			arm(d, i, seconds);
		rc = i < XEN_WATCHDOGS ? (int)i + 1 : -XEN_ENOSPC;
	} else if (!xd->watchdogs[id - 1].used) {
		rc = -XEN_EINVAL;
	} else if (seconds == 0) {
		timer_cancel(&xd->watchdogs[id - 1].timer);
		xd->watchdogs[id - 1].used = false;
	} else {
		arm(d, id - 1, seconds);
	}
	spin_unlock(&xd->memory_lock);
	return rc;
}
