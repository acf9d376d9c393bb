// SPDX-License-Identifier: MIT
// vcpus: 1
// cores: 8
// config: cpus = "0"
// beside: 7 1-7
// timeout: 300
//
// What it costs to take a page away while the other cores are in another guest: tests/guest/
// bench_change is the rest. The two guests are the same image; the other one is told by an event to
// be in guest mode on more cores, and answers by one. Prints no verdicts.
#include "tests/guest/lib/guest.h"

/* Guests are numbered in the order of the boot loader's modules. */
#define MEASURING 1
#define OTHER     2
#define MAX_PORTS 64

static const unsigned int steps[] = { 1, 3, 7 };
static evtchn_port_t peer;
static volatile unsigned int spinning;

/* In guest mode, without a PAUSE that might end that. */
static void spin(void)
{
	irq_off();
	(void)__atomic_add_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	for (;;)
		barrier();
}

static void be_other(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = MEASURING };
	struct sched_poll first = { .nr_ports = 1 };

	if (evtchn_op(EVTCHNOP_alloc_unbound, &a) != 0)
		return;
	set_xen_guest_handle(first.ports, &a.port);
	/* The first time it is not in guest mode yet. */
	(void)sched_op(SCHEDOP_poll, &first);
	for (unsigned int i = 0; i < array_size(steps); i++) {
		for (unsigned int cpu = spinning + 1; cpu < steps[i]; cpu++)
			(void)start_cpu(cpu, spin);
		while (spinning + 1 < steps[i])
			barrier();
		clear_pending(a.port);
		(void)send_port(a.port);
		while (!port_pending(a.port))
			barrier();
	}
}

/* Whichever port of the other guest's waits for us. */
static bool find_other(void)
{
	struct evtchn_bind_interdomain b = { .remote_dom = OTHER };

	for (unsigned int i = 0; i < 20000; i++) {
		b.remote_port = i % MAX_PORTS;
		if (evtchn_op(EVTCHNOP_bind_interdomain, &b) == 0) {
			peer = b.local_port;
			return true;
		}
		(void)sched_op(SCHEDOP_yield, 0);
	}
	return false;
}

static void tell_other(void)
{
	clear_pending(peer);
	(void)send_port(peer);
}

void test_main(void)
{
	static const char *const names[] = { "change_1_apart", "change_3_apart", "change_7_apart" };

	events_init();
	if (strstr(command_line(), "beside")) {
		be_other();
		return;
	}
	if (!find_other()) {
		note("the other guest is not there");
		return;
	}
	bench_change("change_0_apart");
	for (unsigned int i = 0; i < array_size(steps); i++) {
		tell_other();
		while (!port_pending(peer))
			barrier();
		/* Until it is back from its hypercall. */
		for (unsigned int n = 0; n < 100000; n++)
			barrier();
		bench_change(names[i]);
	}
	tell_other();
}
