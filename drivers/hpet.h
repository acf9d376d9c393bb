// SPDX-License-Identifier: MIT
/* The HPET's main counter, to measure the TSC by (IA-PC HPET specification 1.0a). Boot core. */
#ifndef DRIVERS_HPET_H
#define DRIVERS_HPET_H

#include "core/lib/types.h"

/* Map it and set it going; its frequency in Hz, 0 when there is none or it makes no sense. */
uint64_t hpet_start(hpa_t base);
/* The low 32 bits of the main counter. */
uint64_t hpet_read(void);
void hpet_unmap(void);

#endif
