// SPDX-License-Identifier: MIT
// sources: core/sched.c core/sched_queue.c core/vcpu.c core/timer.c core/work.c core/trace.c
// sources: core/domain.c core/lifecycle.c arch/x86/cpu/tsc_scale.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/layers.c tests/unit/fakes/own_heap.c
// sources: tests/unit/fakes/own_pages.c tests/unit/fakes/threads.c tests/unit/fakes/tsc.c
// sources: tests/unit/fakes/quiet.c
/*
 * A small machine: cores take turns in the order of their own clocks; guest code runs in quanta,
 * so that a request sent meanwhile is seen after one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/domain.h"
#include "core/lib/bits.h"
#include "core/sched_queue.h"
#include "core/work.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/layers.h"
#include "tests/unit/fakes/own_heap.h"
#include "tests/unit/fakes/threads.h"

#define MS      1000000ULL
#define QUANTUM (MS / 20)
#define VCPUS   8

static struct {
	uint64_t now;     /* the core's own clock */
	uint64_t wake_at; /* while it halts */
	bool halted;
} sim[MAX_CORES];

static struct domain *dom;
static struct vcpu *vcpu[VCPUS];
static uint64_t used[VCPUS];  /* ticks of guest code */
static uint64_t burst[VCPUS]; /* it blocks after so many ticks; 0: never */
static uint64_t left[VCPUS];
static bool spins_on_yield[VCPUS];
static uint64_t ran_on[VCPUS]; /* mask of cores */
static uint64_t first_run[VCPUS], woken_at[VCPUS];

/* Go on at `until`; others with earlier clocks run first. */
static void pass(uint64_t until)
{
	sim[host_cpu->id].now = until;
	threads_wait();
}

static void guest(struct vcpu *v)
{
	struct pcpu_shared *s = &host_cpu->shared;

	while (!sched_must_return(v)) {
		s->run += RUN_ODD;
		ran_on[v->id] |= BIT(host_cpu->id);
		if (!first_run[v->id])
			first_run[v->id] = host_clock;
		pass(host_clock + QUANTUM);
		s->run += RUN_ODD;
		used[v->id] += QUANTUM;
		if (spins_on_yield[v->id] && sched_yield(v))
			continue;
		if (burst[v->id] && (left[v->id] -= QUANTUM) == 0) {
			left[v->id] = burst[v->id];
			sched_block(v);
			return;
		}
	}
}

static void kick(uint32_t core)
{
	if (sim[core].halted && sim[core].wake_at > host_clock)
		sim[core].wake_at = host_clock;
}

static void halt(void)
{
	uint32_t me = host_cpu->id;

	sim[me].halted = true;
	sim[me].wake_at = host_cpu->timer_deadline;
	threads_wait();
	sim[me].halted = false;
}

static void core_life(void)
{
	for (;;)
		sched_turn();
}

/* Let the machine run until its clock is `end`. */
static void run_until(uint64_t end)
{
	for (;;) {
		uint32_t first = 0;
		uint64_t least = ~0ULL;

		for (uint32_t c = 0; c < core_count; c++) {
			uint64_t at = sim[c].now;

			if (sim[c].halted && sim[c].wake_at > at)
				at = sim[c].wake_at;
			if (at < least) {
				least = at;
				first = c;
			}
		}
		if (least >= end)
			break;
		host_clock = least;
		sim[first].now = least;
		/* A turn that neither runs nor halts takes a moment. */
		threads_turn(first);
	}
	host_clock = end;
	for (uint32_t c = 0; c < core_count; c++)
		if (sim[c].now < end)
			sim[c].now = end;
}

static void start_machine(uint32_t cores, uint32_t vcpus)
{
	/* The test itself is a core that schedules nothing. */
	host_cores(cores + 1);
	core_count = cores;
	host_cpu = pcpus[cores];
	memset(sim, 0, sizeof(sim));
	memset(used, 0, sizeof(used));
	memset(burst, 0, sizeof(burst));
	memset(ran_on, 0, sizeof(ran_on));
	memset(first_run, 0, sizeof(first_run));
	memset(spins_on_yield, 0, sizeof(spins_on_yield));
	layers_reset();
	host_clock = 1000 * MS;
	for (uint32_t c = 0; c < cores; c++) {
		sim[c].now = host_clock;
		sched.core[c] = (struct sched_core){ 0 };
	}
	layers_run = guest;
	layers_kick = kick;
	layers_halt = halt;
	assert_int_equal(domain_create("guest", vcpus, 1000, false, &dom), OK);
	for (uint32_t i = 0; i < vcpus; i++)
		vcpu[i] = dom->vcpus[i];
	for (uint32_t c = 0; c < cores; c++)
		threads_spawn(c, core_life);
}

static void all_online(void)
{
	domain_start(dom);
	for (uint32_t i = 1; i < dom->vcpu_count; i++)
		sched_online(vcpu[i]);
}

/* Runstates of all vCPUs sum to the domain's age, whatever happened. */
static void check_sums(void)
{
	for (uint32_t i = 0; i < dom->vcpu_count; i++) {
		enum vcpu_state state;
		uint64_t entry, ns[4];

		vcpu_runstate_get(vcpu[i], &state, &entry, ns);
		assert_int_equal(ns[0] + ns[1] + ns[2] + ns[3], domain_time_ns(dom, host_clock));
	}
}

static int teardown(void **state)
{
	domain_shutdown(dom, END_DESTROYED);
	run_until(host_clock + 100 * MS);
	threads_end();
	assert_int_equal(layers.domains, 0);
	assert_int_equal(layers.vcpus, 0);
	assert_int_equal(layers.vmx_vcpus, 0);
	assert_int_equal(layers.physmaps, 0);
	assert_int_equal(own_heap_used, 0);
	assert_int_equal(sched.waiting, 0);
	return 0;
}

/* Within 3 slices of the fair share. */
static void assert_share(uint64_t got, uint64_t want)
{
	assert_in_range(got, want - 3 * MS, want + 3 * MS);
}

static void vcpus_of_one_core_share_it(void **state)
{
	start_machine(1, 4);
	all_online();
	run_until(host_clock + 400 * MS);
	for (int i = 0; i < 4; i++)
		assert_share(used[i], 100 * MS);
	check_sums();
}

static void three_vcpus_share_two_cores(void **state)
{
	start_machine(2, 3);
	all_online();
	run_until(host_clock + 300 * MS);
	for (int i = 0; i < 3; i++)
		assert_share(used[i], 200 * MS);
	check_sums();
}

static void a_vcpu_alone_is_never_moved_or_saved(void **state)
{
	start_machine(4, 1);
	burst[0] = left[0] = QUANTUM;
	all_online();
	for (int i = 0; i < 100; i++) {
		run_until(host_clock + MS);
		sched_wake(vcpu[0]);
	}
	assert_int_equal(layers.loads, 1);
	assert_int_equal(layers.saves, 0);
	assert_int_equal(used[0], 100 * QUANTUM);
	/* Each sleep is told. */
	assert_int_equal(layers.sched_ins, 100);
	check_sums();
}

static void affinity_is_kept_and_other_cores_stay_idle(void **state)
{
	start_machine(3, 4);
	dom->affinity = BIT(1);
	all_online();
	run_until(host_clock + 100 * MS);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ran_on[i], BIT(1));
		assert_share(used[i], 25 * MS);
	}
	assert_true(pcpus[0]->shared.idle && pcpus[2]->shared.idle);
	check_sums();
}

static void affinity_to_no_core_there_is_means_all(void **state)
{
	start_machine(2, 1);
	dom->affinity = BIT(7);
	all_online();
	run_until(host_clock + 10 * MS);
	assert_share(used[0], 10 * MS);
}

static void idle_cores_take_what_waits(void **state)
{
	start_machine(4, 4);
	all_online();
	run_until(host_clock + 100 * MS);
	for (int i = 0; i < 4; i++) {
		assert_share(used[i], 100 * MS);
		assert_int_equal(ran_on[i] & (ran_on[i] - 1), 0);
	}
	assert_int_equal(layers.loads, 4);
}

static void one_that_slept_runs_soon_after_its_wake(void **state)
{
	start_machine(1, 3);
	burst[2] = left[2] = 2 * QUANTUM;
	all_online();
	for (int i = 0; i < 50; i++) {
		run_until(host_clock + 20 * MS);
		assert_int_equal(vcpu[2]->state, VCPU_BLOCKED);
		first_run[2] = 0;
		woken_at[2] = host_clock;
		sched_wake(vcpu[2]);
		run_until(host_clock + 2 * MS);
		assert_in_range(first_run[2], woken_at[2], woken_at[2] + 2 * QUANTUM);
	}
	check_sums();
}

static void having_slept_long_is_no_credit(void **state)
{
	start_machine(1, 2);
	burst[1] = left[1] = QUANTUM;
	all_online();
	run_until(host_clock + 500 * MS);
	burst[1] = 0;
	used[0] = used[1] = 0;
	sched_wake(vcpu[1]);
	run_until(host_clock + 100 * MS);
	assert_share(used[0], 50 * MS);
	assert_share(used[1], 50 * MS);
}

static void having_been_paused_long_is_no_credit(void **state)
{
	start_machine(1, 3);
	all_online();
	sched_pause(vcpu[0]);
	sched_pause(vcpu[1]);
	run_until(host_clock + 500 * MS);
	sched_unpause(vcpu[0]);
	sched_unpause(vcpu[1]);
	used[0] = used[1] = used[2] = 0;
	run_until(host_clock + 90 * MS);
	for (int i = 0; i < 3; i++)
		assert_share(used[i], 30 * MS);
	check_sums();
}

static void one_alone_on_its_core_is_not_starved_when_another_comes(void **state)
{
	start_machine(2, 4);
	dom->affinity = BIT(1);
	domain_start(dom);
	vcpu[0]->affinity = BIT(0);
	vcpu[3]->affinity = BIT(0) | BIT(1);
	for (uint32_t i = 1; i < 3; i++)
		sched_online(vcpu[i]);
	run_until(host_clock + 1000 * MS);
	used[0] = 0;
	sched_online(vcpu[3]);
	run_until(host_clock + 100 * MS);
	assert_true(used[0] > 20 * MS);
}

static void yield_lets_the_others_go_first(void **state)
{
	start_machine(1, 3);
	spins_on_yield[0] = true;
	all_online();
	run_until(host_clock + 100 * MS);
	/* It runs, but each time only a moment. */
	assert_true(used[0] > 0 && used[0] < 20 * MS);
	assert_share(used[1], (100 * MS - used[0]) / 2);
	check_sums();
}

static void yield_alone_costs_nothing(void **state)
{
	start_machine(1, 1);
	spins_on_yield[0] = true;
	all_online();
	run_until(host_clock + 10 * MS);
	assert_in_range(used[0], 10 * MS - QUANTUM, 10 * MS);
	assert_int_equal(layers.sched_ins, 1);
}

static void a_paused_vcpu_leaves_its_core_and_can_be_looked_at(void **state)
{
	uint64_t before;

	start_machine(2, 2);
	all_online();
	run_until(host_clock + 10 * MS);
	domain_pause(dom);
	domain_pause(dom);
	run_until(host_clock + 2 * MS);
	before = used[0];
	assert_int_equal(layers_loaded_on(vcpu[0]), ~0U);
	assert_false(vcpu[0]->on_core || vcpu[1]->on_core);
	run_until(host_clock + 10 * MS);
	assert_int_equal(used[0], before);
	domain_unpause(dom);
	run_until(host_clock + 10 * MS);
	assert_int_equal(used[0], before);
	check_sums();
	domain_unpause(dom);
	run_until(host_clock + 10 * MS);
	assert_true(used[0] > before);
	check_sums();
}

static void a_sleeping_vcpu_stays_loaded_until_it_is_paused(void **state)
{
	start_machine(2, 1);
	burst[0] = left[0] = QUANTUM;
	all_online();
	run_until(host_clock + 5 * MS);
	assert_int_equal(vcpu[0]->state, VCPU_BLOCKED);
	assert_true(vcpu[0]->on_core);
	domain_pause(dom);
	run_until(host_clock + MS);
	assert_false(vcpu[0]->on_core);
	/* A wake while paused is not lost. */
	sched_wake(vcpu[0]);
	run_until(host_clock + 5 * MS);
	assert_int_equal(used[0], QUANTUM);
	domain_unpause(dom);
	run_until(host_clock + 5 * MS);
	assert_int_equal(used[0], 2 * QUANTUM);
	check_sums();
}

static void offline_and_online_again(void **state)
{
	uint64_t before;

	start_machine(1, 2);
	all_online();
	run_until(host_clock + 10 * MS);
	sched_offline(vcpu[0]);
	sched_offline(vcpu[1]);
	run_until(host_clock + 2 * MS);
	assert_int_equal(vcpu[0]->state, VCPU_OFFLINE);
	assert_int_equal(vcpu[1]->state, VCPU_OFFLINE);
	assert_int_equal(layers_loaded_on(vcpu[0]), ~0U);
	assert_int_equal(layers_loaded_on(vcpu[1]), ~0U);
	before = used[0];
	/* Requests do not bring it up. */
	vcpu_request(vcpu[0], ATTN_LAPIC);
	sched_wake(vcpu[0]);
	run_until(host_clock + 5 * MS);
	assert_int_equal(used[0], before);
	sched_online(vcpu[0]);
	run_until(host_clock + 5 * MS);
	assert_true(used[0] > before);
	check_sums();
}

static void a_request_keeps_a_vcpu_from_blocking_and_wakes_it(void **state)
{
	start_machine(1, 1);
	burst[0] = left[0] = QUANTUM;
	all_online();
	run_until(host_clock + 5 * MS);
	assert_int_equal(vcpu[0]->state, VCPU_BLOCKED);
	vcpu_request(vcpu[0], ATTN_TIMER);
	assert_int_equal(vcpu[0]->state, VCPU_RUNNABLE);
	/* Nobody serves it here: it can not sleep again. */
	run_until(host_clock + 5 * MS);
	assert_true(used[0] > 4 * MS);
	(void)atomic_and(&vcpu[0]->attn.bits, ~(uint32_t)ATTN_TIMER);
	run_until(host_clock + 5 * MS);
	assert_int_equal(vcpu[0]->state, VCPU_BLOCKED);
	vcpu[0]->attn.event = 1;
	vcpu_kick_event(vcpu[0]);
	assert_int_equal(vcpu[0]->state, VCPU_RUNNABLE);
	vcpu[0]->attn.event = 0;
}

static void requests_to_a_running_vcpu_send_one_kick(void **state)
{
	unsigned int before;

	start_machine(2, 1);
	dom->affinity = BIT(1);
	all_online();
	run_until(host_clock + 5 * MS);
	assert_true(pcpus[1]->shared.run & RUN_ODD);
	before = layers.kicks[1];
	vcpu_request(vcpu[0], ATTN_LAPIC);
	vcpu_request(vcpu[0], ATTN_LAPIC);
	assert_int_equal(layers.kicks[1], before + 1);
	vcpu_request(vcpu[0], ATTN_TIMER);
	assert_int_equal(layers.kicks[1], before + 2);
	vcpu_kick_event(vcpu[0]);
	assert_int_equal(layers.kicks[1], before + 3);
	/* Its own core, while it is at it: no kick. */
	host_cpu = pcpus[1];
	vcpu_kick_event(vcpu[0]);
	vcpu_request(vcpu[0], ATTN_NMI);
	host_cpu = pcpus[2];
	assert_int_equal(layers.kicks[1], before + 3);
	vcpu[0]->attn.bits = 0;
}

static unsigned int pieces;

static bool work_piece(struct work *w)
{
	assert_null(host_cpu->vcpu);
	pass(host_clock + MS / 10);
	return ++pieces < 100;
}

static void work_is_done_and_does_not_stop_guests(void **state)
{
	struct work w;

	start_machine(1, 1);
	all_online();
	run_until(host_clock + 10 * MS);
	pieces = 0;
	work_init(&w, work_piece);
	work_queue(&w);
	work_queue(&w);
	used[0] = 0;
	run_until(host_clock + 50 * MS);
	assert_int_equal(pieces, 100);
	assert_true(used[0] > 30 * MS);
	check_sums();
}

static void idle_cores_do_the_work_first(void **state)
{
	unsigned int saves;
	struct work w;

	start_machine(2, 1);
	all_online();
	run_until(host_clock + 10 * MS);
	pieces = 0;
	saves = layers.saves;
	work_init(&w, work_piece);
	work_queue(&w);
	run_until(host_clock + 20 * MS);
	assert_int_equal(pieces, 100);
	assert_int_equal(layers.saves, saves);
}

static void a_dying_domain_leaves_all_cores(void **state)
{
	start_machine(3, 6);
	burst[1] = left[1] = QUANTUM;
	all_online();
	run_until(host_clock + 10 * MS);
	domain_shutdown(dom, END_POWEROFF);
	domain_shutdown(dom, END_CRASH);
	assert_int_equal(dom->end, END_POWEROFF);
	assert_null(domain_get(dom->id));
	run_until(host_clock + 20 * MS);
	assert_int_equal(layers.domains, 0);
	assert_int_equal(layers.all_gone, 1);
	assert_int_equal(layers.crashed, 0);
	/* For the common teardown. */
	assert_int_equal(domain_create("other", 1, 10, false, &dom), OK);
	domain_start(dom);
}

#define TEST(t) cmocka_unit_test_teardown(t, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vcpus_of_one_core_share_it),
		TEST(three_vcpus_share_two_cores),
		TEST(a_vcpu_alone_is_never_moved_or_saved),
		TEST(affinity_is_kept_and_other_cores_stay_idle),
		TEST(affinity_to_no_core_there_is_means_all),
		TEST(idle_cores_take_what_waits),
		TEST(one_that_slept_runs_soon_after_its_wake),
		TEST(having_slept_long_is_no_credit),
		TEST(having_been_paused_long_is_no_credit),
		TEST(one_alone_on_its_core_is_not_starved_when_another_comes),
		TEST(yield_lets_the_others_go_first),
		TEST(yield_alone_costs_nothing),
		TEST(a_paused_vcpu_leaves_its_core_and_can_be_looked_at),
		TEST(a_sleeping_vcpu_stays_loaded_until_it_is_paused),
		TEST(offline_and_online_again),
		TEST(a_request_keeps_a_vcpu_from_blocking_and_wakes_it),
		TEST(requests_to_a_running_vcpu_send_one_kick),
		TEST(work_is_done_and_does_not_stop_guests),
		TEST(idle_cores_do_the_work_first),
		TEST(a_dying_domain_leaves_all_cores),
	};

	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
