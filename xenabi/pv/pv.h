// SPDX-License-Identifier: MIT
/*
 * Services of the hypervisor's own that a guest reaches through shared pages: the xenstore and the
 * console. Their pages are frames of the hypervisor's (PHYSMAP_OWN), so access never misses and
 * needs no section.
 */
#ifndef XENABI_PV_PV_H
#define XENABI_PV_PV_H

#include "core/domain.h"

/*
 * Part of xen_domain_create() and xen_domain_destroy(), after the event channels are there and
 * before they go: pages, event channel ports, the connection to the store. ERR_NOMEM.
 */
enum status pv_domain_create(struct domain *d) must_check;
void pv_domain_destroy(struct domain *d);

/*
 * The domain builder, before the domain runs: put the ring pages at these gfns, set the HVM
 * parameters that name them, and write the guest's part of the xenstore from d->name,
 * d->memory_pages, d->vcpu_count and d->handle. ERR_NOMEM or what physmap_change() says.
 */
enum status pv_map_rings(struct domain *d, gfn_t store, gfn_t console) must_check;

/* For HVM parameters: invalid gfns before pv_map_rings(). */
gfn_t pv_store_gfn(const struct domain *d);
gfn_t pv_console_gfn(const struct domain *d);
uint32_t pv_store_port(const struct domain *d);
uint32_t pv_console_port(const struct domain *d);

/*
 * Ask something of the guest as a toolstack does: write a node of its part of the xenstore, which it
 * watches. "control/shutdown": "poweroff", "reboot", "halt", "suspend" or "crash"; "memory/target":
 * the KiB that it shall keep. At most 20 characters of name. ERR_NOMEM. Any root context, no lock
 * held.
 */
enum status pv_request(struct domain *d, const char *node, const char *value) must_check;

#endif
