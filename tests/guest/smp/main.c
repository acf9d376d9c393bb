// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 4
// cores: 2
// timeout: 120
//
// INIT and SIPI, the real-mode state of a started vCPU, and IPIs to ids, sets and everybody, four
// vCPUs on two cores. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define CPUS   4
#define VECTOR 0x41

static volatile unsigned int hits[CPUS], nmis[CPUS], starts[CPUS];
static volatile bool use_x2;

static void on_vector(struct trap_frame *f)
{
	(void)f;
	(void)__atomic_fetch_add(&hits[cpu_id()], 1, __ATOMIC_SEQ_CST);
	apic_eoi();
}

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	(void)__atomic_fetch_add(&nmis[cpu_id()], 1, __ATOMIC_SEQ_CST);
}

static void second_vcpu(void)
{
	unsigned int cpu = cpu_id();

	if (use_x2)
		apic_to_x2();
	apic_enable();
	if (!use_x2) {
		apic_write(APIC_DFR, 0xffffffff);
		apic_write(APIC_LDR, 1U << (24 + cpu));
	}
	(void)__atomic_fetch_add(&starts[cpu], 1, __ATOMIC_SEQ_CST);
	for (;;)
		sti_hlt_cli();
}

static void start_all(void)
{
	for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
		unsigned int before = starts[cpu];

		ok(start_cpu(cpu, second_vcpu), "vCPU %u starts", cpu);
		for (unsigned int i = 0; i < 100000 && starts[cpu] == before; i++)
			(void)sched_op(SCHEDOP_yield, 0);
		ok_eq(starts[cpu], before + 1, "as vCPU %u", cpu);
	}
}

static void real_mode(void)
{
	ok_eq(ap_real_mode.cs & 0xffff, 0x800, "SIPI vector 8 is CS 0x800");
	ok_eq(ap_real_mode.cr0, 0x60000010, "CR0 after INIT");
	ok_eq(ap_real_mode.edx, cpuid(1, 0).a, "EDX after INIT is the processor's signature");
}

/* Wait until each vCPU of the set, and no other, has been hit `count` times. */
static bool hit(volatile unsigned int *counts, unsigned int set, unsigned int count)
{
	uint64_t end = system_time() + 1000 * NS_PER_MS;
	bool all = false;

	irq_on();
	while (!all && system_time() < end) {
		all = true;
		for (unsigned int cpu = 0; cpu < CPUS; cpu++)
			all &= counts[cpu] >= (set >> cpu & 1 ? count : 0);
		(void)sched_op(SCHEDOP_yield, 0);
	}
	wait_ns(NS_PER_MS);
	irq_off();
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (counts[cpu] != (set >> cpu & 1 ? count : 0)) {
			note("vCPU %u: %u", cpu, counts[cpu]);
			all = false;
		}
		counts[cpu] = 0;
	}
	return all;
}

static void ipis(void)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		apic_ipi(VCPU_APIC_ID(cpu), 0x4000 | VECTOR);
		ok(hit(hits, 1U << cpu, 1), "an IPI to vCPU %u", cpu);
	}
	apic_ipi(0, 0xc4000 | VECTOR);
	ok(hit(hits, 0xe, 1), "to all but oneself");
	apic_ipi(0, 0x84000 | VECTOR);
	ok(hit(hits, 0xf, 1), "to all");
	apic_ipi(0, 0x44000 | VECTOR);
	ok(hit(hits, 0x1, 1), "to oneself");
	apic_ipi(apic_x2() ? 0xffffffff : 0xff, 0x4000 | VECTOR);
	ok(hit(hits, 0xf, 1), "to the broadcast id");
	apic_ipi(0x55, 0x4000 | VECTOR);
	ok(hit(hits, 0, 1), "to an id that does not exist");
	if (apic_x2())
		apic_ipi(1U << VCPU_APIC_ID(1) | 1U << VCPU_APIC_ID(3), 0x4800 | VECTOR);
	else
		apic_ipi(0xa, 0x4800 | VECTOR);
	ok(hit(hits, 0xa, 1), "to a logical set");
	apic_ipi(VCPU_APIC_ID(2), 0x4400);
	ok(hit(nmis, 0x4, 1), "an NMI to vCPU 2");
	apic_ipi(0, 0xc4400);
	ok(hit(nmis, 0xe, 1), "an NMI to all but oneself");
	/* A start-up IPI that nobody waits for. */
	apic_ipi(VCPU_APIC_ID(1), 0x4608);
	apic_ipi(VCPU_APIC_ID(1), 0x4000 | VECTOR);
	ok(hit(hits, 0x2, 1), "a SIPI to a running vCPU is ignored");
}

void test_main(void)
{
	events_init();
	set_handler(VECTOR, on_vector);
	set_handler(2, on_nmi);
	apic_enable();
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 1U << 24);
	start_all();
	real_mode();
	ipis();
	/* The others are reset, and start again in the other mode. */
	use_x2 = true;
	for (unsigned int cpu = 1; cpu < CPUS; cpu++)
		apic_ipi(VCPU_APIC_ID(cpu), 0x4500);
	wait_ns(NS_PER_MS);
	ok(!vcpu_op(VCPUOP_is_up, 1, 0), "after INIT a vCPU is down");
	start_all();
	apic_to_x2();
	ipis();
}
