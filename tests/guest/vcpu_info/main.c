// SPDX-License-Identifier: MIT
// variants: 64 32
//
// VCPUOP_register_vcpu_info: which places are refused, what comes along, and that everything goes
// to the new place afterwards. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static uint8_t page[PAGE_SIZE] page_aligned;

static long place(unsigned int vcpu, unsigned long gfn, unsigned int offset)
{
	struct vcpu_register_vcpu_info i = { .mfn = gfn, .offset = offset };

	return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &i);
}

static void refused(void)
{
	ok((long)place(0, GFN(page), PAGE_SIZE - 32) < 0, "across the page's end");
	ok((long)place(0, GFN(page), PAGE_SIZE) < 0, "behind the page's end");
	ok((long)place(0, GFN(page), 0xffffffc0) < 0, "far behind it");
	ok((long)place(0, HOLE / PAGE_SIZE, 0) < 0, "where nothing is");
	ok((long)place(0, ~0UL, 0) < 0, "at no gfn");
	ok_eq((uint64_t)place(99, GFN(page), 0), E(ENOENT), "for a vCPU that does not exist");
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_vcpu_info, 0, HOLE), E(EFAULT), "a bad pointer");
}

void test_main(void)
{
	struct vcpu_info *info = (void *)(page + 128), *old;
	evtchn_port_t port;
	unsigned long before;

	events_init();
	refused();
	old = vcpu_info(0);
	port = (evtchn_port_t)bind_ipi(0);
	ok((int)port > 0, "an event channel");

	/* Pending in the old place when the new one is registered. */
	(void)unmask_port(port);
	ok_eq((uint64_t)send_port(port), 0, "an event is sent");
	ok(old->evtchn_upcall_pending, "it is pending in the old place");
	old->arch.cr2 = 0x1234;
	ok_eq((uint64_t)place(0, GFN(page), 128), 0, "registered");
	ok_eq(info->arch.cr2, 0x1234, "the old content was copied");
	ok(info->evtchn_upcall_pending == 1, "an upcall is pending");
	ok(info->evtchn_pending_sel == (xen_ulong_t)-1, "all selector bits are set");
	ok(info->time.tsc_to_system_mul != 0 && info->time.version % 2 == 0, "the time is valid");
	ok_eq((uint64_t)place(0, GFN(page), 256), E(EBUSY), "only once");
	set_vcpu_info(0, info);
	before = port_count[port];
	irq_window();
	ok_eq(port_count[port] - before, 1, "the event is handled once");

	old->evtchn_upcall_pending = 0;
	old->evtchn_pending_sel = 0;
	ok_eq((uint64_t)send_port(port), 0, "another event");
	ok(info->evtchn_upcall_pending && !old->evtchn_upcall_pending, "goes to the new place");
	irq_window();
	ok_eq(port_count[port] - before, 2, "and is handled once");
	/* shared_info may go away: nothing of it is needed for the selector. */
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, HOLE / PAGE_SIZE), 0,
	      "shared_info moves away");
	ok_eq((uint64_t)send_port(port), 0, "an event meanwhile");
	ok(info->evtchn_upcall_pending, "is announced in the registered place");
	ok_eq((uint64_t)add_to_physmap(XENMAPSPACE_shared_info, 0, GFN(&shared_page)), 0,
	      "shared_info comes back");
	irq_window();
	ok_eq(port_count[port] - before, 3, "and it is handled once");
}
