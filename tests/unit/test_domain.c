// SPDX-License-Identifier: MIT
// sources: core/domain.c core/lifecycle.c core/vcpu.c core/sched.c core/sched_queue.c core/timer.c
// sources: core/work.c core/trace.c arch/x86/cpu/tsc_scale.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/layers.c tests/unit/fakes/own_heap.c
// sources: tests/unit/fakes/own_pages.c tests/unit/fakes/tsc.c tests/unit/fakes/quiet.c
/* Domains from creation to what follows their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/domain.h"
#include "core/sched.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/layers.h"
#include "tests/unit/fakes/own_heap.h"

#define MS 1000000ULL

static const struct guest_config *const config = (const struct guest_config *)(uintptr_t)1;

static void turns(unsigned int n)
{
	while (n--) {
		host_clock += MS;
		sched_turn();
	}
}

static struct domain *create(const char *name)
{
	struct domain *d;

	assert_int_equal(domain_create(name, 2, 256, false, &d), OK);
	d->config = config;
	return d;
}

static struct domain *running(const char *name)
{
	struct domain *d = create(name);

	domain_start(d);
	turns(3);
	assert_int_equal(d->vcpus[0]->state, VCPU_RUNNING);
	return d;
}

static void end(struct domain *d, enum domain_end why)
{
	domain_shutdown(d, why);
	turns(30);
}

static int setup(void **state)
{
	host_cores(1);
	layers_reset();
	host_clock += 1000 * MS;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(layers.domains, 0);
	assert_int_equal(layers.vcpus, 0);
	assert_int_equal(layers.vmx_vcpus, 0);
	assert_int_equal(layers.vmx_domains, 0);
	assert_int_equal(layers.physmaps, 0);
	assert_int_equal(own_heap_used, 0);
	assert_int_equal(domain_count(), 0);
	return 0;
}

static void a_failed_creation_leaves_nothing(void **state)
{
	struct domain *d;

	/* 1 vmx domain, 1 physmap, 1 xen domain, 2 for each of 2 vCPUs */
	for (int i = 0; i < 7; i++) {
		layers_fail_after = i;
		assert_int_equal(domain_create("x", 2, 256, false, &d), ERR_NOMEM);
		teardown(state);
	}
	layers_fail_after = -1;
	for (int i = 0; i < 3; i++) {
		own_heap_fail_after = i;
		assert_int_equal(domain_create("x", 2, 256, false, &d), ERR_NOMEM);
		teardown(state);
	}
	own_heap_fail_after = -1;
}

static void bad_shapes_are_refused(void **state)
{
	struct domain *d;
	char name[DOMAIN_NAME_MAX + 1];

	memset(name, 'n', DOMAIN_NAME_MAX);
	name[DOMAIN_NAME_MAX] = '\0';
	assert_int_equal(domain_create("x", 0, 256, false, &d), ERR_INVALID);
	assert_int_equal(domain_create("x", MAX_VCPUS + 1, 256, false, &d), ERR_INVALID);
	assert_int_equal(domain_create("", 1, 256, false, &d), ERR_INVALID);
	assert_int_equal(domain_create(name, 1, 256, false, &d), ERR_INVALID);
}

static void slots_run_out_and_come_back_ids_go_on(void **state)
{
	struct domain *d[MAX_PHYSMAPS], *more;
	uint16_t last;

	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++)
		d[i] = create("many");
	assert_int_equal(domain_create("one more", 1, 1, false, &more), ERR_NOMEM);
	last = d[MAX_PHYSMAPS - 1]->id;
	domain_start(d[5]);
	end(d[5], END_DESTROYED);
	more = create("again");
	assert_int_equal(more->slot, 5);
	/* One id went to the domain that was refused before it had a slot, or none did. */
	assert_true(more->id > last);
	d[5] = more;
	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++)
		domain_shutdown(d[i], END_BUILD_FAILED);
	turns(MAX_PHYSMAPS * 10);
}

static void references_keep_it_and_dying_ones_are_not_found(void **state)
{
	struct domain *d = running("ref"), *found;
	uint16_t id = d->id;

	found = domain_get(id);
	assert_ptr_equal(found, d);
	assert_null(domain_get((uint16_t)(id + 1)));
	assert_ptr_equal(domain_get_by_name("ref"), d);
	domain_put(d);
	assert_null(domain_get_by_name("re"));
	end(d, END_DESTROYED);
	assert_null(domain_get(id));
	assert_null(domain_get_by_name("ref"));
	assert_int_equal(layers.domains, 1);
	domain_put(found);
	turns(30);
	assert_int_equal(layers.domains, 0);
}

static void each_end_has_its_action(void **state)
{
	static const struct {
		enum domain_end why;
		bool restarts;
	} cases[] = {
		{ END_POWEROFF, false },  { END_REBOOT, true },    { END_SUSPEND, false },
		{ END_CRASH, false },     { END_WATCHDOG, false }, { END_SOFT_RESET, true },
		{ END_DESTROYED, false }, { END_RESTARTED, true },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		layers.restarts = 0;
		layers.all_gone = 0;
		end(running("guest"), cases[i].why);
		assert_int_equal(layers.restarts, cases[i].restarts);
		assert_int_equal(layers.all_gone, !cases[i].restarts);
		/* The builder could not: now all are gone. */
		if (cases[i].restarts) {
			assert_int_equal(domain_count(), 1);
			domain_not_created();
			assert_int_equal(layers.all_gone, 1);
		}
	}
}

static void actions_are_the_configurations(void **state)
{
	struct domain *d = running("guest");

	d->on_poweroff = ACTION_RESTART;
	end(d, END_POWEROFF);
	assert_int_equal(layers.restarts, 1);
	/* Built again. */
	d = running("guest");
	d->on_reboot = ACTION_DESTROY;
	end(d, END_REBOOT);
	assert_int_equal(layers.restarts, 1);
	assert_int_equal(layers.all_gone, 1);
	d = running("guest");
	d->on_crash = ACTION_RESTART;
	d->config = NULL; /* nothing to build it from */
	end(d, END_CRASH);
	assert_int_equal(layers.restarts, 1);
}

static void a_preserved_one_stays_until_the_operator_ends_it(void **state)
{
	struct domain *d = running("crashed");

	d->on_crash = ACTION_PRESERVE;
	domain_crash(d->vcpus[0], "test %d", 1);
	domain_crash(d->vcpus[0], "test %d", 2);
	turns(30);
	assert_int_equal(layers.dumps, 1);
	assert_int_equal(domain_count(), 1);
	assert_int_equal(layers.all_gone, 0);
	assert_false(d->vcpus[0]->on_core);
	assert_int_equal(d->end, END_CRASH);
	assert_ptr_equal(domain_get(d->id), d);
	domain_put(d);
	/* The guest's own later reasons are too late. */
	end(d, END_POWEROFF);
	assert_int_equal(domain_count(), 1);
	end(d, END_DESTROYED);
	assert_int_equal(layers.all_gone, 1);
	assert_true(layers.crashed >= 1);
}

static void one_being_built_ends_only_by_its_builder(void **state)
{
	struct domain *d = create("half");

	end(d, END_DESTROYED);
	assert_int_equal(d->state, DOMAIN_BUILDING);
	end(d, END_BUILD_FAILED);
	assert_int_equal(layers.all_gone, 1);
}

static void all_are_gone_only_after_the_last(void **state)
{
	struct domain *a = running("a"), *b = create("b"), *c;

	domain_expected();
	end(a, END_POWEROFF);
	assert_int_equal(layers.all_gone, 0);
	end(b, END_BUILD_FAILED);
	assert_int_equal(layers.all_gone, 0);
	c = running("c");
	assert_int_equal(domain_count(), 1);
	end(c, END_POWEROFF);
	assert_int_equal(layers.all_gone, 1);
}

static void teardown_comes_in_pieces_between_slices(void **state)
{
	struct domain *a = running("a"), *b;

	layers.teardown_pieces = 1000;
	domain_shutdown(a, END_POWEROFF);
	b = running("b");
	turns(5);
	assert_int_equal(b->vcpus[0]->state, VCPU_RUNNING);
	turns(1000);
	assert_int_equal(layers.physmaps, 1);
	layers.teardown_pieces = 1;
	end(b, END_POWEROFF);
}

static void time_goes_from_birth_and_back(void **state)
{
	struct domain *d = create("clock");
	uint64_t ns = 123456789;

	assert_int_equal(domain_time_ns(d, d->birth_tsc), 0);
	assert_int_equal(domain_time_ns(d, domain_time_to_tsc(d, ns)), ns);
	assert_int_equal(domain_time_to_tsc(d, ~0ULL), ~0ULL);
	end(d, END_BUILD_FAILED);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_creation_leaves_nothing),
		TEST(bad_shapes_are_refused),
		TEST(slots_run_out_and_come_back_ids_go_on),
		TEST(references_keep_it_and_dying_ones_are_not_found),
		TEST(each_end_has_its_action),
		TEST(actions_are_the_configurations),
		TEST(a_preserved_one_stays_until_the_operator_ends_it),
		TEST(one_being_built_ends_only_by_its_builder),
		TEST(all_are_gone_only_after_the_last),
		TEST(teardown_comes_in_pieces_between_slices),
		TEST(time_goes_from_birth_and_back),
	};

	return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}
