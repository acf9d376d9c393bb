// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/vlapic.c arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c
// sources: arch/x86/vmx/vlapic_timer.c tests/unit/fakes/platform.c tests/unit/fakes/cpu.c
// sources: tests/unit/fakes/own_heap.c
// sanitize: thread
/* Interrupts posted from other cores are never lost: three posters, each with vectors of its own in
 * the same words of the IRR, wait for each to be accepted before they post it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "arch/x86/vmx/vlapic_internal.h"
#include "tests/unit/fakes/platform.h"

#define POSTERS 3
#define ROUNDS  3000

static uint32_t posted[256], accepted[256];

static void *post(void *arg)
{
	uint32_t first = 0x40 + (uint32_t)(uintptr_t)arg;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t vector = first + round % 12 * 8;

		while (load_acquire(&accepted[vector]) != posted[vector])
			sched_yield();
		posted[vector]++;
		vlapic_set_irr(vcpu_n(0)->lapic, (uint8_t)vector);
	}
	return NULL;
}

static void nothing_is_lost(void **state)
{
	pthread_t thread[POSTERS];
	struct vcpu *v = vcpu_n(0);

	for (uintptr_t i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, post, (void *)i), 0);
	for (uint32_t done = 0; done < POSTERS * ROUNDS;) {
		int vector = vlapic_pending(v);

		if (vector < 0) {
			sched_yield();
			continue;
		}
		vlapic_accept(v, (uint8_t)vector);
		vlapic_eoi(v->lapic);
		store_release(&accepted[vector], accepted[vector] + 1);
		done++;
	}
	for (uint32_t i = 0; i < POSTERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(vlapic_pending(v), -1);
}

static int start(void **state)
{
	fake_machine_start(1, true);
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_lost, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
