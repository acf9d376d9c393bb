// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_INSN_TESTS_H
#define TESTS_GUEST_VMX_INSN_TESTS_H

#include "tests/guest/lib/vmx.h"

/* A row whose value is what an instruction came to. */
static inline void result_is(const char *name, int result, const char *wanted)
{
	row_is(name, vmx_text(result), wanted);
}

/* Every instruction outside VMX operation, with CR4.VMXE 0 and 1; VMXON's own checks. */
void test_outside(void);
/* In VMX operation: at CPL 3, in compatibility mode. */
void test_modes(void);
/* VMfailInvalid and each number. */
void test_failures(void);
/* INVEPT and INVVPID. */
void test_invalidation(void);
/* VMLAUNCH and VMRESUME against the launch state. */
void test_launch_state(void);
/* All forms of operands, and what faults. */
void test_operands(void);
void test_registers(void);
void test_faults(void);
/* VMWRITE and VMREAD of everything that could be a field. */
void test_fields(void);

#endif
