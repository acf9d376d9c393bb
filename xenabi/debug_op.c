// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/count.h"
#include "core/vcpu_arch.h"
#include "mm/gpc.h"
#include "xenabi/ops.h"
#include "xenabi/vcpu.h"

static int64_t point_hw_page(struct hypercall *h)
{
	struct domain *d = h->v->domain;

	if (h->arg[1] >= d->vcpu_count || h->arg[2] > VCPU_HW_POSTED)
		return -XEN_EINVAL;
	switch (vcpu_arch_hw_page(d->vcpus[h->arg[1]], (enum vcpu_hw_page)h->arg[2],
				  to_gfn(h->arg[3]))) {
	case OK: return 0;
	case ERR_UNSUPPORTED: return -XEN_EOPNOTSUPP;
	default: return -XEN_EINVAL;
	}
}

/* The loop around them costs two instructions a look. */
static int64_t look_100_times(struct vcpu *v)
{
	uint64_t start = clock_ticks();

	for (unsigned int i = 0; i < 100; i++) {
		const uint8_t *page;

		section_begin();
		page = gpc_page(&v->xen->info);
		if (page)
			(void)load_relaxed(page);
		section_end();
	}
	return (int64_t)(clock_ticks() - start);
}

int64_t debug_hypercall(struct hypercall *h)
{
	if (XENITH_COUNT && h->arg[0] == HYPERCALL_DEBUG_COUNT && h->arg[1] < COUNT_KINDS)
		return (int64_t)count_read((uint32_t)h->arg[1]);
	if (XENITH_COUNT && h->arg[0] == HYPERCALL_DEBUG_ACCESS)
		return look_100_times(h->v);
	if (XENITH_COUNT && h->arg[0] == HYPERCALL_DEBUG_SAVED)
		return (int64_t)load_relaxed(&h->v->domain->physmap.stats.kicks_saved);
	if (XENITH_DEBUG && h->arg[0] == HYPERCALL_DEBUG_HW_PAGE)
		return point_hw_page(h);
	return -XEN_ENOSYS;
}
