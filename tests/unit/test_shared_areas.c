// SPDX-License-Identifier: MIT
// sources: xenabi/evtchn.c xenabi/evtchn_2l.c xenabi/evtchn_bind.c xenabi/evtchn_op.c
// sources: tests/unit/fakes/xen_guest.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
// sources: xenabi/hypercall.c xenabi/upcall.c xenabi/poll.c xenabi/vcpu.c xenabi/vcpu_op.c
// sources: xenabi/vcpu_timer.c xenabi/sched_op.c xenabi/small_ops.c xenabi/hvm_op.c
// sources: xenabi/version.c xenabi/multicall.c xenabi/memory_op.c xenabi/physmap_op.c
// sources: xenabi/balloon.c xenabi/grant_table.c xenabi/debug_op.c xenabi/domain.c
// sources: xenabi/watchdog.c xenabi/shared_info.c xenabi/time.c xenabi/runstate.c
// sources: xenabi/guest_area.c mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c
// sources: mm/round.c mm/gpc.c mm/section_drain.c mm/gwalk.c arch/x86/cpu/count.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/hooks.h"
#include "core/lib/bits.h"
#include "mm/own.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/xen_guest.h"
#include "xenabi/runstate.h"
#include "xenabi/shared_info.h"
#include "xenabi/time.h"
#include "xenabi/xen.h"

#define ARG      0x3000
#define NOWHERE  0x1000000
#define AREA     (20 * PAGE_SIZE + 0x100)
#define CROSSING (21 * PAGE_SIZE - 20)

static struct vcpu *v0, *v1;
static struct domain *d0;

static int setup(void **state)
{
	guests_create();
	d0 = &guest[0].d;
	v0 = d0->vcpus[0];
	v1 = d0->vcpus[1];
	return 0;
}

static int teardown(void **state)
{
	guests_destroy();
	return 0;
}

static int64_t register_area(uint32_t op, struct vcpu *v, uint64_t linear)
{
	guest_put(d0, ARG, &linear, sizeof(linear));
	return guest_call3(v0, __HYPERVISOR_vcpu_op, op, v->id, ARG);
}

static void set_runstate(struct vcpu *v, uint32_t state, uint64_t entry, uint64_t base)
{
	v->runstate.state = state;
	v->runstate.entry_ns = entry;
	for (unsigned int i = 0; i < 4; i++)
		v->runstate.time_ns[i] = base + i;
}

static void both_layouts(void **state)
{
	const uint64_t times[4] = { 10, 20, 30, 40 };
	uint8_t wide[48], narrow[44];
	struct vcpu_runstate_info r;
	uint64_t x;

	runstate_layout(wide, 48, 2, 0x1122334455667788, times);
	memcpy(&r, wide, sizeof(r));
	assert_int_equal(r.state, 2);
	assert_int_equal(r.state_entry_time, 0x1122334455667788);
	assert_int_equal(r.time[0] + r.time[1] + r.time[2] + r.time[3], 100);
	runstate_layout(narrow, 44, 3, 0x1122334455667788, times);
	assert_int_equal(narrow[0], 3);
	memcpy(&x, narrow + 4, 8);
	assert_int_equal(x, 0x1122334455667788);
	memcpy(&x, narrow + 36, 8);
	assert_int_equal(x, 40);
}

static void the_record_follows_the_scheduler(void **state)
{
	assert_int_equal(register_area(5, v0, NOWHERE), -XEN_EFAULT);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, 5, 0, NOWHERE), -XEN_EFAULT);
	set_runstate(v0, RUNSTATE_running, 777, 100);
	/* Written at once. */
	assert_int_equal(register_area(5, v0, AREA), 0);
	assert_int_equal(guest_get32(d0, AREA), RUNSTATE_running);
	assert_int_equal(guest_get64(d0, AREA + 8), 777);
	set_runstate(v0, RUNSTATE_runnable, 888, 200);
	xen_vcpu_sched_out(v0);
	assert_int_equal(guest_get32(d0, AREA), RUNSTATE_runnable);
	set_runstate(v0, RUNSTATE_running, 999, 300);
	xen_vcpu_sched_in(v0);
	assert_int_equal(guest_get64(d0, AREA + 8), 999);
	assert_int_equal(guest_get64(d0, AREA + 40), 303);
	/* Null unregisters. */
	assert_int_equal(register_area(5, v0, 0), 0);
	set_runstate(v0, RUNSTATE_running, 1111, 400);
	xen_vcpu_sched_in(v0);
	assert_int_equal(guest_get64(d0, AREA + 8), 999);
	assert_int_equal(v0->attn.bits, 0);
}

static void a_record_across_two_pages(void **state)
{
	struct vcpu_runstate_info r;

	set_runstate(v0, RUNSTATE_running, 0x0102030405060708, 0x1111111100000000);
	assert_int_equal(register_area(5, v0, CROSSING), 0);
	guest_get(d0, CROSSING, &r, sizeof(r));
	assert_int_equal(r.state, RUNSTATE_running);
	assert_int_equal(r.state_entry_time, 0x0102030405060708);
	assert_int_equal(r.time[3], 0x1111111100000003);
	/* Neighbours are untouched. */
	assert_int_equal(guest_get32(d0, CROSSING - 4), 0);
	assert_int_equal(guest_get32(d0, CROSSING + 48), 0);
	/* To a place in one page: the second page is let go. */
	assert_int_equal(register_area(5, v0, AREA), 0);
	assert_false(v0->xen->runstate.page[1].active);
	/* The second page not there: refused, and the old place stays. */
	assert_int_equal(register_area(5, v0, GUEST_PAGES * PAGE_SIZE - 20), -XEN_EFAULT);
	assert_true(v0->xen->runstate.registered);
	/* 44 bytes just fit where 48 would cross. */
	guest_mode = VCPU_MODE_32;
	assert_int_equal(register_area(5, v0, 22 * PAGE_SIZE - 44), 0);
	assert_int_equal(v0->xen->runstate.pages, 1);
	assert_int_equal(guest_get64(d0, 22 * PAGE_SIZE - 40), 0x0102030405060708);
}

static void an_area_moves_within_its_page(void **state)
{
	struct guest_area *a = &v0->xen->runstate;

	set_runstate(v0, RUNSTATE_running, 1, 100);
	assert_int_equal(register_area(5, v0, AREA), 0);
	set_runstate(v0, RUNSTATE_running, 2, 100);
	assert_int_equal(register_area(5, v0, AREA + 0x408), 0);
	assert_int_equal(guest_get64(d0, AREA + 0x408 + 8), 2);
	set_runstate(v0, RUNSTATE_runnable, 3, 100);
	xen_vcpu_sched_out(v0);
	assert_int_equal(guest_get64(d0, AREA + 0x408 + 8), 3);
	/* Nothing is written at the old offset any more, and there is one cache of the page. */
	assert_int_equal(guest_get64(d0, AREA + 8), 1);
	assert_true(a->page[0].active && !a->page[1].active);
	/* Over the page's end and back into it. */
	assert_int_equal(register_area(5, v0, CROSSING), 0);
	assert_int_equal(register_area(5, v0, CROSSING - 48), 0);
	set_runstate(v0, RUNSTATE_running, 4, 0x5a5a);
	xen_vcpu_sched_in(v0);
	assert_int_equal(guest_get64(d0, CROSSING - 48 + 8), 4);
	assert_int_equal(guest_get64(d0, CROSSING + 8), 3);
}

/* What was never registered, or is no more, has no length and no offset to be wrong. */
static void an_area_that_is_not_there_is_not_used(void **state)
{
	struct guest_area *a = &v0->xen->runstate;
	struct guest_area_map map;

	for (int i = 0; i < 2; i++) {
		section_begin();
		assert_false(guest_area_map(a, &map));
		section_end();
		assert_false(guest_area_refresh(a));
		guest_area_unregister(a);
		xen_vcpu_sched_in(v0);
		assert_int_equal(v0->attn.bits, 0);
		/* The last byte of the space, and beyond what translates. */
		assert_int_equal(register_area(5, v0, ~0UL), -XEN_EFAULT);
		assert_int_equal(register_area(5, v0, ~0UL - PAGE_SIZE), -XEN_EFAULT);
		assert_false(a->registered || a->page[0].active || a->page[1].active);
		assert_int_equal(register_area(5, v0, CROSSING), 0);
		assert_int_equal(register_area(5, v0, 0), 0);
	}
}

static void remove_page(uint64_t gfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_NONE };

	assert_int_equal(physmap_change(&d0->physmap, &ch, 1), OK);
}

static void add_page(uint64_t gfn)
{
	uint64_t done;

	assert_int_equal(physmap_populate(&d0->physmap, to_gfn(gfn), 1, 1, &done), OK);
}

static void a_page_that_is_gone_is_made_up_for(void **state)
{
	set_runstate(v0, RUNSTATE_running, 1, 100);
	assert_int_equal(register_area(5, v0, CROSSING), 0);
	remove_page(21);
	set_runstate(v0, RUNSTATE_running, 2, 100);
	xen_vcpu_sched_in(v0);
	assert_int_equal(v0->attn.bits, ATTN_RUNSTATE);
	/* Not there: the request is not kept. */
	guest_serve(v0);
	assert_int_equal(v0->attn.bits, 0);
	add_page(21);
	v0->attn.bits = 0;
	set_runstate(v0, RUNSTATE_running, 3, 100);
	xen_vcpu_sched_in(v0);
	assert_int_equal(v0->attn.bits, ATTN_RUNSTATE);
	guest_serve(v0);
	assert_int_equal(guest_get64(d0, CROSSING + 8), 3);
	assert_int_equal(guest_get64(d0, CROSSING + 40), 103);
}

static unsigned int sections;

static void count_sections(enum step s)
{
	sections += s == STEP_SECTION_OPEN;
}

/* Both pages are looked up and written in one section: the record is there or not, never a half. */
static void half_a_record_is_never_written(void **state)
{
	set_runstate(v0, RUNSTATE_running, 1, 100);
	assert_int_equal(register_area(5, v0, CROSSING), 0);
	sections = 0;
	host_step_hook = count_sections;
	assert_true(runstate_write(v0));
	host_step_hook = NULL;
	assert_int_equal(sections, 1);
	for (uint64_t gone = 20; gone <= 21; gone++) {
		uint64_t there = gone == 20 ? CROSSING + 20 : CROSSING, before;

		remove_page(gone);
		before = guest_get64(d0, there);
		set_runstate(v0, RUNSTATE_blocked, 2 + gone, 200 * gone);
		assert_false(runstate_write(v0));
		assert_int_equal(guest_get64(d0, there), before);
		add_page(gone);
		runstate_update(v0);
		assert_int_equal(guest_get32(d0, CROSSING), RUNSTATE_blocked);
		assert_int_equal(guest_get64(d0, CROSSING + 40), 200 * gone + 3);
	}
}

/* What the guest's page looks like while it is written: the fake window shows the stores in order
 * only at the end, so the flag is looked for where it must not remain. */
static void the_update_flag_is_clear_at_the_end(void **state)
{
	d0->xen->vm_assist = BIT(VMASST_TYPE_runstate_update_flag);
	set_runstate(v0, RUNSTATE_running, 0x1234, 100);
	assert_int_equal(register_area(5, v0, CROSSING), 0);
	assert_int_equal(guest_get64(d0, CROSSING + 8), 0x1234);
	guest_mode = VCPU_MODE_32;
	assert_int_equal(register_area(5, v0, AREA), 0);
	assert_int_equal(guest_get64(d0, AREA + 4), 0x1234);
}

static void the_times_of_now_sum_to_the_system_time(void **state)
{
	struct vcpu_runstate_info r;

	set_runstate(v1, RUNSTATE_blocked, 1000, 0);
	v1->runstate.time_ns[0] = 400;
	v1->runstate.time_ns[1] = 100;
	v1->runstate.time_ns[2] = 300;
	v1->runstate.time_ns[3] = 200;
	host_clock = 5000 + 4321;
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, 4, 1, ARG), 0);
	guest_get(d0, ARG, &r, sizeof(r));
	assert_int_equal(r.state, RUNSTATE_blocked);
	assert_int_equal(r.time[0] + r.time[1] + r.time[2] + r.time[3], 4321);
	guest_mode = VCPU_MODE_32;
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, 4, 1, ARG), 0);
	assert_int_equal(guest_get64(d0, ARG + 4), 1000);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, 4, 1, NOWHERE), -XEN_EFAULT);
}

static void time_records_agree(void **state)
{
	struct vcpu_time_info a, b, c;

	xen_vcpu_sched_in(v0);
	xen_vcpu_sched_in(v1);
	memcpy(&a, d0->xen->shared + 32, sizeof(a));
	memcpy(&b, d0->xen->shared + 64 + 32, sizeof(b));
	assert_int_equal(a.version & 1, 0);
	assert_int_not_equal(a.version, 0);
	assert_int_equal(a.system_time, b.system_time);
	assert_int_equal(a.tsc_to_system_mul, tsc_scale.mul);
	assert_int_equal(a.tsc_shift, tsc_scale.shift);
	assert_int_equal(a.flags, XEN_PVCLOCK_TSC_STABLE_BIT);
	/* A vCPU whose TSC runs ahead has the same time by it. */
	assert_int_equal(b.tsc_timestamp - a.tsc_timestamp, 100);
	assert_int_equal(a.system_time + (6000 - a.tsc_timestamp), domain_time_ns(d0, 6000));
	/* The secondary copy, by linear address. */
	assert_int_equal(register_area(13, v0, CROSSING), 0);
	guest_get(d0, CROSSING, &c, sizeof(c));
	assert_int_equal(c.tsc_timestamp, a.tsc_timestamp);
	assert_int_equal(c.version & 1, 0);
	assert_int_equal(register_area(13, v0, NOWHERE), -XEN_EFAULT);
	assert_int_equal(register_area(13, v0, 0), 0);
}

static void the_wall_clock_is_that_of_system_time_0(void **state)
{
	uint32_t wc[4];

	/* At TSC 9000 it was 100 s and 4000 ns: at the birth, TSC 5000, 100 s. */
	time_set_wallclock(((1ULL << 32) + 100) * 1000000000ULL + 4000, 9000);
	assert_int_equal(time_epoch_ns(d0), ((1ULL << 32) + 100) * 1000000000ULL);
	shared_info_wallclock(d0);
	memcpy(wc, d0->xen->shared + SHARED_WC_64, sizeof(wc));
	assert_int_equal(wc[0] & 1, 0);
	assert_int_equal(wc[1], 100);
	assert_int_equal(wc[2], 0);
	assert_int_equal(wc[3], 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(both_layouts),
		TEST(the_record_follows_the_scheduler),
		TEST(a_record_across_two_pages),
		TEST(an_area_moves_within_its_page),
		TEST(an_area_that_is_not_there_is_not_used),
		TEST(a_page_that_is_gone_is_made_up_for),
		TEST(half_a_record_is_never_written),
		TEST(the_update_flag_is_clear_at_the_end),
		TEST(the_times_of_now_sum_to_the_system_time),
		TEST(time_records_agree),
		TEST(the_wall_clock_is_that_of_system_time_0),
	};

	return cmocka_run_group_tests_name("shared_areas", tests, NULL, NULL);
}
