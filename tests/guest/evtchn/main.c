// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// Event channels on one vCPU: every operation with its errors, exactly-once delivery, masks,
// coalescing, all words of the selector. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static long bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
	struct evtchn_bind_vcpu b = { .port = port, .vcpu = vcpu };

	return evtchn_op(EVTCHNOP_bind_vcpu, &b);
}

static long alloc_unbound(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	long err = evtchn_op(EVTCHNOP_alloc_unbound, &a);

	return err ? err : (long)a.port;
}

static long interdomain(domid_t dom, evtchn_port_t port)
{
	struct evtchn_bind_interdomain b = { .remote_dom = dom, .remote_port = port };
	long err = evtchn_op(EVTCHNOP_bind_interdomain, &b);

	return err ? err : (long)b.local_port;
}

static struct evtchn_status status_of(evtchn_port_t port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port, .status = 99 };

	(void)evtchn_op(EVTCHNOP_status, &s);
	return s;
}

static void virqs(void)
{
	long port = bind_virq(VIRQ_TIMER, 0);

	ok(port > 0, "VIRQ_TIMER");
	ok_eq(status_of((evtchn_port_t)port).status, EVTCHNSTAT_virq, "its status");
	ok_eq(status_of((evtchn_port_t)port).u.virq, VIRQ_TIMER, "which VIRQ");
	ok_eq((uint64_t)bind_virq(VIRQ_TIMER, 0), E(EEXIST), "a second time");
	ok_eq((uint64_t)bind_virq(VIRQ_TIMER, 9), E(ENOENT), "for no vCPU");
	ok_eq((uint64_t)bind_virq(24, 0), E(EINVAL), "an unknown VIRQ");
	ok_eq((uint64_t)bind_virq(~0U, 0), E(EINVAL), "an absurd VIRQ");
	ok((long)bind_virq(VIRQ_CONSOLE, 0) < 0, "a VIRQ of dom0's");
	ok_eq((uint64_t)bind_vcpu((evtchn_port_t)port, 1), E(EINVAL),
	      "a per-vCPU VIRQ does not move");
	ok_eq((uint64_t)send_port((evtchn_port_t)port), E(EINVAL), "and is not sent to");
	ok_eq((uint64_t)close_port((evtchn_port_t)port), 0, "close");
	ok_eq(status_of((evtchn_port_t)port).status, EVTCHNSTAT_closed, "it is closed");
	port = bind_virq(VIRQ_DEBUG, 0);
	ok(port > 0, "VIRQ_DEBUG");
	(void)close_port((evtchn_port_t)port);
}

static void bad_ports(void)
{
	static const evtchn_port_t bad[] = { 0, 1000, 5000, 1U << 20, ~0U };

	for (unsigned int i = 0; i < array_size(bad); i++) {
		ok_eq((uint64_t)send_port(bad[i]), E(EINVAL), "send to %u", bad[i]);
		ok_eq((uint64_t)close_port(bad[i]), E(EINVAL), "close %u", bad[i]);
		ok_eq((uint64_t)bind_vcpu(bad[i], 0), E(EINVAL), "bind_vcpu %u", bad[i]);
	}
	ok_eq((uint64_t)unmask_port(1U << 20), E(EINVAL), "unmask a port beyond all");
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_send, HOLE), E(EFAULT), "send from a bad pointer");
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_bind_ipi, HOLE), E(EFAULT), "bind from a bad pointer");
	ok_eq((uint64_t)evtchn_op(99, &bad), E(ENOSYS), "an unknown operation");
	ok_eq((uint64_t)bind_ipi(9), E(ENOENT), "an IPI for no vCPU");
}

static void delivery(void)
{
	evtchn_port_t port = (evtchn_port_t)bind_ipi(0);
	unsigned long before, upcalls;

	ok((int)port > 0, "an IPI channel");
	ok_eq(status_of(port).status, EVTCHNSTAT_ipi, "its status");
	ok_eq((uint64_t)bind_vcpu(port, 1), E(EINVAL), "it does not move");
	before = port_count[port];
	upcalls = upcall_count[0];
	ok_eq((uint64_t)send_port(port), 0, "a send while masked");
	ok(port_pending(port), "it is pending");
	ok(!vcpu_info(0)->evtchn_upcall_pending, "without an upcall");
	irq_window();
	ok_eq(upcall_count[0] - upcalls, 0, "no upcall comes");
	ok_eq((uint64_t)unmask_port(port), 0, "unmask");
	ok(vcpu_info(0)->evtchn_upcall_pending == 1, "announces it");
	irq_window();
	ok_eq(port_count[port] - before, 1, "it is handled once");

	for (unsigned int i = 0; i < 5; i++)
		(void)send_port(port);
	irq_window();
	ok_eq(port_count[port] - before, 2, "five sends with interrupts off are one event");
	irq_on();
	for (unsigned int i = 0; i < 1000; i++)
		(void)send_port(port);
	irq_off();
	ok_eq(port_count[port] - before, 1002, "1000 sends with interrupts on are 1000");

	/* The guest's own unmask does nothing by itself. */
	mask_port(port);
	(void)send_port(port);
	clear_mask(port);
	irq_window();
	ok_eq(port_count[port] - before, 1002, "clearing the mask alone delivers nothing");
	mask_port(port);
	ok_eq((uint64_t)unmask_port(port), 0, "the operation");
	irq_window();
	ok_eq(port_count[port] - before, 1003, "delivers");
	ok_eq((uint64_t)close_port(port), 0, "close");
	ok_eq((uint64_t)send_port(port), E(EINVAL), "a closed port is not sent to");
}

static void loopback(void)
{
	long a = alloc_unbound(DOMID_SELF, DOMID_SELF), b;
	unsigned long before;

	ok(a > 0, "an unbound port");
	ok_eq(status_of((evtchn_port_t)a).status, EVTCHNSTAT_unbound, "its status");
	ok_eq((uint64_t)send_port((evtchn_port_t)a), 0, "a send to it goes nowhere");
	b = interdomain(DOMID_SELF, (evtchn_port_t)a);
	ok(b > 0 && b != a, "bound to ourselves");
	ok_eq(status_of((evtchn_port_t)a).status, EVTCHNSTAT_interdomain, "its status");
	ok_eq(status_of((evtchn_port_t)b).u.interdomain.port, (uint64_t)a, "and its peer");
	ok(port_pending((evtchn_port_t)b), "a bound port starts pending");
	clear_pending((evtchn_port_t)b);
	(void)unmask_port((evtchn_port_t)b);
	before = port_count[b];
	ok_eq((uint64_t)send_port((evtchn_port_t)a), 0, "a send to one");
	irq_window();
	ok_eq(port_count[b] - before, 1, "arrives at the other");
	ok(!port_pending((evtchn_port_t)a), "and only there");
	ok_eq((uint64_t)interdomain(DOMID_SELF, (evtchn_port_t)a), E(EINVAL),
	      "a bound port is not bound again");
	ok_eq((uint64_t)bind_vcpu((evtchn_port_t)b, 0), 0, "it may be bound to a vCPU");
	ok_eq((uint64_t)bind_vcpu((evtchn_port_t)b, 9), E(ENOENT), "but not to none");
	ok_eq((uint64_t)close_port((evtchn_port_t)b), 0, "the one side closes");
	ok_eq(status_of((evtchn_port_t)a).status, EVTCHNSTAT_unbound, "the other is unbound");
	ok_eq((uint64_t)close_port((evtchn_port_t)a), 0, "and closes");
	ok((long)alloc_unbound(0x7000, DOMID_SELF) < 0, "not in another domain");
	ok_eq((uint64_t)interdomain(0x7000, 1), E(ESRCH), "not with a domain that does not exist");
}

/* Enough ports for several words of the bitmap, each event exactly once. */
static void many(void)
{
	enum { COUNT = 300 };
	static evtchn_port_t ports[COUNT];
	unsigned long wrong = 0;

	for (unsigned int i = 0; i < COUNT; i++) {
		ports[i] = (evtchn_port_t)bind_ipi(0);
		if ((int)ports[i] <= 0) {
			ok(false, "port %u of %u", i, COUNT);
			return;
		}
		port_count[ports[i]] = 0;
		(void)unmask_port(ports[i]);
	}
	ok(ports[COUNT - 1] >= COUNT, "%u ports", COUNT);
	for (unsigned int i = 0; i < COUNT; i += 7)
		(void)send_port(ports[i]);
	irq_window();
	for (unsigned int i = 0; i < COUNT; i++)
		wrong += port_count[ports[i]] != (i % 7 == 0);
	ok_eq(wrong, 0, "every seventh has its event, the others none");
	for (unsigned int i = 0; i < COUNT; i++)
		wrong += close_port(ports[i]) != 0;
	ok_eq(wrong, 0, "all closed");
}

static void exhaustion(void)
{
	unsigned int count = 0;
	long port;

	while ((port = alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0 && count < 5000)
		count++;
	ok_eq((uint64_t)port, E(ENOSPC), "ports run out after %u", count);
	ok(count >= 512 && count < (GUEST_BITS == 64 ? 4096 : 1024), "which is right");
}

void test_main(void)
{
	events_init();
	virqs();
	bad_ports();
	delivery();
	loopback();
	many();
	exhaustion();
}
