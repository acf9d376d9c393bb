// SPDX-License-Identifier: MIT
#include "xenabi/vcpu_timer.h"

#include "arch/x86/cpu/clock.h"
#include "core/domain.h"
#include "xenabi/evtchn.h"

static struct vcpu *timer_vcpu(struct timer *t)
{
	return container_of(t, struct xen_timer, timer)->vcpu;
}

static void fire_singleshot(struct timer *t)
{
	(void)evtchn_raise_virq(timer_vcpu(t), VIRQ_TIMER);
}

/* Ticks missed while nobody could take them are one tick: the next is due a whole number of periods
 * after the last, in the future. */
static void fire_periodic(struct timer *t)
{
	struct vcpu *v = timer_vcpu(t);
	uint64_t period = load_relaxed(&v->xen->period_ticks);
	uint64_t now = clock_ticks();

	if (!period)
		return;
	v->xen->period_next += period * ((now - v->xen->period_next) / period + 1);
	timer_set(t, v->xen->period_next, this_cpu()->id);
	(void)evtchn_raise_virq(v, VIRQ_TIMER);
}

/* The time of a SCHEDOP_poll is over: any request keeps a vCPU from blocking, or wakes it. */
static void fire_poll(struct timer *t)
{
	vcpu_request(timer_vcpu(t), ATTN_TIMER);
}

static void init_one(struct xen_timer *t, struct vcpu *v, void (*fire)(struct timer *))
{
	t->vcpu = v;
	timer_init(&t->timer, fire);
}

void vcpu_timer_init(struct vcpu *v)
{
	init_one(&v->xen->singleshot, v, fire_singleshot);
	init_one(&v->xen->periodic, v, fire_periodic);
	init_one(&v->xen->poll, v, fire_poll);
}

void vcpu_timer_destroy(struct vcpu *v)
{
	vcpu_timer_periodic_stop(v);
	timer_cancel(&v->xen->singleshot.timer);
	timer_cancel(&v->xen->poll.timer);
}

void vcpu_timer_singleshot(struct vcpu *v, uint64_t when_ns)
{
	uint64_t deadline = domain_time_to_tsc(v->domain, when_ns);

	if (deadline > clock_ticks()) {
		timer_set(&v->xen->singleshot.timer, deadline, v->core);
		return;
	}
	timer_cancel(&v->xen->singleshot.timer);
	(void)evtchn_raise_virq(v, VIRQ_TIMER);
}

void vcpu_timer_singleshot_stop(struct vcpu *v)
{
	timer_cancel(&v->xen->singleshot.timer);
}

void vcpu_timer_periodic(struct vcpu *v, uint64_t period_ns)
{
	uint64_t ticks = domain_time_to_tsc(v->domain, period_ns) - v->domain->birth_tsc;

	vcpu_timer_periodic_stop(v);
	v->xen->period_next = clock_ticks() + ticks;
	store_relaxed(&v->xen->period_ticks, ticks);
	timer_set(&v->xen->periodic.timer, v->xen->period_next, v->core);
}

void vcpu_timer_periodic_stop(struct vcpu *v)
{
	/* First the period: a handler that is running does not arm the timer again. */
	store_relaxed(&v->xen->period_ticks, 0);
	timer_cancel(&v->xen->periodic.timer);
}
