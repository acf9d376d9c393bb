// SPDX-License-Identifier: MIT
#include "xenabi/hypercall.h"

#include "core/vcpu_arch.h"
#include "mm/gwalk.h"
#include "xenabi/evtchn.h"
#include "xenabi/ops.h"
#include "xenabi/xen.h"

/* For the toolstack of domain 0 only. */
static int64_t refused(struct hypercall *h)
{
	(void)h;
	return -XEN_EPERM;
}

/*
 * xen/xen.h. What is not here is for PV guests, or dead, or not offered: -ENOSYS, as are 39 (Argo),
 * 40 (PMU), 26 (mmuext), 27 (XSM).
 */
static hypercall_fn *const table[64] = {
	[__HYPERVISOR_platform_op] = refused,
	[__HYPERVISOR_memory_op] = memory_hypercall,
	[__HYPERVISOR_multicall] = multicall_hypercall,
	[__HYPERVISOR_set_timer_op] = set_timer_hypercall,
	[__HYPERVISOR_xen_version] = version_hypercall,
	[__HYPERVISOR_console_io] = console_io_hypercall,
	[__HYPERVISOR_grant_table_op] = grant_table_hypercall,
	[__HYPERVISOR_vm_assist] = vm_assist_hypercall,
	[__HYPERVISOR_vcpu_op] = vcpu_hypercall,
	[__HYPERVISOR_sched_op] = sched_hypercall,
	[__HYPERVISOR_event_channel_op] = evtchn_hypercall,
	[__HYPERVISOR_physdev_op] = physdev_hypercall,
	[__HYPERVISOR_hvm_op] = hvm_hypercall,
	[__HYPERVISOR_sysctl] = refused,
	[__HYPERVISOR_domctl] = refused,
	[__HYPERVISOR_dm_op] = refused,
	[__HYPERVISOR_hypfs_op] = refused,
	[HYPERCALL_DEBUG] = debug_hypercall,
};

int64_t hypercall_dispatch(struct hypercall *h, uint64_t nr)
{
	hypercall_fn *fn = nr < array_size(table) ? table[nr] : NULL;

	return likely(fn) ? fn(h) : -XEN_ENOSYS;
}

static inline void load_args(struct hypercall *h, const struct vcpu_regs *r)
{
	if (likely(!h->narrow)) {
		h->arg[0] = r->rdi;
		h->arg[1] = r->rsi;
		h->arg[2] = r->rdx;
		h->arg[3] = r->r10;
		h->arg[4] = r->r8;
	} else {
		h->arg[0] = (uint32_t)r->rbx;
		h->arg[1] = (uint32_t)r->rcx;
		h->arg[2] = (uint32_t)r->rdx;
		h->arg[3] = (uint32_t)r->rsi;
		h->arg[4] = (uint32_t)r->rdi;
	}
}

static void store_args(const struct hypercall *h, struct vcpu_regs *r)
{
	if (!h->narrow) {
		r->rdi = h->arg[0];
		r->rsi = h->arg[1];
		r->rdx = h->arg[2];
		r->r10 = h->arg[3];
		r->r8 = h->arg[4];
	} else {
		r->rbx = (uint32_t)h->arg[0];
		r->rcx = (uint32_t)h->arg[1];
		r->rdx = (uint32_t)h->arg[2];
		r->rsi = (uint32_t)h->arg[3];
		r->rdi = (uint32_t)h->arg[4];
	}
}

/* Every call but the one below. */
static noinline_fn void call(struct vcpu *v, bool narrow)
{
	struct hypercall h;
	int64_t rc;

	h.v = v;
	h.narrow = narrow;
	h.again = false;
	load_args(&h, &v->regs);
	rc = hypercall_dispatch(&h, narrow ? (uint32_t)v->regs.rax : v->regs.rax);
	if (unlikely(h.again)) {
		store_args(&h, &v->regs);
		vcpu_arch_repeat_hypercall(v);
		return;
	}
	v->regs.rax = narrow ? (uint32_t)rc : (uint64_t)rc;
}

static noinline_fn int send_slowly(struct vcpu *v)
{
	uint32_t port;

	return guest_copy_in_word(v, &port, v->regs.rsi) ? -XEN_EFAULT : evtchn_send(v, port);
}

/* EVTCHNOP_send of a 64-bit kernel. */
static inline int send(struct vcpu *v)
{
	uint32_t port;
	enum gwalk_hit hit = gwalk_read_kernel_word(&v->domain->physmap, &v->walks,
						    vcpu_arch_cr3(v), v->regs.rsi, &port);

	if (unlikely(hit == GWALK_MISS || (hit == GWALK_USER && vcpu_arch_smap(v))))
		return send_slowly(v);
	return evtchn_send(v, port);
}

void xen_hypercall(struct vcpu *v)
{
	struct vcpu_regs *r = &v->regs;
	bool narrow;

	if (likely(vcpu_arch_kernel_64(v))) {
		/* The call that guests make more than all others: spared the table and the copy of
		 * its arguments. */
		if (r->rax == __HYPERVISOR_event_channel_op && (uint32_t)r->rdi == EVTCHNOP_send)
			r->rax = (uint64_t)(int64_t)send(v);
		else
			call(v, false);
		return;
	}
	/* The current code segment decides: a 64-bit kernel's compatibility mode speaks 32 bits. */
	narrow = vcpu_arch_mode(v) != VCPU_MODE_64;
	if (vcpu_arch_cpl(v) == 0)
		call(v, narrow);
	else
		r->rax = narrow ? (uint32_t)-XEN_EPERM : (uint64_t)-XEN_EPERM;
}

/* The common case: a 64-bit kernel's argument, on a walk that is remembered. */
static inline bool copy_in_kernel(struct vcpu *v, void *dst, uint64_t linear, size_t len)
{
	enum gwalk_hit hit;

	if (!vcpu_arch_kernel_64(v))
		return false;
	hit = gwalk_read_kernel(&v->domain->physmap, &v->walks, vcpu_arch_cr3(v), linear, dst, len);
	return hit == GWALK_SUPERVISOR || (hit == GWALK_USER && !vcpu_arch_smap(v));
}

static cold_fn int copy_in_slowly(struct vcpu *v, void *dst, uint64_t linear, size_t len)
{
	struct guest_paging paging;
	struct gwalk_fault fault;

	vcpu_arch_paging(v, &paging);
	return gwalk_copy_from(&v->domain->physmap, &paging, &v->walks, dst, linear, len,
			       GWALK_READ, &fault) == OK
		       ? 0
		       : -XEN_EFAULT;
}

int guest_copy_in(struct vcpu *v, void *dst, uint64_t linear, size_t len)
{
	return likely(copy_in_kernel(v, dst, linear, len)) ? 0
							   : copy_in_slowly(v, dst, linear, len);
}

int guest_copy_in_word(struct vcpu *v, uint32_t *dst, uint64_t linear)
{
	struct guest_paging paging;

	vcpu_arch_paging(v, &paging);
	return likely(gwalk_read_word(&v->domain->physmap, &paging, &v->walks, linear, dst))
		       ? 0
		       : -XEN_EFAULT;
}

int guest_copy_out(struct vcpu *v, uint64_t linear, const void *src, size_t len)
{
	struct guest_paging paging;
	struct gwalk_fault fault;

	vcpu_arch_paging(v, &paging);
	return gwalk_copy_to(&v->domain->physmap, &paging, &v->walks, linear, src, len, &fault) ==
			       OK
		       ? 0
		       : -XEN_EFAULT;
}

int hypercall_check_self(const struct hypercall *h, uint16_t domid)
{
	struct domain *d;

	if (likely(domid == DOMID_SELF || domid == h->v->domain->id))
		return 0;
	/* There is no domain 0, but every guest expects one that it may not touch. */
	if (domid == 0)
		return -XEN_EPERM;
	d = domid < DOMID_FIRST_RESERVED ? domain_get(domid) : NULL;
	if (!d)
		return -XEN_ESRCH;
	domain_put(d);
	return -XEN_EPERM;
}
