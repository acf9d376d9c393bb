// SPDX-License-Identifier: MIT
/* 2-level event channels as a guest sees them. */
#include "tests/guest/lib/guest.h"

#define WORD_BITS (sizeof(xen_ulong_t) * 8)

struct shared_info shared_page page_aligned;
volatile unsigned long port_count[1024], upcall_count[MAX_CPUS];
static port_handler *port_handlers[1024];
static struct vcpu_info *infos[MAX_CPUS];

static void upcall(struct trap_frame *f)
{
	(void)f;
	events_scan();
}

struct vcpu_info *vcpu_info(unsigned int cpu)
{
	return infos[cpu] ? infos[cpu] : &shared_page.vcpu_info[cpu];
}

void set_vcpu_info(unsigned int cpu, struct vcpu_info *info)
{
	infos[cpu] = info;
}

void events_init(void)
{
	(void)!ok(add_to_physmap(XENMAPSPACE_shared_info, 0, (uintptr_t)&shared_page / PAGE_SIZE) ==
			  0,
		  "shared_info is mapped");
	memset(shared_page.evtchn_mask, 0xff, sizeof(shared_page.evtchn_mask));
	/* The console's channel was not masked until now. */
	shared_page.vcpu_info[0].evtchn_upcall_pending = 0;
	shared_page.vcpu_info[0].evtchn_pending_sel = 0;
	set_handler(UPCALL_VECTOR, upcall);
	(void)!ok(set_param(HVM_PARAM_CALLBACK_IRQ, 2ULL << 56 | UPCALL_VECTOR) == 0,
		  "callback type 2 is accepted");
}

static void one_event(unsigned int cpu, evtchn_port_t port)
{
	clear_pending(port);
	(void)__atomic_fetch_add(&port_count[port], 1, __ATOMIC_SEQ_CST);
	if (port_handlers[port])
		port_handlers[port](cpu, port);
}

void events_scan(void)
{
	unsigned int cpu = cpu_id();
	struct vcpu_info *v = vcpu_info(cpu);
	xen_ulong_t selector;

	upcall_count[cpu]++;
	WRITE_ONCE(v->evtchn_upcall_pending, 0);
	selector = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (unsigned int w = 0; w < WORD_BITS && selector; w++) {
		xen_ulong_t bits;

		if (!(selector >> w & 1))
			continue;
		selector &= ~((xen_ulong_t)1 << w);
		bits = READ_ONCE(shared_page.evtchn_pending[w]) &
		       ~READ_ONCE(shared_page.evtchn_mask[w]);
		for (unsigned int b = 0; b < WORD_BITS; b++)
			if (bits >> b & 1)
				one_event(cpu, (evtchn_port_t)(w * WORD_BITS + b));
	}
}

void set_port_handler(evtchn_port_t port, port_handler *handler)
{
	port_handlers[port] = handler;
}

bool port_pending(evtchn_port_t port)
{
	return READ_ONCE(shared_page.evtchn_pending[port / WORD_BITS]) >> port % WORD_BITS & 1;
}

bool port_masked(evtchn_port_t port)
{
	return READ_ONCE(shared_page.evtchn_mask[port / WORD_BITS]) >> port % WORD_BITS & 1;
}

void mask_port(evtchn_port_t port)
{
	(void)__atomic_fetch_or(&shared_page.evtchn_mask[port / WORD_BITS],
				(xen_ulong_t)1 << port % WORD_BITS, __ATOMIC_SEQ_CST);
}

void clear_mask(evtchn_port_t port)
{
	(void)__atomic_fetch_and(&shared_page.evtchn_mask[port / WORD_BITS],
				 ~((xen_ulong_t)1 << port % WORD_BITS), __ATOMIC_SEQ_CST);
}

void clear_pending(evtchn_port_t port)
{
	(void)__atomic_fetch_and(&shared_page.evtchn_pending[port / WORD_BITS],
				 ~((xen_ulong_t)1 << port % WORD_BITS), __ATOMIC_SEQ_CST);
}

long bind_virq(unsigned int virq, unsigned int cpu)
{
	struct evtchn_bind_virq b = { .virq = virq, .vcpu = cpu };
	long err = evtchn_op(EVTCHNOP_bind_virq, &b);

	return err ? err : (long)b.port;
}

long bind_ipi(unsigned int cpu)
{
	struct evtchn_bind_ipi b = { .vcpu = cpu };
	long err = evtchn_op(EVTCHNOP_bind_ipi, &b);

	return err ? err : (long)b.port;
}

long close_port(evtchn_port_t port)
{
	struct evtchn_close c = { .port = port };

	return evtchn_op(EVTCHNOP_close, &c);
}

long send_port(evtchn_port_t port)
{
	struct evtchn_send s = { .port = port };

	return evtchn_op(EVTCHNOP_send, &s);
}

long unmask_port(evtchn_port_t port)
{
	struct evtchn_unmask u = { .port = port };

	return evtchn_op(EVTCHNOP_unmask, &u);
}
