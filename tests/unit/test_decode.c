// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/decode.c arch/x86/vmx/alu.c
/* The instruction decoder, on encodings made by an assembler, and the arithmetic behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/vmx/alu.h"
#include "arch/x86/vmx/decode.h"
#include "tests/unit/insn_table.h"

static enum status decode(const struct insn_row *row, size_t len, struct insn *out)
{
	return insn_decode((const uint8_t *)row->bytes, len, row->code_size, out);
}

static void decodes_what_an_assembler_makes(void **state)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct insn_row *want = &rows[i];
		struct insn got;

		assert_int_equal(decode(want, want->len, &got), OK);
		assert_int_equal(got.length, want->len);
		assert_int_equal(got.op, want->op);
		assert_int_equal(got.mem_size, want->mem_size);
		assert_int_equal(got.reg, want->reg);
		if (want->reg != INSN_NO_REG)
			assert_int_equal(got.reg_size, want->reg_size);
		assert_int_equal(got.imm, want->imm);
		assert_int_equal(got.seg, want->seg);
		assert_int_equal(got.addr_size, want->addr_size);
		assert_int_equal((got.to_reg ? TO_REG : 0) | (got.reg_high ? HIGH : 0) |
					 (got.lock ? LOCK : 0) | (got.rep ? REP : 0) |
					 (got.repne ? REPNE : 0) | (got.has_imm ? IMM : 0),
				 want->flags);
	}
}

static void trailing_bytes_do_not_matter(void **state)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		uint8_t bytes[INSN_MAX];
		struct insn got;

		memset(bytes, 0xff, sizeof(bytes));
		memcpy(bytes, rows[i].bytes, rows[i].len);
		assert_int_equal(insn_decode(bytes, sizeof(bytes), rows[i].code_size, &got), OK);
		assert_int_equal(got.length, rows[i].len);
	}
}

static void every_cut_is_truncated(void **state)
{
	struct insn got;

	for (size_t i = 0; i < array_size(rows); i++)
		for (size_t len = 0; len < rows[i].len; len++)
			assert_int_equal(decode(&rows[i], len, &got), ERR_TRUNCATED);
}

static enum status decode64(const char *bytes, size_t len)
{
	struct insn got;

	return insn_decode((const uint8_t *)bytes, len, 8, &got);
}

#define STATUS64(s) decode64((s), sizeof(s) - 1)

static void what_does_not_exist_is_invalid(void **state)
{
	/* LOCK MOV, LOCK CMP, LOCK ADD to a register, LOCK BT */
	assert_int_equal(STATUS64("\xf0\x89\x07"), ERR_INVALID);
	assert_int_equal(STATUS64("\xf0\x39\x07"), ERR_INVALID);
	assert_int_equal(STATUS64("\xf0\x03\x07"), ERR_INVALID);
	assert_int_equal(STATUS64("\xf0\x0f\xa3\x07"), ERR_INVALID);
	/* opcode 82 in 64-bit mode; group 8 below 4 */
	assert_int_equal(STATUS64("\x82\x07\x01"), ERR_INVALID);
	assert_int_equal(STATUS64("\x0f\xba\x07\x01"), ERR_INVALID);
	/* 15 prefixes; 16 bytes in all */
	assert_int_equal(
		STATUS64("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"),
		ERR_INVALID);
	assert_int_equal(
		STATUS64("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x89\x07"),
		ERR_INVALID);
	assert_int_equal(STATUS64("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x89\x07"),
			 OK);
}

static void what_is_not_ours_is_unsupported(void **state)
{
	assert_int_equal(STATUS64("\x89\xc0"), ERR_UNSUPPORTED);             /* register form */
	assert_int_equal(STATUS64("\x0f\x28\x07"), ERR_UNSUPPORTED);         /* MOVAPS */
	assert_int_equal(STATUS64("\xff\x37"), ERR_UNSUPPORTED);             /* PUSH */
	assert_int_equal(STATUS64("\xff\x17"), ERR_UNSUPPORTED);             /* CALL */
	assert_int_equal(STATUS64("\xf7\x27"), ERR_UNSUPPORTED);             /* MUL */
	assert_int_equal(STATUS64("\xf2\x0f\x38\xf1\x07"), ERR_UNSUPPORTED); /* CRC32 */
	assert_int_equal(STATUS64("\x90"), ERR_UNSUPPORTED);
}

static void a_rex_before_a_prefix_is_void(void **state)
{
	struct insn got;

	/* 48 66 89 07: REX.W is not last, so this is MOV [RDI], AX */
	assert_int_equal(insn_decode((const uint8_t *)"\x48\x66\x89\x07", 4, 8, &got), OK);
	assert_int_equal(got.mem_size, 2);
	/* 66 48 89 07: it is, and wins over 66 */
	assert_int_equal(insn_decode((const uint8_t *)"\x66\x48\x89\x07", 4, 8, &got), OK);
	assert_int_equal(got.mem_size, 8);
	/* In 32-bit code 48 is DEC. */
	assert_int_equal(insn_decode((const uint8_t *)"\x48\x89\x07", 3, 4, &got), ERR_UNSUPPORTED);
}

static void old_segments_are_void_in_64_bit_mode(void **state)
{
	struct insn got;

	assert_int_equal(insn_decode((const uint8_t *)"\x64\x2e\x89\x07", 4, 8, &got), OK);
	assert_int_equal(got.seg, SEG_FS);
	assert_int_equal(insn_decode((const uint8_t *)"\x64\x2e\x89\x07", 4, 4, &got), OK);
	assert_int_equal(got.seg, SEG_CS);
}

/* ---- Arithmetic: the host's own instructions are the truth ---- */

#define ARITHMETIC 0x8d5ULL

#define HOST_BINARY(name, text, type)                                                              \
	static uint64_t host_##name##_##type(uint64_t a, uint64_t b, uint64_t *flags)              \
	{                                                                                          \
		type x = (type)a, y = (type)b;                                                     \
		uint64_t f = *flags;                                                               \
                                                                                                   \
		__asm__ volatile("push %1; popf; " text " %2, %0; pushf; pop %1"                   \
				 : "+r"(x), "+r"(f)                                                \
				 : "r"(y)                                                          \
				 : "cc", "memory");                                                \
		*flags = f;                                                                        \
		return (uint64_t)x;                                                                \
	}

#define HOST_SIZES(name, text)                                                                     \
	HOST_BINARY(name, text, uint8_t)                                                           \
	HOST_BINARY(name, text, uint16_t)                                                          \
	HOST_BINARY(name, text, uint32_t)                                                          \
	HOST_BINARY(name, text, uint64_t)

HOST_SIZES(add, "add")
HOST_SIZES(or, "or")
HOST_SIZES(adc, "adc")
HOST_SIZES(sbb, "sbb")
HOST_SIZES(and, "and")
HOST_SIZES(sub, "sub")
HOST_SIZES(xor, "xor")
HOST_SIZES(cmp, "cmp")
HOST_SIZES(test, "test")

typedef uint64_t host_fn(uint64_t a, uint64_t b, uint64_t *flags);

static const struct {
	enum insn_op op;
	host_fn *fn[4];
	uint64_t undefined;
} host_ops[] = {
#define HOST_ROW(op, name, undefined)                                                              \
	{                                                                                          \
		op,                                                                                \
			{ host_##name##_uint8_t, host_##name##_uint16_t, host_##name##_uint32_t,   \
			  host_##name##_uint64_t },                                                \
			undefined                                                                  \
	}
	HOST_ROW(INSN_ADD, add, 0),           HOST_ROW(INSN_OR, or, RFLAGS_AF),
	HOST_ROW(INSN_ADC, adc, 0),           HOST_ROW(INSN_SBB, sbb, 0),
	HOST_ROW(INSN_AND, and, RFLAGS_AF),   HOST_ROW(INSN_SUB, sub, 0),
	HOST_ROW(INSN_XOR, xor, RFLAGS_AF),   HOST_ROW(INSN_CMP, cmp, 0),
	HOST_ROW(INSN_TEST, test, RFLAGS_AF),
};

static const uint64_t values[] = {
	0,          1,          2,      0x0f,       0x10,       0x7f,
	0x80,       0xff,       0x7fff, 0x8000,     0xffff,     0x7fffffff,
	0x80000000, 0xffffffff, ~0ULL,  ~0ULL >> 1, 1ULL << 63, 0x1234567890abcdefULL,
};

static void arithmetic_is_that_of_the_host(void **state)
{
	for (size_t o = 0; o < array_size(host_ops); o++)
		for (size_t i = 0; i < array_size(values) * array_size(values) * 8; i++) {
			uint64_t a = values[i / 8 % array_size(values)];
			uint64_t b = values[i / 8 / array_size(values)];
			unsigned int log = i % 4, size = 1U << log;
			uint64_t mask = ~0ULL >> (64 - 8 * size);
			uint64_t keep = ARITHMETIC & ~host_ops[o].undefined;
			uint64_t f1 = i & 4 ? 0x2 | ARITHMETIC : 0x2, f2 = f1;
			uint64_t r1 = host_ops[o].fn[log](a, b, &f1);
			uint64_t r2 = alu(host_ops[o].op, size, a, b, &f2);

			assert_int_equal(r1 & mask, r2);
			assert_int_equal(f1 & keep, f2 & keep);
		}
}

static void inc_and_dec_keep_carry(void **state)
{
	uint64_t f = RFLAGS_CF;

	assert_int_equal(alu(INSN_INC, 1, 0xff, 0, &f), 0);
	assert_int_equal(f, RFLAGS_CF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF);
	f = 0;
	assert_int_equal(alu(INSN_DEC, 4, 0, 0, &f), 0xffffffff);
	assert_int_equal(f, RFLAGS_SF | RFLAGS_AF | RFLAGS_PF);
	f = 0;
	assert_int_equal(alu(INSN_NEG, 2, 1, 0, &f), 0xffff);
	assert_true(f & RFLAGS_CF);
	assert_int_equal(alu(INSN_NOT, 2, 0xf0f0, 0, &f), 0x0f0f);
}

static void bit_numbers_wrap_at_the_width(void **state)
{
	uint64_t f = 0;

	assert_int_equal(alu(INSN_BTS, 4, 0, 33, &f), 2);
	assert_false(f & RFLAGS_CF);
	assert_int_equal(alu(INSN_BTR, 4, 2, 33, &f), 0);
	assert_true(f & RFLAGS_CF);
	assert_int_equal(alu(INSN_BTC, 8, 0, 63, &f), 1ULL << 63);
	assert_int_equal(alu(INSN_BT, 2, 0x8000, 15, &f), 0x8000);
	assert_true(f & RFLAGS_CF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_an_assembler_makes),
		cmocka_unit_test(trailing_bytes_do_not_matter),
		cmocka_unit_test(every_cut_is_truncated),
		cmocka_unit_test(what_does_not_exist_is_invalid),
		cmocka_unit_test(what_is_not_ours_is_unsupported),
		cmocka_unit_test(a_rex_before_a_prefix_is_void),
		cmocka_unit_test(old_segments_are_void_in_64_bit_mode),
		cmocka_unit_test(arithmetic_is_that_of_the_host),
		cmocka_unit_test(inc_and_dec_keep_carry),
		cmocka_unit_test(bit_numbers_wrap_at_the_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
