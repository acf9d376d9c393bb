// SPDX-License-Identifier: MIT
/*
 * The vcpu_info: where it is, and how a vCPU learns that an event is pending. The record is the
 * vCPU's slot in shared_info (the hypervisor's own memory) or a page that the guest registered,
 * reached through a gpc. When that page is not mapped, selector bits are parked in xen_vcpu and
 * written at a later entry: an event is never lost and never waited for.
 */
#ifndef XENABI_UPCALL_H
#define XENABI_UPCALL_H

#include "xenabi/domain.h"
#include "xenabi/vcpu.h"

/* The vcpu_info's address on this core; NULL on a miss or when the vCPU has none. In a section. */
uint8_t *upcall_vcpu_info(struct xen_vcpu *xv);

/*
 * Set a selector bit and upcall_pending. True when upcall_pending became 1, or when the bit was
 * parked: the caller then calls upcall_notify(). The port's pending bit is set already. In a
 * section; takes no lock.
 */
bool upcall_select(struct vcpu *v, uint32_t selector_bit);
/*
 * Make the vCPU look: the op 23 vector through its local APIC, else by the entry path. Outside
 * sections (may take the scheduler's lock); v is kept alive by the caller.
 */
void upcall_notify(struct vcpu *v);

/* ATTN_SHADOW: find the record's page again after a miss and write parked selector bits. Own core,
 * outside sections and locks. Does nothing when nothing was missed. */
void upcall_serve_shadow(struct vcpu *v);

/*
 * VCPUOP_register_vcpu_info: 0 or a negative errno (-EINVAL, -ENXIO, -EBUSY). The caller has
 * checked that the vCPU is the current one or down, and holds memory_lock.
 */
int upcall_register_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset) must_check;

/* upcall_pending of the vCPU's record; false on a miss, which requests ATTN_SHADOW if the page may be
 * there by now. Outside sections. */
bool upcall_is_pending(struct vcpu *v);

#endif
