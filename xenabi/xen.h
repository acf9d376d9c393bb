// SPDX-License-Identifier: MIT
/* What the processor layer uses of the Xen ABI. */
#ifndef XENABI_XEN_H
#define XENABI_XEN_H

#include "xenabi/domain.h"
#include "xenabi/upcall.h"

struct cpuid_regs;

/* xenabi/hypercall.c: the guest executed VMCALL. Registers in v->regs; sets RAX and, for a
 * continuation, arguments and RIP. Own core, loaded vCPU, outside sections. */
void xen_hypercall(struct vcpu *v);

/*
 * The vector of an upcall that must be injected directly (callback type 2), or -1. Called before
 * each entry: one byte says that nothing was raised since upcall_pending was last seen clear. (An
 * upcall_pending that the guest sets by itself is seen at the next event.) Own core, outside
 * sections.
 */
static inline int xen_upcall_vector(struct vcpu *v)
{
	return likely(!load_relaxed(&v->xen->upcall_maybe)) ? -1 : upcall_vector(v);
}
/* Whether an event is pending for a vCPU that halts (also with op 23's vector or none). */
bool xen_event_pending(struct vcpu *v);
/* The local APIC was software-enabled: an upcall lost meanwhile is raised again (op 23). */
void xen_lapic_enabled(struct vcpu *v);

/* xenabi/cpuid.c: leaves 0x40000000.. of the hypervisor; true when it is one of them. */
bool xen_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *out);
/* xenabi/hypercall_page.c: write of the hypercall MSR (0x40000000): false means #GP. */
bool xen_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);
bool xen_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);

#endif
