// SPDX-License-Identifier: MIT
/*
 * A domain's guest-physical address space: the truth of gfn -> pfn, held in its EPT. All changes go
 * through physmap_change() (Flow B of DESIGN.md): when it returns, no core uses an old translation.
 */
#ifndef MM_PHYSMAP_H
#define MM_PHYSMAP_H

#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/percpu.h"
#include "core/lib/types.h"

#define PHYSMAP_HASH  64 /* buckets of the gfn -> gpc hash */
#define PHYSMAP_BATCH 64 /* changes that one round may cover */

struct gpc;

enum physmap_type {
	PHYSMAP_NONE = 0,
	PHYSMAP_RAM = 1,     /* the domain's own frame, counted */
	PHYSMAP_OWN = 2,     /* a frame of the hypervisor's (shared_info, grant table): uncounted */
	PHYSMAP_FOREIGN = 3, /* another domain's frame through a grant, counted */
	PHYSMAP_FOREIGN_RO = 4,
};

struct physmap_stats {
	uint64_t changes, rounds;
	uint64_t kicks, kicks_saved; /* cores that were, and were not, in this guest */
	uint64_t nmis, longest_wait; /* the wait in TSC ticks */
};

struct physmap {
	struct spinlock lock;
	uint16_t slot; /* index in pcpu.seen_gen, owner of the RAM frames */
	bool dying;
	uint64_t map_gen;    /* bumped by each change; never reused in a slot */
	uint64_t eptp;       /* for the VMCS */
	uint64_t *root;      /* EPT PML4 */
	uint64_t ram_frames; /* RAM entries, in 4 KiB frames */
	uint64_t max_gfn;    /* highest gfn ever mapped */
	struct gpc *hash[PHYSMAP_HASH];
	void *spare_tables;     /* prepared table pages, singly linked */
	uint64_t teardown_done; /* frames of the present 1 GiB leaf already given back */
	struct physmap_stats stats;
};

struct physmap_entry {
	pfn_t pfn; /* of this gfn's 4 KiB, also inside a large leaf */
	enum physmap_type type;
	uint8_t order; /* of the leaf: 0, 9 or 18 */
};

/*
 * One change of a batch. `type` NONE removes; else pfn is put in with that type and the caller's
 * count on it passes to the physmap. order > 0 only for mapping RAM where nothing is mapped.
 * Out: `old` is what stood there.
 */
struct physmap_change {
	gfn_t gfn;
	pfn_t pfn;
	enum physmap_type type;
	uint8_t order;
	struct physmap_entry old;
};

/* Set up an empty physmap in a slot. ERR_NOMEM. The caller owns the slot. */
enum status physmap_init(struct physmap *pm, uint16_t slot) must_check;

/*
 * Flow B. All n (<= PHYSMAP_BATCH) changes or none: ERR_NOMEM before the first effect when a table
 * cannot be had, ERR_INVALID for a gfn beyond the guest's physical address width. Old RAM and
 * FOREIGN frames lose their count after the round. The caller is in root, outside any section and
 * holds no lock but those before `physmap` in the lock order.
 */
enum status physmap_change(struct physmap *pm, struct physmap_change *ch,
			   unsigned int n) must_check;

/*
 * The same under a condition: each change is made only where the present entry is
 * `ch[i].old` (pfn and type), else ERR_BUSY and nothing changes. For operations that looked first.
 */
enum status physmap_change_if(struct physmap *pm, struct physmap_change *ch,
			      unsigned int n) must_check;

/*
 * A gfn that an active cache refers to is mapped again: everyone who parked something for it must
 * look. Called without the lock; implemented in core/vcpu.c, which asks each of the domain's vCPUs
 * for ATTN_SHADOW, blocked ones too.
 */
void physmap_waiters_ready(struct physmap *pm);

/* Forget an emptied physmap; its slot may be used again. */
void physmap_retire(struct physmap *pm);

/* Leaf sizes that this machine's EPT has; set once by the VMX layer. */
extern bool physmap_leaf_2m, physmap_leaf_1g;

/* What is mapped at gfn. Inside a section, lock-free; use pfn within the same section only. */
struct physmap_entry physmap_lookup(const struct physmap *pm, gfn_t gfn);
/* Only the type: for decisions that do not touch the frame (any root context). */
enum physmap_type physmap_type_at(const struct physmap *pm, gfn_t gfn);

/*
 * Before a domain has run: map zeroed RAM of the domain's own at [gfn, gfn+count), with the largest
 * leaves that alignment and memory allow. ERR_NOMEM leaves what was mapped for physmap_teardown().
 * One call does about `budget` frames (to the end of a leaf) and says in *done how far it got.
 */
enum status physmap_populate(struct physmap *pm, gfn_t gfn, uint64_t count, uint64_t budget,
			     uint64_t *done) must_check;

/*
 * Give back all frames and tables of a dying physmap, in bounded pieces: true when there is more.
 * No core may run it or open sections on it any more.
 */
bool physmap_teardown(struct physmap *pm) must_check;

/* Copy to or from guest-physical memory, outside sections. ERR_NOT_FOUND on an unmapped page (bytes
 * before it are done). Writes go only to RAM and OWN and FOREIGN (not RO) pages. */
enum status physmap_read(const struct physmap *pm, gpa_t gpa, void *dst, size_t len) must_check;
enum status physmap_write(struct physmap *pm, gpa_t gpa, const void *src, size_t len) must_check;

#endif
