// SPDX-License-Identifier: MIT
/*
 * EPT02: what the processor walks while a guest's guest (L2) runs. Each leaf is a copy of the
 * physmap's (EPT01) for the L1 address that L1's own tables (EPT12) give for an L2 address; who
 * calls has walked those.
 *
 * An EPT02 belongs to one vCPU, like the TLB of the processor that it is to L1: only the core that
 * has the vCPU touches it, and never while L2 runs. A change of the physmap does not touch it
 * either: it logs the gfn, if the leaf is marked as copied, and kicks the vCPU out of L2 like any
 * guest; before L2 runs again the vCPU follows the log (docs/nested.md).
 *
 * All by the owner, outside sections.
 */
#ifndef MM_EPT02_H
#define MM_EPT02_H

#include "mm/physmap.h"

#define EPT02_ROOTS  4          /* EPT12s that are remembered at once */
#define EPT02_TABLES 511        /* at most; beyond, the contents of roots are thrown away */
#define EPT02_RIGHTS BITS(2, 0) /* read, write, execute as in an entry */

/* A table, and behind it a word for each entry: the chain of leaves with the same hash. */
struct ept02_table {
	uint64_t *entry;
	uint16_t next; /* number of another table of the same root, or free; 0: the last */
	uint8_t level;
};

struct ept02_root {
	uint64_t key;       /* EPT12 pointer; 0: the root is empty and stands for none */
	uint64_t eptp;      /* for the VMCS; its EP4TA is this root's alone */
	uint64_t *top;      /* own page */
	uint32_t *chains;   /* own pages: by hash of the L1 gfn, the first leaf */
	uint64_t last_used; /* ept02.uses at that time */
	uint64_t leaves[3]; /* by level */
	uint16_t tables;    /* number of its first table */
	bool stale;         /* INVEPT is due before it is used */
};

struct ept02_stats {
	uint64_t fills, zaps, drops, overflows;
};

struct ept02 {
	struct physmap *physmap;
	struct ept02_root root[EPT02_ROOTS], *current;
	uint64_t uses;
	uint64_t followed; /* the log, up to here */
	struct ept02_table *tables;
	uint16_t made;          /* tables that have memory, from number 1 on */
	uint16_t spare, spares; /* number of the first one that is in no root; how many there are */
	struct ept02_stats stats;
};

/* For a vCPU of this physmap's guest. ERR_NOMEM. The vCPU does not run yet / any more. */
enum status ept02_create(struct physmap *pm, struct ept02 **out) must_check;
void ept02_destroy(struct ept02 *e);

/*
 * Make the root of this EPT12 pointer the current one; the one that was used longest ago is emptied
 * for it if need be. `flags`: the processor keeps accessed and dirty flags in it, so that its own
 * walks of L2's page tables count as writes (SDM vol. 3, 28.3.5), as L1 asked for.
 */
void ept02_select(struct ept02 *e, uint64_t key, bool flags);

/* Empty the roots whose key has these bits in common with `key`; none: all roots. */
void ept02_forget(struct ept02 *e, uint64_t key, uint64_t bits);

struct ept02_page {
	uint64_t address; /* of L2 */
	gpa_t gpa;        /* of L1, for that address */
	uint8_t order;    /* of the page in L1's tables */
	uint8_t rights;   /* that L1 gives */
	uint8_t access;   /* what is to be possible after */
};

enum ept02_filled {
	EPT02_FILLED,
	EPT02_NOWHERE, /* nothing is mapped at that L1 address */
	EPT02_DENIED,  /* the physmap does not allow the access */
};

/* Map a page in the current root, as large as both tables have it, with what both allow. Takes
 * physmap.lock. */
enum ept02_filled ept02_fill(struct ept02 *e, const struct ept02_page *page) must_check;

/*
 * Drop the copies of leaves that have changed up to now. The caller has sampled the generation
 * before; without the lock or with it. Every root is stale after.
 */
void ept02_follow(struct ept02 *e);

/* On this core the processor may remember anything of the roots. */
void ept02_all_stale(struct ept02 *e);
/* Whether the current root was stale; it is no more: the caller does INVEPT. */
bool ept02_take_stale(struct ept02 *e) must_check;

#endif
