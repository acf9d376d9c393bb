// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/alu.h"
#include "arch/x86/cpu/cr.h"

#define ARITHMETIC (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static void set_flag(uint64_t *rflags, uint64_t flag, bool on)
{
	*rflags = on ? *rflags | flag : *rflags & ~flag;
}

/* ZF, SF, PF of a result. */
static void result_flags(uint64_t *rflags, uint64_t r, uint64_t sign)
{
	set_flag(rflags, RFLAGS_ZF, !r);
	set_flag(rflags, RFLAGS_SF, r & sign);
	set_flag(rflags, RFLAGS_PF, !__builtin_parity((unsigned int)r & 0xff));
}

static uint64_t add(uint64_t a, uint64_t b, uint64_t carry, uint64_t mask, uint64_t *rflags)
{
	uint64_t sign = mask ^ (mask >> 1), r = (a + b + carry) & mask;
	/* The carry out of each bit position. */
	uint64_t carries = (a & b) | ((a | b) & ~r);

	*rflags &= ~ARITHMETIC;
	set_flag(rflags, RFLAGS_CF, carries & sign);
	set_flag(rflags, RFLAGS_AF, carries & 8);
	set_flag(rflags, RFLAGS_OF, (a ^ r) & (b ^ r) & sign);
	result_flags(rflags, r, sign);
	return r;
}

static uint64_t subtract(uint64_t a, uint64_t b, uint64_t borrow, uint64_t mask, uint64_t *rflags)
{
	uint64_t sign = mask ^ (mask >> 1), r = (a - b - borrow) & mask;
	uint64_t borrows = (~a & b) | ((~a | b) & r);

	*rflags &= ~ARITHMETIC;
	set_flag(rflags, RFLAGS_CF, borrows & sign);
	set_flag(rflags, RFLAGS_AF, borrows & 8);
	set_flag(rflags, RFLAGS_OF, (a ^ b) & (a ^ r) & sign);
	result_flags(rflags, r, sign);
	return r;
}

static uint64_t logic(uint64_t r, uint64_t mask, uint64_t *rflags)
{
	*rflags &= ~(ARITHMETIC & ~RFLAGS_AF);
	result_flags(rflags, r, mask ^ (mask >> 1));
	return r;
}

static uint64_t bit_op(enum insn_op op, uint64_t a, uint64_t bit, uint64_t *rflags)
{
	set_flag(rflags, RFLAGS_CF, a & bit);
	switch (op) {
	case INSN_BTS: return a | bit;
	case INSN_BTR: return a & ~bit;
	case INSN_BTC: return a ^ bit;
	default: return a;
	}
}

uint64_t alu(enum insn_op op, unsigned int size, uint64_t a, uint64_t b, uint64_t *rflags)
{
	uint64_t mask = ~0ULL >> (64 - 8 * size), carry = *rflags & RFLAGS_CF, r;

	a &= mask;
	b &= mask;
	switch (op) {
	case INSN_ADD: return add(a, b, 0, mask, rflags);
	case INSN_ADC: return add(a, b, carry, mask, rflags);
	case INSN_SUB: return subtract(a, b, 0, mask, rflags);
	case INSN_SBB: return subtract(a, b, carry, mask, rflags);
	case INSN_CMP: (void)subtract(a, b, 0, mask, rflags); return a;
	case INSN_NEG: return subtract(0, a, 0, mask, rflags);
	case INSN_AND: return logic(a & b, mask, rflags);
	case INSN_OR: return logic(a | b, mask, rflags);
	case INSN_XOR: return logic(a ^ b, mask, rflags);
	case INSN_TEST: (void)logic(a & b, mask, rflags); return a;
	case INSN_NOT: return ~a & mask;
	case INSN_INC:
	case INSN_DEC:
		/* CF stays. */
		r = op == INSN_INC ? add(a, 1, 0, mask, rflags) : subtract(a, 1, 0, mask, rflags);
		set_flag(rflags, RFLAGS_CF, carry);
		return r;
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC: return bit_op(op, a, 1ULL << (b & (8 * size - 1)), rflags);
	default: return a;
	}
}
