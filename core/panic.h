// SPDX-License-Identifier: MIT
/* The end of the hypervisor by its own mistake; panic() itself is declared in core/lib/assert.h. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include "core/lib/types.h"

/* `noreboot`: stay halted after a panic. Set at boot. */
extern bool panic_noreboot;

/* Print one address as symbol+offset, and the callers of a frame pointer, by `print`. */
void panic_print_address(uint64_t address, void (*print)(const char *fmt, ...));
void panic_print_backtrace(uint64_t rip, uint64_t rbp, void (*print)(const char *fmt, ...));

#endif
