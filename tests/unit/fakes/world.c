// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "arch/x86/vmx/machine.h"
#include "mm/ept.h"
#include "mm/frame.h"
#include "mm/gpc.h"
#include "mm/gpc_index.h"
#include "mm/physmap_flush.h"
#include "mm/round.h"
#include "tests/unit/fakes/memory.h"
#include "tests/unit/fakes/turns.h"

#define SLOT  3
#define GFNS  5 /* 0..2: RAM; 3: a frame of the hypervisor's; 4: nothing */
#define OWN   3
#define HOLE  4
#define LARGE 512 /* a large page, in some worlds */

#define CACHES 4
/* Of gfn 0, valid; inactive; of gfn 0, invalidated; of the hypervisor's frame. */
enum { CACHE, IDLE_CACHE, MISSING, OWN_CACHE };

static const uint64_t touched[] = { 0, 1, 2, OWN, HOLE, LARGE + 1, LARGE + 2 };

static struct physmap *const pm = &processor_domain.physmap;
static struct gpc caches[CACHES];
static void *own_page;
static bool large_world, stopping, failed;
static bool hw_moved; /* the guest's virtual-APIC page is not gfn 0 any more */
static uint64_t frames_before;
static char description[200];

/* What each core changes now; rounds that were over for each gfn; targets withdrawn. */
static struct {
	struct physmap_change ch[4];
	unsigned int count;
} changing[PROCESSORS];
static unsigned int removed[LARGE + 3], withdrawn[CACHES];
static unsigned int stays[PROCESSORS]; /* turns in the guest before it leaves by itself */
static uint32_t leave_by[PROCESSORS];

/* ---- faults ---- */

void world_describe(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(description, sizeof(description), fmt, ap);
	va_end(ap);
}

static void say_where(void)
{
	fprintf(stderr, "# in: %s\n", description);
}

void world_fault(const char *what, uint32_t core, gfn_t gfn)
{
	if (!failed) {
		fprintf(stderr, "# FAULT: %s, core %d, gfn %#llx\n", what, (int)core,
			(unsigned long long)gfn.n);
		say_where();
	}
	failed = true;
}

bool world_failed(void)
{
	return failed;
}

/* ---- what must hold ---- */

static struct gpc *hw_page(enum vcpu_hw_page page)
{
	return &processor_vcpu(WORLD_GUEST_CORE)->vmx->hw_pages->hw.page[page];
}

static unsigned int times_hashed(const struct gpc *g)
{
	unsigned int n = 0;

	for (unsigned int b = 0; b < PHYSMAP_HASH; b++)
		for (const struct gpc *h = pm->hash[b]; h; h = h->hash_next)
			n += h == g;
	return n;
}

/* I3: a valid cache says what the map says, and a change would find it. */
static void check_cache(const struct gpc *g)
{
	struct ept_walk w;

	if (times_hashed(g) != g->active)
		world_fault("active is not hashed", ~0U, g->gfn);
	if (!g->valid)
		return;
	if (!g->active) {
		world_fault("valid but not active", ~0U, g->gfn);
		return;
	}
	w = ept_walk(pm->root, g->gfn);
	if (ept_decode(w, g->gfn).pfn.n != g->pfn.n)
		world_fault("valid, and not what the map says", ~0U, g->gfn);
	if (!(w.entry & EPT_HAS_GPC))
		world_fault("its leaf does not say that there is a cache", ~0U, g->gfn);
}

/* The guest's virtual-APIC page was pointed elsewhere, and that has returned. */
static void check_virtual_apic(void)
{
	const struct processor_vmcs *vmcs = processor_vmcs(WORLD_GUEST_CORE);
	struct physmap_entry e = ept_decode(ept_walk(pm->root, to_gfn(0)), to_gfn(0));

	if (hw_moved && (vmcs->controls & PROC_TPR_SHADOW) && e.type != PHYSMAP_NONE &&
	    vmcs->virtual_apic == pfn_hpa(e.pfn).a)
		world_fault("its VMCS still holds the old page", WORLD_GUEST_CORE, to_gfn(0));
}

static void check_caches(void)
{
	for (unsigned int i = 0; i < CACHES; i++)
		check_cache(&caches[i]);
	check_cache(hw_page(VCPU_HW_VIRTUAL_APIC));
	check_cache(hw_page(VCPU_HW_APIC_ACCESS));
}

static void guests_touch(void)
{
	for (uint32_t c = 0; c < PROCESSORS; c++)
		if (processors[c].vcpu)
			processor_touch(c, touched, large_world ? 7 : 5);
	if (processors[WORLD_GUEST_CORE].vcpu)
		check_virtual_apic();
}

static void change_past_round(uint32_t core)
{
	for (unsigned int i = 0; i < changing[core].count; i++) {
		gfn_t gfn = changing[core].ch[i].gfn;

		tlb_change_done(pm->eptp, gfn);
		removed[gfn.n]++;
	}
	changing[core].count = 0;
}

static void at_point(enum step s)
{
	if (s == STEP_COUNT && !turns_only_steps)
		return;
	/* Since it unlocked nobody else has run: the map says what this change made of it. */
	if (s == STEP_CHANGE_UNLOCKED)
		change_past_round(this_cpu()->id);
	guests_touch();
	if (!spin_is_locked(&pm->lock))
		check_caches();
}

/* Each frame of the map is counted once, and no other one is in use. */
static void check_counts(void)
{
	uint64_t ram = 0;

	for (uint64_t gfn = 0; gfn < LARGE + EPT_ENTRIES; gfn++) {
		struct physmap_entry e = ept_decode(ept_walk(pm->root, to_gfn(gfn)), to_gfn(gfn));

		if (e.type == PHYSMAP_RAM && memory_count(e.pfn) != 1)
			world_fault("miscounted frame", ~0U, to_gfn(gfn));
		ram += e.type == PHYSMAP_RAM;
	}
	if (ram != pm->ram_frames)
		world_fault("miscounted RAM", ~0U, to_gfn(0));
}

/* ---- accesses ---- */

struct use {
	gfn_t gfn;
	pfn_t pfn;
	uint32_t life;
	unsigned int removed, withdrawn, cache;
};

/* A translation was read just now, in a section: p is a window. */
static struct use use_begin(gfn_t gfn, unsigned int cache, const uint8_t *p)
{
	const struct pcpu *cpu = this_cpu();
	struct use u = { .gfn = gfn, .cache = cache };

	u.pfn = to_pfn(cpu->window_tag[(uint64_t)(p - cpu->window_base) / PAGE_SIZE]);
	u.life = memory_life(u.pfn);
	u.removed = removed[gfn.n];
	u.withdrawn = withdrawn[cache];
	return u;
}

/* It is used, some points later. */
static void use_end(const struct use *u, uint8_t *p)
{
	uint32_t core = this_cpu()->id;

	if (!memory_count(u->pfn) || memory_life(u->pfn) != u->life)
		world_fault("section on a freed frame", core, u->gfn);
	else if (removed[u->gfn.n] != u->removed)
		world_fault("section that a change did not wait for", core, u->gfn);
	else if (withdrawn[u->cache] != u->withdrawn)
		world_fault("section that a withdrawal did not wait for", core, u->gfn);
	else
		store_relaxed(p, 1);
}

static bool access_cache(unsigned int i)
{
	struct gpc *g = &caches[i];
	uint8_t *p;

	section_begin();
	p = gpc_page(g);
	if (p) {
		struct use u = use_begin(g->gfn, i, p);

		fence_full();
		use_end(&u, p);
	}
	section_end();
	return p;
}

static void op_access(void)
{
	(void)access_cache(CACHE);
	(void)access_cache(OWN_CACHE);
}

static void op_access_or_refresh(void)
{
	if (!access_cache(MISSING) && gpc_refresh(&caches[MISSING]) == OK)
		(void)access_cache(MISSING);
}

static void op_walk(void)
{
	struct physmap_entry e;

	section_begin();
	e = physmap_lookup(pm, to_gfn(1));
	if (e.type != PHYSMAP_NONE) {
		uint8_t *p = window_map(e.pfn);
		struct use u = use_begin(to_gfn(1), IDLE_CACHE, p);

		fence_full();
		/* It is no use of that cache. */
		u.withdrawn = withdrawn[IDLE_CACHE];
		use_end(&u, p);
	}
	section_end();
}

/* A late one is seen when its frame is allocated again. */
static void op_copy(void)
{
	static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)!physmap_write(pm, to_gpa(PAGE_SIZE - 8), bytes, sizeof(bytes));
}

/* ---- caches ---- */

static void op_activate(void)
{
	(void)!gpc_activate(&caches[IDLE_CACHE], to_gfn(0));
}

static void op_refresh(void)
{
	(void)!gpc_refresh(&caches[MISSING]);
}

static void op_deactivate(void)
{
	gpc_deactivate(&caches[CACHE]);
	withdrawn[CACHE]++;
}

static void op_retarget(void)
{
	if (gpc_activate(&caches[CACHE], to_gfn(1)) == OK)
		withdrawn[CACHE]++;
}

static void op_move_hw(void)
{
	ASSERT(gpc_activate(hw_page(VCPU_HW_VIRTUAL_APIC), to_gfn(1)) == OK);
	hw_moved = true;
}

static void op_drop_hw(void)
{
	gpc_deactivate(hw_page(VCPU_HW_VIRTUAL_APIC));
	hw_moved = true;
}

/* ---- changes ---- */

static struct physmap_change removal(uint64_t gfn)
{
	return (struct physmap_change){ .gfn = to_gfn(gfn), .type = PHYSMAP_NONE };
}

static struct physmap_change new_page(uint64_t gfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_RAM };

	ch.pfn = frame_alloc(0, SLOT);
	ASSERT(pfn_valid(ch.pfn));
	return ch;
}

static void apply(struct physmap_change a, struct physmap_change b, unsigned int count)
{
	struct physmap_change ch[2] = { a, b };
	uint32_t core = this_cpu()->id;

	memcpy(changing[core].ch, ch, sizeof(ch));
	changing[core].count = count;
	ASSERT(physmap_change(pm, ch, count) == OK);
}

static void change_one(struct physmap_change ch)
{
	apply(ch, ch, 1);
}

static void op_remove(void)
{
	change_one(removal(0));
}

static void op_map(void)
{
	change_one(new_page(HOLE));
}

static void op_replace(void)
{
	change_one(new_page(0));
}

static void op_batch(void)
{
	apply(removal(0), new_page(HOLE), 2);
}

/* As a guest moves its shared_info: out of one place, into another in place of RAM. */
static void op_move_own(void)
{
	struct physmap_change in = { .gfn = to_gfn(1), .type = PHYSMAP_OWN };

	in.pfn = own_pfn(own_page);
	apply(removal(OWN), in, 2);
}

static void op_remove_if(void)
{
	struct physmap_change ch = removal(1);
	uint32_t core = this_cpu()->id;

	section_begin();
	ch.pfn = physmap_lookup(pm, ch.gfn).pfn;
	section_end();
	ch.when = PHYSMAP_WHEN_FRAME;
	changing[core].ch[0] = ch;
	changing[core].count = 1;
	if (physmap_change(pm, &ch, 1) != OK)
		changing[core].count = 0;
}

static void op_split(void)
{
	change_one(removal(LARGE + 1));
}

static void op_flush(void)
{
	physmap_flush(pm);
}

/* ---- guests ---- */

static uint32_t guest(struct vcpu *v)
{
	uint32_t core = this_cpu()->id;

	(void)v;
	turns_quietly(guests_touch);
	turns_in_guest();
	if (core == WORLD_GUEST_CORE)
		return stopping ? EXIT_HLT : PROCESSOR_STAY;
	if (stays[core]--)
		return PROCESSOR_STAY;
	stays[core] = 1;
	if (leave_by[core] == EXIT_VMCALL) {
		leave_by[core] = EXIT_HLT;
		return EXIT_VMCALL;
	}
	return EXIT_HLT;
}

static void run_guest(void)
{
	uint32_t core = this_cpu()->id;

	stays[core] = 1;
	processor_run(processor_vcpu(core));
}

static void op_enter(void)
{
	leave_by[this_cpu()->id] = EXIT_HLT;
	run_guest();
}

static void op_guest_removes(void)
{
	leave_by[this_cpu()->id] = EXIT_VMCALL;
	run_guest();
}

static void vmcall(struct vcpu *v)
{
	(void)v;
	change_one(removal(1));
}

static void shadow(struct vcpu *v)
{
	(void)v;
	(void)!gpc_refresh(&caches[MISSING]);
}

static void background(void)
{
	processor_run(processor_vcpu(WORLD_GUEST_CORE));
}

void world_guest_turn(void)
{
	if (turns_busy(WORLD_GUEST_CORE))
		(void)turns_run(WORLD_GUEST_CORE, 0);
}

const struct world_op world_ops[] = {
	{ .name = "remove", .fn = op_remove },
	{ .name = "map", .fn = op_map },
	{ .name = "replace", .fn = op_replace },
	{ .name = "batch", .fn = op_batch },
	{ .name = "move of an own page", .fn = op_move_own },
	{ .name = "removal under a condition", .fn = op_remove_if },
	{ .name = "removal from a large page", .fn = op_split, .large = true },
	{ .name = "removal under a deaf guest", .fn = op_remove, .deaf = true },
	{ .name = "flush", .fn = op_flush },
	{ .name = "activate", .fn = op_activate },
	{ .name = "refresh", .fn = op_refresh },
	{ .name = "deactivate", .fn = op_deactivate },
	{ .name = "retarget", .fn = op_retarget },
	{ .name = "move of a hardware page", .fn = op_move_hw },
	{ .name = "end of a hardware page", .fn = op_drop_hw },
	{ .name = "access", .fn = op_access },
	{ .name = "access or refresh", .fn = op_access_or_refresh },
	{ .name = "walk", .fn = op_walk },
	{ .name = "copy", .fn = op_copy },
	{ .name = "entry", .fn = op_enter },
	{ .name = "removal by a guest", .fn = op_guest_removes },
	{ 0 },
};

/* ---- life ---- */

void world_create(void)
{
	static bool created;

	if (!created) {
		host_cores(PROCESSORS);
		memory_reset();
		processor_reset(SLOT, true);
		processor_end();
	}
	created = true;
	host_cpu = pcpus[WORLD_CALLER];
	tlb_fault = world_fault;
	host_panic_hook = say_where;
	processor_guest = guest;
	processor_vmcall = vmcall;
	processor_shadow = shadow;
	round_nmi_after = 8;
	turns_start(WORLD_CALLER);
	own_page = own_alloc_pages(0);
}

void world_destroy(void)
{
	turns_end();
	own_free_pages(own_page, 0);
}

static void populate(uint64_t gfn, uint64_t count)
{
	uint64_t done;

	ASSERT(physmap_populate(pm, to_gfn(gfn), count, count, &done) == OK && done == count);
}

void world_begin(bool large, bool deaf)
{
	struct physmap_change own = { .gfn = to_gfn(OWN), .type = PHYSMAP_OWN };

	large_world = large;
	stopping = false;
	hw_moved = false;
	memset(removed, 0, sizeof(removed));
	memset(withdrawn, 0, sizeof(withdrawn));
	memset(changing, 0, sizeof(changing));
	tlb_reset();
	frames_before = memory_frames_in_use();
	processor_reset(SLOT, true);
	populate(0, 3);
	if (large)
		populate(LARGE, EPT_ENTRIES);
	own.pfn = own_pfn(own_page);
	ASSERT(physmap_change(pm, &own, 1) == OK);
	for (unsigned int i = 0; i < CACHES; i++)
		gpc_init(&caches[i], pm, GPC_HOST, "cache");
	ASSERT(gpc_activate(&caches[CACHE], to_gfn(0)) == OK);
	ASSERT(gpc_activate(&caches[MISSING], to_gfn(0)) == OK);
	ASSERT(gpc_activate(&caches[OWN_CACHE], to_gfn(OWN)) == OK);
	/* Both are invalidated, by a change; one is valid again. */
	change_one(new_page(0));
	ASSERT(gpc_refresh(&caches[CACHE]) == OK && !caches[MISSING].valid);
	/* With pages in its VMCS it waits for the lock before it enters again; without, it does not. */
	processor_vcpu(WORLD_GUEST_CORE)->vmx->hw_pages->armed = !large;
	ASSERT(gpc_activate(hw_page(VCPU_HW_VIRTUAL_APIC), to_gfn(0)) == OK);
	ASSERT(gpc_activate(hw_page(VCPU_HW_APIC_ACCESS), to_gfn(2)) == OK);
	turns_at_point = at_point;
	processors[WORLD_GUEST_CORE].deaf = deaf;
	turns_job(WORLD_GUEST_CORE, background);
	world_guest_turn();
}

void world_finish(void)
{
	stopping = true;
	for (unsigned int i = 0; turns_busy(WORLD_GUEST_CORE) && i < 10; i++)
		world_guest_turn();
	if (turns_busy(WORLD_GUEST_CORE))
		world_fault("the guest does not end", WORLD_GUEST_CORE, to_gfn(0));
	check_caches();
	check_counts();
	processor_end();
	if (memory_frames_in_use() != frames_before)
		world_fault("frames were lost", ~0U, to_gfn(0));
}
