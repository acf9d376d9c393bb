// SPDX-License-Identifier: MIT
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "arch/x86/cpu/trace.h"

/* Give the calling core its ring; it goes without one when there is no memory. */
void trace_init_core(void);

/* The last `count` entries of a core, oldest first. Also in a panic: takes no lock. */
void trace_print(uint32_t core, uint32_t count, void (*print)(const char *fmt, ...));

#endif
