// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/tlb.h"

#include <string.h>

#include "arch/x86/vmx/invalidate.h"
#include "mm/ept.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/memory.h"

#define ENTRIES 64
#define CORES   4
#define VPIDS   8 /* remembered; by the low bits */

enum kind { NOTHING, PAGE, LARGE_PAGE, TABLE, COMBINED };

struct translation {
	enum kind kind;
	uint64_t eptp;
	uint16_t vpid; /* of COMBINED */
	uint64_t page; /* gfn; >> 9 of LARGE_PAGE and TABLE; linear page of COMBINED */
	gfn_t gfn;     /* of COMBINED: what the guest's tables said */
	pfn_t pfn;     /* the (first) frame, or the table's */
	uint32_t life; /* of that frame when this was filled */
	bool dead;     /* the change that removed it has returned */
};

/* Each line is one core's: real threads use only their own. */
static struct translation tlb[CORES][ENTRIES];
static gfn_t linear[VPIDS][TLB_LINEAR];

void (*tlb_fault)(const char *what, uint32_t core, gfn_t gfn);
uint64_t tlb_hits, tlb_invepts;

void tlb_reset(void)
{
	memset(tlb, 0, sizeof(tlb));
	for (uint32_t v = 0; v < VPIDS; v++)
		for (uint32_t page = 0; page < TLB_LINEAR; page++)
			linear[v][page] = to_gfn(page);
}

static struct translation *find(uint32_t core, enum kind kind, uint64_t eptp, uint64_t page)
{
	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct translation *t = &tlb[core][i];

		if (t->kind == kind && t->eptp == eptp && t->page == page)
			return t;
	}
	return NULL;
}

static struct translation *fill(uint32_t core, enum kind kind, uint64_t eptp, uint64_t page,
				pfn_t pfn)
{
	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct translation *t = &tlb[core][i];

		if (t->kind != NOTHING)
			continue;
		*t = (struct translation){ .kind = kind, .eptp = eptp, .page = page, .pfn = pfn };
		t->life = memory_life(pfn);
		return t;
	}
	panic("fake TLB of core %u is full", core);
}

static bool freed(const struct translation *t, uint64_t offset)
{
	pfn_t pfn = to_pfn(t->pfn.n + offset);

	/* The lives of a large page's frames part when it is split. */
	return !memory_count(pfn) || (!offset && memory_life(pfn) != t->life);
}

static pfn_t use(struct translation *t, uint32_t core, gfn_t gfn)
{
	uint64_t offset = t->kind == LARGE_PAGE ? gfn.n & (EPT_ENTRIES - 1) : 0;

	(void)__atomic_fetch_add(&tlb_hits, 1, __ATOMIC_RELAXED);
	if (t->dead)
		tlb_fault("used after its change returned", core, gfn);
	else if (freed(t, offset))
		tlb_fault("used after its frame was freed", core, gfn);
	return to_pfn(t->pfn.n + offset);
}

/* A page walk by hardware, which starts at a remembered table when there is one. */
static pfn_t walk(uint32_t core, uint64_t eptp, gfn_t gfn)
{
	struct translation *table = find(core, TABLE, eptp, gfn.n >> 9);
	struct ept_walk w;

	if (table) {
		if (freed(table, 0))
			tlb_fault("walked a table that was freed", core, gfn);
		w.slot = own_va(pfn_hpa(table->pfn));
		w.slot += ept_index(gfn, 0);
		w.entry = load_acquire(w.slot);
		w.level = 0;
	} else {
		w = ept_walk(own_va(to_hpa(eptp & EPT_FRAME)), gfn);
		if (w.level == 0)
			fill(core, TABLE, eptp, gfn.n >> 9,
			     own_pfn((void *)((uintptr_t)w.slot & ~(PAGE_SIZE - 1))));
	}
	if (!ept_present(w.entry))
		return to_pfn(INVALID_FRAME);
	if (w.level == 1) {
		pfn_t first = to_pfn((w.entry & EPT_FRAME) >> PAGE_SHIFT);

		fill(core, LARGE_PAGE, eptp, gfn.n >> 9, first);
		return to_pfn(first.n + (gfn.n & (EPT_ENTRIES - 1)));
	}
	return fill(core, PAGE, eptp, gfn.n, ept_decode(w, gfn).pfn)->pfn;
}

pfn_t tlb_use(uint32_t core, uint64_t eptp, gfn_t gfn)
{
	struct translation *t = find(core, PAGE, eptp, gfn.n);

	if (!t)
		t = find(core, LARGE_PAGE, eptp, gfn.n >> 9);
	return t ? use(t, core, gfn) : walk(core, eptp, gfn);
}

pfn_t tlb_use_linear(uint32_t core, uint64_t eptp, uint16_t vpid, uint32_t page)
{
	gfn_t gfn = linear[vpid % VPIDS][page];
	struct translation *t;
	pfn_t pfn;

	for (uint32_t i = 0; i < ENTRIES; i++) {
		t = &tlb[core][i];
		if (t->kind != COMBINED || t->eptp != eptp || t->vpid != vpid || t->page != page)
			continue;
		if (t->gfn.n != gfn.n)
			tlb_fault("used for a linear page that the guest had flushed", core, gfn);
		return use(t, core, gfn);
	}
	pfn = tlb_use(core, eptp, gfn);
	if (!pfn_valid(pfn))
		return pfn;
	t = fill(core, COMBINED, eptp, page, pfn);
	t->vpid = vpid;
	t->gfn = gfn;
	return pfn;
}

static void drop(uint32_t core, bool (*which)(const struct translation *, uint64_t), uint64_t arg)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		if (which(&tlb[core][i], arg))
			tlb[core][i].kind = NOTHING;
}

static bool of_eptp(const struct translation *t, uint64_t eptp)
{
	return t->eptp == eptp;
}

static bool of_any(const struct translation *t, uint64_t unused)
{
	(void)t;
	(void)unused;
	return true;
}

static bool of_vpid(const struct translation *t, uint64_t vpid)
{
	return t->kind == COMBINED && (vpid == ~0ULL || t->vpid == vpid);
}

static bool of_linear(const struct translation *t, uint64_t vpid_and_page)
{
	return of_vpid(t, vpid_and_page >> 32) && t->page == (uint32_t)vpid_and_page;
}

void tlb_map_linear(uint32_t core, uint16_t vpid, uint32_t page, gfn_t gfn)
{
	linear[vpid % VPIDS][page] = gfn;
	drop(core, of_linear, (uint64_t)vpid << 32 | page);
}

bool invept(uint64_t type, uint64_t eptp)
{
	(void)__atomic_fetch_add(&tlb_invepts, 1, __ATOMIC_RELAXED);
	drop(this_cpu()->id, type == INVEPT_SINGLE ? of_eptp : of_any, eptp);
	return true;
}

bool invvpid(uint64_t type, uint16_t vpid)
{
	drop(this_cpu()->id, of_vpid, type == INVVPID_SINGLE ? vpid : ~0ULL);
	return true;
}

void tlb_transition(uint32_t core, bool vpids)
{
	if (!vpids)
		drop(core, of_vpid, ~0ULL);
}

/* Whether the translation is for this gfn, and to something else than the map has there now. */
static bool differs(const struct translation *t, uint64_t eptp, gfn_t gfn, pfn_t now)
{
	if (t->eptp != eptp)
		return false;
	switch (t->kind) {
	case PAGE: return t->page == gfn.n && t->pfn.n != now.n;
	case COMBINED: return t->gfn.n == gfn.n && t->pfn.n != now.n;
	case LARGE_PAGE:
		return t->page == gfn.n >> 9 && t->pfn.n + (gfn.n & (EPT_ENTRIES - 1)) != now.n;
	default: return false;
	}
}

void tlb_change_done(uint64_t eptp, gfn_t gfn)
{
	struct ept_walk w = ept_walk(own_va(to_hpa(eptp & EPT_FRAME)), gfn);
	pfn_t now = ept_decode(w, gfn).pfn;

	for (uint32_t core = 0; core < CORES; core++) {
		for (uint32_t i = 0; i < ENTRIES; i++) {
			struct translation *t = &tlb[core][i];

			if (!differs(t, eptp, gfn, now))
				continue;
			if (t->kind != LARGE_PAGE)
				t->dead = true;
			else if (!find(core, PAGE, eptp, gfn.n))
				/* The rest of it may be used on. */
				fill(core, PAGE, eptp, gfn.n,
				     to_pfn(t->pfn.n + (gfn.n & (EPT_ENTRIES - 1))))
					->dead = true;
		}
	}
}
