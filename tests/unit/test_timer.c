// SPDX-License-Identifier: MIT
// sources: core/timer.c tests/unit/fakes/cpu.c tests/unit/fakes/threads.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/lib/atomic.h"
#include "core/sched.h"
#include "core/timer.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/threads.h"

#define COUNT 2000

static unsigned int pokes;

struct probe {
	struct timer timer; /* must be first */
	uint64_t want;
	unsigned int fired;
	uint64_t again; /* deadline the handler arms; 0: none */
};

static struct probe probes[COUNT];
static uint64_t last_deadline;
static unsigned int total;

void sched_poke(uint32_t core)
{
	(void)core;
	pokes++;
}

static void fire(struct timer *t)
{
	struct probe *p = (struct probe *)t;

	assert_int_equal(t->deadline, ~0ULL);
	assert_true(p->want <= host_clock);
	assert_true(p->want >= last_deadline);
	last_deadline = p->want;
	p->fired++;
	total++;
	if (p->again) {
		uint64_t next = p->again;

		p->again = 0;
		p->want = next;
		timer_set(t, next, this_cpu()->id);
	}
}

static int setup(void **state)
{
	host_cores(3);
	host_clock = 0;
	pokes = 0;
	total = 0;
	last_deadline = 0;
	for (int i = 0; i < COUNT; i++) {
		probes[i] = (struct probe){ 0 };
		timer_init(&probes[i].timer, fire);
	}
	for (uint32_t c = 0; c < 3; c++)
		pcpus[c]->slice_end = ~0ULL;
	return 0;
}

static void arm(struct probe *p, uint64_t deadline, uint32_t core)
{
	p->want = deadline;
	timer_set(&p->timer, deadline, core);
}

static void nothing_armed_means_no_deadline(void **state)
{
	assert_int_equal(timer_next(), ~0ULL);
	timer_run_due();
	assert_int_equal(total, 0);
}

static void they_fire_in_the_order_of_deadlines_and_once(void **state)
{
	srand(1);
	for (int i = 0; i < COUNT; i++)
		arm(&probes[i], 1 + (uint64_t)rand() % 10000, 0);
	for (host_clock = 0; host_clock <= 10000; host_clock += 37) {
		uint64_t next;

		timer_run_due();
		next = timer_next();
		assert_true(next > host_clock);
	}
	timer_run_due();
	assert_int_equal(total, COUNT);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(probes[i].fired, 1);
}

static void random_sets_and_cancels_keep_the_heap_whole(void **state)
{
	srand(2);
	for (int round = 0; round < 20000; round++) {
		struct probe *p = &probes[rand() % 50];

		if (rand() % 3)
			arm(p, host_clock + 1 + (uint64_t)rand() % 100, 0);
		else
			timer_cancel(&p->timer);
		if (rand() % 10 == 0) {
			uint64_t least = ~0ULL;

			for (int i = 0; i < 50; i++)
				if (probes[i].timer.deadline < least)
					least = probes[i].timer.deadline;
			assert_int_equal(timer_next(), least);
			host_clock += (uint64_t)rand() % 30;
			last_deadline = 0;
			timer_run_due();
		}
	}
}

static void a_handler_may_arm_its_timer_again(void **state)
{
	probes[0].again = 20;
	arm(&probes[0], 10, 0);
	host_clock = 10;
	timer_run_due();
	assert_int_equal(probes[0].fired, 1);
	assert_int_equal(timer_next(), 20);
	/* In the past: within the same look. */
	probes[0].again = 25;
	host_clock = 30;
	timer_run_due();
	assert_int_equal(probes[0].fired, 3);
}

static void an_earlier_timer_shortens_the_own_slice_and_pokes_another_core(void **state)
{
	pcpus[0]->slice_end = 1000;
	arm(&probes[0], 5000, 0);
	assert_int_equal(pcpus[0]->slice_end, 1000);
	arm(&probes[1], 300, 0);
	assert_int_equal(pcpus[0]->slice_end, 300);
	assert_int_equal(pokes, 0);
	arm(&probes[2], 700, 1);
	assert_int_equal(pokes, 1);
	arm(&probes[3], 800, 1);
	assert_int_equal(pokes, 1);
	arm(&probes[4], 600, 1);
	assert_int_equal(pokes, 2);
}

static void setting_on_another_core_moves_it(void **state)
{
	arm(&probes[0], 100, 0);
	arm(&probes[0], 200, 2);
	assert_int_equal(timer_next(), ~0ULL);
	host_clock = 1000;
	timer_run_due();
	assert_int_equal(total, 0);
	host_cpu = pcpus[2];
	assert_int_equal(timer_next(), 200);
	timer_run_due();
	assert_int_equal(total, 1);
	host_cpu = pcpus[0];
	arm(&probes[0], ~0ULL, 1);
	host_cpu = pcpus[1];
	assert_int_equal(timer_next(), ~0ULL);
}

/* A core is in a handler while another cancels: the wait ends only when the handler has. */
static struct timer slow;
static bool handler_in, handler_over, cancelled_early;

static void slow_fire(struct timer *t)
{
	store_release(&handler_in, true);
	/* On the core of the handler itself there is nothing to wait for. */
	timer_cancel(t);
	for (int i = 0; i < 100; i++)
		threads_pause();
	store_release(&handler_over, true);
}

static void other_core(void)
{
	while (!load_acquire(&handler_in))
		threads_pause();
	timer_cancel(&slow);
	cancelled_early = !load_acquire(&handler_over);
}

static void cancel_waits_for_a_handler_on_another_core(void **state)
{
	timer_init(&slow, slow_fire);
	timer_set(&slow, 5, 0);
	host_clock = 5;
	threads_start(1, other_core);
	timer_run_due();
	threads_join(1);
	assert_true(handler_over);
	assert_false(cancelled_early);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_armed_means_no_deadline, setup),
		cmocka_unit_test_setup(they_fire_in_the_order_of_deadlines_and_once, setup),
		cmocka_unit_test_setup(random_sets_and_cancels_keep_the_heap_whole, setup),
		cmocka_unit_test_setup(a_handler_may_arm_its_timer_again, setup),
		cmocka_unit_test_setup(
			an_earlier_timer_shortens_the_own_slice_and_pokes_another_core, setup),
		cmocka_unit_test_setup(setting_on_another_core_moves_it, setup),
		cmocka_unit_test_setup(cancel_waits_for_a_handler_on_another_core, setup),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
