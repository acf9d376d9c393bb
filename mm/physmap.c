// SPDX-License-Identifier: MIT
#include "mm/physmap.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/clock.h"
#include "core/lib/assert.h"
#include "core/lib/string.h"
#include "mm/ept.h"
#include "mm/frame.h"
#include "mm/gpc.h"
#include "mm/gpc_index.h"
#include "mm/round.h"
#include "mm/section.h"
#include "mm/step.h"
#include "mm/window.h"

/* The last generation of the physmap that had the slot before: a tag that a core flushed for the
 * old one must not pass for the new one. */
static uint64_t slot_last_gen[MAX_PHYSMAPS];

#define LOG_ORDER 1

static_assert(PHYSMAP_LOG * sizeof(uint64_t) == PAGE_SIZE << LOG_ORDER, "order of the log");

enum status physmap_init(struct physmap *pm, uint16_t slot)
{
	memset(pm, 0, sizeof(*pm));
	pm->root = own_alloc_pages(0);
	if (!pm->root)
		return ERR_NOMEM;
	pm->slot = slot;
	pm->map_gen = slot_last_gen[slot] + 1;
	pm->eptp = own_hpa(pm->root).a | EPTP_WALK_4 | EPTP_WB;
	return OK;
}

void physmap_retire(struct physmap *pm)
{
	slot_last_gen[pm->slot] = pm->map_gen;
	own_free_pages(pm->root, 0);
	pm->root = NULL;
	if (pm->log)
		own_free_pages(pm->log, LOG_ORDER);
	pm->log = NULL;
}

enum status physmap_log_start(struct physmap *pm)
{
	if (!pm->log)
		pm->log = own_alloc_pages(LOG_ORDER);
	return pm->log ? OK : ERR_NOMEM;
}

/* Dead tables of a batch; what more could be folded stays as it is. */
#define DEAD_TABLES 8
/* A batch of so many may have emptied or filled a table: the cost of a look is small beside it. */
#define FOLD_FROM 64

/* What a batch has done, and what is left to do after the round. */
struct flow {
	uint64_t withdrawn; /* physmap_gfn_bit()s whose old translation somebody may hold */
	bool stale;         /* there are such, or tables were replaced */
	bool counted;       /* frames were taken out that are counted */
	bool waited_for;    /* a cache waits for one that is mapped now */
	unsigned int dead_count;
	uint64_t *dead[DEAD_TABLES];
};

static bool counted(uint64_t entry)
{
	return ept_present(entry) && ept_type(entry) != PHYSMAP_OWN;
}

/* Entries that are not present are 0, of type NONE. */
static inline bool may_remove(const struct physmap_change *ch, uint64_t entry)
{
	return ch->when >> ept_type(entry) & 1;
}

/* A large leaf, or the splitting of one, or tables for what is mapped: not the common case. */
static cold_fn enum status prepare_large(struct physmap *pm, struct physmap_change *ch)
{
	unsigned int target = ch->order / 9;
	struct ept_walk w = ept_walk_to(pm->root, ch->gfn, target);

	ch->slot = NULL;
	if (ch->gfn.n & (BIT(ch->order) - 1))
		return ERR_INVALID;
	/* A table that was emptied makes room. */
	if (ept_present(w.entry) &&
	    !(w.level == target && ept_is_table(w.entry) && ept_table_empty(ept_table(w.entry))))
		return ERR_EXISTS;
	return ept_add_spares(pm, w.level - target);
}

/* *region: that for which tables are at hand already. */
static cold_fn enum status prepare_tables(struct physmap *pm, struct physmap_change *ch,
					  struct ept_walk w, uint64_t *region)
{
	ch->slot = NULL;
	if ((ch->type == PHYSMAP_NONE && !ept_present(w.entry)) || *region == ch->gfn.n >> 9)
		return OK;
	*region = ch->gfn.n >> 9;
	return ept_add_spares(pm, w.level);
}

static inline enum status prepare_one(struct physmap *pm, struct physmap_change *ch,
				      uint64_t *region)
{
	struct ept_walk w;

	if (unlikely(ch->gfn.n >= EPT_GFN_LIMIT))
		return ERR_INVALID;
	if (unlikely(ch->order))
		return prepare_large(pm, ch);
	w = ept_walk(pm->root, ch->gfn);
	ch->slot = w.slot;
	if (ch->when &&
	    (!may_remove(ch, w.entry) ||
	     (ch->when == PHYSMAP_WHEN_FRAME && ((w.entry ^ pfn_hpa(ch->pfn).a) & EPT_FRAME))))
		return ERR_NOT_FOUND;
	return likely(!w.level) ? OK : prepare_tables(pm, ch, w, region);
}

/*
 * Everything that can go wrong goes wrong here, before the first effect. Returns how many changes
 * can be made; each knows its slot then, unless tables are to be built.
 */
static inline unsigned int prepare(struct physmap *pm, struct physmap_change *ch, unsigned int n,
				   enum status *st)
{
	uint64_t region = ~0ULL;

	*st = OK;
	for (unsigned int i = 0; i < n; i++) {
		*st = prepare_one(pm, &ch[i], &region);
		if (unlikely(*st != OK))
			return i;
	}
	return n;
}

/* The slot of a change that prepare() knew none for; NULL: nothing is there to be removed. */
static cold_fn uint64_t *reach(struct physmap *pm, const struct physmap_change *ch)
{
	if (ch->type == PHYSMAP_NONE && !ept_present(ept_walk_to(pm->root, ch->gfn, 0).entry))
		return NULL;
	return ept_reach(pm, ch->gfn, ch->order);
}

static inline void account_new(struct physmap *pm, const struct physmap_change *ch,
			       unsigned int order)
{
	pm->max_gfn = max_u64(pm->max_gfn, ch->gfn.n + BIT(order) - 1);
	if (ch->type == PHYSMAP_RAM)
		pm->ram_frames += BIT(order);
}

/* Who has something of a leaf that was exchanged: caches now, EPT02s before they are next used. */
static noinline_fn void marked(struct physmap *pm, gfn_t gfn, uint64_t old)
{
	if (old & EPT_HAS_GPC)
		gpc_index_invalidate(pm, gfn);
	if (old & EPT_HAS_COPY) {
		store_relaxed(&pm->log[pm->logged % PHYSMAP_LOG], gfn.n);
		store_release(&pm->logged, pm->logged + 1);
		protocol_step(STEP_LOGGED);
	}
}

/* A large leaf where nothing was but perhaps an empty table. */
static cold_fn void exchange_large(struct physmap *pm, struct physmap_change *ch, struct flow *f)
{
	uint64_t table = atomic_xchg(reach(pm, ch), ept_make_leaf(ch->pfn, ch->type, ch->order));

	protocol_step(STEP_EXCHANGED);
	account_new(pm, ch, ch->order);
	if (ept_present(table)) {
		f->dead[f->dead_count++] = ept_table(table);
		f->stale = true;
	}
	f->waited_for = gpc_index_waits(pm, ch->gfn, ch->order, &f->stale);
	ch->old = 0;
	protocol_step(STEP_INVALIDATED);
}

/* Exchange one entry and mark its caches invalid; false when an earlier change made it impossible. */
static inline bool exchange(struct physmap *pm, struct physmap_change *ch, struct flow *f)
{
	uint64_t *slot = ch->slot;
	uint64_t new = 0, old;

	if (unlikely(ch->order)) {
		exchange_large(pm, ch, f);
		return true;
	}
	if (unlikely(!slot))
		slot = reach(pm, ch);
	ch->old = 0;
	if (unlikely(!slot))
		return true;
	if (ch->when && !may_remove(ch, *slot))
		return false;
	if (unlikely(ch->follows)) {
		ch->pfn = to_pfn((ch[-1].old & EPT_FRAME) >> PAGE_SHIFT);
		ch[-1].old = 0;
	}
	if (ch->type != PHYSMAP_NONE) {
		new = ept_make_leaf(ch->pfn, ch->type, 0);
		account_new(pm, ch, 0);
	}
	old = atomic_xchg(slot, new);
	protocol_step(STEP_EXCHANGED);
	if (ept_present(old)) {
		f->stale = true;
		f->withdrawn |= physmap_gfn_bit(ch->gfn.n);
		if (ept_type(old) == PHYSMAP_RAM)
			pm->ram_frames--;
		f->counted |= ept_type(old) != PHYSMAP_OWN;
		if (unlikely(old & EPT_MARKS))
			marked(pm, ch->gfn, old);
	} else if (new) {
		f->waited_for |= gpc_index_waits(pm, ch->gfn, 0, &f->stale);
	}
	ch->old = old;
	protocol_step(STEP_INVALIDATED);
	return true;
}

/* Tables that the batch has emptied, or made to say what a large leaf can. */
static cold_fn void fold(struct physmap *pm, const struct physmap_change *ch, unsigned int n,
			 struct flow *f)
{
	for (unsigned int i = 0; i < n; i++) {
		uint64_t *dead;

		if (i && ch[i].gfn.n >> 9 == ch[i - 1].gfn.n >> 9)
			continue;
		while (f->dead_count < DEAD_TABLES && (dead = ept_fold(pm, ch[i].gfn))) {
			f->dead[f->dead_count++] = dead;
			f->stale = true;
		}
	}
}

/* What nobody can use any more. */
static inline void put_old(const struct physmap_change *ch, unsigned int n, const struct flow *f)
{
	for (unsigned int i = 0; f->counted && i < n; i++) {
		if (counted(ch[i].old))
			frame_put(to_pfn((ch[i].old & EPT_FRAME) >> PAGE_SHIFT));
		protocol_step(STEP_PUT);
	}
	for (unsigned int i = 0; i < f->dead_count; i++)
		own_free_pages(f->dead[i], 0);
}

unsigned int physmap_change_groups(struct physmap *pm, struct physmap_change *ch, unsigned int n,
				   unsigned int unit, enum status *st)
{
	uint64_t start = XENITH_COUNT ? clock_ticks() : 0;
	unsigned int possible, made = 0;
	enum status why;
	struct flow f;

	ASSERT(n <= PHYSMAP_BATCH && !section_open());
	f.withdrawn = 0;
	f.stale = f.counted = f.waited_for = false;
	f.dead_count = 0;
	spin_lock(&pm->lock);
	protocol_step(STEP_CHANGE_LOCKED);
	possible = prepare(pm, ch, n, &why);
	if (unlikely(possible < n))
		possible -= possible % unit;
	protocol_step(STEP_PREPARED);
	while (made < possible && exchange(pm, &ch[made], &f))
		made++;
	*st = likely(made == possible) ? why : ERR_NOT_FOUND;
	if (unlikely(made >= FOLD_FROM))
		fold(pm, ch, made, &f);
	if (f.stale) {
		round_bump(pm, f.withdrawn);
		protocol_step(STEP_BUMPED);
		round_run(pm, NULL); /* fence, kick, drain, wait */
	}
	put_old(ch, made, &f);
	if (unlikely(pm->spare_tables))
		ept_drop_spares(pm);
	pm->stats.changes++;
	spin_unlock(&pm->lock);
	protocol_step(STEP_CHANGE_UNLOCKED);
	if (unlikely(f.waited_for))
		physmap_waiters_ready(pm);
	count_add(COUNT_CHANGE_TICKS, clock_ticks() - start);
	return made;
}

enum status physmap_change(struct physmap *pm, struct physmap_change *ch, unsigned int n)
{
	enum status st;

	return physmap_change_groups(pm, ch, n, n, &st) == n ? OK : st;
}

struct physmap_entry physmap_lookup(const struct physmap *pm, gfn_t gfn)
{
	struct physmap_entry none = { to_pfn(INVALID_FRAME), PHYSMAP_NONE, 0 };

	DEBUG_ASSERT(section_open());
	if (unlikely(gfn.n >= EPT_GFN_LIMIT))
		return none;
	return ept_decode(ept_walk(pm->root, gfn), gfn);
}

enum physmap_type physmap_type_at(const struct physmap *pm, gfn_t gfn)
{
	enum physmap_type type;

	section_begin();
	type = physmap_lookup(pm, gfn).type;
	section_end();
	return type;
}

static bool writable(enum physmap_type type)
{
	return type == PHYSMAP_RAM || type == PHYSMAP_OWN || type == PHYSMAP_FOREIGN;
}

/* The address of one page's part of a copy, or NULL. Inside a section. */
static uint8_t *part_address(const struct physmap *pm, gpa_t gpa, bool write)
{
	struct physmap_entry e = physmap_lookup(pm, gpa_gfn(gpa));

	if (e.type == PHYSMAP_NONE || (write && !writable(e.type)))
		return NULL;
	return (uint8_t *)window_map(e.pfn) + gpa_offset(gpa);
}

/* Bytes of a copy that end with this page: each gets a section of its own. */
static size_t part_length(gpa_t gpa, size_t len)
{
	return min_u64(len, PAGE_SIZE - gpa_offset(gpa));
}

enum status physmap_read(const struct physmap *pm, gpa_t gpa, void *dst, size_t len)
{
	uint8_t *to = dst;

	while (len) {
		size_t part = part_length(gpa, len);
		const uint8_t *from;

		section_begin();
		from = part_address(pm, gpa, false);
		if (from)
			memcpy(to, from, part);
		section_end();
		if (!from)
			return ERR_NOT_FOUND;
		gpa.a += part;
		to += part;
		len -= part;
	}
	return OK;
}

enum status physmap_write(struct physmap *pm, gpa_t gpa, const void *src, size_t len)
{
	const uint8_t *from = src;

	while (len) {
		size_t part = part_length(gpa, len);
		uint8_t *to;

		section_begin();
		to = part_address(pm, gpa, true);
		if (to)
			memcpy(to, from, part);
		section_end();
		if (!to)
			return ERR_NOT_FOUND;
		gpa.a += part;
		from += part;
		len -= part;
	}
	return OK;
}

bool physmap_read_word(const struct physmap *pm, gpa_t gpa, uint64_t *value)
{
	bool opened = section_open();
	const void *at;

	if (!opened)
		section_begin();
	at = part_address(pm, gpa, false);
	if (at)
		*value = load_relaxed((const uint64_t *)at);
	if (!opened)
		section_end();
	return at;
}

bool physmap_exchange_word(struct physmap *pm, gpa_t gpa, uint64_t old, uint64_t new)
{
	bool opened = section_open(), done;
	void *at;

	if (!opened)
		section_begin();
	at = part_address(pm, gpa, true);
	done = at && atomic_cmpxchg((uint64_t *)at, &old, new);
	if (!opened)
		section_end();
	return done;
}
