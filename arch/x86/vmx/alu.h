// SPDX-License-Identifier: MIT
/* Results and flags of the integer instructions that decode.h knows. Pure. */
#ifndef ARCH_X86_VMX_ALU_H
#define ARCH_X86_VMX_ALU_H

#include "arch/x86/vmx/decode.h"

/*
 * op on a (the destination) and b, both `size` bytes wide (1, 2, 4, 8); bits above are ignored and
 * are zero in the result. The flags in *rflags become what the instruction leaves (SDM vol. 1,
 * app. A; undefined ones stay). CMP and TEST give a; BT* take the bit number modulo the width.
 * Not for MOV*, XCHG, XADD, CMPXCHG and string instructions, which are made of these.
 */
uint64_t alu(enum insn_op op, unsigned int size, uint64_t a, uint64_t b, uint64_t *rflags);

#endif
