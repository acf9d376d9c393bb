// SPDX-License-Identifier: MIT
// sources: mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/gpc_hw.c arch/x86/vmx/hw_pages.c
// sources: mm/section_drain.c arch/x86/vmx/run.c arch/x86/vmx/tags.c arch/x86/vmx/exit_intr.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
// sources: tests/unit/fakes/tlb.c tests/unit/fakes/processor.c tests/unit/fakes/no_nested.c
/* What cores keep of translations, one after another: the fake TLB itself, and what flushes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/x86/vmx/exits.h"
#include "mm/frame.h"
#include "tests/unit/fakes/memory.h"
#include "tests/unit/fakes/processor.h"
#include "tests/unit/fakes/tlb.h"

#define SLOT 2

static struct physmap *const pm = &processor_domain.physmap;
static unsigned int faults;
static void (*in_guest)(uint32_t core);

static void fault(const char *what, uint32_t core, gfn_t gfn)
{
	faults++;
}

static uint32_t guest(struct vcpu *v)
{
	in_guest(this_cpu()->id);
	return EXIT_HLT;
}

static void populate(void)
{
	uint64_t done;

	assert_int_equal(physmap_populate(pm, to_gfn(0), 4, 4, &done), OK);
}

static int setup(void **state)
{
	static bool created;

	if (!created) {
		host_cores(PROCESSORS);
		memory_reset();
	}
	created = true;
	host_cpu = pcpus[0];
	host_relax_hook = NULL;
	tlb_fault = fault;
	faults = 0;
	processor_guest = guest;
	processor_reset(SLOT, true);
	tlb_reset();
	populate();
	return 0;
}

static int teardown(void **state)
{
	host_cpu = pcpus[0];
	processor_end();
	return 0;
}

static void run_on(uint32_t core, void (*what)(uint32_t core))
{
	host_cpu = pcpus[core];
	in_guest = what;
	processor_run(processor_vcpu(0));
}

static void replace(uint64_t gfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_RAM };

	ch.pfn = frame_alloc(0, SLOT);
	assert_int_equal(physmap_change(pm, &ch, 1), OK);
}

static void touch(uint32_t core)
{
	static const uint64_t pages[] = { 0, 1 };

	processor_touch(core, pages, 2);
}

static uint16_t vpid(void)
{
	return processor_vcpu(0)->vmx->vpid;
}

static void fake_notices_a_late_use(void **state)
{
	(void)tlb_use(1, pm->eptp, to_gfn(0));
	replace(0);
	assert_int_equal(faults, 0);
	(void)tlb_use(2, pm->eptp, to_gfn(0));
	assert_int_equal(faults, 0);
	(void)tlb_use(1, pm->eptp, to_gfn(0));
	assert_int_equal(faults, 1);
}

static void fake_notices_an_unflushed_linear_page(void **state)
{
	(void)tlb_use_linear(1, pm->eptp, vpid(), 0);
	tlb_map_linear(2, vpid(), 0, to_gfn(1));
	(void)tlb_use_linear(2, pm->eptp, vpid(), 0);
	assert_int_equal(faults, 0);
	(void)tlb_use_linear(1, pm->eptp, vpid(), 0);
	assert_int_equal(faults, 1);
}

static void entry_after_a_change_flushes(void **state)
{
	uint64_t before;

	run_on(1, touch);
	before = tlb_invepts;
	run_on(1, touch);
	assert_int_equal(tlb_invepts, before);
	replace(0);
	run_on(1, touch);
	assert_int_equal(tlb_invepts, before + 1);
	run_on(2, touch);
	run_on(1, touch);
	assert_int_equal(faults, 0);
}

static void map_elsewhere(uint32_t core)
{
	touch(core);
	tlb_map_linear(core, vpid(), 0, to_gfn(3));
	touch(core);
}

static void vcpu_that_comes_back_finds_nothing_old(void **state)
{
	run_on(1, touch);
	run_on(2, map_elsewhere);
	run_on(1, touch);
	assert_int_equal(faults, 0);
}

static void without_vpids_too(void **state)
{
	processor_end();
	processor_reset(SLOT, false);
	populate();
	vcpu_that_comes_back_finds_nothing_old(state);
	replace(0);
	run_on(1, touch);
	assert_int_equal(faults, 0);
}

static void next_map_of_a_slot_is_flushed_for(void **state)
{
	uint64_t eptp = pm->eptp;

	run_on(1, touch);
	processor_end();
	processor_reset(SLOT, true);
	populate();
	assert_int_equal(pm->eptp, eptp);
	run_on(1, touch);
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fake_notices_a_late_use, setup, teardown),
		cmocka_unit_test_setup_teardown(fake_notices_an_unflushed_linear_page, setup,
						teardown),
		cmocka_unit_test_setup_teardown(entry_after_a_change_flushes, setup, teardown),
		cmocka_unit_test_setup_teardown(vcpu_that_comes_back_finds_nothing_old, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_vpids_too, setup, teardown),
		cmocka_unit_test_setup_teardown(next_map_of_a_slot_is_flushed_for, setup, teardown),
	};

	return cmocka_run_group_tests_name("tlb", tests, NULL, NULL);
}
