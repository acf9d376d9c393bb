// SPDX-License-Identifier: MIT
/*
 * The shared_info frame: the hypervisor's own memory for the domain's life, visible to the guest at
 * whatever gfn it maps it, in the layout that was latched.
 */
#ifndef XENABI_SHARED_INFO_H
#define XENABI_SHARED_INFO_H

#include "xenabi/domain.h"

/* Sample the current vCPU's mode and take over its layout; the wallclock is written again. At the
 * write of the hypercall MSR, when CALLBACK_IRQ is set, and when shared_info is mapped. */
void shared_info_latch(struct vcpu *current);
/* Write the wallclock (xen.h, wc_version). */
void shared_info_wallclock(struct domain *d);

#endif
