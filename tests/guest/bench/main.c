// SPDX-License-Identifier: MIT
// variants: 64
// timeout: 120
// solo
//
// What the common operations cost on one core, in TSC ticks. Prints no verdicts: the limits stand
// in tests/rig/bench.py.
#include "tests/guest/lib/guest.h"

#define BALLOON        512
#define BALLOON_ROUNDS 20

/* xenabi/ops.h */
#define HYPERCALL_DEBUG        __HYPERVISOR_arch_7
#define HYPERCALL_DEBUG_ACCESS 2

static uint8_t pages[BALLOON][PAGE_SIZE] page_aligned;
static uint8_t cached[PAGE_SIZE] page_aligned, plain[PAGE_SIZE] page_aligned;
static xen_pfn_t gfns[BALLOON];

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

/* XENMEM_add_to_physmap of a page from one gfn to another and back; the way back is measured. */
static void page_moves(const char *name, const void *page)
{
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++) {
		uint64_t start;

		bench_pause();
		(void)add_to_physmap(XENMAPSPACE_gmfn, GFN(page), HOLE / PAGE_SIZE);
		bench_resume();
		start = rdtsc();
		(void)add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(page));
		bench_add(rdtsc() - start);
	}
	bench_end(name);
}

/* The look through a valid cache: on a counting build alone. */
static void looks(void)
{
	long ticks = HC2(HYPERCALL_DEBUG, HYPERCALL_DEBUG_ACCESS, 0);

	if (ticks < 0)
		return;
	bench_begin();
	for (unsigned int i = 0; i < BENCH_ROUNDS; i++)
		bench_add((uint64_t)HC2(HYPERCALL_DEBUG, HYPERCALL_DEBUG_ACCESS, 0));
	bench_end("valid_access_100_times");
}

/* The page behind the vcpu_info is missed, and looked up again as soon as it is back. */
static void cached_page(void)
{
	struct vcpu_register_vcpu_info info = { .mfn = GFN(cached) };

	page_moves("page_back", plain);
	(void)vcpu_op(VCPUOP_register_vcpu_info, 0, &info);
	set_vcpu_info(0, (void *)cached);
	looks();
	page_moves("page_back_and_refresh", cached);
}

static long reservation(unsigned int op)
{
	struct xen_memory_reservation r = { .nr_extents = BALLOON, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, gfns);
	return memory_op(op, &r);
}

static void balloon(void)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < BALLOON; i++)
		gfns[i] = GFN(pages[i]);
	bench_begin();
	for (unsigned int i = 0; i < BALLOON_ROUNDS; i++) {
		uint64_t start = rdtsc();

		failed += reservation(XENMEM_decrease_reservation) != BALLOON;
		bench_add(rdtsc() - start);
		bench_pause();
		failed += reservation(XENMEM_populate_physmap) != BALLOON;
		bench_resume();
	}
	bench_end("balloon_512");
	if (failed)
		note("%u failed", failed);
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
	balloon();
	registers();
	cached_page();
}
