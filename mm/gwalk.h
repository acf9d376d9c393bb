// SPDX-License-Identifier: MIT
/*
 * Guest linear addresses: the software walk of a guest's own page tables (SDM vol. 3 ch. 4), 32-bit,
 * PAE, 4-level and none, with a small cache of whole walks that is re-read and compared on use.
 */
#ifndef MM_GWALK_H
#define MM_GWALK_H

#include "mm/physmap.h"

enum gwalk_access { GWALK_READ, GWALK_WRITE, GWALK_FETCH };

struct guest_paging {
	uint64_t cr0, cr3, cr4, efer, rflags;
	bool user; /* CPL 3 */
	/*
	 * With GWALK_SECOND in efer, a bit that no EFER has: physical addresses are of the guest's
	 * guest. From one (of a table, or of what the access is to) to the guest's, in a section;
	 * false: there is none, and the callee remembers why. Such walks are not remembered.
	 */
	bool (*second)(void *opaque, uint64_t address, enum gwalk_access access, bool table,
		       gpa_t *out);
	void *opaque;
};

#define GWALK_SECOND (1ULL << 63)

#define GWALK_ENTRIES 4

/* One paging-structure entry on the way, top level first. */
struct gwalk_step {
	uint64_t pfn;    /* of the table */
	uint32_t slot;   /* its window's */
	uint32_t offset; /* of the entry, from the address of window 0 */
	uint64_t entry;
};

struct gwalk_cached {
	uint64_t page; /* linear page number */
	uint64_t cr0, cr3, cr4, efer;
	uint64_t map_gen; /* of the physmap, for which the frames are right; 0: slot is empty */
	uint64_t rights;  /* W and U of all levels, NX of any, at their PTE bits */
	uint64_t pages;   /* physmap_gfn_bit()s of all pages concerned */
	pfn_t pfn;        /* of the final page */
	uint8_t levels;
	bool writable; /* the physmap lets the guest write to the page */
	struct gwalk_step step[4];
};

struct gwalk_cache {
	struct gwalk_cached slot[GWALK_ENTRIES];
	uint64_t hits, misses;
};

/* A failed translation: what a #PF would say (SDM vol. 3, 4.7). */
struct gwalk_fault {
	uint64_t linear;
	uint32_t error_code;
	bool non_canonical;
	bool second;      /* guest_paging.second said no: nothing else here counts but linear */
	uint64_t nowhere; /* all but this is well: the gfn of the page, which is not mapped or not
			   * to be written to; else INVALID_FRAME */
};

/*
 * Copy between own memory and guest linear memory; all page tables and pages are reached through
 * the physmap inside access sections. ERR_NOT_FOUND with *fault filled in when a page does not
 * translate; whole pages before it have been copied. Outside sections.
 */
enum status gwalk_copy_from(const struct physmap *pm, const struct guest_paging *gp,
			    struct gwalk_cache *cache, void *dst, uint64_t linear, size_t len,
			    enum gwalk_access access, struct gwalk_fault *fault) must_check;
enum status gwalk_copy_to(struct physmap *pm, const struct guest_paging *gp,
			  struct gwalk_cache *cache, uint64_t linear, const void *src, size_t len,
			  struct gwalk_fault *fault) must_check;

/* A 4-byte read of the same kind, the shortest way: most hypercalls have no larger argument. */
bool gwalk_read_word(const struct physmap *pm, const struct guest_paging *gp,
		     struct gwalk_cache *cache, uint64_t linear, uint32_t *value) must_check;

/*
 * The same for a 64-bit kernel (CPL 0 in IA-32e mode) on a walk that is remembered: then CR3 alone
 * decides, but for a user page, which SMAP may forbid: the caller looks. GWALK_MISS when the walk
 * is not remembered: gwalk_read_word() finds out.
 */
enum gwalk_hit { GWALK_MISS, GWALK_SUPERVISOR, GWALK_USER };
enum gwalk_hit gwalk_read_kernel_word(const struct physmap *pm, struct gwalk_cache *cache,
				      uint64_t cr3, uint64_t linear, uint32_t *value) must_check;
/* The same for len bytes; a miss also where a page ends among them. */
enum gwalk_hit gwalk_read_kernel(const struct physmap *pm, struct gwalk_cache *cache, uint64_t cr3,
				 uint64_t linear, void *dst, size_t len) must_check;

/* Translate one linear address to a guest-physical one; sets no accessed or dirty bit. */
enum status gwalk_translate(const struct physmap *pm, const struct guest_paging *gp,
			    uint64_t linear, enum gwalk_access access, gpa_t *out,
			    struct gwalk_fault *fault) must_check;

#endif
