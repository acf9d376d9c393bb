// SPDX-License-Identifier: MIT
/* The ACPI power-management timer (ACPI 6.3, 4.8.2.1), to measure the TSC by. */
#ifndef DRIVERS_PMTIMER_H
#define DRIVERS_PMTIMER_H

#include "core/lib/types.h"

#define PMTIMER_HZ 3579545ULL

/* The port of the FADT; false when the counter does not move. Boot core. */
bool pmtimer_start(uint16_t port);
/* The counter: 24 or 32 bits. */
uint64_t pmtimer_read(void);

#endif
