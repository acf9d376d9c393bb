// SPDX-License-Identifier: MIT
/* The machine's I/O APICs (Intel 82093AA datasheet): everything masked but what is routed. */
#ifndef DRIVERS_IOAPIC_H
#define DRIVERS_IOAPIC_H

#include "core/lib/types.h"

/* Map an I/O APIC whose first input is the global system interrupt gsi_base, and mask all its
 * inputs. ERR_NOMEM when there are too many. Boot core. */
enum status ioapic_add(hpa_t base, uint32_t gsi_base) must_check;

/*
 * Deliver a global system interrupt to a core as a fixed interrupt. mps_flags are the MADT's MPS INTI
 * flags (polarity in 1:0, trigger mode in 3:2; "conforms" means ISA: active high, edge).
 * ERR_NOT_FOUND when no I/O APIC has it. Boot core.
 */
enum status ioapic_route(uint32_t gsi, uint16_t mps_flags, uint32_t apic_id,
			 uint8_t vector) must_check;

/* Mask both 8259 interrupt controllers, and program them not to use exception vectors. */
void pic_disable(void);

#endif
