// SPDX-License-Identifier: MIT
/*
 * Bytes behind the real frame allocator: RAM from FAKE_RAM_PFN on, with its frame table, and a
 * panic() that a test can expect.
 */
#ifndef TESTS_UNIT_FAKES_RAM_H
#define TESTS_UNIT_FAKES_RAM_H

#include <setjmp.h>

#include "core/lib/types.h"

#define FAKE_RAM_PFN    0x400ULL /* a multiple of 512 */
#define FAKE_RAM_FRAMES 4096ULL
#define FAKE_RAM_END    (FAKE_RAM_PFN + FAKE_RAM_FRAMES)

/* The frame table up to FAKE_RAM_END, all of it firmware's; the RAM full of rubbish. Once. */
void ram_init(void);
uint64_t *ram_frame(uint64_t pfn);
/* How often a frame was filled since it was last set to 0. */
extern uint64_t ram_fills;

/* Run what is expected to panic: true if it did, with the message in ram_panic_text. */
extern char ram_panic_text[256];
extern jmp_buf ram_panic_jump;
extern bool ram_panic_expected;
#define ram_panics(statement)                                                                      \
	({                                                                                         \
		volatile bool did_ = true;                                                         \
                                                                                                   \
		ram_panic_expected = true;                                                         \
		if (!setjmp(ram_panic_jump)) {                                                     \
			statement;                                                                 \
			did_ = false;                                                              \
		}                                                                                  \
		ram_panic_expected = false;                                                        \
		did_;                                                                              \
	})

#endif
