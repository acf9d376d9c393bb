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

/* What one batch works on. */
struct extents {
	struct domain *d;
	uint32_t order;
	uint32_t count;
	uint64_t gfn[PHYSMAP_BATCH];
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

/* The next extents of the list: as many as one batch of changes covers, at least one. */
static bool get_extents(struct hypercall *h, const struct reservation *r, uint64_t from,
			struct extents *x)
{
	size_t size = h->narrow ? 4 : 8;
	uint32_t narrow[PHYSMAP_BATCH];
	void *buf = h->narrow ? (void *)narrow : (void *)x->gfn;

	x->count = r->order >= 6 ? 1U : (uint32_t)PHYSMAP_BATCH >> r->order;
	x->count = (uint32_t)min_u64(x->count, r->count - from);
	if (guest_copy_in(h->v, buf, r->list + from * size, x->count * size))
		return false;
	for (uint32_t i = 0; h->narrow && i < x->count; i++)
		x->gfn[i] = narrow[i];
	return true;
}

/* May the guest give this page back? A page of our own is only unhooked by it. */
static bool may_drop(const struct domain *d, uint64_t gfn)
{
	enum physmap_type type = physmap_type_at(&d->physmap, to_gfn(gfn));

	return type == PHYSMAP_RAM || type == PHYSMAP_OWN;
}

/* What is given back in one round. */
struct drops {
	uint64_t seen; /* by gfn modulo 64: spares most looks for a page that is listed twice */
	uint32_t count;
	struct physmap_change ch[PHYSMAP_BATCH];
};

static bool listed(const struct drops *l, uint64_t gfn)
{
	if (!(l->seen & BIT(gfn % 64)))
		return false;
	for (uint32_t i = 0; i < l->count; i++)
		if (l->ch[i].gfn.n == gfn)
			return true;
	return false;
}

/* n pages from gfn; false, and none of them, when one is not the guest's to give. */
static bool drop_list(const struct domain *d, uint64_t gfn, uint32_t n, struct drops *l)
{
	uint32_t count = l->count;

	for (uint32_t i = 0; i < n; i++) {
		if (!may_drop(d, gfn + i) || listed(l, gfn + i))
			return false;
		l->ch[count + i] =
			(struct physmap_change){ .gfn = to_gfn(gfn + i), .type = PHYSMAP_NONE };
		l->seen |= BIT((gfn + i) % 64);
	}
	l->count = count + n;
	return true;
}

/* One extent of more pages than a batch has. */
static bool decrease_large(struct domain *d, uint64_t gfn, uint32_t pages)
{
	for (uint32_t i = 0; i < pages; i += PHYSMAP_BATCH) {
		struct drops l;

		l.seen = 0;
		l.count = 0;
		if (!drop_list(d, gfn + i, PHYSMAP_BATCH, &l) ||
		    physmap_change(&d->physmap, l.ch, PHYSMAP_BATCH) != OK)
			return false;
	}
	return true;
}

/* Returns how many of the extents are gone. */
static uint32_t decrease(const struct extents *x)
{
	uint32_t pages = 1U << x->order, n = 0;
	struct drops l;

	if (pages > PHYSMAP_BATCH)
		return decrease_large(x->d, x->gfn[0], pages);
	l.seen = 0;
	l.count = 0;
	while (n < x->count && drop_list(x->d, x->gfn[n], pages, &l))
		n++;
	return n && physmap_change(&x->d->physmap, l.ch, l.count) == OK ? n : 0;
}

static void put_frames(pfn_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		frame_put(to_pfn(first.n + i));
}

static bool room_for(const struct domain *d, uint64_t pages)
{
	return load_relaxed(&d->physmap.ram_frames) + pages <= d->xen->max_pages;
}

/* Contiguous frames at gfn, 4 KiB at a time; what was not mapped is given back. */
static bool map_frames(struct domain *d, uint64_t gfn, pfn_t first, uint32_t pages)
{
	struct physmap_change ch[PHYSMAP_BATCH];

	for (uint32_t done = 0; done < pages;) {
		uint32_t n = (uint32_t)min_u64(pages - done, PHYSMAP_BATCH);

		for (uint32_t i = 0; i < n; i++)
			ch[i] = (struct physmap_change){ .gfn = to_gfn(gfn + done + i),
							 .pfn = to_pfn(first.n + done + i),
							 .type = PHYSMAP_RAM };
		if (physmap_change(&d->physmap, ch, n) != OK) {
			put_frames(to_pfn(first.n + done), pages - done);
			return false;
		}
		done += n;
	}
	return true;
}

/* One extent of order > 0: as one large page where it fits, else page by page. */
static bool populate_extent(struct domain *d, uint64_t gfn, uint32_t order)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_RAM };

	if (!room_for(d, BIT(order)))
		return false;
	ch.pfn = frame_alloc(order, d->slot);
	if (!pfn_valid(ch.pfn))
		return false;
	if (order == FRAME_ORDER_2M && physmap_leaf_2m && !(gfn & (BIT(order) - 1))) {
		ch.order = FRAME_ORDER_2M;
		/* Refused when something is mapped there already. */
		if (physmap_change(&d->physmap, &ch, 1) == OK)
			return true;
	}
	return map_frames(d, gfn, ch.pfn, 1U << order);
}

static uint32_t populate_pages(const struct extents *x)
{
	struct physmap_change ch[PHYSMAP_BATCH];
	uint32_t n = 0;

	while (n < x->count && room_for(x->d, n + 1)) {
		pfn_t pfn = frame_alloc(FRAME_ORDER_4K, x->d->slot);

		if (!pfn_valid(pfn))
			break;
		ch[n] = (struct physmap_change){ .gfn = to_gfn(x->gfn[n]),
						 .pfn = pfn,
						 .type = PHYSMAP_RAM };
		n++;
	}
	if (!n || physmap_change(&x->d->physmap, ch, n) == OK)
		return n;
	/* One bad gfn spoils a batch: find out which come before it. */
	for (uint32_t i = 0; i < n; i++) {
		if (physmap_change(&x->d->physmap, &ch[i], 1) == OK)
			continue;
		for (uint32_t j = i; j < n; j++)
			frame_put(ch[j].pfn);
		return i;
	}
	return n;
}

static uint32_t populate(const struct extents *x)
{
	uint32_t n = 0;

	if (!x->order)
		return populate_pages(x);
	while (n < x->count && populate_extent(x->d, x->gfn[n], x->order))
		n++;
	return n;
}

/* From extent `done` on; *more when the time is up before the end. */
static uint64_t run(struct hypercall *h, const struct reservation *r, uint32_t op, uint64_t done,
		    bool *more)
{
	struct extents x = { .d = h->v->domain, .order = r->order };
	uint64_t stop = done + max_u64(PAGES_BUDGET >> r->order, 1);
	uint32_t n;

	*more = false;
	while (done < r->count) {
		if (done >= stop || (done + PAGES_BUDGET > stop && sched_must_return(h->v))) {
			*more = true;
			break;
		}
		if (!get_extents(h, r, done, &x))
			break;
		spin_lock(&x.d->xen->memory_lock);
		n = op == XENMEM_populate_physmap ? populate(&x) : decrease(&x);
		spin_unlock(&x.d->xen->memory_lock);
		done += n;
		if (n < x.count)
			break;
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
