// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
// cores: 2
// timeout: 120
//
// Events between vCPUs that run on two cores: no event is lost, none is doubled, a halted vCPU is
// woken, a channel follows bind_vcpu. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define ROUNDS 2000

static evtchn_port_t ping, pong;
static volatile unsigned long pings, pongs;
static volatile bool halt, quit;

static void on_ping(unsigned int cpu, evtchn_port_t port)
{
	(void)port;
	if (cpu == 1)
		pings++;
	(void)send_port(pong);
}

static void on_pong(unsigned int cpu, evtchn_port_t port)
{
	(void)port;
	if (cpu == 0)
		pongs++;
}

static void second_vcpu(void)
{
	while (!quit) {
		if (halt) {
			sti_hlt_cli();
		} else {
			irq_window();
			cpu_pause();
		}
	}
}

static unsigned long run(unsigned int rounds)
{
	unsigned long lost = 0;

	irq_on();
	for (unsigned int i = 0; i < rounds; i++) {
		unsigned long wanted = pongs + 1;
		uint64_t end = system_time() + 1000 * NS_PER_MS;

		(void)send_port(ping);
		while (pongs != wanted && system_time() < end)
			cpu_pause();
		if (pongs != wanted) {
			lost++;
			pongs = wanted;
		}
		if (lost > 3)
			break;
	}
	irq_off();
	return lost;
}

static void moving(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct evtchn_bind_vcpu v = { .vcpu = 1 };
	uint64_t end;

	ok_eq((uint64_t)evtchn_op(EVTCHNOP_alloc_unbound, &a), 0, "an unbound port");
	b.remote_port = a.port;
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_bind_interdomain, &b), 0, "bound to ourselves");
	clear_pending(b.local_port);
	v.port = b.local_port;
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_bind_vcpu, &v), 0, "moved to vCPU 1");
	set_port_handler(b.local_port, on_ping);
	clear_mask(b.local_port);
	pings = 0;
	(void)send_port(a.port);
	end = system_time() + 500 * NS_PER_MS;
	while (!pings && system_time() < end)
		cpu_pause();
	ok_eq(pings, 1, "its event arrives there");
}

void test_main(void)
{
	events_init();
	ping = (evtchn_port_t)bind_ipi(1);
	pong = (evtchn_port_t)bind_ipi(0);
	ok((int)ping > 0 && (int)pong > 0, "a channel each way");
	set_port_handler(ping, on_ping);
	set_port_handler(pong, on_pong);
	clear_mask(ping);
	clear_mask(pong);
	if (!ok(start_cpu(1, second_vcpu), "vCPU 1 starts"))
		return;
	ok_eq(run(ROUNDS), 0, "%u events to and fro, vCPU 1 polling", ROUNDS);
	ok_eq(pings, ROUNDS, "each handled once there");
	pings = pongs = 0;
	halt = true;
	ok_eq(run(ROUNDS), 0, "%u events to and fro, vCPU 1 halted", ROUNDS);
	ok_eq(pings, ROUNDS, "each handled once there");
	ok_eq(pongs, ROUNDS, "and back");
	moving();
	quit = true;
}
