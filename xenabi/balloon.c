// SPDX-License-Identifier: MIT
/*
 * The balloon: memory given back and taken again, in extents of 2^order pages. A batch of changes
 * is one round of the physmap (one kick a core). The result is the number of extents done.
 */
#include "core/lib/bits.h"
#include "core/sched.h"
#include "mm/frame.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/physmap_op.h"

#include <xen/memory.h>

#define MAX_ORDER    9    /* Xen's CONFIG_DOMU_MAX_ORDER */
#define PAGES_BUDGET 1024 /* in one go */

struct reservation {
	uint64_t list; /* guest address of the extents' first gfns */
	uint64_t count;
	uint32_t order;
	uint16_t domid;
};

static int get_reservation(struct hypercall *h, struct reservation *r)
{
	struct compat_memory_reservation c;
	struct xen_memory_reservation w;

	if (h->narrow) {
		if (guest_copy_in(h->v, &c, h->arg[1], sizeof(c)))
			return -XEN_EFAULT;
		*r = (struct reservation){ c.extent_start, c.nr_extents, c.extent_order, c.domid };
		return 0;
	}
	if (guest_copy_in(h->v, &w, h->arg[1], sizeof(w)))
		return -XEN_EFAULT;
	*r = (struct reservation){ (uint64_t)w.extent_start.p, w.nr_extents, w.extent_order,
				   w.domid };
	return 0;
}

#define LIST_PIECE 64 /* gfns read from the guest at a time */

/* A guest's list of extents, read in pieces. */
struct extents {
	struct hypercall *h;
	const struct reservation *r;
	uint64_t from, count; /* what is in gfn[] */
	uint64_t gfn[LIST_PIECE];
};

/* Element i; false where the list cannot be read. */
static bool get_gfn(struct extents *l, uint64_t i, uint64_t *gfn)
{
	size_t size = l->h->narrow ? 4 : 8;

	if (i - l->from >= l->count) {
		l->from = i;
		l->count = min_u64(l->r->count - i, LIST_PIECE);
		if (guest_copy_in(l->h->v, l->gfn, l->r->list + i * size, l->count * size)) {
			l->count = 0;
			return false;
		}
	}
	i -= l->from;
	*gfn = l->h->narrow ? ((const uint32_t *)l->gfn)[i] : l->gfn[i];
	return true;
}

static void put_frames(struct domain *d, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		frame_put(d->xen->batch[i].pfn);
}

/* Put an extent to be removed into the batch. A page of our own is only unhooked by it. */
static void add_removal(struct physmap_change *ch, uint64_t gfn, uint32_t pages)
{
	for (uint32_t i = 0; i < pages; i++)
		ch[i] = (struct physmap_change){ .gfn = to_gfn(gfn + i),
						 .when = PHYSMAP_WHEN_OWNED };
}

/* Put an extent with fresh frames into the batch; false when there are none for it. */
static bool add_frames(struct domain *d, struct physmap_change *ch, uint64_t gfn, uint32_t order,
		       uint32_t pending)
{
	pfn_t pfn;

	if (load_relaxed(&d->physmap.ram_frames) + pending + BIT(order) > d->xen->max_pages)
		return false;
	pfn = frame_alloc(order, d->slot);
	if (!pfn_valid(pfn))
		return false;
	for (uint32_t i = 0; i < 1U << order; i++)
		ch[i] = (struct physmap_change){ .gfn = to_gfn(gfn + i),
						 .pfn = to_pfn(pfn.n + i),
						 .type = PHYSMAP_RAM };
	return true;
}

/* An extent in ch[] as one large page: refused when something is mapped there. */
static bool map_large(struct domain *d, const struct physmap_change *ch)
{
	struct physmap_change large = *ch;

	large.order = FRAME_ORDER_2M;
	return physmap_leaf_2m && !(ch->gfn.n & (BIT(FRAME_ORDER_2M) - 1)) &&
	       physmap_change(&d->physmap, &large, 1) == OK;
}

/* As many extents from `done` on as one round can do; returns how many are done. *stop: the next
 * cannot be. Under memory_lock. */
static uint64_t one_round(struct extents *l, uint32_t op, uint64_t done, bool *stop)
{
	struct domain *d = l->h->v->domain;
	struct physmap_change *ch = d->xen->batch;
	uint32_t order = l->r->order, pages = 1U << order, n = 0, made;
	enum status st;
	uint64_t gfn;

	*stop = false;
	for (uint64_t i = done; i < l->r->count && n + pages <= PHYSMAP_BATCH; i++, n += pages) {
		*stop = !get_gfn(l, i, &gfn) ||
			(op == XENMEM_populate_physmap && !add_frames(d, &ch[n], gfn, order, n));
		if (*stop)
			break;
		if (op == XENMEM_decrease_reservation)
			add_removal(&ch[n], gfn, pages);
	}
	if (op == XENMEM_populate_physmap && order == FRAME_ORDER_2M && n && map_large(d, ch))
		return 1;
	made = physmap_change_groups(&d->physmap, ch, n, pages, &st);
	if (op == XENMEM_populate_physmap)
		put_frames(d, made, n);
	*stop |= made < n;
	return made >> order;
}

/* From extent `done` on; *more when the time is up before the end. */
static uint64_t run(struct hypercall *h, const struct reservation *r, uint32_t op, uint64_t done,
		    bool *more)
{
	struct spinlock *lock = &h->v->domain->xen->memory_lock;
	struct extents l = { .h = h, .r = r };
	uint64_t stop_at = done + max_u64(PAGES_BUDGET >> r->order, 1);
	bool stop = false;

	for (*more = false; done < r->count && !stop && !*more;) {
		spin_lock(lock);
		done += one_round(&l, op, done, &stop);
		spin_unlock(lock);
		*more = !stop && done < r->count && (done >= stop_at || sched_must_return(h->v));
	}
	return done;
}

int64_t balloon_hypercall(struct hypercall *h, uint32_t op, uint64_t start)
{
	uint64_t most = (h->narrow ? UINT32_MAX : UINT64_MAX) >> MEMOP_EXTENT_SHIFT;
	struct reservation r;
	uint64_t done;
	bool more;

	/* Too many extents for the progress to be encoded; none left; not ours; too large. */
	if (get_reservation(h, &r) || r.count > most || start >= r.count ||
	    hypercall_check_self(h, r.domid) || r.order > MAX_ORDER)
		return (int64_t)start;
	/* It names no gfn at which a translated guest would find the memory: none is allocated. */
	if (op == XENMEM_increase_reservation)
		return (int64_t)start;
	done = run(h, &r, op, start, &more);
	return more ? memory_op_again(h, op, done) : (int64_t)done;
}
