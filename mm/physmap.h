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

#define PHYSMAP_HASH   64   /* buckets of the gfn -> gpc hash */
#define PHYSMAP_BATCH  512  /* changes that one round may cover */
#define PHYSMAP_RECENT 4    /* generations whose changes are remembered; power of two */
#define PHYSMAP_LOG    1024 /* changed gfns that are remembered for EPT02s; power of two */

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
	uint64_t map_gen; /* bumped by each change; never reused in a slot */
	/* What the change to a generation withdrew, by the generation's low bits: physmap_gfn_bit()s.
	 * Stored before map_gen; the change that is under way may be writing the next one's. */
	uint64_t recent[PHYSMAP_RECENT];
	uint64_t eptp;       /* for the VMCS */
	uint64_t *root;      /* EPT PML4 */
	uint64_t ram_frames; /* RAM entries, in 4 KiB frames */
	uint64_t max_gfn;    /* highest gfn ever mapped */
	struct gpc *hash[PHYSMAP_HASH];
	/* gfns whose leaf was copied and has changed since, the nth at n mod PHYSMAP_LOG; written
	 * before map_gen. NULL: the guest has no guests of its own. */
	uint64_t *log;
	uint64_t logged;        /* how many there have been */
	void *spare_tables;     /* prepared table pages, singly linked */
	uint64_t teardown_done; /* frames of the present 1 GiB leaf already given back */
	struct physmap_stats stats;
};

/* A gfn in a set that is a word: equal bits may be other gfns' too. */
static inline uint64_t physmap_gfn_bit(uint64_t gfn)
{
	return 1ULL << (gfn & 63);
}

struct physmap_entry {
	pfn_t pfn; /* of this gfn's 4 KiB, also inside a large leaf */
	enum physmap_type type;
	uint8_t order; /* of the leaf: 0, 9 or 18 */
};

/* What must stand at a gfn for it to be removed: types as bits. Else the batch ends before it. */
enum physmap_when {
	PHYSMAP_WHEN_ANY = 0, /* nothing will do as well */
	PHYSMAP_WHEN_RAM = 1 << PHYSMAP_RAM,
	PHYSMAP_WHEN_OWNED = 1 << PHYSMAP_RAM | 1 << PHYSMAP_OWN, /* the domain's to give back */
	PHYSMAP_WHEN_THERE = (2 << PHYSMAP_FOREIGN_RO) - 2,
	PHYSMAP_WHEN_FRAME = PHYSMAP_WHEN_THERE | 128, /* `pfn` */
};

/*
 * One change of a batch. `type` NONE removes what is there if it is as `when` says; else pfn is put
 * in with that type and the caller's count on it passes to the physmap. order > 0 only for mapping
 * RAM where nothing is mapped, by itself. `follows`: what the change before removed is put in, and
 * keeps its count.
 */
struct physmap_change {
	gfn_t gfn;
	pfn_t pfn;
	enum physmap_type type;
	uint8_t order;
	uint8_t when; /* enum physmap_when */
	bool follows;
	union { /* private to physmap.c */
		uint64_t *slot;
		uint64_t old;
	};
};

static_assert(sizeof(struct physmap_change) == 32, "a batch is four pages");

/* Set up an empty physmap in a slot. ERR_NOMEM. The caller owns the slot. */
enum status physmap_init(struct physmap *pm, uint16_t slot) must_check;

/*
 * Flow B, for n <= PHYSMAP_BATCH changes at the cost of one round. They are made one after another
 * in groups of `unit`, a group entirely or not at all, up to the first that cannot be: *st says why
 * (ERR_NOMEM: no table; ERR_INVALID: a gfn beyond the guest's physical address width; ERR_EXISTS: a
 * large page where something is mapped; ERR_NOT_FOUND: `when`), or OK. Returns the number of changes
 * made. Old RAM and FOREIGN frames lose their count after the round. The caller is in root, outside
 * any section and holds no lock but those before `physmap` in the lock order.
 *
 * What makes a group fail is looked for before the first effect. Only a `when` that an earlier
 * change of the batch has made untrue is found later: its group may be done in part then.
 */
unsigned int physmap_change_groups(struct physmap *pm, struct physmap_change *ch, unsigned int n,
				   unsigned int unit, enum status *st) must_check;

/* All n changes or none. */
enum status physmap_change(struct physmap *pm, struct physmap_change *ch,
			   unsigned int n) must_check;

/*
 * A gfn that an active cache refers to is mapped again: everyone who parked something for it must
 * look. Called without the lock; implemented in core/vcpu.c, which asks each of the domain's vCPUs
 * for ATTN_SHADOW, blocked ones too.
 */
void physmap_waiters_ready(struct physmap *pm);

/* From now on changes of copied leaves are logged. Before the domain runs, once or more. ERR_NOMEM. */
enum status physmap_log_start(struct physmap *pm) must_check;

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

/*
 * 8 aligned bytes at once, in a section of the caller's or outside: false when nothing is mapped.
 * Exchange: false also where guests may not write, or when `old` was not there.
 */
bool physmap_read_word(const struct physmap *pm, gpa_t gpa, uint64_t *value) must_check;
bool physmap_exchange_word(struct physmap *pm, gpa_t gpa, uint64_t old, uint64_t new) must_check;

#endif
