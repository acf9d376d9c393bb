// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/vlapic.c arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c
// sources: arch/x86/vmx/vlapic_timer.c tests/unit/fakes/platform.c tests/unit/fakes/cpu.c
// sources: tests/unit/fakes/own_heap.c
// sanitize: thread
/* Interrupts posted from other cores are never lost: three posters, each with vectors of its own in
 * the same words of the IRR, wait for each to be accepted before they post it again. And a vCPU that
 * gets one INIT and SIPI after another starts where one of the SIPIs says, or waits. */
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

#define STARTS   4000
#define ICR_INIT 0x4500U
#define ICR_SIPI 0x4600U
#define PAGE     0x9a

static uint32_t all_sent;

static void *send_starts(void *arg)
{
	for (uint32_t i = 0; i < STARTS; i++) {
		vlapic_send(vcpu_n(0)->lapic, ICR_INIT, 2);
		vlapic_send(vcpu_n(0)->lapic, ICR_SIPI | PAGE, 2);
		/* Side by side, also where there is no second processor. */
		while (i % 4 == 0 && load_acquire(&vcpu_n(1)->attn.bits))
			sched_yield();
	}
	store_release(&all_sent, 1);
	return NULL;
}

static void starts_from_another_core(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];
	pthread_t thread;
	unsigned int elsewhere = 0, too_early = 0;
	bool last;

	assert_int_equal(pthread_create(&thread, NULL, send_starts, NULL), 0);
	do {
		last = load_acquire(&all_sent);
		if (atomic_xchg(&f->v.attn.bits, 0))
			vlapic_service(&f->v);
		elsewhere += f->sipis && f->sipi_page != PAGE;
		/* Whether it would be entered as INIT left it. In this order: a sender asks before
		 * it brings the vCPU online. */
		too_early += f->resets && f->v.lapic->wait_sipi && !load_acquire(&f->offline) &&
			     !load_acquire(&f->v.attn.bits);
	} while (!last || load_acquire(&f->v.attn.bits));
	pthread_join(thread, NULL);
	assert_int_equal(elsewhere, 0);
	assert_int_equal(too_early, 0);
	assert_false(f->v.lapic->wait_sipi);
	assert_false(f->offline);
}

static int start(void **state)
{
	fake_machine_start(2, true);
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
		cmocka_unit_test_setup_teardown(starts_from_another_core, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
