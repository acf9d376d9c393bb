// SPDX-License-Identifier: MIT
/*
 * The local APIC of a vCPU, in software (SDM vol. 3 ch. 11): xAPIC registers in one page and x2APIC
 * registers as MSRs. There is no I/O APIC and no PIC behind it, so every interrupt is
 * edge-triggered, the TMR is always zero and an EOI tells nobody.
 *
 * vlapic.c keeps the state, vlapic_regs.c has the registers, vlapic_ipi.c decides who gets an
 * interrupt, vlapic_timer.c is the timer. What other cores write (irr, irr_words, events) is
 * changed by atomic operations only; the rest belongs to the core that runs the vCPU, and others
 * read of it, relaxed, what decides about delivery.
 */
#ifndef ARCH_X86_VMX_VLAPIC_H
#define ARCH_X86_VMX_VLAPIC_H

#include "arch/x86/cpu/msr.h"
#include "core/lib/bits.h"
#include "core/timer.h"
#include "core/vcpu.h"
#include "core/vcpu_arch.h"

#define APIC_DEFAULT_BASE 0xfee00000ULL

/* Local vector table entries in the order of their registers. */
enum { LVT_TIMER, LVT_THERMAL, LVT_PMC, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

struct vlapic {
	/* Any core. */
	uint32_t irr[8];
	uint32_t irr_words; /* which words of irr may be non-zero; set after the word is */
	uint32_t events;    /* INIT, SIPI and its page: see vlapic_ipi.c */

	/* Own core. */
	uint32_t isr[8];
	uint32_t isr_words; /* which words of isr are non-zero */
	uint32_t id;        /* APIC id: 2 * vCPU id, in both modes */
	uint32_t tpr, ppr, ldr, dfr, svr;
	uint32_t esr, esr_new; /* shown, and noticed since ESR was last written */
	uint32_t lvt[LVT_COUNT];
	uint32_t icr_lo, icr_hi;
	uint64_t base;  /* IA32_APIC_BASE */
	bool wait_sipi; /* since power-up or INIT; others look at it, too */

	uint32_t initial_count, divide_config;
	uint64_t count_start;  /* machine's TSC at which the count was the initial one */
	uint64_t tsc_deadline; /* as the guest wrote it; 0 when disarmed */
	uint64_t expiry;       /* machine's TSC of the next interrupt; ~0 for none */
	struct timer timer;
	struct vcpu *vcpu;
};

/* v->lapic in its state after power-up; bit BSP for vCPU 0. Needs v->id. ERR_NOMEM. */
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

/* The vector that vlapic_pending() gave is being injected: from IRR to ISR. Own core. */
void vlapic_accept(struct vcpu *v, uint8_t vector);

/*
 * ATTN_LAPIC: serve INIT and SIPI by vmx_vcpu_reset_init() and vmx_vcpu_sipi(). The vCPU may be
 * going offline after it: sched_must_return() tells. Own core, loaded vCPU, outside sections.
 */
void vlapic_service(struct vcpu *v);
/* A SIPI was sent to it that it has not served: it is down no longer, or soon. Any core. */
bool vlapic_starting(const struct vcpu *v);
/* The vCPU was given a state to start from (PVH, VCPUOP_initialise): it waits for no SIPI, and an
 * INIT or SIPI from before is void. The vCPU is offline. */
void vlapic_started(struct vcpu *v);
/* ATTN_TIMER: raise the timer's interrupt if it is due and arm it again. Own core. */
void vlapic_timer_service(struct vcpu *v);

/* CR8: the task priority class. set: false means #GP (bits 63:4). Own core. */
uint64_t vlapic_get_cr8(struct vcpu *v);
bool vlapic_set_cr8(struct vcpu *v, uint64_t value) must_check;

/* Whether the xAPIC page decodes at this guest-physical address now. */
static inline bool vlapic_mmio_hit(const struct vcpu *v, gpa_t gpa)
{
	return (v->lapic->base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_ENABLE &&
	       ((gpa.a ^ v->lapic->base) & APIC_BASE_ADDRESS) == 0;
}

/* 32-bit access to the xAPIC page, offset below 4096. Own core. */
uint32_t vlapic_mmio_read(struct vcpu *v, uint32_t offset);
void vlapic_mmio_write(struct vcpu *v, uint32_t offset, uint32_t value);

/* x2APIC MSRs 0x800-0x8ff; false means #GP. Own core. */
bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value) must_check;
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value) must_check;

/* WRMSR of IA32_APIC_BASE; phys_bits is CPUID's. False means #GP. Own core. */
bool vlapic_set_base(struct vcpu *v, uint64_t value, unsigned int phys_bits) must_check;
/* IA32_TSC_DEADLINE. Own core. */
uint64_t vlapic_get_tsc_deadline(struct vcpu *v);
void vlapic_set_tsc_deadline(struct vcpu *v, uint64_t value);
/* The guest's TSC offset was changed: a deadline in its terms is armed anew. Own core. */
void vlapic_tsc_moved(struct vcpu *v);

/* The timer's input clock is the TSC shifted right by this; CPUID leaf 0x15 tells the guest. */
unsigned int vlapic_timer_shift(uint64_t khz);

#endif
