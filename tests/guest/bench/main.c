// SPDX-License-Identifier: MIT
// vcpus: 1
// cores: 1
//
// What the common operations cost, in TSC ticks (in Bochs: instructions), on one core. Each case is
// run ROUNDS times, the cost of the empty loop around it taken off; in the counting build the dear
// instructions of one operation stand behind. Prints "NAME min=N avg=N".
#include "tests/guest/lib/bench.h"

static evtchn_port_t port;
static struct evtchn_send send;
static volatile uint64_t upcall_at;

static void op_cpuid(void)
{
	(void)cpuid(0, 0);
}

static void op_unknown_hypercall(void)
{
	(void)HC0(63);
}

static void op_xen_version(void)
{
	(void)xen_version(XENVER_version, 0);
}

static void op_send(void)
{
	(void)evtchn_op(EVTCHNOP_send, &send);
}

static void undo_send(void)
{
	clear_pending(port);
	WRITE_ONCE(vcpu_info(0)->evtchn_upcall_pending, 0);
	WRITE_ONCE(vcpu_info(0)->evtchn_pending_sel, 0);
}

static void op_yield(void)
{
	(void)sched_op(SCHEDOP_yield, 0);
}

static void op_singleshot(void)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = vcpu_info(0)->time.system_time +
								 10000000000ULL };

	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static void op_apic_read(void)
{
	(void)apic_read(APIC_TPR);
}

static void op_apic_write(void)
{
	apic_write(APIC_TPR, 0);
}

static void on_upcall(struct trap_frame *f)
{
	(void)f;
	if (!upcall_at)
		upcall_at = rdtsc();
	undo_send();
}

/* From the VMCALL to the first instructions of the handler, which read the clock. */
static void send_to_upcall(void)
{
	struct bench b;

	set_handler(UPCALL_VECTOR, on_upcall);
	bench_begin(&b, "send_to_upcall");
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start;

		upcall_at = 0;
		irq_off();
		barrier();
		irq_on();
		start = rdtsc();
		op_send();
		while (!upcall_at)
			cpu_pause();
		bench_add(&b, upcall_at - start);
	}
	irq_off();
	bench_end(&b);
}

void test_main(void)
{
	events_init();
	port = (evtchn_port_t)bind_ipi(0);
	send.port = port;
	clear_mask(port);
	irq_off();
	bench_run("cpuid", op_cpuid, NULL);
	bench_run("unknown_hypercall", op_unknown_hypercall, NULL);
	bench_run("xen_version", op_xen_version, NULL);
	bench_run("evtchn_send", op_send, undo_send);
	send_to_upcall();
	(void)vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	bench_run("set_singleshot_timer", op_singleshot, NULL);
	(void)vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
	bench_run("sched_yield", op_yield, NULL);
	apic_enable();
	bench_run("xapic_read", op_apic_read, NULL);
	bench_run("xapic_write", op_apic_write, NULL);
	apic_to_x2();
	bench_run("x2apic_read", op_apic_read, NULL);
	bench_run("x2apic_write", op_apic_write, NULL);
}
