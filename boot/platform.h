// SPDX-License-Identifier: MIT
/* The machine's devices and cores, as ACPI describes them. Boot core, in this order. */
#ifndef BOOT_PLATFORM_H
#define BOOT_PLATFORM_H

#include "core/lib/types.h"

/* Read the ACPI tables. What is missing or broken is logged and done without. */
void platform_read_acpi(void);
/* Local APIC, TSC, I/O APICs, power control, wall clock. boot_tsc: TSC at entry. */
void platform_init(uint64_t boot_tsc);
/* Let the serial port interrupt, or have it polled. */
void platform_console_irq(void);
/* Start the other cores, at most `max` in all; 0: no limit. */
void platform_start_cores(uint32_t max);

#endif
