// SPDX-License-Identifier: MIT
// variants: 64
// timeout: 120
// solo
//
// What the common operations cost on one core, in TSC ticks. Prints no verdicts: the limits stand
// in tests/rig/bench.py.
#include "tests/guest/lib/guest.h"

uint64_t send_to_upcall(const struct evtchn_send *send);
extern char bench_upcall[];

#define MEASURE(name, op)                                                                          \
	do {                                                                                       \
		bench_begin();                                                                     \
		for (unsigned int round = 0; round < BENCH_ROUNDS; round++) {                      \
			uint64_t start = rdtsc();                                                  \
                                                                                                   \
			(void)(op);                                                                \
			bench_add(rdtsc() - start);                                                \
		}                                                                                  \
		bench_end(name);                                                                   \
	} while (0)

/* Forget an event that nobody handled. */
static void forget(evtchn_port_t port)
{
	clear_pending(port);
	shared_page.vcpu_info[0].evtchn_pending_sel = 0;
	shared_page.vcpu_info[0].evtchn_upcall_pending = 0;
}

static void plain_exits(void)
{
	MEASURE("nothing", 0);
	MEASURE("cpuid", cpuid(0, 0));
	MEASURE("unknown_hypercall", HC0(60));
	MEASURE("xen_version", xen_version(XENVER_version, 0));
	MEASURE("rdmsr", rdmsr(0x8b));
	MEASURE("sched_yield", sched_op(SCHEDOP_yield, 0));
}

static void events(void)
{
	struct evtchn_send send;
	unsigned int wrong = 0;

	send.port = (evtchn_port_t)bind_ipi(0);
	clear_mask(send.port);
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t start = rdtsc();

		(void)evtchn_op(EVTCHNOP_send, &send);
		bench_add(rdtsc() - start);
		forget(send.port);
	}
	bench_end("evtchn_send");
	set_raw_handler(UPCALL_VECTOR, bench_upcall);
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t ticks = send_to_upcall(&send);

		wrong += ticks > 1ULL << 40;
		bench_add(ticks);
		forget(send.port);
	}
	bench_end("send_to_upcall");
	if (wrong)
		note("%u upcalls did not come", wrong);
}

static void timers(void)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns =
						       system_time() + 3600000 * NS_PER_MS };

	MEASURE("singleshot_timer", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
	(void)vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0);
}

static void moves(void)
{
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t start = rdtsc();

		(void)add_to_physmap(XENMAPSPACE_shared_info, 0,
				     i % 2 ? GFN(&shared_page) : HOLE / PAGE_SIZE);
		bench_add(rdtsc() - start);
	}
	bench_end("shared_info_move");
}

static void registers(void)
{
	volatile uint32_t *tpr = (void *)(0xfee00000UL + APIC_TPR);
	volatile uint32_t *eoi = (void *)(0xfee00000UL + APIC_EOI);

	apic_enable();
	MEASURE("xapic_read", *tpr);
	MEASURE("xapic_write", *tpr = 0);
	MEASURE("xapic_eoi", *eoi = 0);
	apic_to_x2();
	MEASURE("x2apic_read", rdmsr(MSR_X2APIC + APIC_TPR / 16));
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t start = rdtsc();

		wrmsr(MSR_X2APIC + APIC_TPR / 16, 0);
		bench_add(rdtsc() - start);
	}
	bench_end("x2apic_write");
}

void test_main(void)
{
	note("first instruction at TSC %llu",
	     (unsigned long long)entry_state.tsc_high << 32 | entry_state.tsc_low);
	events_init();
	plain_exits();
	events();
	timers();
	moves();
	registers();
}
