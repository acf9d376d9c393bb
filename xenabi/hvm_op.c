// SPDX-License-Identifier: MIT
/* HYPERVISOR_hvm_op (xen/hvm/hvm_op.h): the same structures in both ABIs. */
#include "arch/x86/cpu/clock.h"
#include "core/vcpu_arch.h"
#include "mm/physmap_flush.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"
#include "xenabi/shared_info.h"
#include "xenabi/upcall.h"

static_assert(sizeof(struct xen_hvm_param) == 16, "hvm_op.h");
static_assert(sizeof(struct xen_hvm_get_mem_type) == 16, "hvm_op.h");

#define CALLBACK_TYPE_SHIFT 56
#define UPCALL_VECTOR_MIN   0x10

/* What a guest may read of its own parameters; the rest is the toolstack's. */
static bool may_get(uint32_t index)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
	case HVM_PARAM_STORE_PFN:
	case HVM_PARAM_STORE_EVTCHN:
	case HVM_PARAM_CONSOLE_PFN:
	case HVM_PARAM_CONSOLE_EVTCHN:
	case HVM_PARAM_VM86_TSS:
	case HVM_PARAM_VM86_TSS_SIZED:
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
	case HVM_PARAM_VM_GENERATION_ID_ADDR:
	case HVM_PARAM_ALTP2M:
	case HVM_PARAM_X87_FIP_WIDTH: return true;
	default: return false;
	}
}

static bool may_set(uint32_t index)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
	case HVM_PARAM_STORE_EVTCHN:
	case HVM_PARAM_CONSOLE_EVTCHN:
	case HVM_PARAM_VM86_TSS:
	case HVM_PARAM_VM86_TSS_SIZED:
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
	case HVM_PARAM_VM_GENERATION_ID_ADDR:
	case HVM_PARAM_X87_FIP_WIDTH: return true;
	default: return false;
	}
}

/*
 * Only type 2 makes an interrupt: there is neither an I/O APIC nor a PCI bus for the others, and
 * Linux sets GSI 1 as a dummy when it uses op 23.
 */
static void set_callback(struct vcpu *current, uint64_t value)
{
	struct domain *d = current->domain;
	bool vector = value >> CALLBACK_TYPE_SHIFT == HVM_PARAM_CALLBACK_TYPE_VECTOR;

	store_relaxed(&d->xen->callback_vector, vector ? (uint8_t)value : 0);
	shared_info_latch(current->domain, vcpu_arch_mode(current) != VCPU_MODE_64);
	/* What is pending already is delivered by the new vector. */
	for (uint32_t i = 0; i < d->vcpu_count; i++) {
		store_relaxed(&d->vcpus[i]->xen->upcall_maybe, true);
		store_relaxed(&d->vcpus[i]->attn.event, 1);
		vcpu_kick_event(d->vcpus[i]);
	}
}

static int set_param(struct hypercall *h, const struct xen_hvm_param *p)
{
	struct domain *d = h->v->domain;

	if (!may_set(p->index))
		return -XEN_EPERM;
	if (p->index == HVM_PARAM_X87_FIP_WIDTH && p->value != 0 && p->value != 4 && p->value != 8)
		return -XEN_EINVAL;
	if (p->index == HVM_PARAM_ACPI_IOPORTS_LOCATION && p->value > 1)
		return -XEN_EINVAL;
	xen_domain_set_param(d, p->index, p->value);
	if (p->index == HVM_PARAM_CALLBACK_IRQ)
		set_callback(h->v, p->value);
	return 0;
}

static int op_param(struct hypercall *h, bool set)
{
	struct xen_domain *xd = h->v->domain->xen;
	struct xen_hvm_param p;
	int rc = guest_copy_in(h->v, &p, h->arg[1], sizeof(p));

	if (rc)
		return rc;
	if (p.index >= HVM_NR_PARAMS)
		return -XEN_EINVAL;
	rc = hypercall_check_self(h, p.domid);
	if (rc)
		return rc;
	if (set)
		return set_param(h, &p);
	if (!may_get(p.index))
		return -XEN_EPERM;
	p.value = load_relaxed(&xd->params[p.index]);
	return guest_copy_out(h->v, h->arg[1], &p, sizeof(p));
}

static int op_upcall_vector(struct hypercall *h)
{
	struct domain *d = h->v->domain;
	struct xen_hvm_evtchn_upcall_vector u;
	int rc = guest_copy_in(h->v, &u, h->arg[1], sizeof(u));

	if (rc)
		return rc;
	if (u.vector < UPCALL_VECTOR_MIN)
		return -XEN_EINVAL;
	if (u.vcpu >= d->vcpu_count)
		return -XEN_ENOENT;
	store_relaxed(&d->vcpus[u.vcpu]->xen->upcall_vector, u.vector);
	/* As Xen: asserted once when it is registered, whether or not an event is pending. */
	(void)vlapic_post(d->vcpus[u.vcpu], u.vector);
	return 0;
}

static int op_flush_tlbs(struct hypercall *h)
{
	if (h->arg[1])
		return -XEN_EINVAL;
	physmap_flush(&h->v->domain->physmap);
	return 0;
}

static int op_get_time(struct hypercall *h)
{
	struct xen_hvm_get_time t = { .now = domain_time_ns(h->v->domain, clock_ticks()) };

	return guest_copy_out(h->v, h->arg[1], &t, sizeof(t));
}

static int op_get_mem_type(struct hypercall *h)
{
	struct xen_hvm_get_mem_type t;
	int rc = guest_copy_in(h->v, &t, h->arg[1], sizeof(t));

	if (!rc)
		rc = hypercall_check_self(h, t.domid);
	if (rc)
		return rc;
	switch (physmap_type_at(&h->v->domain->physmap, to_gfn(t.pfn))) {
	case PHYSMAP_NONE: t.mem_type = HVMMEM_mmio_dm; break;
	case PHYSMAP_FOREIGN_RO: t.mem_type = HVMMEM_ram_ro; break;
	default: t.mem_type = HVMMEM_ram_rw; break;
	}
	return guest_copy_out(h->v, h->arg[1], &t, sizeof(t));
}

/* For shadow paging, which is not there; Linux probes for it. */
static int op_pagetable_dying(struct hypercall *h)
{
	struct xen_hvm_pagetable_dying p;
	int rc = guest_copy_in(h->v, &p, h->arg[1], sizeof(p));

	return rc ? rc : -XEN_EOPNOTSUPP;
}

int64_t hvm_hypercall(struct hypercall *h)
{
	switch ((uint32_t)h->arg[0]) {
	case HVMOP_set_param: return op_param(h, true);
	case HVMOP_get_param: return op_param(h, false);
	case HVMOP_flush_tlbs: return op_flush_tlbs(h);
	case HVMOP_pagetable_dying: return op_pagetable_dying(h);
	case HVMOP_get_time: return op_get_time(h);
	case HVMOP_get_mem_type: return op_get_mem_type(h);
	case HVMOP_set_evtchn_upcall_vector: return op_upcall_vector(h);
	case HVMOP_altp2m: return -XEN_EOPNOTSUPP;
	default: return -XEN_ENOSYS;
	}
}
