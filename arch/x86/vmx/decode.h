// SPDX-License-Identifier: MIT
/*
 * Instruction decoder for emulated memory accesses: pure, from at most 15 bytes to one struct. It
 * knows the integer instructions that compilers and kernels use on device memory, in all modes and
 * with all prefixes (SDM vol. 2 ch. 2 and app. A); anything else is ERR_UNSUPPORTED.
 */
#ifndef ARCH_X86_VMX_DECODE_H
#define ARCH_X86_VMX_DECODE_H

#include "core/lib/types.h"

#define INSN_MAX 15

enum insn_op {
	/* The eight of group 1 in their encoding's order. */
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	/* Group 8 in its order, from /4. */
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_MOV,
	INSN_MOVZX,
	INSN_MOVSX, /* MOVSXD as well */
	INSN_MOVBE,
	INSN_TEST,
	INSN_NOT,
	INSN_NEG,
	INSN_INC,
	INSN_DEC,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_MOVS,
	INSN_CMPS,
	INSN_STOS,
	INSN_LODS,
	INSN_SCAS,
};

/* Segment registers by their encoding. */
enum insn_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

#define INSN_NO_REG 0xff

struct insn {
	enum insn_op op;
	uint8_t length;
	uint8_t mem_size; /* bytes of the memory operand: 1, 2, 4, 8 */
	uint8_t reg_size; /* bytes of the register operand */
	uint8_t reg;      /* 0-15, or INSN_NO_REG */
	bool reg_high;    /* AH, CH, DH, BH: reg is RAX-RBX */
	bool has_imm;     /* the source is imm, sign-extended to 64 bits */
	bool to_reg;      /* the register is the destination, memory the source */
	uint64_t imm;
	bool lock, rep, repne;

	/*
	 * The exit tells where the memory operand is, so ModRM's address is only stepped over. String
	 * instructions have a second one: RSI in segment seg, RDI in ES, addr_size bytes wide.
	 */
	uint8_t addr_size; /* 2, 4, 8 */
	enum insn_seg seg;
};

/*
 * Decode `len` bytes of code; code_size is the default of the code segment: 2, 4, or 8 in 64-bit
 * mode. ERR_TRUNCATED when the bytes end before the instruction does, ERR_INVALID when no such
 * instruction exists (too long, or LOCK where it is not allowed: #UD), ERR_UNSUPPORTED when this
 * decoder does not know it or it has no memory operand.
 */
enum status insn_decode(const uint8_t *bytes, size_t len, unsigned int code_size,
			struct insn *out) must_check;

#endif
