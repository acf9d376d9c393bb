// SPDX-License-Identifier: MIT
/* Inter-processor interrupts: who is meant (SDM vol. 3, 11.6.2, 11.12.10), and what it gets. */
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "arch/x86/vmx/vmx.h"
#include "core/domain.h"
#include "core/sched.h"

/* Interrupt command register. */
#define ICR_LOGICAL     (1U << 11)
#define ICR_ASSERT      (1U << 14)
#define ICR_LEVEL       (1U << 15)
#define ICR_MODE(icr)   ((icr) >> 8 & 7)
#define ICR_SHORT(icr)  ((icr) >> 18 & 3)
#define XAPIC_BROADCAST 0xffU

enum { MODE_FIXED, MODE_LOWEST, MODE_SMI, MODE_RESERVED, MODE_NMI, MODE_INIT, MODE_SIPI };
enum { SHORT_NONE, SHORT_SELF, SHORT_ALL, SHORT_OTHERS };

/*
 * vlapic.events. A bit is cleared only after what it asks for is visible, so that a sender sees
 * either the INIT or that the target waits for a SIPI.
 */
#define EVENT_INIT        (1U << 0)
#define EVENT_SIPI        (1U << 1)
#define EVENT_PAGE_SHIFT  8
#define EVENT_SIPI_FIELDS (EVENT_SIPI | 0xffU << EVENT_PAGE_SHIFT)

static void send_init(struct vlapic *t)
{
	uint32_t old = load_relaxed(&t->events);

	/* A SIPI that came before it is void. */
	while (!atomic_cmpxchg(&t->events, &old, EVENT_INIT))
		;
	vcpu_request(t->vcpu, ATTN_LAPIC);
}

static void send_sipi(struct vlapic *t, uint8_t page)
{
	uint32_t old = load_acquire(&t->events), new;

	do {
		/* Only the first after an INIT counts, and none without one. */
		if (old & EVENT_SIPI)
			return;
		if (!(old & EVENT_INIT) && !load_relaxed(&t->wait_sipi))
			return;
		new = old | EVENT_SIPI | (uint32_t)page << EVENT_PAGE_SHIFT;
	} while (!atomic_cmpxchg(&t->events, &old, new));
	vcpu_request(t->vcpu, ATTN_LAPIC);
	/* Its own core starts it: it must run to get there. */
	sched_online(t->vcpu);
}

bool vlapic_starting(const struct vcpu *v)
{
	return load_acquire(&v->lapic->events) & EVENT_SIPI;
}

/* It waits for a SIPI. One sent before it is offline found it online, and did nothing; and its sender
 * may not have come to its request yet. */
static void stay_down(struct vcpu *v)
{
	sched_offline(v);
	if (!load_acquire(&v->lapic->events))
		return;
	(void)atomic_or(&v->attn.bits, ATTN_LAPIC);
	if (vlapic_starting(v))
		sched_online(v);
}

static void start(struct vcpu *v, uint8_t page)
{
	store_relaxed(&v->lapic->wait_sipi, false);
	vmx_vcpu_sipi(v, page);
	/* It may have halted for good after the SIPI was sent, before it looked. */
	sched_online(v);
}

void vlapic_service(struct vcpu *v)
{
	struct vlapic *l = v->lapic;
	uint32_t events = load_acquire(&l->events);
	bool taken;

	if (likely(!events))
		return;
	if ((events & EVENT_INIT) && nested_blocks_init(v, &taken)) {
		/* Else L2 waits for a SIPI, which is looked at below. */
		if (!v->vmx->in_l2) {
			/* Nobody waits for a SIPI. */
			(void)atomic_and(&l->events,
					 ~(EVENT_SIPI_FIELDS | (taken ? EVENT_INIT : 0)));
			return;
		}
	} else if (events & EVENT_INIT) {
		vlapic_reset(l);
		vmx_vcpu_reset_init(v);
		store_relaxed(&l->wait_sipi, true);
		events = atomic_and(&l->events, ~EVENT_INIT);
	}
	if (events & EVENT_SIPI)
		events = atomic_and(&l->events, ~EVENT_SIPI_FIELDS);
	if (v->vmx->in_l2) {
		if (events & EVENT_SIPI)
			nested_sipi(v, (uint8_t)(events >> EVENT_PAGE_SHIFT));
		return;
	}
	if (!l->wait_sipi)
		return;
	/* Looked at again: another INIT may have come, and voided it. */
	if (events & EVENT_SIPI)
		start(v, (uint8_t)(events >> EVENT_PAGE_SHIFT));
	else
		stay_down(v);
}

void vlapic_started(struct vcpu *v)
{
	store_relaxed(&v->lapic->wait_sipi, false);
	(void)atomic_xchg(&v->lapic->events, 0);
}

/* Logical destinations by the model of the target's mode. */
static bool logical_match(const struct vlapic *t, uint32_t dest)
{
	uint32_t ldr = load_relaxed(&t->ldr);

	if (load_relaxed(&t->base) & APIC_BASE_X2APIC)
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	if (dest > XAPIC_BROADCAST)
		return false;
	ldr >>= 24;
	if (load_relaxed(&t->dfr) >> 28 == 0xf)
		return dest & ldr;
	return dest >> 4 == ldr >> 4 && (dest & ldr & 0xf);
}

struct message {
	uint32_t icr;
	uint32_t dest;
	bool broadcast;
	const struct vlapic *from;
};

static bool matches(const struct message *m, const struct vlapic *t)
{
	if (!vlapic_enabled(t))
		return false;
	switch (ICR_SHORT(m->icr)) {
	case SHORT_SELF: return t == m->from;
	case SHORT_ALL: return true;
	case SHORT_OTHERS: return t != m->from;
	default: break;
	}
	if (m->broadcast)
		return true;
	return m->icr & ICR_LOGICAL ? logical_match(t, m->dest) : t->id == m->dest;
}

static void deliver(const struct message *m, struct vlapic *t)
{
	switch (ICR_MODE(m->icr)) {
	case MODE_FIXED: (void)vlapic_post(t->vcpu, (uint8_t)m->icr); break;
	case MODE_NMI: vcpu_arch_nmi(t->vcpu); break;
	case MODE_INIT: send_init(t); break;
	case MODE_SIPI: send_sipi(t, (uint8_t)m->icr); break;
	default: break; /* SMI: there is no SMM to enter */
	}
}

/* The one of the meant that does the least important work (SDM vol. 3, 11.6.2.4). */
static void deliver_lowest(const struct message *m)
{
	struct domain *d = m->from->vcpu->domain;
	struct vcpu *best = NULL;

	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		struct vlapic *t = d->vcpus[i]->lapic;

		if (!matches(m, t) || !(load_relaxed(&t->svr) & SVR_ENABLED))
			continue;
		if (!best || load_relaxed(&t->ppr) < load_relaxed(&best->lapic->ppr))
			best = t->vcpu;
	}
	if (best)
		(void)vlapic_post(best, (uint8_t)m->icr);
}

/* SDM vol. 3, tables 11-3 and 11-4: what the shorthands may carry; INIT de-assert does nothing. */
static bool icr_valid(uint32_t icr)
{
	unsigned int mode = ICR_MODE(icr), shorthand = ICR_SHORT(icr);

	if ((shorthand == SHORT_SELF || shorthand == SHORT_ALL) && mode != MODE_FIXED)
		return false;
	return mode != MODE_INIT || (icr & (ICR_LEVEL | ICR_ASSERT)) != ICR_LEVEL;
}

void vlapic_send(struct vlapic *l, uint32_t icr_lo, uint32_t dest)
{
	struct domain *d = l->vcpu->domain;
	unsigned int mode = ICR_MODE(icr_lo);
	struct message m = {
		.icr = icr_lo,
		.dest = dest,
		.broadcast = dest == (vlapic_x2apic(l) ? ~0U : XAPIC_BROADCAST),
		.from = l,
	};

	if (!icr_valid(icr_lo))
		return;
	if (mode <= MODE_LOWEST && (uint8_t)icr_lo < VECTOR_LOWEST_OK) {
		vlapic_error(l, ESR_SEND_ILLEGAL_VECTOR);
	} else if (mode == MODE_LOWEST) {
		deliver_lowest(&m);
	} else if (ICR_SHORT(icr_lo) == SHORT_NONE && !(icr_lo & ICR_LOGICAL) && !m.broadcast) {
		/* The common case needs no search: the id is twice the number. */
		if (!(dest & 1) && dest / 2 < d->vcpu_count &&
		    vlapic_enabled(d->vcpus[dest / 2]->lapic))
			deliver(&m, d->vcpus[dest / 2]->lapic);
	} else {
		for (uint32_t i = 0; i < d->vcpu_count; i++)
			if (matches(&m, d->vcpus[i]->lapic))
				deliver(&m, d->vcpus[i]->lapic);
	}
}

void vlapic_self_ipi(struct vlapic *l, uint8_t vector)
{
	if (vector < VECTOR_LOWEST_OK)
		vlapic_error(l, ESR_SEND_ILLEGAL_VECTOR);
	else if (l->svr & SVR_ENABLED)
		vlapic_set_irr(l, vector);
}
