// SPDX-License-Identifier: MIT
// variants: 64 32
// cmdline: e9
// vcpus: 2
// cores: 2
// timeout: 120
//
// EVTCHNOP_reset closes everything, the console's channel too: hence output by port 0xE9. It does so
// beside a vCPU that sends all the time, whose last event is in no port's next binding. On every
// machine: all ok.
#include "tests/guest/lib/guest.h"

#define ROUNDS 200
#define PORTS  40

static volatile bool sending, quit;
static volatile unsigned long sends, accepted, paused;

/* Sends to all ports in turn while it may; says when it has paused. */
static void sender(void)
{
	while (!quit) {
		if (!sending) {
			paused = 1;
			cpu_pause();
			continue;
		}
		paused = 0;
		accepted += send_port((evtchn_port_t)(1 + sends++ % PORTS)) == 0;
	}
	for (;;)
		__asm__ volatile("cli; hlt");
}

static unsigned int all_pending(void)
{
	unsigned int n = 0;

	for (evtchn_port_t p = 1; p <= PORTS; p++)
		n += port_pending(p);
	return n;
}

static void beside_a_sender(void)
{
	struct evtchn_reset r = { .dom = DOMID_SELF };
	unsigned int left = 0, failed = 0;

	if (!ok(start_cpu(1, sender), "vCPU 1 sends"))
		return;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long before = accepted;

		for (unsigned int p = 1; p <= PORTS; p++)
			failed += bind_ipi(0) <= 0;
		sending = true;
		while (accepted == before)
			cpu_pause();
		/* From here on it may be in a send; none of it is left behind. */
		failed += evtchn_op(EVTCHNOP_reset, &r) != 0;
		sending = false;
		while (!paused)
			cpu_pause();
		left += all_pending();
	}
	quit = true;
	ok_eq(failed, 0, "%u resets of %u ports beside %lu sends", ROUNDS, PORTS, sends);
	ok_eq(left, 0, "no event is left behind");
}

void test_main(void)
{
	struct evtchn_reset r = { .dom = 0x7000 };
	long port;

	events_init();
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "VIRQ_TIMER is bound");
	ok((long)evtchn_op(EVTCHNOP_reset, &r) < 0, "another domain is not reset");
	ok_eq((uint64_t)bind_virq(VIRQ_TIMER, 0), E(EEXIST), "it is bound still");
	r.dom = DOMID_SELF;
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_reset, &r), 0, "reset");
	ok_eq((uint64_t)send_port((evtchn_port_t)get_param(HVM_PARAM_CONSOLE_EVTCHN)), E(EINVAL),
	      "the console's channel is closed");
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "VIRQ_TIMER can be bound again");
	ok(!port_pending((evtchn_port_t)port), "and is not pending");
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_reset, &r), 0, "reset");
	beside_a_sender();
}
