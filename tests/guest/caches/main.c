// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Areas that the hypervisor writes, each across the end of a page: while one of the two pages is away
// neither half is written, and when it is back the whole is. Then the vcpu_info's page goes for good,
// with an event on its way. With "stay" as command line the guest lives on like that, for a look at it
// from the monitor. On every machine: all ok.
#include "tests/guest/lib/guest.h"

/* The records begin 20 bytes before the second page. */
#define SPLIT 20

static uint8_t runstate[2 * PAGE_SIZE] page_aligned, times[2 * PAGE_SIZE] page_aligned;
static uint8_t info[PAGE_SIZE] page_aligned;
static uint8_t copy[2 * PAGE_SIZE];
static volatile unsigned long handled;

static void on_event(unsigned int cpu, evtchn_port_t p)
{
	(void)cpu;
	(void)p;
	handled++;
}

static bool away(const void *page)
{
	return add_to_physmap(XENMAPSPACE_gmfn, GFN(page), HOLE / PAGE_SIZE) == 0;
}

static bool back(const void *page)
{
	return add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(page)) == 0;
}

/* Blocked, and running again: both records are due. */
static void be_scheduled(void)
{
	struct sched_poll nothing = { .nr_ports = 0, .timeout = 1 };

	for (unsigned int i = 0; i < 3; i++)
		(void)sched_op(SCHEDOP_poll, &nothing);
}

static uint64_t entry_time(void)
{
	struct vcpu_runstate_info r;

	memcpy(&r, runstate + PAGE_SIZE - SPLIT, sizeof(r));
	return r.state_entry_time;
}

static void without(uint8_t *area, unsigned int half, const char *what)
{
	uint8_t *gone = area + half * PAGE_SIZE, *other = area + !half * PAGE_SIZE;
	uint8_t *kept = copy + PAGE_SIZE;

	if (!ok(away(gone), "%s: half %u goes", what, half))
		return;
	memcpy(copy, other, PAGE_SIZE);
	memcpy(kept, (void *)HOLE, PAGE_SIZE);
	be_scheduled();
	ok(memcmp(copy, other, PAGE_SIZE) == 0, "the other half is not written");
	ok(memcmp(kept, (void *)HOLE, PAGE_SIZE) == 0, "nor is the one that went");
	ok(back(gone), "it comes back");
	be_scheduled();
	ok(memcmp(copy, other, PAGE_SIZE) != 0 || memcmp(kept, gone, PAGE_SIZE) != 0,
	   "and the record is written");
}

static void register_areas(void)
{
	struct vcpu_register_vcpu_info i = { .mfn = GFN(info), .offset = 0 };
	struct vcpu_register_runstate_memory_area r;
	struct vcpu_register_time_memory_area t;

	r.addr.v = (void *)(runstate + PAGE_SIZE - SPLIT);
	t.addr.v = (void *)(times + PAGE_SIZE - SPLIT);
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_runstate_memory_area, 0, &r), 0, "runstate");
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &t), 0, "time");
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_info, 0, &i), 0, "vcpu_info");
	set_vcpu_info(0, (void *)info);
	irq_window();
}

static void park(void)
{
	evtchn_port_t port = (evtchn_port_t)bind_ipi(0);

	set_port_handler(port, on_event);
	clear_mask(port);
	ok(away(info), "the vcpu_info's page goes");
	ok_eq((uint64_t)send_port(port), 0, "an event is sent");
	be_scheduled();
	ok_eq(handled, 0, "it waits");
}

void test_main(void)
{
	uint64_t before;

	events_init();
	register_areas();
	before = entry_time();
	be_scheduled();
	ok(entry_time() > before, "the record across two pages goes on");
	for (unsigned int half = 0; half < 2; half++) {
		without(runstate, half, "runstate");
		without(times, half, "time");
	}
	park();
	while (!strcmp(command_line(), "stay"))
		(void)sched_op(SCHEDOP_block, 0);
}
