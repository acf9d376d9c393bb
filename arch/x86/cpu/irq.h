// SPDX-License-Identifier: MIT
/* External interrupts, taken in the idle loop or as VM exits. */
#ifndef ARCH_X86_CPU_IRQ_H
#define ARCH_X86_CPU_IRQ_H

#include "core/lib/types.h"

/*
 * An external interrupt with this vector was accepted by the core: through the IDT in the idle
 * loop, or by a VM exit with "acknowledge interrupt on exit". Writes EOI first, then does the
 * little that the vector wants. Opens no access section and takes no lock but those of the
 * handlers of ISA interrupts.
 */
void irq_dispatch(uint8_t vector);

/* Let `handler` run for an ISA interrupt. Boot core, before the interrupt is routed. */
void irq_register(uint8_t irq, void (*handler)(void));

#endif
