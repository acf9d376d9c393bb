// SPDX-License-Identifier: MIT
/* Channel 2 of the 8254 timer, to measure the TSC by. Boot core. */
#ifndef DRIVERS_PIT_H
#define DRIVERS_PIT_H

#include "core/lib/types.h"

#define PIT_HZ 1193182ULL

/* Let the channel count from 0xffff down, once: 54 ms. False when it does not move. */
bool pit_start(void);
/* Ticks since then (16 bits). */
uint64_t pit_read(void);

#endif
