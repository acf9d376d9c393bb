// SPDX-License-Identifier: MIT
/*
 * The vcpu_info: where it is, and how a vCPU learns that an event is pending. The record is the
 * vCPU's slot in shared_info (the hypervisor's own memory) or a page that the guest registered,
 * reached through a gpc. When that page is not mapped, selector bits are parked in xen_vcpu and
 * written at a later entry: an event is never lost and never waited for.
 */
#ifndef XENABI_UPCALL_H
#define XENABI_UPCALL_H

#include "core/lib/bits.h"
#include "xenabi/domain.h"
#include "xenabi/vcpu.h"

/* The vcpu_info's address on this core; NULL on a miss or when the vCPU has none. In a section. */
static inline uint8_t *upcall_vcpu_info(struct xen_vcpu *xv)
{
	uint8_t *page;

	/* Acquire: who sees `registered` sees the gpc and the offset. */
	if (!load_acquire(&xv->info_registered))
		return xv->default_info;
	page = gpc_page(&xv->info);
	return likely(page) ? page + xv->info_offset : NULL;
}

/* The same only if it takes no call: NULL also when this core has no window for the page. */
static inline uint8_t *upcall_vcpu_info_quick(struct xen_vcpu *xv)
{
	const struct pcpu *cpu = this_cpu();
	uint32_t slot;

	if (!load_acquire(&xv->info_registered))
		return xv->default_info;
	if (unlikely(!load_acquire(&xv->info.valid)))
		return NULL;
	slot = window_slot(xv->info.pfn);
	if (unlikely(cpu->window_tag[slot] != xv->info.pfn.n))
		return NULL;
	xv->info.hits++;
	return this_cpu_windows(cpu) + slot * PAGE_SIZE + xv->info_offset;
}

/*
 * Strictly after the selector: a guest that clears upcall_pending and then takes the selector must
 * not find the byte set again for bits that it has seen, nor bits without the byte. Test and plain
 * store suffice: the locked selector update lies between this load and everything before it, so a
 * guest that clears the byte later than this load also sees the selector bit.
 */
static inline bool upcall_pending_set(uint8_t *info)
{
	uint8_t *pending = info + VCPU_INFO_UPCALL_PENDING;

	if (load_relaxed(pending))
		return false;
	store_relaxed(pending, 1);
	return true;
}

/*
 * Set a selector bit, in the layout that was latched, and upcall_pending. True when upcall_pending
 * became 1, or when the bit was parked because there is no record: the caller then calls
 * upcall_notify(). The port's pending bit is set already. In the section in which `info` was looked
 * up; takes no lock.
 */
static inline bool upcall_select(struct xen_vcpu *xv, uint8_t *info, uint32_t selector_bit,
				 bool narrow)
{
	bool was_set;

	if (unlikely(!info)) {
		(void)atomic_or(&xv->shadow_sel, BIT(selector_bit));
		return true;
	}
	if (narrow)
		was_set = atomic_or((uint32_t *)(void *)(info + VCPU_INFO_SEL_32),
				    1U << selector_bit) &
			  (1U << selector_bit);
	else
		was_set = atomic_or((uint64_t *)(void *)(info + VCPU_INFO_SEL_64),
				    1ULL << selector_bit) &
			  (1ULL << selector_bit);
	/* The bit was there: whoever set it has set, or is about to set, the byte. */
	return !was_set && upcall_pending_set(info);
}

/* upcall_notify() for what is not the common case. */
void upcall_notify_slowly(struct vcpu *v);

/*
 * Make the vCPU look: the op 23 vector through its local APIC, else by the entry path. Outside
 * sections (may take the scheduler's lock); v is kept alive by the caller.
 */
static inline void upcall_notify(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;

	if (unlikely(load_relaxed(&xv->shadow_sel) || load_relaxed(&xv->upcall_vector))) {
		upcall_notify_slowly(v);
		return;
	}
	store_relaxed(&xv->upcall_maybe, true);
	store_relaxed(&v->attn.event, 1);
	vcpu_kick_event(v);
}

/*
 * upcall_notify() to the vCPU that is running here: its own entry looks, and so does whatever would
 * block it, so there is nobody to wake or kick and nothing to ask for. False when it takes more than
 * that, with nothing done.
 */
static inline bool upcall_notify_self(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;

	if (unlikely(load_relaxed(&xv->shadow_sel) || load_relaxed(&xv->upcall_vector) ||
		     this_cpu()->vcpu != v || load_relaxed(&v->state) != VCPU_RUNNING))
		return false;
	store_relaxed(&xv->upcall_maybe, true);
	return true;
}

/* ATTN_SHADOW: find the record's page again after a miss and write parked selector bits. Own core,
 * outside sections and locks. Does nothing when nothing was missed. */
void upcall_serve_shadow(struct vcpu *v);

/*
 * VCPUOP_register_vcpu_info: 0 or a negative errno (-EINVAL, -ENXIO, -EBUSY). The caller has
 * checked that the vCPU is the current one or down, and holds memory_lock.
 */
int upcall_register_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset) must_check;

/* upcall_is_pending() for a record in a page that the guest registered. */
bool upcall_is_pending_there(struct vcpu *v);

/* xen_upcall_vector() when upcall_maybe is set. */
int upcall_vector(struct vcpu *v);
/* upcall_pending of the vCPU's record; false on a miss, which requests ATTN_SHADOW if the page may be
 * there by now. Outside sections. */
static inline bool upcall_is_pending(struct vcpu *v)
{
	const struct xen_vcpu *xv = v->xen;

	/* The slot in shared_info needs no section: it is our own memory. */
	if (!load_relaxed(&xv->info_registered))
		return xv->default_info && load_relaxed(xv->default_info);
	return upcall_is_pending_there(v);
}

#endif
