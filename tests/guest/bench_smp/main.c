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
static evtchn_port_t watched;
static volatile unsigned long answers;
static volatile unsigned int watching; /* 1: asked to, 2: does, 3: no more */
static volatile uint64_t seen_at;

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
	while (watching != 3) {
		uint64_t now;

		while (!watching)
			cpu_pause();
		if (watching != 1)
			continue;
		watching = 2;
		while (!port_pending(watched))
			;
		now = rdtsc();
		clear_pending(watched);
		watching = 0;
		seen_at = now; /* last: the next round begins with it */
	}
	irq_on();
	for (;;)
		cpu_pause();
}

/* From the hypercall to the pending bit, as another vCPU sees it. */
static void send_to_bit(void)
{
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t start;

		seen_at = 0;
		watching = 1;
		while (watching != 2)
			cpu_pause();
		start = rdtsc();
		(void)send_port(watched);
		while (!seen_at)
			cpu_pause();
		bench_add(seen_at - start);
	}
	bench_end("send_to_bit");
	watching = 3;
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
	watched = (evtchn_port_t)bind_ipi(0);
	clear_mask(ping);
	clear_mask(pong);
	apic_enable();
	if (!start_cpu(1, second_vcpu)) {
		note("vCPU 1 does not start");
		return;
	}
	apic_to_x2();
	wait_ns(NS_PER_MS);
	send_to_bit();
	measure("ipi_round_trip", false);
	measure("evtchn_round_trip", true);
}
