// SPDX-License-Identifier: MIT
#include "core/vcpu.h"

#include "arch/x86/cpu/apic.h"
#include "core/domain.h"
#include "core/hooks.h"
#include "core/sched.h"
#include "core/trace.h"
#include "mm/own.h"

static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "struct vcpu is one allocation");

enum status vcpu_create(struct domain *d, uint32_t id, struct vcpu **out)
{
	struct vcpu *v = own_alloc(sizeof(*v));
	enum status st;

	if (!v)
		return ERR_NOMEM;
	v->id = id;
	v->domain = d;
	v->state = VCPU_OFFLINE;
	v->affinity = ~0ULL;
	v->core = this_cpu()->id;
	list_init(&v->queue_link);
	v->runstate.state = VCPU_OFFLINE;
	/* Entered at system time 0: its domain's birth. */
	for (unsigned int i = 0; i < GWALK_ENTRIES; i++)
		v->walks.slot[i].page = ~0ULL;

	st = vmx_vcpu_create(v);
	if (st == OK) {
		st = xen_vcpu_create(v);
		if (st != OK)
			vmx_vcpu_destroy(v);
	}
	if (st != OK) {
		own_free(v, sizeof(*v));
		return st;
	}
	*out = v;
	return OK;
}

void vcpu_destroy(struct vcpu *v)
{
	sched_forget(v);
	xen_vcpu_destroy(v);
	vmx_vcpu_destroy(v);
	own_free(v, sizeof(*v));
}

/*
 * A request was set and a full fence passed. Either the vCPU's core sees the request before it
 * enters the guest or blocks, or we see its state BLOCKED or its run odd (docs/gpc.md, Ordering).
 */
static void notify(struct vcpu *v)
{
	const struct pcpu *me = this_cpu();
	const struct pcpu_shared *s;
	uint32_t core;
	enum vcpu_state state = load_acquire(&v->state);

	if (state == VCPU_BLOCKED) {
		sched_wake(v);
		return;
	}
	/* Runnable, offline: its next entry looks. Here: so does this one. */
	if (state != VCPU_RUNNING || me->vcpu == v)
		return;
	core = load_relaxed(&v->core);
	s = &pcpus[core]->shared;
	if ((load_acquire(&s->run) & RUN_ODD) && load_relaxed(&s->current) == v) {
		apic_send_kick(core);
		trace(TRACE_KICK, (uint32_t)v->domain->id << 16 | v->id, core);
	}
}

void vcpu_request(struct vcpu *v, uint32_t bits)
{
	/* Who set these first, and they were not consumed since, has told or will tell the vCPU. */
	if ((atomic_or(&v->attn.bits, bits) & bits) == bits)
		return;
	notify(v);
}

void vcpu_kick_event(struct vcpu *v)
{
	/* To itself: no fence, its own entry looks. Only its own core changes a vCPU from RUNNING. */
	if (this_cpu()->vcpu == v && load_relaxed(&v->state) == VCPU_RUNNING)
		return;
	fence_full();
	notify(v);
}

/* An even sequence number, and the fields after it. */
static uint32_t read_begin(const struct vcpu_runstate *r)
{
	uint32_t seq;

	while ((seq = load_acquire(&r->seq)) & 1)
		spin_relax();
	return seq;
}

void vcpu_runstate_set(struct vcpu *v, enum vcpu_state state)
{
	struct vcpu_runstate *r = &v->runstate;
	uint64_t now = domain_time_ns(v->domain, clock_ticks());

	/* Stores are seen in order (TSO): the number is odd while the fields change. */
	store_release(&r->seq, r->seq + 1);
	fence_compiler();
	/* Cores' TSCs may differ by a little: time stands still rather than go back. */
	if (now > r->entry_ns) {
		store_relaxed(&r->time_ns[r->state], r->time_ns[r->state] + now - r->entry_ns);
		store_relaxed(&r->entry_ns, now);
	}
	store_relaxed(&r->state, state);
	store_release(&r->seq, r->seq + 1);
}

void vcpu_runstate_record(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
			  uint64_t time_ns[4])
{
	const struct vcpu_runstate *r = &v->runstate;
	uint32_t seq;

	do {
		seq = read_begin(r);
		*state = load_relaxed(&r->state);
		*entry_ns = load_relaxed(&r->entry_ns);
		for (unsigned int i = 0; i < 4; i++)
			time_ns[i] = load_relaxed(&r->time_ns[i]);
		fence_compiler();
	} while (load_acquire(&r->seq) != seq);
}

void vcpu_runstate_get(const struct vcpu *v, enum vcpu_state *state, uint64_t *entry_ns,
		       uint64_t time_ns[4])
{
	uint64_t now;

	vcpu_runstate_record(v, state, entry_ns, time_ns);
	now = domain_time_ns(v->domain, clock_ticks());
	if (now > *entry_ns)
		time_ns[*state] += now - *entry_ns;
}

void physmap_waiters_ready(struct physmap *pm)
{
	struct domain *d = container_of(pm, struct domain, physmap);

	for (uint32_t i = 0; i < d->vcpu_count; i++)
		vcpu_request(d->vcpus[i], ATTN_SHADOW);
}
