// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
// cores: 2
// timeout: 120
//
// A guest takes away the pages that the hypervisor writes to, and gives them back: the frame that
// was taken is never written again, and no event is lost or doubled. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define ROUNDS 400

/* vcpu_info, runstate and time share the page. */
static uint8_t page[PAGE_SIZE] page_aligned, copy[PAGE_SIZE] page_aligned;
static evtchn_port_t port;
static volatile unsigned long sent, handled;
static volatile bool quit;

static void on_event(unsigned int cpu, evtchn_port_t p)
{
	(void)cpu;
	(void)p;
	handled++;
}

/* Give the page's frame another gfn, and back. */
static long away(void)
{
	return add_to_physmap(XENMAPSPACE_gmfn, GFN(page), HOLE / PAGE_SIZE);
}

static long back(void)
{
	return add_to_physmap(XENMAPSPACE_gmfn, HOLE / PAGE_SIZE, GFN(page));
}

static void register_all(void)
{
	struct vcpu_register_vcpu_info info = { .mfn = GFN(page), .offset = 0 };
	struct vcpu_register_runstate_memory_area runstate;
	struct vcpu_register_time_memory_area time;

	runstate.addr.v = (void *)(page + 1024);
	time.addr.v = (void *)(page + 2048);
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_info, 0, &info), 0, "vcpu_info");
	set_vcpu_info(0, (void *)page);
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_runstate_memory_area, 0, &runstate), 0, "runstate");
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time), 0, "time");
	irq_window();
}

static void one_by_one(void)
{
	struct sched_poll nothing = { .nr_ports = 0 };
	unsigned int wrong = 0, lost = 0;

	for (unsigned int i = 0; i < 20; i++) {
		unsigned long wanted = handled + 1;

		if (away() != 0)
			break;
		memcpy(copy, (void *)HOLE, PAGE_SIZE);
		(void)send_port(port);
		(void)sched_op(SCHEDOP_yield, 0);
		/* A poll for nothing ends at its timeout: blocked, and running again. */
		nothing.timeout = 1;
		(void)sched_op(SCHEDOP_poll, &nothing);
		wrong += memcmp(copy, (void *)HOLE, PAGE_SIZE) != 0;
		if (back() != 0)
			break;
		for (unsigned int n = 0; n < 3; n++)
			irq_window();
		lost += handled != wanted;
		handled = wanted;
	}
	ok_eq(wrong, 0, "a frame that was taken away is not written");
	ok_eq(lost, 0, "the events come when it is back, once each");
}

static void sender(void)
{
	while (!quit) {
		unsigned long wanted = handled + 1;

		sent++;
		(void)send_port(port);
		/* The next one when this one was handled: each must be seen. */
		while (handled < wanted && !quit)
			cpu_pause();
		/* Let the receiver out of its handler. */
		for (unsigned int i = 0; i < 200; i++)
			cpu_pause();
	}
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void under_fire(void)
{
	uint64_t end;

	handled = sent = 0;
	if (!ok(start_cpu(1, sender), "vCPU 1 sends"))
		return;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (away() != 0 || back() != 0) {
			ok(false, "round %u", i);
			break;
		}
		irq_window();
		irq_window();
	}
	end = system_time() + 2000 * NS_PER_MS;
	while (handled < sent && system_time() < end)
		irq_window();
	ok(handled > 0, "%lu events in %u rounds", handled, ROUNDS);
	/* At rest every event sent has been handled; one more may be on its way. */
	irq_on();
	wait_ns(5 * NS_PER_MS);
	quit = true;
	wait_ns(5 * NS_PER_MS);
	irq_off();
	ok(handled == sent, "sent %lu, handled %lu", sent, handled);
}

/* The same with shared_info itself. */
static void without_shared_info(void)
{
	unsigned long before = handled;

	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, HOLE / PAGE_SIZE + 5), 0,
	      "shared_info goes away");
	(void)send_port(port);
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, GFN(&shared_page)), 0,
	      "and comes back");
	for (unsigned int n = 0; n < 3; n++)
		irq_window();
	ok_eq(handled - before, 1, "the event sent meanwhile comes, once");
}

void test_main(void)
{
	events_init();
	port = (evtchn_port_t)bind_ipi(0);
	set_port_handler(port, on_event);
	clear_mask(port);
	register_all();
	one_by_one();
	under_fire();
	without_shared_info();
}
