// SPDX-License-Identifier: MIT
/*
 * What a machine that is itself a guest of Xen, or of another Xenith, asks of its hypervisor, by
 * VMCALL (xen/xen.h): this processor has VT-x or is none for guests at all, so there is no other
 * way to call. Any core.
 */
#ifndef DRIVERS_XEN_GUEST_H
#define DRIVERS_XEN_GUEST_H

#include "core/lib/types.h"

/* The first of Xen's CPUID leaves (xen/arch-x86/cpuid.h); 0: not on Xen. */
uint32_t xen_guest_leaf(void) must_check;
/* The TSC's frequency as Xen states it; 0: not on Xen, or it does not. */
uint64_t xen_guest_tsc_khz(void) must_check;

/* HVM_PARAM_*: false when not on Xen, or it refuses, or the parameter is 0. */
bool xen_guest_param(uint32_t index, uint64_t *value) must_check;
/* EVTCHNOP_send. On Xen only. */
void xen_guest_notify(uint32_t port);
/* SHUTDOWN_* of xen/sched.h. Returns when not on Xen. */
void xen_guest_shutdown(uint32_t reason);

#endif
