// SPDX-License-Identifier: MIT
/* A clock of 1 GHz; goes with arch/x86/cpu/tsc_scale.c. */
#include "arch/x86/cpu/tsc.h"

uint64_t tsc_khz = 1000000;
uint64_t tsc_boot;
struct tsc_scale tsc_scale = { .mul = 0x80000000U, .shift = 1 };
bool tsc_stable = true;
