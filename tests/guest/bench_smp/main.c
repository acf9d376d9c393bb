// SPDX-License-Identifier: MIT
// vcpus: 2
// cores: 2
//
// An IPI by event channel to a vCPU on another core and back, both spinning. Prints
// "NAME min=N avg=N".
#include "tests/guest/lib/bench.h"

static volatile evtchn_port_t there, back;
static volatile unsigned long answers;
static volatile bool up;

static void answer(unsigned int cpu, evtchn_port_t port)
{
	(void)cpu;
	(void)port;
	(void)send_port(back);
}

static void answered(unsigned int cpu, evtchn_port_t port)
{
	(void)cpu;
	(void)port;
	answers++;
}

static void other(void)
{
	up = true;
	irq_on();
	for (;;)
		cpu_pause();
}

void test_main(void)
{
	struct bench b;

	events_init();
	apic_enable();
	there = (evtchn_port_t)bind_ipi(1);
	back = (evtchn_port_t)bind_ipi(0);
	set_port_handler(there, answer);
	set_port_handler(back, answered);
	clear_mask(there);
	clear_mask(back);
	if (!ok(start_cpu(1, other), "vCPU 1 comes up"))
		return;
	while (!up)
		cpu_pause();
	irq_on();
	bench_begin(&b, "ipi_round_trip");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned long before = answers;
		uint64_t start = rdtsc();

		(void)send_port(there);
		while (answers == before)
			cpu_pause();
		bench_add(&b, rdtsc() - start);
	}
	irq_off();
	bench_end(&b);
}
