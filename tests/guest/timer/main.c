// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// Singleshot, periodic and set_timer_op: they fire once for each deadline, never early, at once
// when it has passed. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static evtchn_port_t port;
static volatile uint64_t fired_at;

static void fired(unsigned int cpu, evtchn_port_t p)
{
	(void)cpu;
	(void)p;
	fired_at = system_time();
}

/* Events of the timer within this time. */
static unsigned long events_in(uint64_t ns)
{
	unsigned long before = port_count[port];

	irq_on();
	wait_ns(ns);
	irq_off();
	return port_count[port] - before;
}

static long singleshot(unsigned int vcpu, uint64_t deadline, uint32_t flags)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = deadline, .flags = flags };

	return vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &t);
}

static void singleshots(void)
{
	uint64_t deadline = system_time() + 2 * NS_PER_MS;

	ok_eq((uint64_t)singleshot(0, deadline, 0), 0, "a singleshot timer in 2 ms");
	ok_eq(events_in(8 * NS_PER_MS), 1, "fires once");
	ok(fired_at >= deadline, "not before its time: %lld ns", (long long)(fired_at - deadline));
	ok(fired_at - deadline < 3 * NS_PER_MS, "and not long after");
	ok_eq((uint64_t)singleshot(0, system_time() - NS_PER_MS, 0), 0, "one for the past");
	ok_eq(events_in(NS_PER_MS), 1, "fires now");
	ok_eq((uint64_t)singleshot(0, 1, 0), 0, "one for long ago");
	ok_eq(events_in(NS_PER_MS), 1, "fires now");
	ok_eq((uint64_t)singleshot(0, system_time() + 2 * NS_PER_MS, 0), 0, "one in 2 ms");
	ok_eq((uint64_t)vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0), 0, "is stopped");
	ok_eq(events_in(4 * NS_PER_MS), 0, "and does not fire");
	(void)singleshot(0, system_time() + 30 * NS_PER_MS, 0);
	(void)singleshot(0, system_time() + NS_PER_MS, 0);
	ok_eq(events_in(40 * NS_PER_MS), 1, "a later setting replaces the one before");
	ok_eq((uint64_t)singleshot(1, system_time(), 0), E(EINVAL), "only for oneself");
	ok_eq((uint64_t)vcpu_op(VCPUOP_stop_singleshot_timer, 1, 0), E(EINVAL), "both ways");
	ok_eq((uint64_t)singleshot(9, system_time(), 0), E(ENOENT), "not for no vCPU");
	ok_eq((uint64_t)vcpu_op(VCPUOP_set_singleshot_timer, 0, HOLE), E(EFAULT), "a bad pointer");
}

static void halted(void)
{
	uint64_t deadline = system_time() + 3 * NS_PER_MS;
	unsigned long before = port_count[port];

	(void)singleshot(0, deadline, 0);
	sti_hlt_cli();
	ok_eq(port_count[port] - before, 1, "a timer ends a HLT");
	ok(system_time() >= deadline, "at its time");
}

static void periodic(void)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 2 * NS_PER_MS };
	unsigned long n;

	ok_eq((uint64_t)vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0, "a period of 2 ms");
	n = events_in(40 * NS_PER_MS);
	ok(n >= 10 && n <= 21, "%lu events in 40 ms", n);
	ok_eq((uint64_t)vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0, "is stopped");
	(void)events_in(NS_PER_MS);
	ok_eq(events_in(10 * NS_PER_MS), 0, "and is silent");
	t.period_ns = 1000;
	ok_eq((uint64_t)vcpu_op(VCPUOP_set_periodic_timer, 0, &t), E(EINVAL), "a period of 1 us");
}

static long set_timer(uint64_t deadline)
{
#if GUEST_BITS == 64
	return HC1(__HYPERVISOR_set_timer_op, deadline);
#else
	return HC2(__HYPERVISOR_set_timer_op, (uint32_t)deadline, (uint32_t)(deadline >> 32));
#endif
}

static void timer_op(void)
{
	uint64_t deadline = system_time() + 2 * NS_PER_MS;

	ok_eq((uint64_t)set_timer(deadline), 0, "set_timer_op in 2 ms");
	ok_eq(events_in(8 * NS_PER_MS), 1, "fires once");
	ok(fired_at >= deadline, "not before its time");
	ok_eq((uint64_t)set_timer(system_time() + 2 * NS_PER_MS), 0, "set_timer_op in 2 ms");
	ok_eq((uint64_t)set_timer(0), 0, "is cancelled by 0");
	ok_eq(events_in(4 * NS_PER_MS), 0, "and does not fire");
}

/* The clock itself: forward only, and as fast as the TSC says. */
static void clock(void)
{
	uint64_t last = system_time(), tsc = rdtsc(), begin = last, ratio;
	bool forward = true;

	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t now = system_time();

		forward &= now >= last;
		last = now;
	}
	ok(forward, "system time never goes back");
	wait_ns(5 * NS_PER_MS);
	ratio = (rdtsc() - tsc) * 1000 / ((system_time() - begin) * tsc_per_ms() / NS_PER_MS);
	ok(ratio > 950 && ratio < 1050, "it goes as the TSC does: %u of 1000", (unsigned int)ratio);
}

static void secondary(void)
{
	static struct vcpu_time_info second;
	struct vcpu_register_time_memory_area a;

	a.addr.v = &second;
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &a), 0,
	      "a secondary time area");
	ok(second.tsc_to_system_mul == vcpu_info(0)->time.tsc_to_system_mul && second.version &&
		   second.version % 2 == 0,
	   "is valid at once");
	a.addr.v = (void *)HOLE;
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &a), E(EFAULT),
	      "one where nothing is");
}

void test_main(void)
{
	long p;

	events_init();
	p = bind_virq(VIRQ_TIMER, 0);
	ok(p > 0, "VIRQ_TIMER is bound");
	port = (evtchn_port_t)p;
	set_port_handler(port, fired);
	(void)unmask_port(port);
	ok_eq((uint64_t)vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0, "no periodic timer");
	(void)events_in(NS_PER_MS);
	singleshots();
	halted();
	periodic();
	timer_op();
	clock();
	secondary();
}
