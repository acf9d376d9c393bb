// SPDX-License-Identifier: MIT
/* What the files of the virtual local APIC share. Own core, if not said otherwise. */
#ifndef ARCH_X86_VMX_VLAPIC_INTERNAL_H
#define ARCH_X86_VMX_VLAPIC_INTERNAL_H

#include "arch/x86/vmx/vlapic.h"

/* Register offsets in the xAPIC page (SDM vol. 3, table 11-1). */
enum {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_APR = 0x90,
	APIC_PPR = 0xa0,
	APIC_EOI = 0xb0,
	APIC_RRD = 0xc0,
	APIC_LDR = 0xd0,
	APIC_DFR = 0xe0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_TMR = 0x180,
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_ICR_LO = 0x300,
	APIC_ICR_HI = 0x310,
	APIC_LVT = 0x320,
	APIC_LVT_LAST = 0x370,
	APIC_INITIAL_COUNT = 0x380,
	APIC_CURRENT_COUNT = 0x390,
	APIC_DIVIDE = 0x3e0,
	APIC_SELF_IPI = 0x3f0,
};

#define LVT_MASKED       (1U << 16)
#define LVT_VECTOR       0xffU
#define LVT_TIMER_MODE   (3U << 17)
#define LVT_PERIODIC     (1U << 17)
#define LVT_DEADLINE     (2U << 17)
#define SVR_ENABLED      (1U << 8)
#define VECTOR_LOWEST_OK 16U /* 0-15 are illegal for an APIC */

/* Error status register. */
#define ESR_SEND_ILLEGAL_VECTOR    (1U << 5)
#define ESR_RECEIVE_ILLEGAL_VECTOR (1U << 6)
#define ESR_ILLEGAL_REGISTER       (1U << 7)

static inline bool vlapic_x2apic(const struct vlapic *l)
{
	return l->base & APIC_BASE_X2APIC;
}

static inline bool vlapic_enabled(const struct vlapic *l)
{
	return load_relaxed(&l->base) & APIC_BASE_ENABLE;
}

/* The state after INIT: all but the id, IA32_APIC_BASE and requests for INIT and SIPI. */
void vlapic_reset(struct vlapic *l);
/* Raise the interrupt of a local vector table entry, unless it is masked. */
void vlapic_raise_lvt(struct vlapic *l, unsigned int entry);
void vlapic_error(struct vlapic *l, uint32_t esr_bit);
/* Set the bit in the IRR. Any core; the caller makes the vCPU look. */
void vlapic_set_irr(struct vlapic *l, uint8_t vector);
void vlapic_update_ppr(struct vlapic *l);
void vlapic_eoi(struct vlapic *l);
uint32_t vlapic_x2apic_ldr(const struct vlapic *l);

/* vlapic_ipi.c: do what a write of the ICR asks; dest as wide as the mode has it. */
void vlapic_send(struct vlapic *l, uint32_t icr_lo, uint32_t dest);
void vlapic_self_ipi(struct vlapic *l, uint8_t vector);

/* vlapic_timer.c */
void vlapic_timer_init(struct vlapic *l);
void vlapic_timer_reset(struct vlapic *l);
uint32_t vlapic_timer_current(const struct vlapic *l);
void vlapic_timer_set_initial(struct vlapic *l, uint32_t count);
void vlapic_timer_set_divide(struct vlapic *l, uint32_t value);
/* The timer's mode has changed. */
void vlapic_timer_disarm(struct vlapic *l);

#endif
