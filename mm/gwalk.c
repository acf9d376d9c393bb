// SPDX-License-Identifier: MIT
#include "mm/gwalk.h"

#include "core/lib/bits.h"
#include "core/lib/string.h"
#include "mm/gwalk_entry.h"
#include "mm/section.h"
#include "mm/window.h"

/* #PF error code (SDM vol. 3, 4.7) */
#define PF_P    1U
#define PF_W    2U
#define PF_U    4U
#define PF_RSVD 8U
#define PF_I    16U

/* Reads one paging-structure entry, 4 or 8 bytes wide, at a byte offset. Inside a section. */
static bool read_step(const struct physmap *pm, uint64_t table_gfn, uint32_t offset, bool wide,
		      struct gwalk_step *step)
{
	struct physmap_entry e = physmap_lookup(pm, to_gfn(table_gfn));
	const uint8_t *at;

	if (e.type == PHYSMAP_NONE)
		return false;
	at = (const uint8_t *)window_map(e.pfn) + offset;
	step->pfn = e.pfn.n;
	step->slot = window_slot(e.pfn);
	step->offset = step->slot * (uint32_t)PAGE_SIZE + offset;
	step->entry = wide ? load_relaxed((const uint64_t *)(const void *)at)
			   : load_relaxed((const uint32_t *)(const void *)at);
	return true;
}

/* Whether the rights gathered over the levels allow the access; pure. */
static bool allowed(const struct guest_paging *gp, uint64_t rights, enum gwalk_access access)
{
	bool user_page = rights & GPTE_U;

	if (gp->user && !user_page)
		return false;
	if (!gp->user && user_page) {
		if (access == GWALK_FETCH && (gp->cr4 & GCR4_SMEP))
			return false;
		if (access != GWALK_FETCH && (gp->cr4 & GCR4_SMAP) && !(gp->rflags & GRFLAGS_AC))
			return false;
	}
	if (access == GWALK_WRITE && !(rights & GPTE_W) && (gp->user || (gp->cr0 & GCR0_WP)))
		return false;
	return access != GWALK_FETCH || !(rights & GPTE_NX) || !(gp->efer & GEFER_NXE);
}

static enum status fail(struct gwalk_fault *fault, const struct guest_paging *gp, uint64_t linear,
			enum gwalk_access access, uint32_t present)
{
	fault->linear = linear;
	fault->error_code = present | (access == GWALK_WRITE ? PF_W : 0) | (gp->user ? PF_U : 0);
	if (access == GWALK_FETCH && (gp->efer & GEFER_NXE || gp->cr4 & GCR4_SMEP))
		fault->error_code |= PF_I;
	fault->non_canonical = false;
	fault->nowhere = INVALID_FRAME;
	fault->second = false;
	return ERR_NOT_FOUND;
}

/*
 * Set accessed (and dirty) in the guest's own entries, as the processor would. PAE's page-directory
 * pointers have neither. Inside a section.
 */
static void mark_used(struct gwalk_cached *w, struct shape s, bool write)
{
	for (unsigned int i = s.levels == 3; i < w->levels; i++) {
		struct gwalk_step *step = &w->step[i];
		uint64_t found = step->entry;
		uint32_t found32 = (uint32_t)found;
		uint64_t want = found | GPTE_A | (i + 1U == w->levels && write ? GPTE_D : 0);
		uint8_t *at;

		if (want == found)
			continue;
		at = (uint8_t *)window_map(to_pfn(step->pfn)) + step->offset % PAGE_SIZE;
		/* Lost to a change by another vCPU: then this was not a use of the new entry. */
		if (s.wide ? atomic_cmpxchg((uint64_t *)(void *)at, &found, want)
			   : atomic_cmpxchg((uint32_t *)(void *)at, &found32, (uint32_t)want))
			step->entry = want;
	}
}

/* From a gfn of the guest's guest to the guest's, where there are such; `offset` in its page is
 * what is wanted. */
static bool second(const struct guest_paging *gp, uint64_t linear, enum gwalk_access access,
		   bool table, uint64_t offset, uint64_t *gfn, struct gwalk_fault *fault)
{
	gpa_t gpa;

	if (likely(!(gp->efer & GWALK_SECOND)))
		return true;
	/* A write sets flags in the tables. */
	if (table && access == GWALK_FETCH)
		access = GWALK_READ;
	if (gp->second(gp->opaque, *gfn << PAGE_SHIFT | offset, access, table, &gpa)) {
		*gfn = gpa_gfn(gpa).n;
		return true;
	}
	(void)fail(fault, gp, linear, access, 0);
	fault->second = true;
	return false;
}

/* Walk the tables into *w (all but its frame); the final page's gfn goes to *gfn. In a section. */
static enum status walk_tables(const struct physmap *pm, const struct guest_paging *gp,
			       uint64_t linear, enum gwalk_access access, struct gwalk_cached *w,
			       gfn_t *gfn, struct gwalk_fault *fault)
{
	struct shape s = shape_of(gp);
	uint64_t table = (gp->cr3 & (s.levels == 4 ? GPTE_FRAME : 0xfffff000)) >> PAGE_SHIFT;
	unsigned int level = s.levels - 1U;

	w->rights = GPTE_W | GPTE_U;
	for (w->levels = 0;; level--) {
		struct gwalk_step *step = &w->step[w->levels++];
		uint32_t offset = entry_offset(gp, s, level, linear);
		uint64_t e;

		if (!second(gp, linear, access, true, offset, &table, fault))
			return ERR_NOT_FOUND;
		/* What is not memory reads as ones, and no processor has so wide addresses. */
		if (!read_step(pm, table, offset, s.wide, step))
			return fail(fault, gp, linear, access, PF_P | PF_RSVD);
		if (!(step->entry & GPTE_P))
			return fail(fault, gp, linear, access, 0);
		w->pages |= physmap_gfn_bit(table);
		e = step->entry;
		if (s.levels != 3 || level != 2)
			w->rights =
				(w->rights & e & (GPTE_W | GPTE_U)) | ((w->rights | e) & GPTE_NX);
		if (level == 0 || is_large(gp, s, level, e)) {
			*gfn = to_gfn(leaf_gfn(s, level, e, linear));
			return allowed(gp, w->rights, access)
				       ? OK
				       : fail(fault, gp, linear, access, PF_P);
		}
		table = (e & GPTE_FRAME) >> PAGE_SHIFT;
	}
}

static bool canonical(uint64_t linear)
{
	return (uint64_t)((int64_t)(linear << 16) >> 16) == linear;
}

/* The gfn behind a linear address by a full walk. Inside a section. */
static enum status walk(const struct physmap *pm, const struct guest_paging *gp, uint64_t linear,
			enum gwalk_access access, struct gwalk_cached *w, gfn_t *gfn,
			struct gwalk_fault *fault)
{
	w->levels = 0;
	w->pages = 0;
	w->rights = GPTE_W | GPTE_U;
	*gfn = to_gfn((uint32_t)linear >> PAGE_SHIFT);
	if (gp->cr0 & GCR0_PG) {
		if ((gp->efer & GEFER_LMA) && !canonical(linear)) {
			(void)fail(fault, gp, linear, access, 0);
			fault->non_canonical = true;
			return ERR_NOT_FOUND;
		}
		if (walk_tables(pm, gp, linear, access, w, gfn, fault) != OK)
			return ERR_NOT_FOUND;
	}
	return second(gp, linear, access, false, linear & (PAGE_SIZE - 1), &gfn->n, fault)
		       ? OK
		       : ERR_NOT_FOUND;
}

/*
 * Whether a remembered walk still says the same: none of its pages withdrawn by a physmap change
 * since, the same registers, and every entry on the way as it was. A changer bumps map_gen before
 * it looks for open sections, so what is right for the generation read inside ours is so until the
 * section ends. CR3 loads and INVLPG do not exit, hence the re-reading.
 */
static inline bool step_holds(const struct pcpu *cpu, const struct gwalk_step *step)
{
	const void *at = this_cpu_windows(cpu) + step->offset;

	/* A window that has gone to another frame: the whole walk refills it. */
	return likely(cpu->window_tag[step->slot] == step->pfn &&
		      load_relaxed((const uint64_t *)at) == step->entry);
}

static inline bool steps_hold(const struct pcpu *cpu, const struct gwalk_cached *w)
{
	return step_holds(cpu, &w->step[0]) && step_holds(cpu, &w->step[1]) &&
	       (w->levels < 3 || step_holds(cpu, &w->step[2])) &&
	       (w->levels < 4 || step_holds(cpu, &w->step[3]));
}

/*
 * Whether no change since the walk was remembered, up to generation `now` read in this section, has
 * withdrawn one of its pages. False also if that is too long ago to know.
 */
static inline bool catch_up(const struct physmap *pm, struct gwalk_cached *w, uint64_t now)
{
	uint64_t gen = w->map_gen;

	if (!gen || now - gen >= PHYSMAP_RECENT)
		return false;
	while (gen != now)
		if (pm->recent[++gen % PHYSMAP_RECENT] & w->pages)
			return false;
	w->map_gen = now;
	return true;
}

static inline bool still_true(const struct physmap *pm, const struct guest_paging *gp,
			      struct gwalk_cached *w, uint64_t linear)
{
	const struct pcpu *cpu = this_cpu();
	uint64_t now = load_acquire(&pm->map_gen);

	if (unlikely(w->page != linear >> PAGE_SHIFT || w->cr3 != gp->cr3 || w->cr0 != gp->cr0 ||
		     w->cr4 != gp->cr4 || w->efer != gp->efer))
		return false;
	if (unlikely(w->map_gen != now) && !catch_up(pm, w, now))
		return false;
	return steps_hold(cpu, w);
}

/* A remembered walk serves a write only when its leaf is dirty already. */
static inline bool serves(const struct guest_paging *gp, const struct gwalk_cached *w,
			  enum gwalk_access access)
{
	/* The common case: a kernel reads its own page. */
	if (likely(access == GWALK_READ && !gp->user &&
		   (!(w->rights & GPTE_U) || !(gp->cr4 & GCR4_SMAP))))
		return true;
	if (!allowed(gp, w->rights, access))
		return false;
	return access != GWALK_WRITE || (w->writable && (w->step[w->levels - 1].entry & GPTE_D));
}

static bool can_hold(enum physmap_type type, enum gwalk_access access)
{
	if (access == GWALK_WRITE)
		return type == PHYSMAP_RAM || type == PHYSMAP_OWN || type == PHYSMAP_FOREIGN;
	return type != PHYSMAP_NONE;
}

/*
 * The address of linear by a full walk, remembered in *w when its entries are of 8 bytes (PAE and
 * 4-level paging). Inside a section.
 */
static __attribute__((noinline)) uint8_t *
walk_address(const struct physmap *pm, const struct guest_paging *gp, struct gwalk_cached *w,
	     uint64_t linear, enum gwalk_access access, struct gwalk_fault *fault)
{
	/* Before the walk: a change after this leaves the slot with an old generation. */
	uint64_t gen = load_acquire(&pm->map_gen);
	struct physmap_entry e;
	gfn_t gfn = to_gfn(INVALID_FRAME);

	w->map_gen = 0; /* no physmap has it: empty until the walk is complete */
	if (walk(pm, gp, linear, access, w, &gfn, fault) != OK)
		return NULL;
	e = physmap_lookup(pm, gfn);
	if (!can_hold(e.type, access)) {
		(void)fail(fault, gp, linear, access, 0);
		fault->nowhere = gfn.n;
		return NULL;
	}
	/* A guest's guest: only where its tables were found to be writable. */
	if (!(gp->efer & GWALK_SECOND) || access == GWALK_WRITE)
		mark_used(w, shape_of(gp), access == GWALK_WRITE);
	w->page = linear >> PAGE_SHIFT;
	w->cr0 = gp->cr0;
	w->cr3 = gp->cr3;
	w->cr4 = gp->cr4;
	w->efer = gp->efer;
	w->pages |= physmap_gfn_bit(gfn.n);
	w->pfn = e.pfn;
	w->writable = can_hold(e.type, GWALK_WRITE);
	if (w->levels && shape_of(gp).wide && !(gp->efer & GWALK_SECOND))
		w->map_gen = gen;
	return (uint8_t *)window_map(e.pfn) + (linear & (PAGE_SIZE - 1));
}

/* The address of linear on this core, or NULL with *fault. Inside a section. */
static inline uint8_t *address(const struct physmap *pm, const struct guest_paging *gp,
			       struct gwalk_cache *cache, uint64_t linear, enum gwalk_access access,
			       struct gwalk_fault *fault)
{
	struct gwalk_cached *w = &cache->slot[linear >> PAGE_SHIFT & (GWALK_ENTRIES - 1)];

	/* Or the compiler makes the address anew at each use. */
	__asm__("" : "+r"(w));
	if (likely(still_true(pm, gp, w, linear) && serves(gp, w, access))) {
		cache->hits++;
		return (uint8_t *)window_map(w->pfn) + (linear & (PAGE_SIZE - 1));
	}
	cache->misses++;
	return walk_address(pm, gp, w, linear, access, fault);
}

static size_t part_length(uint64_t linear, size_t len)
{
	return min_u64(len, PAGE_SIZE - (linear & (PAGE_SIZE - 1)));
}

enum status gwalk_copy_from(const struct physmap *pm, const struct guest_paging *gp,
			    struct gwalk_cache *cache, void *dst, uint64_t linear, size_t len,
			    enum gwalk_access access, struct gwalk_fault *fault)
{
	uint8_t *to = dst;

	while (len) {
		size_t part = part_length(linear, len);
		const uint8_t *from;

		section_begin();
		from = address(pm, gp, cache, linear, access, fault);
		if (likely(from))
			memcpy(to, from, part);
		section_end();
		if (unlikely(!from))
			return ERR_NOT_FOUND;
		linear += part;
		to += part;
		len -= part;
	}
	return OK;
}

/*
 * A supervisor's read in IA-32e mode: where the bytes are on this core, or NULL when no walk for them
 * is remembered. Inside a section.
 */
static always_inline const uint8_t *kernel_address(const struct physmap *pm, struct gwalk_cached *w,
						   uint64_t cr3, uint64_t linear, bool may_catch_up)
{
	const struct pcpu *cpu = this_cpu();
	uint64_t now = load_acquire(&pm->map_gen);
	uint32_t slot;

	/* The walk was remembered in IA-32e mode too: paging, PAE and four levels are the same. A
	 * supervisor's read depends on no other bit of CR0, CR4 or EFER but CR4.SMAP. */
	if (unlikely(w->page != linear >> PAGE_SHIFT || w->cr3 != cr3 || !(w->efer & GEFER_LMA)))
		return NULL;
	if (unlikely(w->map_gen != now) && !(may_catch_up && catch_up(pm, w, now)))
		return NULL;
	slot = window_slot(w->pfn);
	if (unlikely(!steps_hold(cpu, w) || cpu->window_tag[slot] != w->pfn.n))
		return NULL;
	return this_cpu_windows(cpu) + slot * PAGE_SIZE + (linear & (PAGE_SIZE - 1));
}

static inline enum gwalk_hit kernel_hit(const struct gwalk_cached *w, const uint8_t *from)
{
	if (unlikely(!from))
		return GWALK_MISS;
	return w->rights & GPTE_U ? GWALK_USER : GWALK_SUPERVISOR;
}

enum gwalk_hit gwalk_read_kernel_word(const struct physmap *pm, struct gwalk_cache *cache,
				      uint64_t cr3, uint64_t linear, uint32_t *value)
{
	struct gwalk_cached *w = &cache->slot[linear >> PAGE_SHIFT & (GWALK_ENTRIES - 1)];
	const uint8_t *from;

	/* Or the compiler makes the address anew at each use. */
	__asm__("" : "+r"(w));
	if (unlikely((linear & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(*value)))
		return GWALK_MISS;
	section_begin();
	/* Nor is there a call in this function, for which registers would have to be saved. */
	from = kernel_address(pm, w, cr3, linear, false);
	if (likely(from)) {
		__builtin_memcpy(value, from, sizeof(*value));
		cache->hits++;
	}
	section_end();
	return kernel_hit(w, from);
}

enum gwalk_hit gwalk_read_kernel(const struct physmap *pm, struct gwalk_cache *cache, uint64_t cr3,
				 uint64_t linear, void *dst, size_t len)
{
	struct gwalk_cached *w = &cache->slot[linear >> PAGE_SHIFT & (GWALK_ENTRIES - 1)];
	const uint8_t *from;

	__asm__("" : "+r"(w));
	if (unlikely((linear & (PAGE_SIZE - 1)) + len > PAGE_SIZE))
		return GWALK_MISS;
	section_begin();
	from = kernel_address(pm, w, cr3, linear, true);
	if (likely(from)) {
		memcpy(dst, from, len);
		cache->hits++;
	}
	section_end();
	return kernel_hit(w, from);
}

bool gwalk_read_word(const struct physmap *pm, const struct guest_paging *gp,
		     struct gwalk_cache *cache, uint64_t linear, uint32_t *value)
{
	struct gwalk_fault fault;
	const uint8_t *from;

	if (unlikely(part_length(linear, sizeof(*value)) != sizeof(*value)))
		return gwalk_copy_from(pm, gp, cache, value, linear, sizeof(*value), GWALK_READ,
				       &fault) == OK;
	section_begin();
	from = address(pm, gp, cache, linear, GWALK_READ, &fault);
	if (likely(from))
		__builtin_memcpy(value, from, sizeof(*value));
	section_end();
	return from;
}

enum status gwalk_copy_to(struct physmap *pm, const struct guest_paging *gp,
			  struct gwalk_cache *cache, uint64_t linear, const void *src, size_t len,
			  struct gwalk_fault *fault)
{
	const uint8_t *from = src;

	while (len) {
		size_t part = part_length(linear, len);
		uint8_t *to;

		section_begin();
		to = address(pm, gp, cache, linear, GWALK_WRITE, fault);
		if (likely(to))
			memcpy(to, from, part);
		section_end();
		if (unlikely(!to))
			return ERR_NOT_FOUND;
		linear += part;
		from += part;
		len -= part;
	}
	return OK;
}

enum status gwalk_translate(const struct physmap *pm, const struct guest_paging *gp,
			    uint64_t linear, enum gwalk_access access, gpa_t *out,
			    struct gwalk_fault *fault)
{
	struct gwalk_cached w;
	enum status st;
	gfn_t gfn;

	section_begin();
	st = walk(pm, gp, linear, access, &w, &gfn, fault);
	section_end();
	if (st == OK)
		*out = to_gpa(gfn_gpa(gfn).a | (linear & (PAGE_SIZE - 1)));
	return st;
}
