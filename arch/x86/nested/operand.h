// SPDX-License-Identifier: MIT
/*
 * Operands of VMX instructions, from the VM-exit instruction information and the exit qualification
 * (SDM vol. 3, 27.2.5), with the checks that the processor makes on a memory operand. Pure, but for
 * what is read through the callbacks.
 */
#ifndef ARCH_X86_NESTED_OPERAND_H
#define ARCH_X86_NESTED_OPERAND_H

#include "arch/x86/vmx/vmx.h"

struct operand_args {
	uint32_t info; /* VM-exit instruction information */
	uint64_t
		displacement; /* the exit qualification: with RIP in it where it is relative to RIP */
	bool mode_64;         /* 64-bit mode */
	bool write;           /* the instruction writes to memory */
	unsigned int size;    /* of the memory operand in bytes */
	uint64_t (*get_register)(void *opaque, unsigned int reg);
	void (*get_segment)(void *opaque, enum vmx_segment seg, struct vmx_segment_state *out);
	void *opaque;
};

/* The memory operand's linear address; else the vector, EXC_GP or EXC_SS, with error code 0. */
int operand_linear(const struct operand_args *a, uint64_t *linear) must_check;

/* VMREAD, VMWRITE: the operand that may be in memory is the register operand_reg1(). */
static inline bool operand_is_register(uint32_t info)
{
	return info >> 10 & 1;
}

static inline unsigned int operand_reg1(uint32_t info)
{
	return info >> 3 & 0xf;
}

/* The other operand: the encoding of VMREAD and VMWRITE, the type of INVEPT and INVVPID. */
static inline unsigned int operand_reg2(uint32_t info)
{
	return info >> 28;
}

#endif
