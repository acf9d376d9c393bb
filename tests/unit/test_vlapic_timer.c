// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/vlapic.c arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c
// sources: arch/x86/vmx/vlapic_timer.c tests/unit/fakes/platform.c tests/unit/fakes/cpu.c
// sources: tests/unit/fakes/own_heap.c
/* The virtual APIC's timer in its three modes. The fake TSC runs at 2 GHz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "arch/x86/vmx/vlapic_internal.h"
#include "tests/unit/fakes/platform.h"

#define VECTOR 0xec
#define NEVER  (~0ULL)

static struct vcpu *v;

static int start(void **state)
{
	fake_machine_start(1, true);
	v = vcpu_n(0);
	vlapic_mmio_write(v, APIC_SVR, 0x1ff);
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

/* The clock reaches the host timer's deadline, and the vCPU looks. */
static void fire(void)
{
	assert_true(v->lapic->timer.deadline != NEVER);
	host_clock = v->lapic->timer.deadline;
	v->attn.bits = 0;
	v->lapic->timer.fire(&v->lapic->timer);
	assert_int_equal(v->attn.bits, ATTN_TIMER);
	vlapic_timer_service(v);
}

static int take(void)
{
	int vector = vlapic_pending(v);

	if (vector >= 0) {
		vlapic_accept(v, (uint8_t)vector);
		vlapic_mmio_write(v, APIC_EOI, 0);
	}
	return vector;
}

static void one_shot(void **state)
{
	uint64_t t = host_clock;

	vlapic_mmio_write(v, APIC_LVT, VECTOR);
	vlapic_mmio_write(v, APIC_DIVIDE, 3); /* by 16 */
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 1000);
	assert_int_equal(v->lapic->timer.deadline, t + 16000);
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 1000);
	host_clock += 1600;
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 900);
	vlapic_timer_service(v); /* too early */
	assert_int_equal(take(), -1);
	fire();
	assert_int_equal(take(), VECTOR);
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_INITIAL_COUNT), 1000);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
	host_clock += 100000;
	vlapic_timer_service(v);
	assert_int_equal(take(), -1);
}

static void periodic_keeps_its_phase(void **state)
{
	uint64_t t = host_clock;

	vlapic_mmio_write(v, APIC_LVT, VECTOR | 1 << 17);
	vlapic_mmio_write(v, APIC_DIVIDE, 0xb); /* by 1 */
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 100000);
	for (unsigned int i = 1; i < 5; i++) {
		assert_int_equal(v->lapic->timer.deadline, t + i * 100000);
		fire();
		assert_int_equal(take(), VECTOR);
	}
	host_clock = t + 850000; /* missed three */
	vlapic_timer_service(v);
	assert_int_equal(take(), VECTOR);
	assert_int_equal(take(), -1);
	assert_int_equal(v->lapic->timer.deadline, t + 900000);
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 50000);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 0);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
}

static void a_tiny_period_leaves_the_guest_some_time(void **state)
{
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 1 << 17);
	vlapic_mmio_write(v, APIC_DIVIDE, 0xb);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 1);
	fire();
	assert_int_equal(take(), VECTOR);
	assert_true(v->lapic->timer.deadline >= host_clock + 20000); /* 10 us */
}

static void all_divisors(void **state)
{
	static const uint8_t by[8] = { 2, 4, 8, 16, 32, 64, 128, 1 };

	vlapic_mmio_write(v, APIC_LVT, VECTOR);
	for (uint32_t i = 0; i < 8; i++) {
		vlapic_mmio_write(v, APIC_DIVIDE, (i & 3) | (i & 4) << 1);
		vlapic_mmio_write(v, APIC_INITIAL_COUNT, 0xffffffff);
		assert_int_equal(v->lapic->timer.deadline - host_clock, 0xffffffffULL * by[i]);
	}
}

static void a_new_divisor_counts_on(void **state)
{
	vlapic_mmio_write(v, APIC_LVT, VECTOR);
	vlapic_mmio_write(v, APIC_DIVIDE, 0xb);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 1000);
	host_clock += 400;
	vlapic_mmio_write(v, APIC_DIVIDE, 0); /* by 2 */
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 600);
	assert_int_equal(v->lapic->timer.deadline, host_clock + 1200);
}

static void masked_it_counts_silently(void **state)
{
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 1 << 16);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 1000);
	host_clock += 1000;
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 500);
	fire();
	assert_int_equal(take(), -1);
}

static void tsc_deadline(void **state)
{
	uint64_t t = host_clock;

	vlapic_set_tsc_deadline(v, t + 500); /* not in that mode: ignored */
	assert_int_equal(vlapic_get_tsc_deadline(v), 0);
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 2 << 17);
	vlapic_set_tsc_deadline(v, t + 500);
	assert_int_equal(vlapic_get_tsc_deadline(v), t + 500);
	assert_int_equal(v->lapic->timer.deadline, t + 500);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 77); /* ignored */
	assert_int_equal(vlapic_mmio_read(v, APIC_INITIAL_COUNT), 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_CURRENT_COUNT), 0);
	fire();
	assert_int_equal(take(), VECTOR);
	assert_int_equal(vlapic_get_tsc_deadline(v), 0);
	vlapic_set_tsc_deadline(v, t); /* in the past: at once */
	assert_int_equal(take(), VECTOR);
	assert_int_equal(vlapic_get_tsc_deadline(v), 0);
	vlapic_set_tsc_deadline(v, host_clock + 10);
	vlapic_set_tsc_deadline(v, 0);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
	vlapic_set_tsc_deadline(v, NEVER);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
	assert_int_equal(vlapic_get_tsc_deadline(v), NEVER);
}

static void the_deadline_is_in_guest_time(void **state)
{
	uint64_t guest = 5000;

	v->vmx->msr.tsc_offset = guest - host_clock;
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 2 << 17);
	vlapic_set_tsc_deadline(v, guest + 300);
	assert_int_equal(v->lapic->timer.deadline, host_clock + 300);
	v->vmx->msr.tsc_offset += 100;
	vlapic_tsc_moved(v);
	assert_int_equal(v->lapic->timer.deadline, host_clock + 200);
	v->vmx->msr.tsc_offset += 1000;
	vlapic_tsc_moved(v);
	assert_int_equal(take(), VECTOR);
}

static void a_change_of_mode_disarms(void **state)
{
	vlapic_mmio_write(v, APIC_LVT, VECTOR);
	vlapic_mmio_write(v, APIC_INITIAL_COUNT, 1000);
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 1 << 16); /* the mask is no mode */
	assert_true(v->lapic->timer.deadline != NEVER);
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 2 << 17);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
	vlapic_set_tsc_deadline(v, host_clock + 1000);
	vlapic_mmio_write(v, APIC_LVT, VECTOR | 1 << 17);
	assert_int_equal(v->lapic->timer.deadline, NEVER);
	assert_int_equal(vlapic_get_tsc_deadline(v), 0);
}

static void the_clock_fits_leaf_15(void **state)
{
	assert_int_equal(vlapic_timer_shift(2000000), 0);
	assert_int_equal(vlapic_timer_shift(4294967), 0);
	assert_int_equal(vlapic_timer_shift(4294968), 1);
	assert_int_equal(vlapic_timer_shift(10000000), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_shot),
		TEST(periodic_keeps_its_phase),
		TEST(a_tiny_period_leaves_the_guest_some_time),
		TEST(all_divisors),
		TEST(a_new_divisor_counts_on),
		TEST(masked_it_counts_silently),
		TEST(tsc_deadline),
		TEST(the_deadline_is_in_guest_time),
		TEST(a_change_of_mode_disarms),
		TEST(the_clock_fits_leaf_15),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
