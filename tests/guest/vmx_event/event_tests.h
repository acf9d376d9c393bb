// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_EVENT_TESTS_H
#define TESTS_GUEST_VMX_EVENT_TESTS_H

#include "tests/guest/lib/vmx.h"

#define CALL      "exit 18 qual 0 len 3"
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define EXTERNAL  0x41 /* an external interrupt's vector */
#define SOFTWARE  0x42

/* The next event for L2. */
void inject(uint32_t info, uint32_t error, uint32_t length);
/* L2 runs to its next exit: the row has the exit, where L2 is (from `code`), its interruptibility
 * and activity if not 0, and what its handlers took. */
void event_row(const char *name, const char *code, const char *wanted);

/* Every type of event, delivered by L2's IDT. */
void test_injection(void);
/* An event whose delivery exits: IDT-vectoring information. */
void test_vectoring(void);
/* Debug exceptions, single steps, MTF. */
void test_debug(void);
/* Shadows of STI and MOV SS, NMI blocking, windows, HLT. */
void test_blocking(void);

#endif
