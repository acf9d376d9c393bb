// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_EXIT_TESTS_H
#define TESTS_GUEST_VMX_EXIT_TESTS_H

#include "tests/guest/lib/vmx.h"

/* The GDT's pointer, and from 16 the IDT's. At 0x400010, always: its address is in what exits say. */
extern uint8_t buffer[64];

#define CALL "exit 18 qual 0 len 3" /* L2's code came to its end */

struct exit_case {
	const char *name, *code;
	/* The control, and what comes of the code with it; without it, CALL if not said. */
	uint16_t field;
	uint32_t bit;
	const char *with, *without;
	/* Controls that are set in both runs. */
	uint32_t proc, proc2;
	bool only_with;
};

/* Both runs of each case. */
void run_cases(const struct exit_case *cases, unsigned int count);

/* Instructions that a control bit makes exit, and those that always do. */
void test_instructions(void);
/* Guest/host masks, CR3 targets. */
void test_control_registers(void);
void test_exceptions(void);
void test_bitmaps(void);
/* Timers, windows, the trap flag: what is not an instruction's. */
void test_asynchronous(void);

#endif
