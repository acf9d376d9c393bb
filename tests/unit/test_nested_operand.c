// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/operand.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/operand.h"

static uint64_t registers[16];
static struct vmx_segment_state segments[VMX_SEG_COUNT];

static uint64_t get_register(void *opaque, unsigned int reg)
{
	return registers[reg];
}

static void get_segment(void *opaque, enum vmx_segment seg, struct vmx_segment_state *out)
{
	*out = segments[seg];
}

/* Fields of the instruction information; NONE leaves a register out. */
#define NONE 16U
static uint32_t info(unsigned int seg, unsigned int base, unsigned int index, unsigned int scale,
		     unsigned int address_size)
{
	return scale | address_size << 7 | seg << 15 | (index & 15) << 18 | (index >> 4) << 22 |
	       (base & 15) << 23 | (base >> 4) << 27;
}

enum { RAX, RCX, RDX, RBX };
enum { A16, A32, A64 };

static struct operand_args args(uint32_t word, uint64_t displacement, bool mode_64)
{
	return (struct operand_args){ .info = word,
				      .displacement = displacement,
				      .mode_64 = mode_64,
				      .size = 8,
				      .get_register = get_register,
				      .get_segment = get_segment };
}

static int setup(void **state)
{
	for (unsigned int i = 0; i < 16; i++)
		registers[i] = 0x1000 * (i + 1);
	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++)
		segments[i] = (struct vmx_segment_state){ 0, 0xffffffff, 0xc093, 0x10 };
	segments[VMX_SEG_CS].rights = 0xc09b;
	return 0;
}

static void address_is_a_sum(void **state)
{
	struct operand_args a = args(info(VMX_SEG_DS, RBX, RCX, 3, A64), 0x20, true);
	uint64_t linear;

	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0x4000 + 0x2000 * 8 + 0x20);
	a.info = info(VMX_SEG_DS, NONE, RCX, 0, A64);
	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0x2020);
	a.info = info(VMX_SEG_DS, 13, NONE, 0, A64);
	a.displacement = (uint64_t)-0x10;
	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0xdff0);
}

static void address_size_cuts_the_offset(void **state)
{
	struct operand_args a = args(info(VMX_SEG_DS, RAX, NONE, 0, A32), (uint64_t)-0x2000, true);
	uint64_t linear;

	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0xfffff000);
	a = args(info(VMX_SEG_DS, RAX, NONE, 0, A16), (uint64_t)-0x2000, false);
	segments[VMX_SEG_DS].base = 0x30000;
	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0x3f000);
}

static void only_fs_and_gs_have_a_base_in_64_bit_mode(void **state)
{
	uint64_t linear;

	for (unsigned int seg = VMX_SEG_ES; seg <= VMX_SEG_GS; seg++) {
		struct operand_args a = args(info(seg, RAX, NONE, 0, A64), 0, true);

		segments[seg].base = 0xffff800000000000ULL;
		segments[seg].rights = VMX_RIGHTS_UNUSABLE;
		assert_int_equal(operand_linear(&a, &linear), 0);
		assert_int_equal(linear, seg >= VMX_SEG_FS ? 0xffff800000001000ULL : 0x1000);
	}
}

static void a_64_bit_address_is_canonical_to_its_last_byte(void **state)
{
	struct operand_args a = args(info(VMX_SEG_DS, NONE, NONE, 0, A64), BIT(47), true);
	uint64_t linear;

	assert_int_equal(operand_linear(&a, &linear), EXC_GP);
	a.displacement = BIT(47) - 4;
	assert_int_equal(operand_linear(&a, &linear), EXC_GP);
	a.size = 4;
	assert_int_equal(operand_linear(&a, &linear), 0);
	a.info = info(VMX_SEG_SS, NONE, NONE, 0, A64);
	a.size = 8;
	assert_int_equal(operand_linear(&a, &linear), EXC_SS);
}

static void linear_addresses_wrap_at_4_gib(void **state)
{
	struct operand_args a = args(info(VMX_SEG_DS, NONE, NONE, 0, A32), 0x2000, false);
	uint64_t linear;

	segments[VMX_SEG_DS].base = 0xfffff000;
	assert_int_equal(operand_linear(&a, &linear), 0);
	assert_int_equal(linear, 0x1000);
}

static int at(unsigned int seg, uint64_t offset, bool write)
{
	struct operand_args a = args(info(seg, NONE, NONE, 0, A32), offset, false);
	uint64_t linear;

	a.write = write;
	return operand_linear(&a, &linear);
}

static void limits(void **state)
{
	segments[VMX_SEG_DS].limit = 0xfff;
	segments[VMX_SEG_SS].limit = 0xfff;
	assert_int_equal(at(VMX_SEG_DS, 0xff8, false), 0);
	assert_int_equal(at(VMX_SEG_DS, 0xff9, false), EXC_GP);
	assert_int_equal(at(VMX_SEG_SS, 0xff9, false), EXC_SS);
	/* Past the end of the offsets. */
	segments[VMX_SEG_DS].limit = 0xffffffff;
	assert_int_equal(at(VMX_SEG_DS, 0xfffffff8, false), 0);
	assert_int_equal(at(VMX_SEG_DS, 0xfffffff9, false), EXC_GP);
	/* Expand-down: above the limit, up to 4 GiB or 64 KiB. */
	segments[VMX_SEG_DS] = (struct vmx_segment_state){ 0, 0xfff, 0xc097, 0x10 };
	assert_int_equal(at(VMX_SEG_DS, 0xfff, false), EXC_GP);
	assert_int_equal(at(VMX_SEG_DS, 0x1000, true), 0);
	assert_int_equal(at(VMX_SEG_DS, 0xfffffff9, false), EXC_GP);
	segments[VMX_SEG_DS].rights = 0x8097;
	assert_int_equal(at(VMX_SEG_DS, 0xfff8, false), 0);
	assert_int_equal(at(VMX_SEG_DS, 0xfff9, false), EXC_GP);
}

static void types(void **state)
{
	assert_int_equal(at(VMX_SEG_CS, 0, false), 0);
	assert_int_equal(at(VMX_SEG_CS, 0, true), EXC_GP);
	segments[VMX_SEG_CS].limit = 0xfff;
	assert_int_equal(at(VMX_SEG_CS, 0xff8, false), 0);
	assert_int_equal(at(VMX_SEG_CS, 0xff9, false), EXC_GP);
	segments[VMX_SEG_CS].rights = 0xc099;
	assert_int_equal(at(VMX_SEG_CS, 0, false), EXC_GP);
	segments[VMX_SEG_DS].rights = 0xc091;
	assert_int_equal(at(VMX_SEG_DS, 0, false), 0);
	assert_int_equal(at(VMX_SEG_DS, 0, true), EXC_GP);
	segments[VMX_SEG_DS].rights |= VMX_RIGHTS_UNUSABLE;
	assert_int_equal(at(VMX_SEG_DS, 0, false), EXC_GP);
	assert_int_equal(at(7, 0, false), EXC_GP);
}

static void fields_of_the_information(void **state)
{
	assert_true(operand_is_register(1U << 10));
	assert_false(operand_is_register(~(1U << 10)));
	assert_int_equal(operand_reg1(0xbU << 3), 0xb);
	assert_int_equal(operand_reg2(0xdU << 28), 0xd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(address_is_a_sum, setup),
		cmocka_unit_test_setup(address_size_cuts_the_offset, setup),
		cmocka_unit_test_setup(only_fs_and_gs_have_a_base_in_64_bit_mode, setup),
		cmocka_unit_test_setup(a_64_bit_address_is_canonical_to_its_last_byte, setup),
		cmocka_unit_test_setup(linear_addresses_wrap_at_4_gib, setup),
		cmocka_unit_test_setup(limits, setup),
		cmocka_unit_test_setup(types, setup),
		cmocka_unit_test_setup(fields_of_the_information, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
