// SPDX-License-Identifier: MIT
/*
 * The APIC timer (SDM vol. 3, 11.5.4). All three modes come down to one moment of the machine's
 * TSC, `expiry`. When it is reached the host timer only asks the vCPU to look; the interrupt is
 * raised, and a periodic timer armed again, on the vCPU's way into the guest. So a guest cannot
 * make more timer interrupts than it takes itself.
 */
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/this_cpu.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/tsc.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "arch/x86/vmx/vmx.h"

#define NEVER (~0ULL)
/* A period shorter than 10 us leaves the guest no time between two interrupts. */
#define MIN_PERIOD_KHZ_DIVISOR 100

static void fire(struct timer *t)
{
	struct vlapic *l = container_of(t, struct vlapic, timer);

	vcpu_request(l->vcpu, ATTN_TIMER);
}

unsigned int vlapic_timer_shift(uint64_t khz)
{
	unsigned int shift = 0;

	/* CPUID leaf 0x15 gives the frequency in Hz in 32 bits. */
	while (khz * 1000 >> shift > UINT32_MAX)
		shift++;
	return shift;
}

/* One count takes this power of two of TSC ticks. Divide configuration: bits 3, 1, 0. */
static unsigned int count_shift(const struct vlapic *l)
{
	uint32_t d = (l->divide_config & 3) | (l->divide_config >> 1 & 4);

	return vlapic_timer_shift(tsc_khz) + ((d + 1) & 7);
}

static uint64_t period(const struct vlapic *l)
{
	return (uint64_t)l->initial_count << count_shift(l);
}

static bool deadline_mode(const struct vlapic *l)
{
	return l->lvt[LVT_TIMER] & LVT_DEADLINE;
}

void vlapic_timer_init(struct vlapic *l)
{
	timer_init(&l->timer, fire);
}

static void arm(struct vlapic *l, uint64_t expiry)
{
	l->expiry = expiry;
	if (expiry != NEVER)
		timer_set(&l->timer, expiry, this_cpu()->id);
	else
		timer_cancel(&l->timer);
}

void vlapic_timer_disarm(struct vlapic *l)
{
	l->initial_count = 0;
	l->tsc_deadline = 0;
	arm(l, NEVER);
}

void vlapic_timer_reset(struct vlapic *l)
{
	l->divide_config = 0;
	vlapic_timer_disarm(l);
}

uint32_t vlapic_timer_current(const struct vlapic *l)
{
	uint64_t elapsed;

	if (!l->initial_count)
		return 0;
	elapsed = (clock_ticks() - l->count_start) >> count_shift(l);
	if (l->lvt[LVT_TIMER] & LVT_PERIODIC)
		elapsed %= l->initial_count;
	return elapsed >= l->initial_count ? 0 : l->initial_count - (uint32_t)elapsed;
}

void vlapic_timer_set_initial(struct vlapic *l, uint32_t count)
{
	if (deadline_mode(l))
		return; /* SDM vol. 3, 11.5.4.1: ignored */
	l->initial_count = count;
	l->count_start = clock_ticks();
	arm(l, count ? l->count_start + period(l) : NEVER);
}

/* What was counted so far stays counted; the rest passes at the new speed. */
void vlapic_timer_set_divide(struct vlapic *l, uint32_t value)
{
	uint32_t done = l->initial_count - vlapic_timer_current(l);

	l->divide_config = value & 0xb;
	if (l->expiry == NEVER || deadline_mode(l))
		return;
	l->count_start = clock_ticks() - ((uint64_t)done << count_shift(l));
	arm(l, l->count_start + period(l));
}

static uint64_t tsc_offset(const struct vlapic *l)
{
	return l->vcpu->vmx->msr.tsc_offset;
}

uint64_t vlapic_get_tsc_deadline(struct vcpu *v)
{
	return v->lapic->tsc_deadline;
}

void vlapic_set_tsc_deadline(struct vcpu *v, uint64_t value)
{
	struct vlapic *l = v->lapic;
	uint64_t now, guest_now;

	if (!deadline_mode(l))
		return; /* reads as 0 as well */
	now = clock_ticks();
	guest_now = now + tsc_offset(l);
	l->tsc_deadline = value;
	if (!value) {
		arm(l, NEVER);
	} else if (value <= guest_now) {
		l->expiry = now;
		vlapic_timer_service(v);
	} else if (value - guest_now >= NEVER - now) {
		arm(l, NEVER); /* centuries away, but armed for who reads it */
	} else {
		arm(l, now + (value - guest_now));
	}
}

void vlapic_tsc_moved(struct vcpu *v)
{
	if (v->lapic->tsc_deadline)
		vlapic_set_tsc_deadline(v, v->lapic->tsc_deadline);
}

void vlapic_timer_service(struct vcpu *v)
{
	struct vlapic *l = v->lapic;
	uint64_t now;

	if (l->expiry == NEVER)
		return;
	now = clock_ticks();
	if (now < l->expiry)
		return;
	if (l->lvt[LVT_TIMER] & LVT_PERIODIC && !deadline_mode(l) && l->initial_count) {
		uint64_t ticks = period(l), next;

		/* Periods that were missed as a whole are one interrupt; the phase stays. */
		next = now - (now - l->count_start) % ticks + ticks;
		arm(l, max_u64(next, now + tsc_khz / MIN_PERIOD_KHZ_DIVISOR));
	} else {
		l->tsc_deadline = 0;
		arm(l, NEVER);
	}
	vlapic_raise_lvt(l, LVT_TIMER);
}
