// SPDX-License-Identifier: MIT
/* SCHEDOP_poll: a vCPU sleeps until one of some ports is pending, or until a time. */
#ifndef XENABI_POLL_H
#define XENABI_POLL_H

#include "xenabi/vcpu.h"

#define POLL_PORTS_MAX 128 /* as Xen limits it */

/*
 * Block the current vCPU unless one of its domain's ports (all valid) or an upcall is pending.
 * timeout_ns is a system time; 0: none. Outside sections.
 */
void poll_block(struct vcpu *v, const uint32_t *ports, uint32_t count, uint64_t timeout_ns);
/* A port became pending: wake those of the vCPUs (a mask by id) that poll it. Outside sections. */
void poll_wake(struct domain *d, uint64_t pollers, uint32_t port);
/* The vCPU runs again, for whatever reason: its polling is over. Own core; takes no lock. */
void poll_over(struct vcpu *v);

#endif
