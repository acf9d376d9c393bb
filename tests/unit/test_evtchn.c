// SPDX-License-Identifier: MIT
// sources: xenabi/evtchn.c xenabi/evtchn_2l.c xenabi/evtchn_bind.c xenabi/evtchn_op.c
// sources: tests/unit/fakes/xen_guest.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
// sources: xenabi/hypercall.c xenabi/upcall.c xenabi/poll.c xenabi/vcpu.c xenabi/vcpu_op.c
// sources: xenabi/vcpu_timer.c xenabi/sched_op.c xenabi/small_ops.c xenabi/hvm_op.c
// sources: xenabi/version.c xenabi/multicall.c xenabi/memory_op.c xenabi/physmap_op.c
// sources: xenabi/balloon.c xenabi/grant_table.c xenabi/debug_op.c xenabi/domain.c
// sources: xenabi/watchdog.c xenabi/shared_info.c xenabi/time.c xenabi/runstate.c
// sources: xenabi/guest_area.c mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c
// sources: mm/round.c mm/gpc.c mm/section_drain.c mm/gwalk.c mm/physmap_move.c
// sources: arch/x86/cpu/count.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/lib/bits.h"
#include "mm/own.h"
#include "mm/physmap_move.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/xen_guest.h"
#include "xenabi/poll.h"
#include "xenabi/evtchn_2l.h"
#include "xenabi/evtchn_domain.h"
#include "xenabi/xen.h"

#define ARG    0x3000 /* where arguments lie in the guest */
#define EVTCHN __HYPERVISOR_event_channel_op

static struct vcpu *v0, *v1, *other;

static int setup(void **state)
{
	guests_create();
	v0 = &guest[0].vcpu[0].v;
	v1 = &guest[0].vcpu[1].v;
	other = &guest[1].vcpu[0].v;
	return 0;
}

static int teardown(void **state)
{
	guests_destroy();
	return 0;
}

static int64_t op(struct vcpu *v, uint32_t cmd, void *arg, size_t len)
{
	int64_t rc;

	guest_put(v->domain, ARG, arg, len);
	rc = guest_call2(v, EVTCHN, cmd, ARG);
	guest_get(v->domain, ARG, arg, len);
	return rc;
}

static int64_t bind_ipi(struct vcpu *v, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_bind_ipi b = { .vcpu = vcpu };
	int64_t rc = op(v, EVTCHNOP_bind_ipi, &b, sizeof(b));

	*port = b.port;
	return rc;
}

static int64_t bind_virq(struct vcpu *v, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_bind_virq b = { .virq = virq, .vcpu = vcpu };
	int64_t rc = op(v, EVTCHNOP_bind_virq, &b, sizeof(b));

	*port = b.port;
	return rc;
}

static int64_t port_op(struct vcpu *v, uint32_t cmd, uint32_t port)
{
	return op(v, cmd, &port, sizeof(port));
}

static struct evtchn_status status(struct vcpu *v, uint32_t port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };

	assert_int_equal(op(v, EVTCHNOP_status, &s, sizeof(s)), 0);
	return s;
}

static bool pending(struct vcpu *v, uint32_t port)
{
	return v->domain->xen->shared[SHARED_PENDING + port / 8] & (1 << port % 8);
}

static uint8_t *info(struct vcpu *v)
{
	return v->domain->xen->shared + v->id * VCPU_INFO_SIZE;
}

static void an_ipi_port_is_bound_raised_and_closed(void **state)
{
	struct evtchn_status s;
	uint32_t port, none;

	assert_int_equal(bind_ipi(v0, 4, &none), -XEN_ENOENT);
	assert_int_equal(bind_ipi(v0, 1, &port), 0);
	assert_int_not_equal(port, 0);
	s = status(v0, port);
	assert_int_equal(s.status, EVTCHNSTAT_ipi);
	assert_int_equal(s.vcpu, 1);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_true(pending(v0, port));
	assert_int_equal(fake(v1)->kicks, 1);
	assert_int_equal(v1->attn.event, 1);
	assert_int_equal(fake(v0)->kicks, 0);
	assert_int_equal(info(v1)[VCPU_INFO_UPCALL_PENDING], 1);
	/* Again: merged, nobody is told. */
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_int_equal(fake(v1)->kicks, 1);
	/* An IPI's vCPU never changes. */
	assert_int_equal(op(v0, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ port, 0 }, 8),
			 -XEN_EINVAL);
	assert_int_equal(port_op(v0, EVTCHNOP_close, port), 0);
	assert_false(pending(v0, port));
	assert_int_equal(port_op(v0, EVTCHNOP_close, port), -XEN_EINVAL);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), -XEN_EINVAL);
	assert_int_equal(status(v0, port).status, EVTCHNSTAT_closed);
}

static void the_exact_bits_of_both_layouts(void **state)
{
	struct xen_domain *xd = guest[0].d.xen;
	uint32_t port = 0;
	uint64_t sel64;
	uint32_t sel32;

	/* Ports go up one by one: take some that lie in the third word of either layout. */
	while (port < 130)
		assert_int_equal(bind_ipi(v0, 2, &port), 0);
	assert_int_equal(port_op(v0, EVTCHNOP_send, 130), 0);
	assert_int_equal(xd->shared[0x800 + 130 / 8], 1 << 130 % 8);
	memcpy(&sel64, info(&guest[0].vcpu[2].v) + 8, sizeof(sel64));
	assert_int_equal(sel64, 1 << 130 / 64);
	assert_int_equal(info(&guest[0].vcpu[2].v)[0], 1);

	xd->narrow = true;
	memset(xd->shared, 0, PAGE_SIZE);
	assert_int_equal(port_op(v0, EVTCHNOP_send, 130), 0);
	assert_int_equal(xd->shared[0x800 + 130 / 8], 1 << 130 % 8);
	memcpy(&sel32, info(&guest[0].vcpu[2].v) + 4, sizeof(sel32));
	assert_int_equal(sel32, 1 << 130 / 32);
	/* Nothing else was touched. */
	for (unsigned int i = 0; i < PAGE_SIZE; i++) {
		bool ours =
			i == 0x800 + 130 / 8 || i == 2 * 64 || (i >= 2 * 64 + 4 && i < 2 * 64 + 8);

		if (!ours)
			assert_int_equal(xd->shared[i], 0);
	}
}

static void a_masked_port_waits_for_unmask(void **state)
{
	struct xen_domain *xd = guest[0].d.xen;
	uint32_t port;

	assert_int_equal(bind_ipi(v0, 1, &port), 0);
	for (int narrow = 0; narrow < 2; narrow++) {
		uint32_t mask = narrow ? SHARED_MASK_32 : SHARED_MASK_64;

		xd->narrow = narrow;
		memset(xd->shared, 0, PAGE_SIZE);
		fake(v1)->kicks = 0;
		xd->shared[mask] = (uint8_t)(1 << port);
		assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
		assert_true(pending(v0, port));
		assert_int_equal(info(v1)[VCPU_INFO_UPCALL_PENDING], 0);
		assert_int_equal(fake(v1)->kicks, 0);
		assert_int_equal(port_op(v0, EVTCHNOP_unmask, port), 0);
		assert_int_equal(xd->shared[mask], 0);
		assert_int_equal(info(v1)[VCPU_INFO_UPCALL_PENDING], 1);
		assert_int_equal(fake(v1)->kicks, 1);
		/* Unmasked already: nothing more. */
		assert_int_equal(port_op(v0, EVTCHNOP_unmask, port), 0);
		assert_int_equal(fake(v1)->kicks, 1);
	}
	assert_int_equal(port_op(v0, EVTCHNOP_unmask, 5000), -XEN_EINVAL);
	assert_int_equal(port_op(v0, EVTCHNOP_unmask, 0), -XEN_EINVAL);
}

static void virqs_are_bound_once_a_vcpu(void **state)
{
	uint32_t port, again;

	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 1, &port), 0);
	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 1, &again), -XEN_EEXIST);
	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 4, &again), -XEN_ENOENT);
	assert_int_equal(bind_virq(v0, NR_VIRQS, 0, &again), -XEN_EINVAL);
	assert_int_equal(bind_virq(v0, VIRQ_CONSOLE, 1, &again), -XEN_EINVAL);
	assert_int_equal(bind_virq(v0, VIRQ_CONSOLE, 0, &again), -XEN_EBUSY);
	assert_int_equal(op(v0, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ port, 0 }, 8),
			 -XEN_EINVAL);
	assert_int_equal(status(v0, port).status, EVTCHNSTAT_virq);
	assert_int_equal(status(v0, port).u.virq, VIRQ_TIMER);
	assert_int_equal(evtchn_raise_virq(v1, VIRQ_TIMER), EVTCHN_RAISED);
	assert_int_equal(evtchn_raise_virq(v1, VIRQ_TIMER), EVTCHN_COALESCED);
	assert_int_equal(evtchn_raise_virq(v0, VIRQ_TIMER), EVTCHN_DROPPED);
	/* The guest may not send on it. */
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), -XEN_EINVAL);
	assert_int_equal(port_op(v0, EVTCHNOP_close, port), 0);
	assert_int_equal(evtchn_raise_virq(v1, VIRQ_TIMER), EVTCHN_DROPPED);
	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 1, &again), 0);
}

static int64_t alloc_unbound(struct vcpu *v, uint16_t dom, uint16_t remote, uint32_t *port)
{
	struct evtchn_alloc_unbound a = { .dom = dom, .remote_dom = remote };
	int64_t rc = op(v, EVTCHNOP_alloc_unbound, &a, sizeof(a));

	*port = a.port;
	return rc;
}

static int64_t bind_interdomain(struct vcpu *v, uint16_t remote, uint32_t port, uint32_t *local)
{
	struct evtchn_bind_interdomain b = { .remote_dom = remote, .remote_port = port };
	int64_t rc = op(v, EVTCHNOP_bind_interdomain, &b, sizeof(b));

	*local = b.local_port;
	return rc;
}

static void two_domains_talk(void **state)
{
	uint32_t here, there, none;
	struct evtchn_status s;

	assert_int_equal(alloc_unbound(v0, 2, 2, &none), -XEN_EPERM);
	assert_int_equal(alloc_unbound(v0, 77, 2, &none), -XEN_ESRCH);
	assert_int_equal(alloc_unbound(v0, DOMID_SELF, 2, &here), 0);
	s = status(v0, here);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 2);
	/* Nobody is there yet: dropped without an error. */
	assert_int_equal(port_op(v0, EVTCHNOP_send, here), 0);
	/* Only domain 2 may bind it, and only this port. */
	assert_int_equal(bind_interdomain(&guest[2].vcpu[0].v, 1, here, &none), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(other, 1, here + 1, &none), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(other, 9, here, &none), -XEN_ESRCH);
	/* Different numbers on both sides. */
	assert_int_equal(bind_ipi(other, 0, &none), 0);
	assert_int_equal(bind_interdomain(other, 1, here, &there), 0);
	assert_int_not_equal(here, there);
	/* What may have been sent before is announced. */
	assert_true(pending(other, there));
	assert_int_equal(bind_interdomain(other, 1, here, &none), -XEN_EINVAL);
	s = status(v0, here);
	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, 2);
	assert_int_equal(s.u.interdomain.port, there);

	guest[1].d.xen->shared[SHARED_PENDING] = 0;
	assert_int_equal(port_op(v0, EVTCHNOP_send, here), 0);
	assert_true(pending(other, there));
	assert_int_equal(port_op(other, EVTCHNOP_send, there), 0);
	assert_true(pending(v0, here));
	assert_int_equal(fake(v0)->kicks, 1);
	/* To another vCPU from now on. */
	guest[0].d.xen->shared[SHARED_PENDING] = 0;
	assert_int_equal(op(v0, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ here, 1 }, 8), 0);
	assert_int_equal(op(v0, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ here, 9 }, 8),
			 -XEN_ENOENT);
	assert_int_equal(port_op(other, EVTCHNOP_send, there), 0);
	assert_int_equal(fake(v1)->kicks, 1);
	/* The peer goes: our end waits for it again. */
	assert_int_equal(port_op(other, EVTCHNOP_close, there), 0);
	s = status(v0, here);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 2);
	assert_int_equal(s.vcpu, 1);
	assert_int_equal(guest[0].d.refs, 0);
	assert_int_equal(guest[1].d.refs, 0);
}

static void a_domain_may_talk_to_itself(void **state)
{
	uint32_t a, b;

	assert_int_equal(alloc_unbound(v0, DOMID_SELF, DOMID_SELF, &a), 0);
	assert_int_equal(bind_interdomain(v0, DOMID_SELF, a, &b), 0);
	guest[0].d.xen->shared[SHARED_PENDING] = 0;
	assert_int_equal(port_op(v0, EVTCHNOP_send, a), 0);
	assert_true(pending(v0, b));
	assert_false(pending(v0, a));
	assert_int_equal(port_op(v0, EVTCHNOP_close, b), 0);
	assert_int_equal(status(v0, a).status, EVTCHNSTAT_unbound);
}

static void the_death_of_a_domain_leaves_its_peer_unbound(void **state)
{
	uint32_t here, there;

	assert_int_equal(alloc_unbound(v0, DOMID_SELF, 2, &here), 0);
	assert_int_equal(bind_interdomain(other, 1, here, &there), 0);
	evtchn_domain_retire(&guest[1].d);
	assert_int_equal(status(v0, here).status, EVTCHNSTAT_unbound);
	assert_int_equal(port_op(v0, EVTCHNOP_send, here), 0);
	/* And nothing binds to the dying one. */
	assert_int_equal(bind_ipi(other, 0, &there), -XEN_ENOSPC);
}

static void ports_run_out(void **state)
{
	uint32_t port, last = 0;
	int64_t rc;

	guest[0].d.xen->narrow = true;
	while ((rc = bind_ipi(v0, 0, &port)) == 0)
		last = port;
	assert_int_equal(rc, -XEN_ENOSPC);
	assert_int_equal(last, 1023);
	guest[0].d.xen->narrow = false;
	while ((rc = bind_ipi(v0, 0, &port)) == 0)
		last = port;
	assert_int_equal(rc, -XEN_ENOSPC);
	assert_int_equal(last, 4095);
	/* Raised in a layout that has no bits for it: nothing is written. */
	guest[0].d.xen->narrow = true;
	memset(guest[0].d.xen->shared, 0, PAGE_SIZE);
	assert_int_equal(port_op(v0, EVTCHNOP_send, 4095), 0);
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(guest[0].d.xen->shared[i], 0);
	guest[0].d.xen->narrow = false;
	/* The lowest free one is next. */
	assert_int_equal(port_op(v0, EVTCHNOP_close, 77), 0);
	assert_int_equal(bind_ipi(v0, 0, &port), 0);
	assert_int_equal(port, 77);
}

static void reset_closes_all_in_pieces(void **state)
{
	struct evtchn_reset r = { .dom = DOMID_SELF };
	unsigned int times;
	uint32_t port;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(bind_ipi(v0, 0, &port), 0);
	guest_put(&guest[0].d, ARG, &r, sizeof(r));
	assert_int_equal(guest_call(v0, EVTCHN, (uint64_t[5]){ EVTCHNOP_reset, ARG }, &times), 0);
	assert_true(times > 3);
	assert_int_equal(bind_ipi(v0, 0, &port), 0);
	assert_int_equal(port, 1);
	r.dom = 2;
	assert_int_equal(op(v0, EVTCHNOP_reset, &r, sizeof(r)), -XEN_EPERM);
}

static void a_service_port_looks_like_domain_0(void **state)
{
	uint32_t port = (uint32_t)guest[0].d.xen->params[HVM_PARAM_STORE_EVTCHN];
	struct evtchn_status s = status(v0, port);

	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, 0);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_int_equal(guest_service_calls, 1);
	assert_int_equal(guest_service_port, port);
	assert_int_equal(evtchn_service_raise(&guest[0].d, port), EVTCHN_RAISED);
	assert_int_equal(evtchn_service_raise(&guest[0].d, port), EVTCHN_COALESCED);
	assert_int_equal(port_op(v0, EVTCHNOP_close, port), 0);
	assert_int_equal(evtchn_service_raise(&guest[0].d, port), EVTCHN_DROPPED);
}

static void unknown_operations_and_bad_pointers(void **state)
{
	assert_int_equal(guest_call2(v0, EVTCHN, EVTCHNOP_init_control, ARG), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, EVTCHN, 99, ARG), -XEN_ENOSYS);
	for (uint32_t cmd = 0; cmd <= 10; cmd++)
		if (cmd != EVTCHNOP_bind_pirq)
			assert_int_equal(guest_call2(v0, EVTCHN, cmd, 0x100000), -XEN_EFAULT);
	/* An argument across the end of memory. */
	assert_int_equal(guest_call2(v0, EVTCHN, EVTCHNOP_bind_virq, GUEST_PAGES * PAGE_SIZE - 4),
			 -XEN_EFAULT);
}

/* --- vcpu_info in guest memory --- */

#define INFO_GFN 7
#define INFO_AT  (INFO_GFN * PAGE_SIZE + 64)

static int64_t register_info(struct vcpu *caller, uint32_t vcpu, uint64_t gfn, uint32_t offset)
{
	struct vcpu_register_vcpu_info r = { .mfn = gfn, .offset = offset };

	guest_put(caller->domain, ARG, &r, sizeof(r));
	return guest_call3(caller, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, ARG);
}

static void vcpu_info_moves_with_its_content(void **state)
{
	uint32_t port;
	struct vcpu_time_info t;

	assert_int_equal(bind_ipi(v0, 0, &port), 0);
	memset(info(v0) + 16, 0x5a, 8);
	assert_int_equal(register_info(v0, 0, INFO_GFN, 4096 - 32), -XEN_ENXIO);
	assert_int_equal(register_info(v0, 0, INFO_GFN, 68), -XEN_ENXIO);
	assert_int_equal(register_info(v0, 0, 0x5000, 64), -XEN_EINVAL);
	assert_int_equal(register_info(v0, 4, INFO_GFN, 64), -XEN_ENOENT);
	v1->state = VCPU_RUNNING;
	assert_int_equal(register_info(v0, 1, INFO_GFN, 128), -XEN_EBUSY);
	assert_int_equal(register_info(v0, 0, INFO_GFN, 64), 0);
	assert_int_equal(register_info(v0, 0, INFO_GFN + 1, 64), -XEN_EBUSY);
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + 16), 0x5a5a5a5a5a5a5a5aULL);
	/* Everything is announced once. */
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + VCPU_INFO_SEL_64), ~0ULL);
	assert_int_equal(guest_get32(&guest[0].d, INFO_AT) & 0xff, 1);
	assert_int_equal(v0->attn.event, 1);
	guest_get(&guest[0].d, INFO_AT + VCPU_INFO_TIME, &t, sizeof(t));
	assert_int_not_equal(t.tsc_to_system_mul, 0);
	/* From now on events go there. */
	guest_put(&guest[0].d, INFO_AT, (uint8_t[16]){ 0 }, 16);
	info(v0)[0] = 0;
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + VCPU_INFO_SEL_64), 1);
	assert_int_equal(guest_get32(&guest[0].d, INFO_AT) & 0xff, 1);
	assert_int_equal(info(v0)[0], 0);
	assert_true(xen_event_pending(v0));
}

static int64_t remove_page(struct vcpu *v, uint64_t gfn)
{
	uint64_t r[2] = { DOMID_SELF, gfn };

	guest_put(v->domain, ARG, r, sizeof(r));
	return guest_call2(v, __HYPERVISOR_memory_op, 15, ARG);
}

static int64_t populate_page(struct vcpu *v, uint64_t gfn)
{
	struct {
		uint64_t list, count;
		uint32_t order, flags;
		uint16_t domid, pad[3];
	} r = { ARG + 64, 1, 0, 0, DOMID_SELF, { 0 } };

	guest_put(v->domain, ARG, &r, sizeof(r));
	guest_put(v->domain, ARG + 64, &gfn, sizeof(gfn));
	return guest_call2(v, __HYPERVISOR_memory_op, 6, ARG);
}

static void an_event_for_a_page_that_is_gone_is_parked_and_delivered_once(void **state)
{
	uint32_t port;

	assert_int_equal(bind_ipi(v0, 1, &port), 0);
	assert_int_equal(register_info(v0, 1, INFO_GFN, 64), 0);
	assert_int_equal(remove_page(v0, INFO_GFN), 0);
	fake(v1)->requested = 0;
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_true(pending(v0, port));
	assert_int_equal(v1->xen->shadow_sel, 1);
	assert_int_equal(fake(v1)->requested, ATTN_SHADOW);
	/* Served while nothing is there: the bits stay, the request does not. */
	guest_serve(v1);
	assert_int_equal(v1->xen->shadow_sel, 1);
	assert_int_equal(v1->attn.bits, 0);
	guest[0].d.xen->callback_vector = 0x33;
	assert_int_equal(xen_upcall_vector(v1), -1);
	assert_int_equal(v1->attn.bits, 0);
	/* It may sleep: the page's return wakes it. */
	assert_false(xen_event_pending(v1));
	v1->state = VCPU_BLOCKED;
	assert_int_equal(populate_page(v0, INFO_GFN), 1);
	assert_int_equal(v1->state, VCPU_RUNNING);
	assert_int_equal(v1->attn.bits, ATTN_SHADOW);
	v1->attn.event = 0;
	guest_serve(v1);
	assert_int_equal(v1->xen->shadow_sel, 0);
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + VCPU_INFO_SEL_64), 1);
	assert_int_equal(v1->attn.event, 1);
	assert_int_equal(xen_upcall_vector(v1), 0x33);
	/* And not a second time. */
	guest_put(&guest[0].d, INFO_AT, (uint8_t[16]){ 0 }, 16);
	guest_serve(v1);
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + VCPU_INFO_SEL_64), 0);
	assert_int_equal(xen_upcall_vector(v1), -1);
}

static uint32_t port_meanwhile;

static void send_meanwhile(enum step s)
{
	if (s != STEP_CHANGE_UNLOCKED)
		return;
	host_step_hook = NULL;
	assert_int_equal(physmap_type_at(&guest[0].d.physmap, to_gfn(INFO_GFN)), PHYSMAP_NONE);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port_meanwhile), 0);
	assert_int_equal(v1->xen->shadow_sel, 1);
}

static void an_event_sent_while_its_page_moves_is_delivered(void **state)
{
	assert_int_equal(bind_ipi(v0, 1, &port_meanwhile), 0);
	assert_int_equal(register_info(v0, 1, INFO_GFN, 64), 0);
	guest_serve(v1);
	guest_put(&guest[0].d, INFO_AT, (uint8_t[16]){ 0 }, 16);
	v1->state = VCPU_BLOCKED;
	host_step_hook = send_meanwhile;
	assert_int_equal(physmap_move(&guest[0].d.physmap, to_gfn(INFO_GFN)), OK);
	assert_null(host_step_hook);
	assert_int_equal(v1->state, VCPU_RUNNING);
	guest_serve(v1);
	assert_int_equal(v1->xen->shadow_sel, 0);
	assert_int_equal(guest_get64(&guest[0].d, INFO_AT + VCPU_INFO_SEL_64), 1);
}

static void a_page_of_another_kind_is_refused(void **state)
{
	struct {
		uint16_t domid, size;
		uint32_t space;
		uint64_t idx, gpfn;
	} a = { DOMID_SELF, 0, 0, 0, 200 };

	/* shared_info itself, the hypervisor's own frame, may be registered. */
	guest_put(&guest[0].d, ARG, &a, sizeof(a));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_memory_op, 7, ARG), 0);
	assert_int_equal(register_info(v0, 0, 200, 0xd00), 0);
	assert_int_equal(register_info(v0, 1, 201, 0), -XEN_EINVAL);
}

static void a_vcpu_that_runs_here_needs_no_kick(void **state)
{
	uint32_t port;

	host_cpu->vcpu = v0;
	guest[0].d.xen->callback_vector = 0x33;
	assert_int_equal(bind_ipi(v0, 0, &port), 0);
	for (int registered = 0; registered < 2; registered++) {
		if (registered) {
			assert_int_equal(register_info(v0, 0, INFO_GFN, 64), 0);
			guest_put(&guest[0].d, INFO_AT, (uint8_t[16]){ 0 }, 16);
		}
		assert_int_equal(xen_upcall_vector(v0), -1);
		assert_false(v0->xen->upcall_maybe);
		fake(v0)->kicks = 0;
		assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
		assert_int_equal(fake(v0)->kicks, 0);
		/* For as long as the guest leaves it set. */
		assert_int_equal(xen_upcall_vector(v0), 0x33);
		assert_int_equal(xen_upcall_vector(v0), 0x33);
		guest[0].d.xen->shared[SHARED_PENDING] = 0;
		memset(info(v0), 0, 16);
	}
	host_cpu->vcpu = NULL;
}

static void op_23_posts_to_the_local_apic(void **state)
{
	struct {
		uint32_t vcpu;
		uint8_t vector, pad[3];
	} u = { 1, 0x0f, { 0 } };
	uint32_t port;

	guest_put(&guest[0].d, ARG, &u, sizeof(u));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, 23, ARG), -XEN_EINVAL);
	u.vector = 0x41;
	guest_put(&guest[0].d, ARG, &u, sizeof(u));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, 23, ARG), 0);
	/* Asserted once when it is registered. */
	assert_int_equal(fake(v1)->posts, 1);
	assert_int_equal(bind_ipi(v0, 1, &port), 0);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	assert_int_equal(fake(v1)->posts, 2);
	assert_int_equal(fake(v1)->vector, 0x41);
	/* Lost while the APIC is off; asked for again when it is enabled. */
	guest[0].d.xen->shared[SHARED_PENDING] = 0;
	memset(info(v1), 0, 16);
	fake(v1)->lapic_off = true;
	assert_int_equal(port_op(v0, EVTCHNOP_send, port), 0);
	fake(v1)->lapic_off = false;
	xen_lapic_enabled(v1);
	assert_int_equal(fake(v1)->posts, 3);
	u.vcpu = 4;
	guest_put(&guest[0].d, ARG, &u, sizeof(u));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, 23, ARG), -XEN_ENOENT);
}

static int64_t poll(struct vcpu *v, const uint32_t *ports, uint32_t count, uint64_t timeout)
{
	struct {
		uint64_t ports;
		uint32_t count, pad;
		uint64_t timeout;
	} p = { ARG + 64, count, 0, timeout };

	guest_put(v->domain, ARG, &p, sizeof(p));
	guest_put(v->domain, ARG + 64, ports, count * sizeof(*ports));
	return guest_call2(v, __HYPERVISOR_sched_op, 3, ARG);
}

static void a_poller_wakes_on_its_port_even_masked(void **state)
{
	uint32_t port[POLL_PORTS_MAX + 1] = { 0 }, bad = 3000;

	v1->state = VCPU_RUNNING;
	assert_int_equal(bind_ipi(v0, 1, &port[0]), 0);
	assert_int_equal(bind_ipi(v0, 1, &port[1]), 0);
	assert_int_equal(poll(v1, &bad, 1, 0), -XEN_EINVAL);
	assert_int_equal(poll(v1, port, POLL_PORTS_MAX + 1, 0), -XEN_EINVAL);
	guest[0].d.xen->shared[SHARED_MASK_64] = 0xff;
	assert_int_equal(poll(v1, port, 1, 0), 0);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	/* Not its port. */
	assert_int_equal(port_op(v0, EVTCHNOP_send, port[1]), 0);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port[0]), 0);
	assert_int_equal(v1->state, VCPU_RUNNING);
	/* Already pending: it does not sleep at all. */
	v1->attn.all = 0;
	assert_int_equal(poll(v1, port, 2, 0), 0);
	assert_int_equal(v1->state, VCPU_RUNNING);
	/* Until a time. */
	guest[0].d.xen->shared[SHARED_PENDING] = 0;
	assert_int_equal(poll(v1, port, 1, 10000), 0);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	guest_clock(5000 + 9999);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	guest_clock(5000 + 10000);
	assert_int_equal(v1->state, VCPU_RUNNING);
}

/* An upcall ends a poll as well, whatever is polled for. */
static void a_poller_wakes_on_any_unmasked_event(void **state)
{
	static const uint32_t bad[] = { 0, 4095, 4096, 32 * 1024, 0x80000001, 0xffffffff };
	uint32_t port[2] = { 0 };

	v1->state = VCPU_RUNNING;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(poll(v1, &bad[i], 1, 0), -XEN_EINVAL);
	assert_int_equal(v1->state, VCPU_RUNNING);
	assert_int_equal(bind_ipi(v0, 1, &port[0]), 0);
	assert_int_equal(bind_ipi(v0, 1, &port[1]), 0);
	assert_int_equal(poll(v1, port, 1, 0), 0);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	assert_int_equal(port_op(v0, EVTCHNOP_send, port[1]), 0);
	assert_int_equal(v1->state, VCPU_RUNNING);
	/* One that is pending keeps it from sleeping. */
	v1->attn.all = 0;
	assert_int_equal(poll(v1, port, 1, 0), 0);
	assert_int_equal(v1->state, VCPU_RUNNING);
	/* Nor does one that is pending and masked, until it is unmasked. */
	memset(info(v1), 0, 16);
	guest[0].d.xen->shared[SHARED_PENDING] = 0;
	guest[0].d.xen->shared[SHARED_MASK_64] = 0xff;
	assert_int_equal(port_op(v0, EVTCHNOP_send, port[1]), 0);
	assert_int_equal(poll(v1, port, 1, 0), 0);
	assert_int_equal(v1->state, VCPU_BLOCKED);
	assert_int_equal(port_op(v0, EVTCHNOP_unmask, port[1]), 0);
	assert_int_equal(v1->state, VCPU_RUNNING);
}

/* A timer that is armed knows neither port nor vector: those of its end count. */
static void a_timer_fires_where_things_are_bound_then(void **state)
{
	struct {
		uint32_t vcpu;
		uint8_t vector, pad[3];
	} u = { 0, 0x41, { 0 } };
	uint64_t when[2] = { 3000, 0 };
	uint32_t first, second, ipi;

	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 0, &first), 0);
	guest_put(v0->domain, ARG, &u, sizeof(u));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, 23, ARG), 0);
	guest_put(v0->domain, ARG, when, sizeof(when));
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, ARG),
			 0);
	assert_int_equal(port_op(v0, EVTCHNOP_close, first), 0);
	assert_int_equal(bind_ipi(v0, 1, &ipi), 0);
	assert_int_equal(ipi, first);
	assert_int_equal(bind_virq(v0, VIRQ_TIMER, 0, &second), 0);
	u.vector = 0x52;
	guest_put(v0->domain, ARG, &u, sizeof(u));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, 23, ARG), 0);
	fake(v0)->posts = 0;
	fake(v0)->vector = 0;
	guest_clock(5000 + 3000);
	assert_true(pending(v0, second) && !pending(v0, ipi));
	assert_int_equal(fake(v0)->posts, 1);
	assert_int_equal(fake(v0)->vector, 0x52);
	/* With nothing bound it is over without a trace. */
	guest_put(v0->domain, ARG, &(uint64_t[2]){ 6000, 0 }, 16);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, ARG),
			 0);
	assert_int_equal(port_op(v0, EVTCHNOP_close, second), 0);
	guest_clock(5000 + 6000);
	assert_true(!pending(v0, second) && !pending(v0, ipi));
	assert_int_equal(fake(v0)->posts, 1);
}

static uint32_t rival_port;

/* A sender has looked at the port; a whole close comes before it opens its section. */
static void closed_before_the_section(enum step s)
{
	if (s != STEP_SECTION_OPEN || !rival_port)
		return;
	evtchn_bind(guest[0].d.xen->events, rival_port, 0);
	evtchn_2l_clear_pending(guest[0].d.xen, rival_port);
	rival_port = 0;
}

/* A sender on core 1 is in its section: what it still sets is taken away by the close. */
static void late_sender(void)
{
	if (!(pcpus[1]->shared.acc & 1))
		return;
	assert_int_equal(evtchn_load(guest[0].d.xen->events, rival_port), 0);
	guest[0].d.xen->shared[SHARED_PENDING + rival_port / 8] |= (uint8_t)(1 << rival_port % 8);
	pcpus[1]->shared.acc++;
}

static void close_and_send_at_once(void **state)
{
	uint32_t port;

	host_cores(2);
	for (int kind = 0; kind < 3; kind++) {
		port = (uint32_t)guest[0].d.xen->params[HVM_PARAM_STORE_EVTCHN];
		if (kind == 0)
			assert_int_equal(bind_ipi(v0, 1, &port), 0);
		if (kind == 1)
			assert_int_equal(bind_virq(v0, VIRQ_DEBUG, 0, &port), 0);
		rival_port = port;
		host_step_hook = closed_before_the_section;
		if (kind == 0)
			assert_int_equal(evtchn_send(v0, port), -XEN_EINVAL);
		else if (kind == 1)
			assert_int_equal(evtchn_raise_virq(v0, VIRQ_DEBUG), EVTCHN_DROPPED);
		else
			assert_int_equal(evtchn_service_raise(&guest[0].d, port), EVTCHN_DROPPED);
		host_step_hook = NULL;
		assert_int_equal(rival_port, 0);
		assert_false(pending(v0, port));
	}
	assert_int_equal(bind_ipi(v0, 1, &port), 0);
	rival_port = port;
	pcpus[1]->shared.acc = 7;
	host_relax_hook = late_sender;
	assert_int_equal(port_op(v0, EVTCHNOP_close, port), 0);
	host_relax_hook = NULL;
	assert_int_equal(pcpus[1]->shared.acc, 8);
	assert_false(pending(v0, port));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_ipi_port_is_bound_raised_and_closed),
		TEST(the_exact_bits_of_both_layouts),
		TEST(a_masked_port_waits_for_unmask),
		TEST(virqs_are_bound_once_a_vcpu),
		TEST(two_domains_talk),
		TEST(a_domain_may_talk_to_itself),
		TEST(the_death_of_a_domain_leaves_its_peer_unbound),
		TEST(ports_run_out),
		TEST(reset_closes_all_in_pieces),
		TEST(a_service_port_looks_like_domain_0),
		TEST(unknown_operations_and_bad_pointers),
		TEST(vcpu_info_moves_with_its_content),
		TEST(an_event_for_a_page_that_is_gone_is_parked_and_delivered_once),
		TEST(an_event_sent_while_its_page_moves_is_delivered),
		TEST(a_page_of_another_kind_is_refused),
		TEST(a_vcpu_that_runs_here_needs_no_kick),
		TEST(op_23_posts_to_the_local_apic),
		TEST(a_poller_wakes_on_its_port_even_masked),
		TEST(a_poller_wakes_on_any_unmasked_event),
		TEST(a_timer_fires_where_things_are_bound_then),
		TEST(close_and_send_at_once),
	};

	return cmocka_run_group_tests_name("evtchn", tests, NULL, NULL);
}
