// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// sched_op: yield, block, poll, watchdog, shutdown_code and what is refused. On every machine: all
// ok.
#include "tests/guest/lib/guest.h"

static evtchn_port_t timer_port;

static long poll(evtchn_port_t *ports, unsigned int count, uint64_t timeout)
{
	struct sched_poll p = { .nr_ports = count, .timeout = timeout };

	set_xen_guest_handle(p.ports, ports);
	return sched_op(SCHEDOP_poll, &p);
}

static void timer_in(uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = system_time() + ns };

	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static void yield_and_block(void)
{
	unsigned long before = port_count[timer_port];
	uint64_t begin;

	ok_eq((uint64_t)sched_op(SCHEDOP_yield, 0), 0, "yield");
	begin = system_time();
	timer_in(2 * NS_PER_MS);
	irq_on();
	ok_eq((uint64_t)sched_op(SCHEDOP_block, 0), 0, "block with interrupts on");
	irq_off();
	ok_eq(port_count[timer_port] - before, 1, "ends with an event");
	ok(system_time() - begin >= 2 * NS_PER_MS, "when it came");
	/* With an event pending it does not block. */
	ok_eq((uint64_t)send_port(timer_port), E(EINVAL), "a VIRQ's port cannot be sent to");
	timer_in(0);
	wait_ns(NS_PER_MS);
	ok(vcpu_info(0)->evtchn_upcall_pending, "an event is pending");
	begin = system_time();
	ok_eq((uint64_t)sched_op(SCHEDOP_block, 0), 0, "block with an event pending");
	ok(system_time() - begin < 20 * NS_PER_MS, "returns at once");
	irq_window();
}

static void polls(void)
{
	long ipi = bind_ipi(0);
	evtchn_port_t ports[2] = { (evtchn_port_t)ipi, timer_port };
	uint64_t begin = system_time();

	ok_eq((uint64_t)poll(ports, 1, begin + 3 * NS_PER_MS), 0, "poll with a timeout");
	ok(system_time() >= begin + 3 * NS_PER_MS, "lasts until then");
	begin = system_time();
	ok_eq((uint64_t)poll(ports, 1, begin - NS_PER_MS), 0, "poll with one that has passed");
	ok(system_time() < begin + 3 * NS_PER_MS, "returns at once");
	/* A masked port that becomes pending ends a poll though it makes no upcall. */
	ok_eq((uint64_t)send_port(ports[0]), 0, "an event on a masked port");
	begin = system_time();
	ok_eq((uint64_t)poll(ports, 1, begin + 500 * NS_PER_MS), 0, "poll for it");
	ok(system_time() < begin + 100 * NS_PER_MS, "returns at once");
	clear_pending(ports[0]);
	mask_port(timer_port);
	begin = system_time();
	timer_in(2 * NS_PER_MS);
	ok_eq((uint64_t)poll(ports, 2, begin + 500 * NS_PER_MS), 0, "poll for two");
	ok(system_time() < begin + 100 * NS_PER_MS && port_pending(timer_port),
	   "ends when the second comes");
	clear_pending(timer_port);
	ok_eq((uint64_t)poll(ports, 129, begin), E(EINVAL), "poll for too many");
	ports[1] = 1 << 20;
	ok_eq((uint64_t)poll(ports, 2, begin), E(EINVAL), "poll for a port beyond all");
	ok_eq((uint64_t)poll((void *)HOLE, 2, begin), E(EFAULT), "poll from a bad list");
	ok_eq((uint64_t)sched_op(SCHEDOP_poll, HOLE), E(EFAULT), "poll from a bad pointer");
	(void)close_port((evtchn_port_t)ipi);
}

/* Another vCPU ends our poll. */
static volatile evtchn_port_t wake_port;

static void waker(void)
{
	for (;;) {
		evtchn_port_t port = wake_port;

		if (!port) {
			cpu_pause();
			continue;
		}
		wake_port = 0;
		for (unsigned int i = 0; i < 2000; i++)
			cpu_pause();
		(void)send_port(port);
	}
}

static void woken_poll(void)
{
	evtchn_port_t port = (evtchn_port_t)bind_ipi(0);
	unsigned int late = 0;

	if (!ok(start_cpu(1, waker), "vCPU 1 starts"))
		return;
	for (unsigned int i = 0; i < 50; i++) {
		uint64_t begin = system_time();

		wake_port = port;
		while (!port_pending(port) && system_time() < begin + 500 * NS_PER_MS)
			(void)poll(&port, 1, begin + 500 * NS_PER_MS);
		late += system_time() > begin + 400 * NS_PER_MS;
		clear_pending(port);
	}
	ok_eq(late, 0, "polls are ended by another vCPU's event");
}

static long watchdog(uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = { .id = id, .timeout = timeout };

	return sched_op(SCHEDOP_watchdog, &w);
}

static void watchdogs(void)
{
	ok_eq((uint64_t)watchdog(0, 100), 1, "a watchdog");
	ok_eq((uint64_t)watchdog(0, 100), 2, "another");
	ok((long)watchdog(0, 100) < 0, "no third");
	ok_eq((uint64_t)watchdog(1, 100), 0, "the first is petted");
	ok_eq((uint64_t)watchdog(1, 0), 0, "and removed");
	ok_eq((uint64_t)watchdog(2, 0), 0, "as is the second");
	ok_eq((uint64_t)watchdog(1, 100), E(EINVAL), "a removed one is no more");
	ok_eq((uint64_t)watchdog(7, 100), E(EINVAL), "an unknown one");
	ok_eq((uint64_t)watchdog(0, 0), E(EINVAL), "a new one without a time");
}

static void others(void)
{
	struct sched_shutdown code = { .reason = SHUTDOWN_crash };

	ok_eq((uint64_t)sched_op(SCHEDOP_shutdown_code, &code), 0, "shutdown_code");
	code.reason = SHUTDOWN_poweroff;
	ok_eq((uint64_t)sched_op(SCHEDOP_shutdown_code, &code), 0, "shutdown_code again");
	ok_eq((uint64_t)sched_op(SCHEDOP_remote_shutdown, &code), E(EPERM), "remote_shutdown");
	ok_eq((uint64_t)sched_op(7, &code), E(EPERM), "pin_override");
	ok_eq((uint64_t)sched_op(99, &code), E(ENOSYS), "an unknown operation");
	ok_eq((uint64_t)sched_op(SCHEDOP_shutdown, HOLE), E(EFAULT), "shutdown from a bad pointer");
}

void test_main(void)
{
	long port;

	events_init();
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "a timer");
	timer_port = (evtchn_port_t)port;
	(void)unmask_port(timer_port);
	(void)vcpu_op(VCPUOP_stop_periodic_timer, 0, 0);
	irq_window();
	yield_and_block();
	polls();
	woken_poll();
	watchdogs();
	others();
}
