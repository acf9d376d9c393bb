// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/irq.h"

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/percpu.h"
#include "core/lib/log.h"

#define ISA_IRQS 16

static void (*handlers[ISA_IRQS])(void);

void irq_register(uint8_t irq, void (*handler)(void))
{
	handlers[irq % ISA_IRQS] = handler;
}

void irq_dispatch(uint8_t vector)
{
	if (vector == VECTOR_SPURIOUS) /* sets no in-service bit: no EOI (SDM vol. 3, 10.9) */
		return;
	/* First of all: a vector in service would hold back kicks. */
	apic_eoi();
	if (vector == VECTOR_KICK)
		return;
	if (vector == VECTOR_TIMER) {
		this_cpu()->timer_deadline = ~0ULL;
		return;
	}
	if (vector >= VECTOR_IRQ_BASE && vector < VECTOR_IRQ_BASE + ISA_IRQS) {
		void (*handler)(void) = handlers[vector - VECTOR_IRQ_BASE];

		if (handler)
			handler();
		return;
	}
	log_warning("unexpected interrupt vector 0x%x on core %u", vector, this_cpu()->id);
}
