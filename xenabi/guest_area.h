// SPDX-License-Identifier: MIT
/*
 * A structure of at most a page in the guest's memory that it registered by linear address. The
 * address is translated once, at registration (at the time of an update another CR3 may be loaded,
 * under which it means something else); one gpc a page touched; a structure that crosses into
 * another page is written in one access section with both.
 */
#ifndef XENABI_GUEST_AREA_H
#define XENABI_GUEST_AREA_H

#include "core/vcpu.h"
#include "mm/gpc.h"

#define GUEST_AREA_PAGES 2

struct guest_area {
	bool registered; /* set last, cleared first */
	uint8_t pages;   /* 1 or 2 */
	uint16_t offset; /* in the first page */
	uint16_t size;
	struct gpc page[GUEST_AREA_PAGES];
};

/* Where the bytes are on this core, for the rest of the section. */
struct guest_area_map {
	uint8_t *first, *second;
	uint32_t split; /* bytes in the first piece */
};

void guest_area_init(struct guest_area *a, struct physmap *pm, const char *name);
/*
 * Translate by the current vCPU's page tables and register; address 0 unregisters. 0 or -XEN_EFAULT,
 * which leaves the old registration. Outside sections; the caller holds memory_lock.
 */
int guest_area_register(struct vcpu *current, struct guest_area *a, uint64_t linear,
			uint16_t size) must_check;
void guest_area_unregister(struct guest_area *a);

/* False when it is not registered or a page is missed. Inside a section. */
bool guest_area_map(struct guest_area *a, struct guest_area_map *map) must_check;
/* Bytes of the structure. Inside the same section. */
void guest_area_put(const struct guest_area_map *map, uint32_t offset, const void *src, size_t len);
/* Look for the missed pages again: true when all are there. Outside sections and locks. */
bool guest_area_refresh(struct guest_area *a) must_check;

#endif
