// SPDX-License-Identifier: MIT
/* What the Xen ABI layer keeps for a domain. */
#ifndef XENABI_DOMAIN_H
#define XENABI_DOMAIN_H

#include "core/domain.h"
#include "xenabi/abi.h"

#include <xen/hvm/params.h>

struct evtchn_domain;
struct grant_table;
struct pv_domain;

/* One entry of the memory map that XENMEM_memory_map returns; type is an e820 number. */
struct xen_memmap_entry {
	uint64_t start, size;
	uint32_t type;
} packed_struct;

#define XEN_MEMMAP_MAX  128 /* E820MAX of Xen */
#define XEN_MEMMAP_SIZE (XEN_MEMMAP_MAX * sizeof(struct xen_memmap_entry))
#define XEN_WATCHDOGS   2 /* NR_DOMAIN_WATCHDOG_TIMERS of Xen */

struct xen_watchdog {
	struct timer timer; /* must be first */
	struct domain *domain;
	bool used;
};

struct xen_domain {
	struct domain *domain;
	uint8_t *shared; /* the shared_info frame: the hypervisor's own for the domain's life */
	bool latched;    /* a layout was: the wallclock is in it */
	bool narrow;     /* it is the 32-bit one */
	uint8_t callback_vector; /* callback type 2, or 0 */
	uint64_t vm_assist;      /* bits by VMASST_TYPE_* */
	uint64_t polling;        /* vCPUs in SCHEDOP_poll, by id */
	struct evtchn_domain *events;
	struct grant_table *grants;
	struct pv_domain *pv; /* xenabi/pv */

	/* Serialises the hypercalls that look at the physmap or the vCPUs' records and then change
	 * them, and guards the memory map. The first lock to be taken; never inside a section. */
	struct spinlock memory_lock;
	gfn_t shared_gfn;             /* where shared_info was mapped last */
	struct physmap_change *batch; /* PHYSMAP_BATCH */
	uint64_t max_pages;
	uint32_t memmap_count;
	struct xen_memmap_entry *memmap; /* XEN_MEMMAP_SIZE bytes */

	struct spinlock param_lock; /* params, watchdogs, shutdown code; innermost */
	uint64_t params[HVM_NR_PARAMS];
	int shutdown_code; /* SCHEDOP_shutdown_code, or -1 */
	struct xen_watchdog watchdogs[XEN_WATCHDOGS];
};

/*
 * For the domain builder and the PV services, before the domain runs: an HVM parameter
 * (HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN, ...), and the memory map for XENMEM_memory_map.
 */
void xen_domain_set_param(struct domain *d, uint32_t index, uint64_t value);
/* ERR_INVALID for more than XEN_MEMMAP_MAX entries. */
enum status xen_domain_set_memmap(struct domain *d, const struct xen_memmap_entry *map,
				  uint32_t count) must_check;

#endif
