// SPDX-License-Identifier: MIT
#include "xenabi/physmap_op.h"

#include "core/sched.h"
#include "mm/own.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/grant_table.h"
#include "xenabi/shared_info.h"

#include <xen/memory.h>

#define PAGES_BUDGET 64 /* changes that are a round each, in one go */
#define MOVES        (PHYSMAP_BATCH / 2)

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
 * gfn where it was before, unless the guest has put something else there meanwhile.
 */
static int map_own(struct physmap *pm, pfn_t pfn, gfn_t gfn, gfn_t *where)
{
	struct physmap_change ch[2];
	enum status st;

	ch[0] = (struct physmap_change){ .gfn = gfn, .pfn = pfn, .type = PHYSMAP_OWN };
	ch[1] = (struct physmap_change){ .gfn = *where, .pfn = pfn, .when = PHYSMAP_WHEN_FRAME };
	if (!physmap_change_groups(pm, ch, where->n == gfn.n ? 1 : 2, 1, &st))
		return to_errno(st);
	*where = gfn;
	return 0;
}

/* RAM goes from one gfn to another: two changes. */
static void add_move(struct physmap_change *ch, uint64_t from, uint64_t to)
{
	ch[0] = (struct physmap_change){ .gfn = to_gfn(from), .when = PHYSMAP_WHEN_RAM };
	ch[1] = (struct physmap_change){ .gfn = to_gfn(to), .type = PHYSMAP_RAM, .follows = true };
}

static int move_ram(struct physmap *pm, uint64_t from, uint64_t to)
{
	struct physmap_change ch[2];

	add_move(ch, from, to);
	return to_errno(physmap_change(pm, ch, 2));
}

static int add_shared_info(struct hypercall *h, uint64_t idx, gfn_t gfn)
{
	struct domain *d = h->v->domain;

	if (idx)
		return -XEN_EINVAL;
	/* Before it can be seen: kernels that never write the hypercall MSR latch here. */
	shared_info_latch(d, h->narrow);
	return map_own(&d->physmap, own_pfn(d->xen->shared), gfn, &d->xen->shared_gfn);
}

static int add_grant_frame(struct domain *d, uint64_t idx, gfn_t gfn)
{
	gfn_t *where;
	pfn_t pfn;
	int rc = grant_table_frame(d, idx, &pfn, &where);

	return rc ? rc : map_own(&d->physmap, pfn, gfn, where);
}

int physmap_op_add(struct hypercall *h, uint32_t space, uint64_t idx, uint64_t gpfn)
{
	struct domain *d = h->v->domain;
	gfn_t gfn = to_gfn(gpfn);
	int rc = -XEN_EINVAL;

	spin_lock(&d->xen->memory_lock);
	switch (space) {
	case XENMAPSPACE_shared_info: rc = add_shared_info(h, idx, gfn); break;
	case XENMAPSPACE_grant_table: rc = add_grant_frame(d, idx, gfn); break;
	case XENMAPSPACE_gmfn:
	case XENMAPSPACE_gmfn_range: rc = move_ram(&d->physmap, idx, gpfn); break;
	default: break;
	}
	spin_unlock(&d->xen->memory_lock);
	return rc;
}

int physmap_op_remove(struct domain *d, uint64_t gpfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gpfn), .when = PHYSMAP_WHEN_THERE };
	enum status st;

	spin_lock(&d->xen->memory_lock);
	st = physmap_change(&d->physmap, &ch, 1);
	spin_unlock(&d->xen->memory_lock);
	return st == ERR_NOMEM ? -XEN_ENOMEM : st ? -XEN_ENOENT : 0;
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

/* The first n moves of the domain's batch, by one round: as many as can be done, or what stops the
 * first. Under memory_lock. */
static int64_t move_batch(struct domain *d, uint32_t n)
{
	enum status st;
	unsigned int made;

	made = physmap_change_groups(&d->physmap, d->xen->batch, 2 * n, 2, &st);
	return made ? (int64_t)made / 2 : to_errno(st);
}

static int64_t add_range(struct hypercall *h, const struct xen_add_to_physmap *a, uint64_t start)
{
	struct domain *d = h->v->domain;
	int64_t done = 0;
	uint32_t n;

	if (start > a->size)
		return -XEN_EILSEQ;
	n = (uint32_t)min_u64(a->size - start, MOVES);
	spin_lock(&d->xen->memory_lock);
	for (uint32_t i = 0; i < n; i++)
		add_move(&d->xen->batch[2 * i], a->idx + start + i, a->gpfn + start + i);
	if (n)
		done = move_batch(d, n);
	spin_unlock(&d->xen->memory_lock);
	/* As Xen: what stops it is the answer, however far it came. */
	if (done < 0)
		return done;
	start += (uint64_t)done;
	return start < a->size ? memory_op_again(h, XENMEM_add_to_physmap, start) : 0;
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
	return physmap_op_add(h, a.space, a.idx, a.gpfn);
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

static int get_pair(struct hypercall *h, const struct batch *b, uint64_t i, uint64_t *idx,
		    uint64_t *gpfn)
{
	size_t size = h->narrow ? 4 : 8;

	*idx = *gpfn = 0;
	return guest_copy_in(h->v, idx, b->idxs + i * size, size) ||
			       guest_copy_in(h->v, gpfn, b->gpfns + i * size, size)
		       ? -XEN_EFAULT
		       : 0;
}

static int put_error(struct hypercall *h, const struct batch *b, uint64_t i, int32_t err)
{
	return guest_copy_out(h->v, b->errs + i * sizeof(err), &err, sizeof(err));
}

/* Element *i; *i moves on. */
static int batch_one(struct hypercall *h, const struct batch *b, uint64_t *i)
{
	uint64_t idx, gpfn;

	if (get_pair(h, b, *i, &idx, &gpfn))
		return -XEN_EFAULT;
	return put_error(h, b, (*i)++, physmap_op_add(h, b->space, idx, gpfn));
}

/* Elements from *i on that move RAM, as many as one round can do, or the error of the first. Each is
 * read, and its error can be written, before any is moved. */
static int batch_moves(struct hypercall *h, const struct batch *b, uint64_t *i)
{
	struct domain *d = h->v->domain;
	uint64_t end = min_u64(b->size, *i + MOVES), at;
	uint64_t idx, gpfn;
	int64_t done = 0;

	spin_lock(&d->xen->memory_lock);
	for (at = *i; at < end && !get_pair(h, b, at, &idx, &gpfn) && !put_error(h, b, at, 0); at++)
		add_move(&d->xen->batch[2 * (at - *i)], idx, gpfn);
	if (at > *i)
		done = move_batch(d, (uint32_t)(at - *i));
	spin_unlock(&d->xen->memory_lock);
	if (!done)
		return -XEN_EFAULT;
	if (done < 0)
		return put_error(h, b, (*i)++, (int32_t)done);
	*i += (uint64_t)done;
	return 0;
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
	for (uint64_t i = start; i < b.size && !rc;) {
		if (i - start >= PAGES_BUDGET || (i > start && sched_must_return(h->v)))
			return memory_op_again(h, XENMEM_add_to_physmap_batch, i);
		rc = b.space == XENMAPSPACE_gmfn ? batch_moves(h, &b, &i) : batch_one(h, &b, &i);
	}
	return rc;
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
