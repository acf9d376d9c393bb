// SPDX-License-Identifier: MIT
#include "xenabi/grant_table.h"

#include "mm/own.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"

#include <xen/grant_table.h>

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

struct grant_table {
	uint32_t count; /* frames; grows under memory_lock, never shrinks */
	struct grant_entry_v1 *frame[GRANT_FRAMES_MAX];
	gfn_t gfn[GRANT_FRAMES_MAX]; /* where each is mapped, or INVALID_FRAME */
};

static_assert(sizeof(struct grant_entry_v1) == 8, "grant_table.h");
static_assert(sizeof(struct grant_table) <= PAGE_SIZE, "one allocation");

static bool grow(struct grant_table *gt, uint32_t count)
{
	while (gt->count < count) {
		struct grant_entry_v1 *frame = own_alloc_pages(0);

		if (!frame)
			return false;
		gt->frame[gt->count] = frame;
		gt->gfn[gt->count] = to_gfn(INVALID_FRAME);
		store_release(&gt->count, gt->count + 1);
	}
	return true;
}

enum status grant_table_create(struct domain *d)
{
	struct grant_table *gt = own_alloc(sizeof(*gt));

	if (!gt)
		return ERR_NOMEM;
	d->xen->grants = gt;
	return grow(gt, 1) ? OK : ERR_NOMEM;
}

void grant_table_destroy(struct domain *d)
{
	struct grant_table *gt = d->xen->grants;

	if (!gt)
		return;
	for (uint32_t i = 0; i < gt->count; i++)
		own_free_pages(gt->frame[i], 0);
	own_free(gt, sizeof(*gt));
	d->xen->grants = NULL;
}

int grant_table_frame(struct domain *d, uint64_t idx, pfn_t *pfn, gfn_t **where)
{
	struct grant_table *gt = d->xen->grants;

	/* Status frames (XENMAPIDX_grant_table_status) are version 2's. */
	if (idx >= GRANT_FRAMES_MAX)
		return -XEN_EINVAL;
	if (!grow(gt, (uint32_t)idx + 1))
		return -XEN_ENOMEM;
	*pfn = own_pfn(gt->frame[idx]);
	*where = &gt->gfn[idx];
	return 0;
}

uint32_t grant_table_frames(const struct domain *d)
{
	return load_acquire(&d->xen->grants->count);
}

bool grant_table_entry(const struct domain *d, uint32_t ref, struct grant_entry_v1 *out)
{
	const struct grant_table *gt = d->xen->grants;

	if (ref / ENTRIES_PER_FRAME >= grant_table_frames(d))
		return false;
	/* The guest may be writing it. */
	*out = *(const volatile struct grant_entry_v1 *)&gt
			->frame[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
	return true;
}

/* GNTST_* for a domain argument. */
static int16_t domain_status(const struct hypercall *h, uint16_t domid)
{
	switch (hypercall_check_self(h, domid)) {
	case 0: return GNTST_okay;
	case -XEN_EPERM: return GNTST_permission_denied;
	default: return GNTST_bad_domain;
	}
}

static int query_size(struct hypercall *h)
{
	struct gnttab_query_size q;
	int rc = guest_copy_in(h->v, &q, h->arg[1], sizeof(q));

	if (rc)
		return rc;
	q.status = domain_status(h, q.dom);
	if (q.status == GNTST_okay) {
		q.nr_frames = grant_table_frames(h->v->domain);
		q.max_nr_frames = GRANT_FRAMES_MAX;
	}
	return guest_copy_out(h->v, h->arg[1], &q, sizeof(q));
}

static int get_setup(struct hypercall *h, struct compat_setup_table *s, uint64_t *list)
{
	struct gnttab_setup_table w;

	if (h->narrow) {
		if (guest_copy_in(h->v, s, h->arg[1], sizeof(*s)))
			return -XEN_EFAULT;
		*list = s->frame_list;
		return 0;
	}
	if (guest_copy_in(h->v, &w, h->arg[1], sizeof(w)))
		return -XEN_EFAULT;
	s->dom = w.dom;
	s->nr_frames = w.nr_frames;
	*list = (uint64_t)w.frame_list.p;
	return 0;
}

static int16_t setup_frames(struct hypercall *h, uint32_t count, uint64_t list)
{
	struct domain *d = h->v->domain;
	struct grant_table *gt = d->xen->grants;
	size_t size = h->narrow ? 4 : 8;
	bool grown;

	if (count > GRANT_FRAMES_MAX)
		return GNTST_general_error;
	spin_lock(&d->xen->memory_lock);
	grown = grow(gt, count);
	spin_unlock(&d->xen->memory_lock);
	if (!grown)
		return GNTST_general_error;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t gfn = gt->gfn[i].n;

		if (guest_copy_out(h->v, list + i * size, &gfn, size))
			return GNTST_bad_virt_addr;
	}
	return GNTST_okay;
}

/* The frames' gfns, all ones for one that is mapped nowhere. */
static int setup_table(struct hypercall *h)
{
	struct compat_setup_table s;
	int16_t status;
	uint64_t list;

	if (get_setup(h, &s, &list))
		return -XEN_EFAULT;
	status = domain_status(h, s.dom);
	if (status == GNTST_okay)
		status = setup_frames(h, s.nr_frames, list);
	static_assert(offsetof(struct gnttab_setup_table, status) ==
			      offsetof(struct compat_setup_table, status),
		      "grant_table.h");
	return guest_copy_out(h->v, h->arg[1] + offsetof(struct compat_setup_table, status),
			      &status, sizeof(status));
}

static int set_version(struct hypercall *h)
{
	struct gnttab_set_version s;
	int rc = guest_copy_in(h->v, &s, h->arg[1], sizeof(s));

	if (rc)
		return rc;
	/* As Xen with gnttab=max-ver:1; guests then stay with version 1. */
	if (s.version == 2)
		return -XEN_ENOSYS;
	if (s.version != 1)
		return -XEN_EINVAL;
	return guest_copy_out(h->v, h->arg[1], &s, sizeof(s));
}

static int get_version(struct hypercall *h)
{
	struct gnttab_get_version g;
	int rc = guest_copy_in(h->v, &g, h->arg[1], sizeof(g));

	if (!rc)
		rc = hypercall_check_self(h, g.dom);
	if (rc)
		return rc;
	g.version = 1;
	return guest_copy_out(h->v, h->arg[1], &g, sizeof(g));
}

/* Argument 0 the operation, 1 an array of its structures, 2 their number. */
int64_t grant_table_hypercall(struct hypercall *h)
{
	if ((int32_t)h->arg[2] < 0)
		return -XEN_EINVAL;
	switch ((uint32_t)h->arg[0]) {
	case GNTTABOP_query_size: return h->arg[2] == 1 ? query_size(h) : -XEN_EINVAL;
	case GNTTABOP_setup_table: return h->arg[2] == 1 ? setup_table(h) : -XEN_EINVAL;
	case GNTTABOP_set_version: return h->arg[2] == 1 ? set_version(h) : -XEN_EINVAL;
	case GNTTABOP_get_version: return h->arg[2] == 1 ? get_version(h) : -XEN_EINVAL;
	default: return -XEN_ENOSYS;
	}
}
