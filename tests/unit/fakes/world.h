// SPDX-License-Identifier: MIT
/*
 * A small guest for tests of the invalidation protocol: some pages of every kind, caches of them,
 * a vCPU in the guest, the operations that may go on at once, and what must hold at all times.
 */
#ifndef TESTS_UNIT_FAKES_WORLD_H
#define TESTS_UNIT_FAKES_WORLD_H

#include "tests/unit/fakes/processor.h"
#include "tests/unit/fakes/tlb.h"

/* Cores 0 and 1 do operations, this one is in the guest, the caller is the fourth. */
#define WORLD_GUEST_CORE 2
#define WORLD_CALLER     3

struct world_op {
	const char *name;
	void (*fn)(void); /* on core 0 or 1; NULL ends the table */
	bool large;       /* wants the large page */
	bool deaf;        /* wants a guest that takes no kicks */
};
extern const struct world_op world_ops[];

/* Start and end the cores. */
void world_create(void);
void world_destroy(void);
/* The guest as it is before each interleaving. */
void world_begin(bool large, bool deaf);
/* The guest leaves; what must hold at the end is checked, and all is given back. */
void world_finish(void);
/* A turn of the core that is in the guest: it leaves when kicked, and enters again. */
void world_guest_turn(void);

/* The first fault is printed, with what was said last. */
void world_describe(const char *fmt, ...) printf_like(1, 2);
void world_fault(const char *what, uint32_t core, gfn_t gfn);
bool world_failed(void);

#endif
