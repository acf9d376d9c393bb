// SPDX-License-Identifier: MIT
// variants: 64 32
// solo
//
// The local APIC's timer in all its modes. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define VECTOR       0x61
#define ONE_SHOT     (0u << 17)
#define PERIODIC     (1u << 17)
#define TSC_DEADLINE (2u << 17)
#define MASKED       0x10000
#define MSR_DEADLINE 0x6e0

static volatile unsigned int fired;

static void on_timer(struct trap_frame *f)
{
	(void)f;
	fired++;
	apic_eoi();
}

/* Interrupts within this time. */
static unsigned int in(uint64_t ns)
{
	unsigned int before = fired;

	irq_on();
	wait_ns(ns);
	irq_off();
	return fired - before;
}

/* How many timer counts a millisecond has, with divider 1. */
static uint32_t calibrate(void)
{
	uint32_t left;

	apic_write(APIC_TIMER_DCR, 0xb);
	apic_write(APIC_LVT_TIMER, MASKED | ONE_SHOT | VECTOR);
	apic_write(APIC_TIMER_ICR, 0xffffffff);
	wait_ns(5 * NS_PER_MS);
	left = apic_read(APIC_TIMER_CCR);
	apic_write(APIC_TIMER_ICR, 0);
	return (0xffffffff - left) / 5;
}

static void one_shot(uint32_t per_ms)
{
	ok(per_ms > 1000, "%u counts a millisecond", per_ms);
	ok_eq(apic_read(APIC_TIMER_CCR), 0, "a count of 0 stops it");
	apic_write(APIC_LVT_TIMER, ONE_SHOT | VECTOR);
	apic_write(APIC_TIMER_ICR, per_ms * 2);
	ok_eq(apic_read(APIC_TIMER_ICR), per_ms * 2, "the initial count");
	ok(apic_read(APIC_TIMER_CCR) <= per_ms * 2, "the current count");
	ok_eq(in(NS_PER_MS), 0, "one-shot of 2 ms: not after 1");
	ok_eq(in(6 * NS_PER_MS), 1, "but then, once");
	ok_eq(apic_read(APIC_TIMER_CCR), 0, "and it has stopped");
	apic_write(APIC_TIMER_ICR, per_ms);
	apic_write(APIC_TIMER_ICR, 0);
	ok_eq(in(3 * NS_PER_MS), 0, "stopped before its time");
	apic_write(APIC_LVT_TIMER, MASKED | ONE_SHOT | VECTOR);
	apic_write(APIC_TIMER_ICR, per_ms);
	ok_eq(in(3 * NS_PER_MS), 0, "masked");
	apic_write(APIC_LVT_TIMER, ONE_SHOT | VECTOR);
	apic_write(APIC_TIMER_DCR, 0x3); /* by 16 */
	apic_write(APIC_TIMER_ICR, per_ms / 16 * 2);
	ok_eq(in(NS_PER_MS), 0, "divided by 16: not after 1 ms of 2");
	ok_eq(in(6 * NS_PER_MS), 1, "but then");
	apic_write(APIC_TIMER_DCR, 0xb);
	apic_write(APIC_TIMER_ICR, per_ms * 2);
	sti_hlt_cli();
	ok(true, "it ends a HLT");
}

static void periodic(uint32_t per_ms)
{
	unsigned int n;

	apic_write(APIC_LVT_TIMER, PERIODIC | VECTOR);
	apic_write(APIC_TIMER_ICR, per_ms * 2);
	n = in(40 * NS_PER_MS);
	ok(n >= 10 && n <= 21, "periodic: %u in 40 ms of 2", n);
	apic_write(APIC_TIMER_ICR, 0);
	(void)in(NS_PER_MS);
	ok_eq(in(6 * NS_PER_MS), 0, "stopped");
}

static void deadline(void)
{
	uint64_t tsc;

	if (!(cpuid(1, 0).c & 1 << 24)) {
		skip("no TSC-deadline mode");
		return;
	}
	apic_write(APIC_LVT_TIMER, TSC_DEADLINE | VECTOR);
	tsc = rdtsc() + 2 * tsc_per_ms();
	wrmsr(MSR_DEADLINE, tsc);
	ok_eq(rdmsr(MSR_DEADLINE), tsc, "the deadline");
	ok_eq(in(NS_PER_MS), 0, "not after 1 ms of 2");
	ok_eq(in(6 * NS_PER_MS), 1, "but then, once");
	ok_eq(rdmsr(MSR_DEADLINE), 0, "and it is 0");
	wrmsr(MSR_DEADLINE, rdtsc() - 1000);
	ok_eq(in(NS_PER_MS), 1, "one that has passed");
	wrmsr(MSR_DEADLINE, rdtsc() + 2 * tsc_per_ms());
	wrmsr(MSR_DEADLINE, 0);
	ok_eq(in(4 * NS_PER_MS), 0, "disarmed");
	apic_write(APIC_TIMER_ICR, 1000);
	ok_eq(apic_read(APIC_TIMER_CCR), 0, "the counter does nothing in this mode");
	apic_write(APIC_LVT_TIMER, ONE_SHOT | VECTOR);
	wrmsr(MSR_DEADLINE, rdtsc() + 1000);
	ok_eq(rdmsr(MSR_DEADLINE), 0, "nor the deadline in the others");
	ok_eq(in(2 * NS_PER_MS), 0, "nothing fires");
}

void test_main(void)
{
	uint32_t per_ms;

	events_init();
	set_handler(VECTOR, on_timer);
	apic_enable();
	per_ms = calibrate();
	one_shot(per_ms);
	periodic(per_ms);
	deadline();
	apic_to_x2();
	one_shot(per_ms);
	periodic(per_ms);
	deadline();
}
