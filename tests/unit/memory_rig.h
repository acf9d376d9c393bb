// SPDX-License-Identifier: MIT
/* What the tests of XENMEM_* share: a guest with room to grow, and its calls. */
#ifndef TESTS_UNIT_MEMORY_RIG_H
#define TESTS_UNIT_MEMORY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/hooks.h"
#include "mm/own.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/memory.h"
#include "tests/unit/fakes/xen_guest.h"
#include "xenabi/xen.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

#define ARG     0x3000
#define LIST    0x8000 /* extent lists: eight pages */
#define NOWHERE 0x1000000
#define MEMORY  __HYPERVISOR_memory_op

static struct vcpu *v0;
static struct domain *d0;

static inline int setup(void **state)
{
	guests_create();
	d0 = &guest[0].d;
	v0 = d0->vcpus[0];
	d0->xen->max_pages = 4000;
	return 0;
}

static inline int teardown(void **state)
{
	guests_destroy();
	return 0;
}

static inline int64_t reserve(uint32_t op, uint64_t count, uint32_t order, unsigned int *times)
{
	struct xen_memory_reservation r = { .nr_extents = count,
					    .extent_order = order,
					    .domid = DOMID_SELF };

	r.extent_start.p = (xen_pfn_t *)LIST;
	guest_put(d0, ARG, &r, sizeof(r));
	return guest_call(v0, MEMORY, (uint64_t[5]){ op, ARG }, times);
}

static inline void put_list(uint64_t first, uint64_t count, uint64_t step)
{
	for (uint64_t i = 0; i < count; i++)
		guest_put(d0, LIST + i * 8, &(uint64_t){ first + i * step }, 8);
}

static inline bool mapped(uint64_t gfn)
{
	return physmap_type_at(&d0->physmap, to_gfn(gfn)) != PHYSMAP_NONE;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
