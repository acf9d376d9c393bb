// SPDX-License-Identifier: MIT
/* HYPERVISOR_memory_op (xen/memory.h): argument 0 the operation, 1 its structure. */
#include "core/lib/string.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"
#include "xenabi/physmap_op.h"

#include <xen/memory.h>

/* Operations that memory.h shows only to tools. */
#define XENMEM_PAGING_OP                  20
#define XENMEM_ACCESS_OP                  21
#define XENMEM_CLAIM_PAGES                24
#define XENMEM_SHARING_OP                 22
#define XENMEM_RESERVED_DEVICE_MEMORY_MAP 27

static noinline_fn int64_t query(struct hypercall *h, uint32_t op)
{
	const struct domain *d = h->v->domain;
	uint16_t domid;
	int rc = guest_copy_in(h->v, &domid, h->arg[1], sizeof(domid));

	if (!rc)
		rc = hypercall_check_self(h, domid);
	if (rc)
		return rc;
	switch (op) {
	case XENMEM_current_reservation: return (int64_t)load_relaxed(&d->physmap.ram_frames);
	case XENMEM_maximum_reservation: return (int64_t)d->xen->max_pages;
	default: return (int64_t)load_relaxed(&d->physmap.max_gfn);
	}
}

static noinline_fn int64_t maximum_ram_page(void)
{
	struct frame_stats s;

	frame_stats(&s);
	return (int64_t)s.total;
}

struct memory_map {
	uint32_t count;
	uint64_t buffer;
};

static_assert(sizeof(struct xen_memory_map) == 16, "memory.h");
static_assert(offsetof(struct xen_foreign_memory_map, map) == 8, "memory.h");
static_assert(sizeof(struct xen_memmap_entry) == 20, "an e820 entry");

static int get_map(struct hypercall *h, uint64_t at, struct memory_map *m)
{
	struct compat_memory_map c;
	struct xen_memory_map w;

	if (h->narrow) {
		if (guest_copy_in(h->v, &c, at, sizeof(c)))
			return -XEN_EFAULT;
		*m = (struct memory_map){ c.nr_entries, c.buffer };
		return 0;
	}
	if (guest_copy_in(h->v, &w, at, sizeof(w)))
		return -XEN_EFAULT;
	*m = (struct memory_map){ w.nr_entries, (uint64_t)w.buffer.p };
	return 0;
}

#define MAP_PIECE 32 /* entries copied at a time */

/* A piece of the map as it stands; fewer when it has become shorter. */
static uint32_t read_piece(struct xen_domain *xd, uint32_t from, uint32_t n,
			   struct xen_memmap_entry *piece)
{
	spin_lock(&xd->memory_lock);
	n = from < xd->memmap_count ? (uint32_t)min_u64(n, xd->memmap_count - from) : 0;
	memcpy(piece, &xd->memmap[from], n * sizeof(*piece));
	spin_unlock(&xd->memory_lock);
	return n;
}

static noinline_fn int64_t memory_map(struct hypercall *h)
{
	struct xen_domain *xd = h->v->domain->xen;
	struct xen_memmap_entry piece[MAP_PIECE];
	uint32_t count, n, done = 0;
	struct memory_map m;
	int rc = get_map(h, h->arg[1], &m);

	if (rc)
		return rc;
	count = load_relaxed(&xd->memmap_count);
	if (!count)
		return -XEN_ENOSYS;
	/* A null buffer asks how many there are. */
	while (m.buffer && done < m.count) {
		n = read_piece(xd, done, (uint32_t)min_u64(m.count - done, MAP_PIECE), piece);
		if (!n)
			break;
		if (guest_copy_out(h->v, m.buffer + done * sizeof(piece[0]), piece,
				   n * sizeof(piece[0])))
			return -XEN_EFAULT;
		done += n;
	}
	if (!m.buffer)
		done = count;
	return guest_copy_out(h->v, h->arg[1], &done, sizeof(done));
}

static noinline_fn int64_t set_memory_map(struct hypercall *h)
{
	struct xen_domain *xd = h->v->domain->xen;
	struct xen_memmap_entry *fresh, *old;
	struct memory_map m;
	uint16_t domid;
	int rc;

	if (guest_copy_in(h->v, &domid, h->arg[1], sizeof(domid)) ||
	    get_map(h, h->arg[1] + (h->narrow ? 4 : 8), &m))
		return -XEN_EFAULT;
	if (m.count > XEN_MEMMAP_MAX)
		return -XEN_EINVAL;
	rc = hypercall_check_self(h, domid);
	if (rc)
		return rc;
	fresh = own_alloc(XEN_MEMMAP_SIZE);
	if (!fresh)
		return -XEN_ENOMEM;
	if (guest_copy_in(h->v, fresh, m.buffer, m.count * sizeof(*fresh))) {
		own_free(fresh, XEN_MEMMAP_SIZE);
		return -XEN_EFAULT;
	}
	spin_lock(&xd->memory_lock);
	old = xd->memmap;
	xd->memmap = fresh;
	store_relaxed(&xd->memmap_count, m.count);
	spin_unlock(&xd->memory_lock);
	own_free(old, XEN_MEMMAP_SIZE);
	return 0;
}

/* No device has memory reserved for it: `nr_entries`, behind the 32-bit flags, becomes 0. */
static noinline_fn int64_t no_device_memory(struct hypercall *h)
{
	uint32_t head[2];
	int rc = guest_copy_in(h->v, head, h->arg[1], sizeof(head));

	head[1] = 0;
	return rc ? rc : guest_copy_out(h->v, h->arg[1], head, sizeof(head));
}

int64_t memory_hypercall(struct hypercall *h)
{
	uint32_t op = (uint32_t)h->arg[0] & MEMOP_CMD_MASK;
	uint64_t start = h->arg[0] >> MEMOP_EXTENT_SHIFT;

	switch (op) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap: return balloon_hypercall(h, op, start);
	case XENMEM_maximum_ram_page: return maximum_ram_page();
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn: return query(h, op);
	case XENMEM_add_to_physmap: return physmap_op_add_hypercall(h, start);
	case XENMEM_add_to_physmap_batch: return physmap_op_batch_hypercall(h, start);
	case XENMEM_remove_from_physmap: return physmap_op_remove_hypercall(h);
	case XENMEM_memory_map: return memory_map(h);
	case XENMEM_set_memory_map: return set_memory_map(h);
	case XENMEM_RESERVED_DEVICE_MEMORY_MAP: return no_device_memory(h);
	/* PV's. */
	case XENMEM_exchange: return -XEN_EOPNOTSUPP;
	case XENMEM_get_vnumainfo: return -XEN_EOPNOTSUPP;
	/* The toolstack's. */
	case XENMEM_machine_memory_map:
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
	case XENMEM_PAGING_OP:
	case XENMEM_ACCESS_OP:
	case XENMEM_SHARING_OP:
	case XENMEM_CLAIM_PAGES:
	case XENMEM_acquire_resource: return -XEN_EPERM;
	default: return -XEN_ENOSYS;
	}
}
