// SPDX-License-Identifier: MIT
/* The machine's local APICs, in xAPIC or x2APIC mode (SDM vol. 3 ch. 11). */
#ifndef ARCH_X86_CPU_APIC_H
#define ARCH_X86_CPU_APIC_H

#include "core/lib/types.h"

/* Vectors the hypervisor uses for itself. */
enum vector {
	VECTOR_IRQ_BASE = 0x30, /* .. 0x3f: ISA IRQs through the I/O APIC */
	VECTOR_TIMER = 0xf0,
	VECTOR_KICK = 0xf1, /* makes a core leave guest mode or wake from idle; no handler work */
	VECTOR_SPURIOUS = 0xff,
};

/*
 * Choose the mode for all cores: x2APIC when `x2apic` and the CPU has it, or firmware has turned it
 * on already (there is no way back), else xAPIC at the boot core's base. Boot core, before others
 * start. ERR_NOMEM.
 */
enum status apic_init(bool x2apic) must_check;
bool apic_x2apic(void);
/* Enable the calling core's APIC in that mode: timer stopped, local inputs masked but for NMI. */
void apic_init_core(void);
/* Without TSC-deadline mode the timer's own clock is measured against the TSC. Boot core. */
void apic_timer_calibrate(void);
uint32_t apic_id(void);
void apic_eoi(void);

/*
 * Send VECTOR_KICK or an NMI to a core, physical destination, one ICR write. Every store the
 * caller made before is visible to the target first (MFENCE;LFENCE ahead of a x2APIC ICR write:
 * SDM vol. 3, 11.12.3). Any root context.
 */
void apic_send_kick(uint32_t core);
void apic_send_nmi(uint32_t core);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint8_t page);

/* Arm the calling core's one-shot timer (TSC-deadline mode where present); ~0 disarms. */
void apic_timer_arm(uint64_t tsc_deadline);

#endif
