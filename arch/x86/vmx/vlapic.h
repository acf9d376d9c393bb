// SPDX-License-Identifier: MIT
/*
 * The local APIC of a vCPU, in software (SDM vol. 3 ch. 11): xAPIC registers in one page and x2APIC
 * registers as MSRs. There is no I/O APIC and no PIC behind it, so every interrupt is
 * edge-triggered and the TMR is always zero.
 *
 * Two files: vlapic.c has the registers, vlapic_ipi.c who gets an interrupt, vlapic_timer.c the
 * timer. What other cores write (irr, irr_words, events) is changed by atomic operations only;
 * the rest belongs to the core that runs the vCPU.
 */
#ifndef ARCH_X86_VMX_VLAPIC_H
#define ARCH_X86_VMX_VLAPIC_H

#include "core/lib/bits.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "core/vcpu_arch.h"

/* IA32_APIC_BASE (SDM vol. 3, 11.4.4). */
#define APIC_BASE_BSP     BIT(8)
#define APIC_BASE_EXTD    BIT(10)
#define APIC_BASE_EN      BIT(11)
#define APIC_DEFAULT_BASE 0xfee00000ULL

/* Local vector table entries in the order of their registers. */
enum { LVT_TIMER, LVT_THERMAL, LVT_PMC, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

struct vlapic {
	/* Written by any core, atomically. */
	uint32_t irr[8];
	uint32_t irr_words; /* which words of irr may be non-zero; set after the word */
	uint32_t events;    /* INIT, SIPI and its page: see vlapic_ipi.c */

	/* Own core; others may read what decides about delivery (relaxed). */
	uint32_t isr[8];
	uint32_t isr_words; /* which words of isr are non-zero */
	uint32_t tpr, ppr;
	uint32_t ldr, dfr, svr;
	uint32_t esr, esr_new; /* shown, and noticed since the last write of ESR */
	uint32_t lvt[LVT_COUNT];
	uint32_t icr_lo, icr_hi;
	uint32_t id; /* APIC id: 2 * vCPU id */
	bool wait_sipi;
	uint64_t base; /* IA32_APIC_BASE */

	/* Timer. Times are host TSC values. */
	uint32_t initial_count, divide_config;
	uint64_t count_start;  /* TSC at which initial_count was loaded */
	uint64_t tsc_deadline; /* in the guest's TSC; 0 when disarmed */
	struct timer timer;
	struct vcpu *vcpu;
};

/* vcpu->lapic in its state after power-up; bit BSP for vCPU 0. ERR_NOMEM. */
enum status vlapic_create(struct vcpu *v) must_check;
void vlapic_destroy(struct vcpu *v);

/* The slow part of vlapic_pending(). */
int vlapic_highest_pending(struct vcpu *v);

/*
 * The vector to inject next: the highest in the IRR, if its class is above the processor priority,
 * else -1. Own core, any time before an entry.
 */
static inline int vlapic_pending(struct vcpu *v)
{
	if (likely(!load_acquire(&v->lapic->irr_words)))
		return -1;
	return vlapic_highest_pending(v);
}

/* The vector that vlapic_pending() gave is being injected: IRR to ISR. Own core. */
void vlapic_accept(struct vcpu *v, uint8_t vector);

/*
 * ATTN_LAPIC: serve INIT and SIPI. Calls vmx_vcpu_reset_init(), vmx_vcpu_sipi(); may take the vCPU
 * offline (the caller then returns to the scheduler). Own core, loaded vCPU, outside sections.
 */
void vlapic_service(struct vcpu *v);
/* ATTN_TIMER: raise the timer's interrupt if it is due and arm it again. Own core. */
void vlapic_timer_service(struct vcpu *v);

/* The vCPU was given a state to start from (PVH, VCPUOP_initialise): it waits for no SIPI, and
 * events from before are forgotten. The vCPU is offline. */
void vlapic_started(struct vcpu *v);

/* CR8: the task priority class. set: false means #GP (bits 63:4). Own core. */
uint64_t vlapic_get_cr8(struct vcpu *v);
bool vlapic_set_cr8(struct vcpu *v, uint64_t value) must_check;

/* xAPIC page: whether it decodes at this guest-physical address now. */
static inline bool vlapic_mmio_hit(const struct vcpu *v, gpa_t gpa)
{
	return (v->lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD)) == APIC_BASE_EN &&
	       ((gpa.a ^ v->lapic->base) & BITS(51, 12)) == 0;
}

/* Aligned 32-bit access to the xAPIC page. Own core. */
uint32_t vlapic_mmio_read(struct vcpu *v, uint32_t offset);
void vlapic_mmio_write(struct vcpu *v, uint32_t offset, uint32_t value);

/* x2APIC MSRs 0x800-0x8ff; false means #GP. Own core. */
bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value) must_check;
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value) must_check;

/* IA32_APIC_BASE and IA32_TSC_DEADLINE; false means #GP. Own core. */
bool vlapic_set_base(struct vcpu *v, uint64_t value) must_check;
uint64_t vlapic_get_tsc_deadline(struct vcpu *v);
void vlapic_set_tsc_deadline(struct vcpu *v, uint64_t value);
/* The guest's TSC was moved: timers in its terms are armed anew. Own core. */
void vlapic_tsc_moved(struct vcpu *v);

/* The APIC timer's input clock is the guest's TSC shifted right by this: CPUID leaf 0x15 says so. */
unsigned int vlapic_timer_shift(uint64_t khz);

#endif
