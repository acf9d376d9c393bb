// SPDX-License-Identifier: MIT
#include "xenabi/upcall.h"

#include "arch/x86/cpu/trace.h"
#include "core/lib/bits.h"
#include "core/lib/string.h"
#include "core/vcpu_arch.h"
#include "mm/section_drain.h"
#include "xenabi/time.h"
#include "xenabi/xen.h"

/* Or bits into the selector word; returns what it was before. */
static uint64_t selector_or(const struct xen_vcpu *xv, uint8_t *info, uint64_t bits)
{
	if (unlikely(load_relaxed(&xv->vcpu->domain->xen->narrow)))
		return atomic_or((uint32_t *)(void *)(info + VCPU_INFO_SEL_32), low32(bits));
	return atomic_or((uint64_t *)(void *)(info + VCPU_INFO_SEL_64), bits);
}

void upcall_notify_slowly(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;
	uint64_t parked = load_relaxed(&xv->shadow_sel);

	if (unlikely(parked)) {
		trace(TRACE_PARKED, (uint32_t)v->domain->id << 16 | v->id, parked);
		vcpu_request(v, ATTN_SHADOW);
		return;
	}
	if (load_relaxed(&xv->upcall_vector) && vlapic_post(v, load_relaxed(&xv->upcall_vector)))
		return;
	store_relaxed(&xv->upcall_maybe, true);
	store_relaxed(&v->attn.event, 1);
	vcpu_kick_event(v);
}

/* Move the parked bits into the page; false on a miss, with the bits kept. */
static bool shadow_flush(struct xen_vcpu *xv)
{
	uint8_t *info;

	section_begin();
	info = upcall_vcpu_info(xv);
	if (info && load_relaxed(&xv->shadow_sel)) {
		(void)selector_or(xv, info, atomic_xchg(&xv->shadow_sel, 0));
		(void)upcall_pending_set(info);
	}
	section_end();
	return info;
}

void upcall_serve_shadow(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;
	/* Before the look: a change during it is seen as a new generation. */
	uint64_t gen = load_acquire(&v->domain->physmap.map_gen);

	if (!shadow_flush(xv)) {
		/* One try: if nothing is mapped there the bits stay and the request is made again
		 * only when the physmap has changed, or when another page is registered. */
		if (!load_relaxed(&xv->info_registered) || gpc_refresh(&xv->info) != OK ||
		    !shadow_flush(xv)) {
			xv->missed_gen = gen;
			return;
		}
	}
	if (upcall_is_pending(v))
		upcall_notify(v);
}

/* The guest's old record moves along; nothing when there is none. */
static void copy_old(struct xen_vcpu *xv, uint8_t old[VCPU_INFO_SIZE])
{
	uint8_t *info;

	memset(old, 0, VCPU_INFO_SIZE);
	section_begin();
	info = upcall_vcpu_info(xv);
	if (info)
		memcpy(old, info, VCPU_INFO_SIZE);
	section_end();
}

static void copy_new(struct xen_vcpu *xv, uint32_t offset, const uint8_t old[VCPU_INFO_SIZE])
{
	uint8_t *page;

	section_begin();
	page = gpc_page(&xv->info);
	if (page)
		memcpy(page + offset, old, VCPU_INFO_SIZE);
	section_end();
}

int upcall_register_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset)
{
	struct xen_vcpu *xv = v->xen;
	uint32_t align = v->domain->xen->narrow ? 4 : 8;
	uint8_t old[VCPU_INFO_SIZE];

	if (offset > PAGE_SIZE - VCPU_INFO_SIZE || offset % align)
		return -XEN_ENXIO;
	if (xv->info_registered)
		return -XEN_EBUSY;
	if (gpc_activate(&xv->info, to_gfn(gfn)) != OK)
		return -XEN_EINVAL;
	copy_old(xv, old);
	xv->info_offset = (uint16_t)offset;
	/* A page taken away meanwhile is a miss like any later one. */
	copy_new(xv, offset, old);
	store_release(&xv->info_registered, true);
	/*
	 * Senders that still use the old record have set their ports' pending bits when this
	 * returns, so announcing every word once loses nothing: a spurious upcall is part of the
	 * ABI.
	 */
	sections_drain();
	(void)atomic_or(&xv->shadow_sel, v->domain->xen->narrow ? 0xffffffffULL : ~0ULL);
	upcall_serve_shadow(v);
	time_update(v);
	return 0;
}

/* The record's page was not there: ask for another look unless nothing has changed since the last. */
static void note_miss(struct vcpu *v)
{
	if (load_relaxed(&v->domain->physmap.map_gen) != v->xen->missed_gen)
		(void)atomic_or(&v->attn.bits, ATTN_SHADOW);
}

bool upcall_is_pending_there(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;
	bool pending = false;
	uint8_t *info;

	section_begin();
	info = upcall_vcpu_info(xv);
	if (info)
		pending = load_relaxed(info + VCPU_INFO_UPCALL_PENDING);
	section_end();
	if (unlikely(!info))
		note_miss(v);
	return pending;
}

/* Nothing to inject: say so, then look again with a full fence between, so that a sender's mark (or a
 * callback set meanwhile) is either seen here or stays. */
static noinline_fn int upcall_gone(struct vcpu *v)
{
	uint8_t vector;

	(void)atomic_xchg(&v->xen->upcall_maybe, false);
	vector = load_relaxed(&v->domain->xen->callback_vector);
	if (!vector || !upcall_is_pending(v))
		return -1;
	store_relaxed(&v->xen->upcall_maybe, true);
	return vector;
}

int upcall_vector(struct vcpu *v)
{
	uint8_t vector = load_relaxed(&v->domain->xen->callback_vector);

	return likely(vector && upcall_is_pending(v)) ? vector : upcall_gone(v);
}

bool xen_event_pending(struct vcpu *v)
{
	/* Not what is parked: the guest cannot see it, and the return of the page wakes the vCPU. */
	return upcall_is_pending(v);
}

void xen_lapic_enabled(struct vcpu *v)
{
	uint8_t vector = load_relaxed(&v->xen->upcall_vector);

	/* The interrupt of op 23 is an edge: one that came while the APIC was off is gone. */
	if (vector && upcall_is_pending(v))
		(void)vlapic_post(v, vector);
}
