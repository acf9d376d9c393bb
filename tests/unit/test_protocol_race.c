// SPDX-License-Identifier: MIT
// sanitize: thread
// sources: mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/gpc_hw.c arch/x86/vmx/hw_pages.c
// sources: mm/section_drain.c arch/x86/vmx/run.c arch/x86/vmx/tags.c arch/x86/vmx/exit_intr.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c tests/unit/fakes/threads.c
// sources: tests/unit/fakes/tlb.c tests/unit/fakes/processor.c tests/unit/fakes/no_nested.c
/*
 * Real threads as cores: two change a guest's map, one uses and moves its caches, one runs it. Late
 * uses are faults, and so is what the thread sanitizer finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "mm/frame.h"
#include "mm/gpc.h"
#include "mm/physmap_flush.h"
#include "mm/round.h"
#include "tests/unit/fakes/memory.h"
#include "tests/unit/fakes/processor.h"
#include "tests/unit/fakes/threads.h"
#include "tests/unit/fakes/tlb.h"

#define SLOT     5
#define CHANGERS 2
#define USER     2
#define GUEST    3
#define SECONDS  1.2
#define PATIENCE 60 /* seconds on a busy host, until there were */
#define ENOUGH   50 /* changes, entries and uses of a cache */
#define PAGES    6
#define CACHES   3

static struct physmap *const pm = &processor_domain.physmap;
static struct gpc caches[CACHES];
static uint32_t seeds[PROCESSORS];
static bool stop;
static unsigned int faults;
static uint64_t uses, misses, changes;

static uint32_t dice(uint32_t sides)
{
	uint32_t *s = &seeds[this_cpu()->id];

	*s = *s * 1664525 + 1013904223;
	return (*s >> 8) % sides;
}

static void fault(const char *what, uint32_t core, gfn_t gfn)
{
	(void)__atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "# FAULT: %s, core %u, gfn %#llx\n", what, core, (unsigned long long)gfn.n);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Threads of a host with few processors meet at every step. */
static void loiter(enum step s)
{
	(void)s;
	if (dice(16) == 0)
		threads_yield();
}

/* Yielding at once would leave the processor to the host's other work. */
static void wait_a_turn(void)
{
	static __thread unsigned int turns;

	if (++turns % 64 == 0)
		threads_yield();
}

static struct physmap_change any_change(void)
{
	struct physmap_change ch = { .gfn = to_gfn(dice(PAGES)), .type = PHYSMAP_NONE };

	if (dice(3) == 0)
		return ch;
	ch.type = PHYSMAP_RAM;
	ch.pfn = frame_alloc(0, SLOT);
	ASSERT(pfn_valid(ch.pfn));
	return ch;
}

static bool enough(double since)
{
	double passed = seconds() - since;

	if (load_relaxed(&changes) < ENOUGH || load_relaxed(&uses) < ENOUGH ||
	    load_relaxed(&processors[GUEST].entries) < ENOUGH)
		return passed > PATIENCE;
	return passed > SECONDS;
}

static void changer(void)
{
	double start = seconds();

	while (!enough(start)) {
		struct physmap_change ch[3];
		unsigned int n = 1 + dice(3);

		if (dice(16) == 0)
			physmap_flush(pm);
		for (unsigned int k = 0; k < n; k++)
			ch[k] = any_change();
		ASSERT(physmap_change(pm, ch, n) == OK);
		(void)atomic_add(&changes, 1);
	}
}

static void use(struct gpc *g)
{
	uint8_t *p;

	section_begin();
	p = gpc_page(g);
	if (p) {
		pfn_t pfn = g->pfn;
		uint32_t life = memory_life(pfn);

		/* Long enough for a changer that does not wait. */
		for (uint32_t i = dice(4); i; i--)
			threads_yield();
		if (!memory_count(pfn) || memory_life(pfn) != life)
			fault("section on a freed frame", this_cpu()->id, g->gfn);
		store_relaxed(p, 1);
		store_relaxed(&uses, uses + 1);
	} else {
		misses++;
	}
	section_end();
}

static void change_hw_page(void)
{
	struct gpc_hw *hw = &processor_vcpu(GUEST)->vmx->hw_pages->hw;
	struct gpc *g = &hw->page[dice(2) ? VCPU_HW_VIRTUAL_APIC : VCPU_HW_APIC_ACCESS];

	if (dice(4))
		(void)!gpc_activate(g, to_gfn(dice(PAGES)));
	else
		gpc_deactivate(g);
}

static void user(void)
{
	while (!load_relaxed(&stop)) {
		struct gpc *g = &caches[dice(CACHES)];

		switch (dice(12)) {
		case 0: (void)!gpc_activate(g, to_gfn(dice(PAGES))); break;
		case 1: gpc_deactivate(g); break;
		case 2:
		case 3:
			(void)!gpc_refresh(g);
			use(g);
			break;
		case 4: change_hw_page(); break;
		default: use(g);
		}
	}
}

/* It stays a while, at times deaf. */
static uint32_t guest(struct vcpu *v)
{
	static const uint64_t pages[PAGES] = { 0, 1, 2, 3, 4, 5 };

	(void)v;
	processor_touch(GUEST, pages, PAGES);
	wait_a_turn();
	processors[GUEST].deaf = dice(8) == 0;
	if (load_relaxed(&stop))
		return EXIT_HLT;
	return dice(50) ? PROCESSOR_STAY : EXIT_HLT;
}

static void guest_core(void)
{
	while (!load_relaxed(&stop))
		processor_run(processor_vcpu(GUEST));
}

static void shadow(struct vcpu *v)
{
	(void)v;
	(void)!gpc_refresh(&caches[0]);
}

static void start(void)
{
	host_cores(PROCESSORS + 1);
	core_count = PROCESSORS;
	memory_reset();
	host_relax_hook = wait_a_turn;
	round_nmi_after = 20000;
	tlb_fault = fault;
	processor_guest = guest;
	processor_shadow = shadow;
	processor_reset(SLOT, true);
	tlb_reset();
	processor_vcpu(GUEST)->vmx->hw_pages->armed = true;
	for (uint32_t i = 0; i < CACHES; i++)
		gpc_init(&caches[i], pm, GPC_HOST, "cache");
	for (uint32_t c = 0; c < PROCESSORS; c++)
		seeds[c] = c + 1;
	host_cpu = pcpus[PROCESSORS];
	host_step_hook = loiter;
}

static void nothing_is_used_late(void **state)
{
	start();
	threads_start(GUEST, guest_core);
	threads_start(USER, user);
	for (uint32_t c = 0; c < CHANGERS; c++)
		threads_start(c, changer);
	for (uint32_t c = 0; c < CHANGERS; c++)
		threads_join(c);
	store_relaxed(&stop, true);
	threads_join(USER);
	threads_join(GUEST);
	host_step_hook = NULL;
	printf("# counted: %llu changes, %llu NMIs, %llu entries, %llu uses of a cache, %llu misses\n",
	       (unsigned long long)changes, (unsigned long long)pm->stats.nmis,
	       (unsigned long long)processors[GUEST].entries, (unsigned long long)uses,
	       (unsigned long long)misses);
	assert_int_equal(faults, 0);
	host_cpu = pcpus[0];
	processor_end();
	assert_true(changes >= ENOUGH && uses >= ENOUGH && processors[GUEST].entries >= ENOUGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_used_late),
	};

	return cmocka_run_group_tests_name("protocol_race", tests, NULL, NULL);
}
