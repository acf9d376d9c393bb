// SPDX-License-Identifier: MIT
// Names of the hypervisor's own functions, for backtraces. The table itself is
// made from the linked image by scripts/mksyms.py; a unit test brings its own.
#ifndef CORE_LIB_SYMBOLS_H
#define CORE_LIB_SYMBOLS_H

#include <stdint.h>

// Base of the kernel code model: every function lies in the 2 GiB above it, so
// that 32 bits hold its offset.
#define SYMBOLS_BASE UINT64_C(0xffffffff80000000)

struct symbol {
	uint32_t offset; // of the function's first byte, from SYMBOLS_BASE
	uint32_t name;   // index of the first character in symbols_names
};

// Ascending by offset. symbols_table has one row even when symbols_count is 0.
extern const uint32_t symbols_count;
extern const struct symbol symbols_table[];
extern const char symbols_names[];

// The name of the last function that starts at or below addr, and in *offset
// how many bytes addr lies behind its start. NULL (and *offset untouched) for
// an address below the first function or with an empty table. An address behind
// the last function's end gets that function's name: the caller knows the
// bounds of the text. Pure: any context, no lock.
const char *symbols_lookup(uint64_t addr, uint64_t *offset);

#endif
