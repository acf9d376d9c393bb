// SPDX-License-Identifier: MIT
#include "xenabi/evtchn_2l.h"

#include "core/lib/bits.h"

/*
 * Both layouts are bit arrays of little-endian words: the word size only decides where the mask
 * begins and how many ports a selector bit stands for.
 */
static uint64_t *pending_word(const struct xen_domain *xd, uint32_t port)
{
	return (uint64_t *)(void *)(xd->shared + SHARED_PENDING) + port / 64;
}

static uint64_t *mask_word(const struct xen_domain *xd, uint32_t port)
{
	uint32_t offset = load_relaxed(&xd->narrow) ? SHARED_MASK_32 : SHARED_MASK_64;

	return (uint64_t *)(void *)(xd->shared + offset) + port / 64;
}

/* A layout latched later may have fewer ports than were bound: those have no bits. */
static bool has_bits(const struct xen_domain *xd, uint32_t port)
{
	return port < evtchn_2l_ports(xd);
}

static uint32_t selector_bit(const struct xen_domain *xd, uint32_t port)
{
	return port >> (load_relaxed(&xd->narrow) ? 5 : 6);
}

void evtchn_2l_unmask(struct xen_domain *xd, uint32_t port, struct vcpu *target, bool *up)
{
	uint64_t bit = BIT(port % 64);

	if (!has_bits(xd, port) || !(atomic_and(mask_word(xd, port), ~bit) & bit))
		return;
	if (load_relaxed(pending_word(xd, port)) & bit)
		*up = upcall_select(target->xen, upcall_vcpu_info(target->xen),
				    selector_bit(xd, port), load_relaxed(&xd->narrow));
}

void evtchn_2l_clear_pending(struct xen_domain *xd, uint32_t port)
{
	if (has_bits(xd, port))
		(void)atomic_and(pending_word(xd, port), ~BIT(port % 64));
}

bool evtchn_2l_pending(const struct xen_domain *xd, uint32_t port)
{
	return has_bits(xd, port) && (load_relaxed(pending_word(xd, port)) & BIT(port % 64));
}

bool evtchn_2l_masked(const struct xen_domain *xd, uint32_t port)
{
	return has_bits(xd, port) && (load_relaxed(mask_word(xd, port)) & BIT(port % 64));
}
