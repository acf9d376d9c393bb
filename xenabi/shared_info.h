// SPDX-License-Identifier: MIT
/*
 * The shared_info frame: the hypervisor's own memory for the domain's life, visible to the guest at
 * whatever gfn it maps it, in the layout that was latched.
 */
#ifndef XENABI_SHARED_INFO_H
#define XENABI_SHARED_INFO_H

#include "xenabi/domain.h"

/* Take over the layout of the current vCPU's mode (narrow: not 64-bit), with the wallclock in it. At
 * the write of the hypercall MSR, when CALLBACK_IRQ is set, and when shared_info is mapped. */
void shared_info_relatch(struct domain *d, bool narrow);
static inline void shared_info_latch(struct domain *d, bool narrow)
{
	if (unlikely(!load_relaxed(&d->xen->latched) || load_relaxed(&d->xen->narrow) != narrow))
		shared_info_relatch(d, narrow);
}
/* Write the wallclock (xen.h, wc_version). */
void shared_info_wallclock(struct domain *d);

#endif
