// SPDX-License-Identifier: MIT
// variants: 64
// vcpus: 2
// cores: 2
// timeout: 120
//
// What it costs to reach a vCPU on another core and to be answered, in TSC ticks. Prints no
// verdicts.
#include "tests/guest/lib/guest.h"

#define VECTOR 0x41

static evtchn_port_t ping, pong;
static volatile unsigned long answers;

static void on_ipi(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
	if (rdmsr(MSR_X2APIC + APIC_ID / 16) == VCPU_APIC_ID(1))
		apic_ipi(VCPU_APIC_ID(0), 0x4000 | VECTOR);
	else
		answers++;
}

static void on_event(struct trap_frame *f)
{
	bool first = port_pending(ping);

	(void)f;
	/* The least that a handler may do. */
	if (first) {
		WRITE_ONCE(shared_page.vcpu_info[1].evtchn_upcall_pending, 0);
		shared_page.vcpu_info[1].evtchn_pending_sel = 0;
		clear_pending(ping);
		(void)send_port(pong);
		return;
	}
	WRITE_ONCE(shared_page.vcpu_info[0].evtchn_upcall_pending, 0);
	shared_page.vcpu_info[0].evtchn_pending_sel = 0;
	clear_pending(pong);
	answers++;
}

static void second_vcpu(void)
{
	apic_to_x2();
	apic_enable();
	irq_on();
	for (;;)
		cpu_pause();
}

static void measure(const char *name, bool event)
{
	irq_on();
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		unsigned long wanted = answers + 1;
		uint64_t start = rdtsc();

		if (event)
			(void)send_port(ping);
		else
			wrmsr(MSR_X2APIC + APIC_ICR / 16,
			      (uint64_t)VCPU_APIC_ID(1) << 32 | 0x4000 | VECTOR);
		while (answers != wanted)
			cpu_pause();
		bench_add(rdtsc() - start);
	}
	bench_end(name);
	irq_off();
}

void test_main(void)
{
	events_init();
	set_handler(VECTOR, on_ipi);
	set_handler(UPCALL_VECTOR, on_event);
	ping = (evtchn_port_t)bind_ipi(1);
	pong = (evtchn_port_t)bind_ipi(0);
	clear_mask(ping);
	clear_mask(pong);
	apic_enable();
	if (!start_cpu(1, second_vcpu)) {
		note("vCPU 1 does not start");
		return;
	}
	apic_to_x2();
	wait_ns(NS_PER_MS);
	measure("ipi_round_trip", false);
	measure("evtchn_round_trip", true);
}
