// SPDX-License-Identifier: MIT
#include "xenabi/shared_info.h"

#include "core/lib/string.h"
#include "xenabi/time.h"

#define NS_PER_SEC 1000000000ULL
#define WC_VERSION 0
#define WC_SEC     4
#define WC_NSEC    8
#define WC_SIZE    12

static_assert(offsetof(struct shared_info, wc_sec) == SHARED_WC_64 + WC_SEC, "xen.h");
static_assert(offsetof(struct shared_info_x86_32, wc_nsec) == SHARED_WC_32 + WC_NSEC, "x86_32.h");

static uint32_t *word(const struct xen_domain *xd, uint32_t offset)
{
	return (uint32_t *)(void *)(xd->shared + offset);
}

/* Seconds of the epoch at system time 0; odd version while they change. Under param_lock. */
static void write_wallclock(const struct xen_domain *xd)
{
	uint32_t base = xd->narrow ? SHARED_WC_32 : SHARED_WC_64;
	uint32_t high = xd->narrow ? SHARED_WC_SEC_HI_32 : SHARED_WC_SEC_HI_64;
	uint64_t epoch = time_epoch_ns(xd->domain);
	uint32_t version = (load_relaxed(word(xd, base + WC_VERSION)) | 1) + 2;

	/* Other vCPUs may be reading: a store is not moved before an earlier one (TSO). */
	store_release(word(xd, base + WC_VERSION), version);
	store_release(word(xd, base + WC_SEC), (uint32_t)(epoch / NS_PER_SEC));
	store_release(word(xd, base + WC_NSEC), (uint32_t)(epoch % NS_PER_SEC));
	store_release(word(xd, high), (uint32_t)(epoch / NS_PER_SEC >> 32));
	store_release(word(xd, base + WC_VERSION), version + 1);
}

void shared_info_wallclock(struct domain *d)
{
	spin_lock(&d->xen->param_lock);
	write_wallclock(d->xen);
	spin_unlock(&d->xen->param_lock);
}

void shared_info_relatch(struct domain *d, bool narrow)
{
	struct xen_domain *xd = d->xen;

	spin_lock(&xd->param_lock);
	if (xd->narrow != narrow) {
		/* The 32-bit wallclock lies among the 64-bit pending bits: leave none behind. */
		memset(xd->shared + (xd->narrow ? SHARED_WC_32 : SHARED_WC_64), 0, WC_SIZE);
		store_relaxed(word(xd, xd->narrow ? SHARED_WC_SEC_HI_32 : SHARED_WC_SEC_HI_64), 0);
		store_relaxed(&xd->narrow, narrow);
	}
	write_wallclock(xd);
	store_relaxed(&xd->latched, true);
	spin_unlock(&xd->param_lock);
}
