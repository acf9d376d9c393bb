// SPDX-License-Identifier: MIT
/*
 * Argument structures as 32-bit guests lay them out: pointers and longs have 32 bits, 64-bit fields
 * are aligned to 4. Only those that differ from the 64-bit ones; Debian's headers have foreign
 * layouts of the shared areas only (xen/foreign/x86_32.h). Each names the structure it stands for.
 */
#ifndef XENABI_COMPAT_H
#define XENABI_COMPAT_H

#include "core/lib/types.h"

/* xen/memory.h: xen_memory_reservation */
struct compat_memory_reservation {
	uint32_t extent_start, nr_extents, extent_order, mem_flags;
	uint16_t domid, pad;
};
static_assert(sizeof(struct compat_memory_reservation) == 20, "memory.h");

/* xen/memory.h: xen_add_to_physmap */
struct compat_add_to_physmap {
	uint16_t domid, size;
	uint32_t space, idx, gpfn;
};
static_assert(sizeof(struct compat_add_to_physmap) == 16, "memory.h");

/* xen/memory.h: xen_add_to_physmap_batch */
struct compat_add_to_physmap_batch {
	uint16_t domid, space, size, res0;
	uint32_t idxs, gpfns, errs;
};
static_assert(sizeof(struct compat_add_to_physmap_batch) == 20, "memory.h");

/* xen/memory.h: xen_remove_from_physmap */
struct compat_remove_from_physmap {
	uint16_t domid, pad;
	uint32_t gpfn;
};
static_assert(sizeof(struct compat_remove_from_physmap) == 8, "memory.h");

/* xen/memory.h: xen_memory_map */
struct compat_memory_map {
	uint32_t nr_entries, buffer;
};
static_assert(sizeof(struct compat_memory_map) == 8, "memory.h");

/* xen/memory.h: xen_foreign_memory_map */
struct compat_foreign_memory_map {
	uint16_t domid, pad;
	struct compat_memory_map map;
};
static_assert(sizeof(struct compat_foreign_memory_map) == 12, "memory.h");

/* xen/sched.h: sched_poll */
struct compat_sched_poll {
	uint32_t ports, nr_ports;
	uint64_t timeout;
};
static_assert(sizeof(struct compat_sched_poll) == 16, "sched.h");
static_assert(offsetof(struct compat_sched_poll, timeout) == 8, "sched.h");

/* xen/vcpu.h: vcpu_set_singleshot_timer without the tail padding */
#define COMPAT_SINGLESHOT_SIZE 12

/* xen/xen.h: multicall_entry */
struct compat_multicall_entry {
	uint32_t op, result, args[6];
};
static_assert(sizeof(struct compat_multicall_entry) == 32, "xen.h");

/* xen/version.h: xen_platform_parameters */
#define COMPAT_PLATFORM_PARAMETERS_SIZE 4

/* xen/grant_table.h: gnttab_setup_table */
struct compat_setup_table {
	uint16_t dom, pad;
	uint32_t nr_frames;
	int16_t status;
	uint16_t pad2;
	uint32_t frame_list;
};
static_assert(sizeof(struct compat_setup_table) == 16, "grant_table.h");

#endif
