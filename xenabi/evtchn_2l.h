// SPDX-License-Identifier: MIT
/*
 * The 2-level event ABI: a pending and a mask bit per port in shared_info, a selector word in the
 * vcpu_info with a bit per word of pending bits. shared_info is the hypervisor's own memory, so its
 * bits are set through its own address; the vcpu_info may be guest RAM and is upcall.c's.
 */
#ifndef XENABI_EVTCHN_2L_H
#define XENABI_EVTCHN_2L_H

#include "xenabi/domain.h"
#include "xenabi/evtchn.h"
#include "xenabi/upcall.h"

#define EVTCHN_2L_PORTS_64 4096
#define EVTCHN_2L_PORTS_32 1024

static_assert(EVTCHN_2L_PORTS_64 == EVTCHN_2L_NR_CHANNELS, "event_channel.h");

/* Ports of the latched layout. */
static inline uint32_t evtchn_2l_ports(const struct xen_domain *xd)
{
	return load_relaxed(&xd->narrow) ? EVTCHN_2L_PORTS_32 : EVTCHN_2L_PORTS_64;
}

/*
 * Set the port's pending bit and, when it is new and unmasked, the target's selector bit. *up is
 * set when upcall_pending became 1: the caller then tells the vCPU. `info` is the target's
 * vcpu_info, or NULL: its page is away. Inside the section in which it was looked up. Two locked
 * instructions, no call, no loop: this is the path that is counted. One layout, which the compiler
 * knows.
 */
static always_inline enum evtchn_result evtchn_2l_raise_in(const struct xen_domain *xd,
							   uint32_t port, struct xen_vcpu *target,
							   uint8_t *info, bool narrow, bool *up)
{
	uint64_t *pending = (uint64_t *)(void *)(xd->shared + SHARED_PENDING) + port / 64;
	const uint64_t *mask =
		(const uint64_t *)(const void *)(xd->shared +
						 (narrow ? SHARED_MASK_32 : SHARED_MASK_64)) +
		port / 64;
	uint64_t bit = BIT(port % 64);

	/* A layout latched later may have fewer ports than were bound: those have no bits. */
	if (unlikely(port >= (narrow ? EVTCHN_2L_PORTS_32 : EVTCHN_2L_PORTS_64)))
		return EVTCHN_DROPPED;
	if (atomic_or(pending, bit) & bit)
		return EVTCHN_COALESCED;
	if (load_relaxed(mask) & bit)
		return EVTCHN_MASKED;
	*up = upcall_select(target, info, port / (narrow ? 32 : 64), narrow);
	return EVTCHN_RAISED;
}

/* The same in the layout that was latched. */
static always_inline enum evtchn_result evtchn_2l_raise(const struct xen_domain *xd, uint32_t port,
							struct vcpu *target, bool *up)
{
	uint8_t *info = upcall_vcpu_info(target->xen);

	if (unlikely(load_relaxed(&xd->narrow)))
		return evtchn_2l_raise_in(xd, port, target->xen, info, true, up);
	return evtchn_2l_raise_in(xd, port, target->xen, info, false, up);
}

/* EVTCHNOP_unmask: clear the mask bit; a pending port is announced. Inside a section. */
void evtchn_2l_unmask(struct xen_domain *xd, uint32_t port, struct vcpu *target, bool *up);
void evtchn_2l_clear_pending(struct xen_domain *xd, uint32_t port);
bool evtchn_2l_pending(const struct xen_domain *xd, uint32_t port);
bool evtchn_2l_masked(const struct xen_domain *xd, uint32_t port);

#endif
