// SPDX-License-Identifier: MIT
// variants: 64 32
//
// How upcalls come: callback type 2 is a level without EOI, whatever the local APIC does; the
// vector of HVMOP_set_evtchn_upcall_vector is an interrupt of the local APIC with EOI, raised once
// when it is registered. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define APIC_VECTOR 0xa3

static volatile unsigned int calls, leave;
static volatile bool in_service, with_eoi = true;

static bool apic_bit(unsigned int base, unsigned int vector)
{
	return apic_read(base + vector / 32 * 16) >> vector % 32 & 1;
}

/* Leaves upcall_pending set for the first `leave` calls. */
static void by_level(struct trap_frame *f)
{
	(void)f;
	calls++;
	in_service |= apic_bit(APIC_ISR, UPCALL_VECTOR);
	if (leave) {
		leave--;
		return;
	}
	events_scan();
}

static void by_apic(struct trap_frame *f)
{
	(void)f;
	calls++;
	in_service |= apic_bit(APIC_ISR, APIC_VECTOR);
	events_scan();
	if (with_eoi)
		apic_eoi();
}

static void level(evtchn_port_t port)
{
	set_handler(UPCALL_VECTOR, by_level);
	apic_write(APIC_TPR, 0xf0);
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 1, "type 2 ignores the task priority");
	ok(!in_service, "and is in no APIC's service");
	calls = 0;
	leave = 3;
	(void)send_port(port);
	for (unsigned int i = 0; i < 10; i++)
		irq_window();
	ok_eq(calls, 4, "it comes again until upcall_pending is cleared");
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, 0xff);
	calls = 0;
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 1, "it comes with the APIC off");
	apic_enable();
	/* Pending with interrupts off, then HLT: no sleep. */
	(void)send_port(port);
	sti_hlt_cli();
	ok_eq(calls, 2, "it ends a HLT");
}

static void vector(evtchn_port_t port)
{
	struct xen_hvm_evtchn_upcall_vector u = { .vcpu = 0, .vector = APIC_VECTOR };

	set_handler(APIC_VECTOR, by_apic);
	calls = 0;
	in_service = false;
	ok_eq((uint64_t)hvm_op(HVMOP_set_evtchn_upcall_vector, &u), 0, "an upcall vector");
	/* As Linux does after it: a dummy that switches type 2 off. */
	ok_eq((uint64_t)set_param(HVM_PARAM_CALLBACK_IRQ, 1), 0, "callback by GSI 1");
	irq_window();
	ok_eq(calls, 1, "registering raises it once");
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 2, "an event raises it");
	ok(in_service, "it was in service");
	with_eoi = false;
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 3, "another event");
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 3, "without EOI no further one comes");
	ok(apic_bit(APIC_IRR, APIC_VECTOR), "it waits in the APIC");
	with_eoi = true;
	apic_eoi();
	irq_window();
	ok_eq(calls, 4, "and comes after EOI");
	apic_write(APIC_TPR, 0xf0);
	(void)send_port(port);
	irq_window();
	ok_eq(calls, 4, "the task priority holds it off");
	apic_write(APIC_TPR, 0);
	irq_window();
	ok_eq(calls, 5, "as long as it is high");
	irq_window();
	ok_eq(calls, 5, "one event is one interrupt");
}

void test_main(void)
{
	evtchn_port_t port;

	events_init();
	apic_enable();
	port = (evtchn_port_t)bind_ipi(0);
	ok((int)port > 0, "an event channel");
	clear_mask(port);
	level(port);
	vector(port);
}
