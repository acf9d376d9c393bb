// SPDX-License-Identifier: MIT
#include "xenabi/physmap_op.h"

#include "core/sched.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "mm/section.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/grant_table.h"
#include "xenabi/shared_info.h"

#include <xen/memory.h>

#define PAGES_BUDGET 64 /* changes of a batch in one go */

/* What stands at a gfn now. Under memory_lock, so it still does when we change it. */
static struct physmap_entry look(const struct physmap *pm, gfn_t gfn)
{
	struct physmap_entry e;

	section_begin();
	e = physmap_lookup(pm, gfn);
	section_end();
	return e;
}

static int to_errno(enum status st)
{
	switch (st) {
	case OK: return 0;
	case ERR_NOMEM: return -XEN_ENOMEM;
	default: return -XEN_EINVAL;
	}
}

/*
 * A frame of the hypervisor's own appears at gfn, in place of what is there, and no longer at the
 * gfn where it was before.
 */
static int map_own(struct physmap *pm, pfn_t pfn, gfn_t gfn, gfn_t *where)
{
	struct physmap_change ch[2] = { { .gfn = gfn, .pfn = pfn, .type = PHYSMAP_OWN } };
	unsigned int n = 1;
	int rc;

	if (gfn_valid(*where) && where->n != gfn.n) {
		struct physmap_entry old = look(pm, *where);

		/* The guest may have put something else there meanwhile. */
		if (old.type == PHYSMAP_OWN && old.pfn.n == pfn.n)
			ch[n++] = (struct physmap_change){ .gfn = *where, .type = PHYSMAP_NONE };
	}
	rc = to_errno(physmap_change(pm, ch, n));
	if (!rc)
		*where = gfn;
	return rc;
}

/* Move RAM from one gfn to another. */
static int move_ram(struct physmap *pm, gfn_t from, gfn_t to)
{
	struct physmap_entry e = look(pm, from);
	struct physmap_change ch[2] = {
		{ .gfn = from, .type = PHYSMAP_NONE },
		{ .gfn = to, .pfn = e.pfn, .type = PHYSMAP_RAM },
	};
	int rc;

	if (e.type != PHYSMAP_RAM)
		return -XEN_EINVAL;
	if (from.n == to.n)
		return 0;
	/* The new place's count; the old place's is given back by the change. */
	frame_get(e.pfn);
	rc = to_errno(physmap_change(pm, ch, 2));
	if (rc)
		frame_put(e.pfn);
	return rc;
}

static int add_shared_info(struct vcpu *current, uint64_t idx, gfn_t gfn)
{
	struct xen_domain *xd = current->domain->xen;

	if (idx)
		return -XEN_EINVAL;
	/* Before it can be seen: kernels that never write the hypercall MSR latch here. */
	shared_info_latch(current);
	return map_own(&current->domain->physmap, own_pfn(xd->shared), gfn, &xd->shared_gfn);
}

static int add_grant_frame(struct domain *d, uint64_t idx, gfn_t gfn)
{
	gfn_t *where;
	pfn_t pfn;
	int rc = grant_table_frame(d, idx, &pfn, &where);

	return rc ? rc : map_own(&d->physmap, pfn, gfn, where);
}

int physmap_op_add(struct vcpu *current, uint32_t space, uint64_t idx, uint64_t gpfn)
{
	struct domain *d = current->domain;
	gfn_t gfn = to_gfn(gpfn);
	int rc = -XEN_EINVAL;

	spin_lock(&d->xen->memory_lock);
	switch (space) {
	case XENMAPSPACE_shared_info: rc = add_shared_info(current, idx, gfn); break;
	case XENMAPSPACE_grant_table: rc = add_grant_frame(d, idx, gfn); break;
	case XENMAPSPACE_gmfn:
	case XENMAPSPACE_gmfn_range: rc = move_ram(&d->physmap, to_gfn(idx), gfn); break;
	default: break;
	}
	spin_unlock(&d->xen->memory_lock);
	return rc;
}

int physmap_op_remove(struct domain *d, uint64_t gpfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gpfn), .type = PHYSMAP_NONE };
	int rc = -XEN_ENOENT;

	spin_lock(&d->xen->memory_lock);
	if (physmap_type_at(&d->physmap, ch.gfn) != PHYSMAP_NONE)
		rc = to_errno(physmap_change(&d->physmap, &ch, 1));
	spin_unlock(&d->xen->memory_lock);
	return rc;
}

static int get_add(struct hypercall *h, struct xen_add_to_physmap *a)
{
	struct compat_add_to_physmap c;

	if (!h->narrow)
		return guest_copy_in(h->v, a, h->arg[1], sizeof(*a));
	if (guest_copy_in(h->v, &c, h->arg[1], sizeof(c)))
		return -XEN_EFAULT;
	*a = (struct xen_add_to_physmap){
		.domid = c.domid, .size = c.size, .space = c.space, .idx = c.idx, .gpfn = c.gpfn
	};
	return 0;
}

static int64_t add_range(struct hypercall *h, const struct xen_add_to_physmap *a, uint64_t start)
{
	for (uint64_t i = start; i < a->size; i++) {
		int rc;

		if (i - start >= PAGES_BUDGET || (i > start && sched_must_return(h->v)))
			return memory_op_again(h, XENMEM_add_to_physmap, i);
		rc = physmap_op_add(h->v, a->space, a->idx + i, a->gpfn + i);
		/* As Xen: what stops it is the answer, however far it came. */
		if (rc)
			return rc;
	}
	return start > a->size ? -XEN_EILSEQ : 0;
}

int64_t physmap_op_add_hypercall(struct hypercall *h, uint64_t start)
{
	struct xen_add_to_physmap a;
	int rc = get_add(h, &a);

	if (rc)
		return rc;
	/* Foreign pages only by the batch form (memory.h). */
	if (a.space == XENMAPSPACE_gmfn_foreign)
		return -XEN_ENOSYS;
	rc = hypercall_check_self(h, a.domid);
	if (rc)
		return rc;
	if (a.space == XENMAPSPACE_gmfn_range)
		return add_range(h, &a, start);
	return physmap_op_add(h->v, a.space, a.idx, a.gpfn);
}

struct batch {
	uint16_t domid, space, size;
	uint64_t idxs, gpfns, errs;
};

static int get_batch(struct hypercall *h, struct batch *b)
{
	struct xen_add_to_physmap_batch w;
	struct compat_add_to_physmap_batch c;

	if (h->narrow) {
		if (guest_copy_in(h->v, &c, h->arg[1], sizeof(c)))
			return -XEN_EFAULT;
		*b = (struct batch){ c.domid, c.space, c.size, c.idxs, c.gpfns, c.errs };
		return 0;
	}
	if (guest_copy_in(h->v, &w, h->arg[1], sizeof(w)))
		return -XEN_EFAULT;
	*b = (struct batch){
		w.domid,           w.space, w.size, (uint64_t)w.idxs.p, (uint64_t)w.gpfns.p,
		(uint64_t)w.errs.p
	};
	return 0;
}

static int batch_one(struct hypercall *h, const struct batch *b, uint64_t i)
{
	size_t size = h->narrow ? 4 : 8;
	uint64_t idx = 0, gpfn = 0;
	int32_t err;

	if (guest_copy_in(h->v, &idx, b->idxs + i * size, size) ||
	    guest_copy_in(h->v, &gpfn, b->gpfns + i * size, size))
		return -XEN_EFAULT;
	err = physmap_op_add(h->v, b->space, idx, gpfn);
	return guest_copy_out(h->v, b->errs + i * sizeof(err), &err, sizeof(err));
}

int64_t physmap_op_batch_hypercall(struct hypercall *h, uint64_t start)
{
	struct batch b;
	int rc = get_batch(h, &b);

	if (!rc)
		rc = hypercall_check_self(h, b.domid);
	if (rc)
		return rc;
	/* Another domain's pages are for the privileged; ranges have a form of their own. */
	if (b.space == XENMAPSPACE_gmfn_foreign)
		return -XEN_EPERM;
	if (b.space == XENMAPSPACE_gmfn_range)
		return -XEN_EINVAL;
	if (start > b.size)
		return -XEN_EILSEQ;
	for (uint64_t i = start; i < b.size; i++) {
		if (i - start >= PAGES_BUDGET || (i > start && sched_must_return(h->v)))
			return memory_op_again(h, XENMEM_add_to_physmap_batch, i);
		rc = batch_one(h, &b, i);
		if (rc)
			return rc;
	}
	return 0;
}

int64_t physmap_op_remove_hypercall(struct hypercall *h)
{
	struct xen_remove_from_physmap r = { 0 };
	struct compat_remove_from_physmap c;
	int rc;

	if (h->narrow) {
		rc = guest_copy_in(h->v, &c, h->arg[1], sizeof(c));
		r.domid = c.domid;
		r.gpfn = c.gpfn;
	} else {
		rc = guest_copy_in(h->v, &r, h->arg[1], sizeof(r));
	}
	if (!rc)
		rc = hypercall_check_self(h, r.domid);
	return rc ? rc : physmap_op_remove(h->v->domain, r.gpfn);
}
