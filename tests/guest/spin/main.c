// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
// cores: 1
// timeout: 120
//
// A vCPU that spins with interrupts off shares its core fairly: the other one goes on, its timers
// fire, and two that wait for each other so make progress. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static volatile unsigned int turn, stage;
static volatile uint64_t spins;

static void second_vcpu(void)
{
	irq_off();
	while (stage == 0)
		spins++;
	/* Hand over, spinning without a pause between. */
	while (stage == 1)
		if (turn == 1)
			turn = 0;
}

static void timers(void)
{
	long port = bind_virq(VIRQ_TIMER, 0);
	uint64_t worst = 0;

	ok(port > 0, "a timer");
	clear_mask((evtchn_port_t)port);
	for (unsigned int i = 0; i < 20; i++) {
		struct vcpu_set_singleshot_timer t = { .timeout_abs_ns =
							       system_time() + 2 * NS_PER_MS };
		uint64_t late;

		(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
		sti_hlt_cli();
		late = system_time() - t.timeout_abs_ns;
		worst = late > worst ? late : worst;
	}
	ok(worst < 50 * NS_PER_MS, "20 timers fire beside it, at most %llu us late",
	   (unsigned long long)worst / 1000);
	ok(spins > 0, "and it spins");
}

static void handovers(void)
{
	uint64_t begin = system_time();
	unsigned int done = 0;

	stage = 1;
	for (; done < 50; done++) {
		turn = 1;
		while (turn == 1 && system_time() < begin + 20000 * NS_PER_MS)
			cpu_pause();
		if (turn == 1)
			break;
	}
	ok_eq(done, 50, "50 handovers with interrupts off");
	stage = 2;
}

void test_main(void)
{
	events_init();
	if (!ok(start_cpu(1, second_vcpu), "vCPU 1 starts"))
		return;
	timers();
	handovers();
}
