// SPDX-License-Identifier: MIT
// sources: boot/bzimage.c boot/layout.c boot/load_plan.c boot/elf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/bzimage.h"
#include "core/lib/bytes.h"

/* A boot sector, two setup sectors and 1000 bytes of kernel. */
#define SIZE (3 * 512 + 1000)
static uint8_t image[SIZE];
static struct guest_layout layout;
static struct load_plan plan;
static const char *error;

static int setup(void **state)
{
	memset(image, 0, sizeof(image));
	image[0x1F1] = 2;
	bytes_put32(image + 0x1F4, 63);
	bytes_put16(image + 0x1FE, 0xAA55);
	image[0x200] = 0xEB;
	image[0x201] = 0x6A;
	memcpy(image + 0x202, "HdrS", 4);
	bytes_put16(image + 0x206, 0x20F);
	image[0x211] = 1;
	bytes_put32(image + 0x214, 0x100000);
	bytes_put32(image + 0x22C, 0x7FFFFFFF);
	bytes_put32(image + 0x230, 0x200000);
	image[0x234] = 1;
	bytes_put32(image + 0x238, 2047);
	bytes_put64(image + 0x258, 0x1000000);
	bytes_put32(image + 0x260, 0x3000000);
	return layout_make(128, 1, &layout, &error) == OK ? 0 : -1;
}

static enum status parse_cut(size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	enum status status;

	memcpy(copy, image, size);
	error = NULL;
	status = bzimage_parse(copy, size, &layout, &plan, &error);
	free(copy);
	assert_true((status == OK) == (error == NULL));
	return status;
}

static void refuse(enum status status, const char *message)
{
	assert_int_equal(parse_cut(SIZE), status);
	assert_string_equal(error, message);
}

static void a_kernel_loads_at_its_preferred_address(void **state)
{
	assert_int_equal(parse_cut(SIZE), OK);
	assert_int_equal(plan.protocol, BOOT_LINUX);
	assert_int_equal(plan.entry.a, 0x1000000);
	assert_int_equal(plan.low.a, 0x1000000);
	assert_int_equal(plan.high.a, 0x4000000);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.segment[0].file_offset, 1536);
	assert_int_equal(plan.segment[0].file_size, 1000);
	assert_int_equal(plan.segment[0].mem_size, 0x3000000);
	assert_int_equal(plan.ramdisk_max, 0x80000000);
	assert_true(plan.rsdp_anywhere);
	assert_int_equal(load_plan_make(image, SIZE, &layout, &plan, &error), OK);
	assert_int_equal(bzimage_cmdline_max(image, SIZE), 2047);
}

static void an_older_kernel_wants_its_rsdp_low(void **state)
{
	bytes_put16(image + 0x206, 0x20A);
	assert_int_equal(parse_cut(SIZE), OK);
	assert_false(plan.rsdp_anywhere);
}

static void the_memory_must_hold_it_unpacked(void **state)
{
	assert_int_equal(layout_make(63, 1, &layout, &error), OK);
	refuse(ERR_NOMEM, "kernel: needs more memory than the guest has");
	assert_int_equal(layout_make(64, 1, &layout, &error), OK);
	assert_int_equal(parse_cut(SIZE), OK);
	bytes_put32(image + 0x260, 0xFFFFFFFF);
	refuse(ERR_NOMEM, "kernel: needs more memory than the guest has");
}

static void each_fault_has_its_message(void **state)
{
	bytes_put16(image + 0x1FE, 0);
	refuse(ERR_INVALID, "kernel: not a Linux bzImage");
	setup(state);
	image[0x202] = 'h';
	refuse(ERR_INVALID, "kernel: not a Linux bzImage");
	setup(state);
	bytes_put16(image + 0x206, 0x209);
	refuse(ERR_UNSUPPORTED, "kernel: bzImage with a boot protocol before 2.10");
	setup(state);
	image[0x211] = 0;
	refuse(ERR_UNSUPPORTED, "kernel: zImage (loaded low) is not supported");
	setup(state);
	bytes_put64(image + 0x258, 0x1000);
	refuse(ERR_INVALID, "kernel: bzImage with a bad preferred address");
	setup(state);
	bytes_put64(image + 0x258, 0x100000000);
	refuse(ERR_INVALID, "kernel: bzImage with a bad preferred address");
	setup(state);
	bytes_put32(image + 0x230, 0);
	refuse(ERR_INVALID, "kernel: bzImage with a bad alignment");
	setup(state);
	bytes_put64(image + 0x258, 0x1100000);
	refuse(ERR_INVALID, "kernel: bzImage with a bad alignment");
	setup(state);
	bytes_put32(image + 0x1F4, 64);
	refuse(ERR_TRUNCATED, "kernel: bzImage truncated");
	bytes_put32(image + 0x1F4, 0);
	refuse(ERR_TRUNCATED, "kernel: bzImage truncated");
	setup(state);
	image[0x1F1] = 0;
	refuse(ERR_TRUNCATED, "kernel: bzImage truncated");
}

static void every_truncation_is_refused(void **state)
{
	/* syssize counts in 16 bytes: the last 8 may be missing. */
	for (size_t size = 0; size < SIZE - 8; size++)
		assert_int_not_equal(parse_cut(size), OK);
}

static const struct layout_range ranges[] = { { 0, MIB(128), 1 }, { 0xFC000000, 0x5000, 4 } };

static const struct bzimage_args good = {
	.range = ranges,
	.range_count = 2,
	.cmdline = { 0x4001000 },
	.ramdisk = { 0x4002000 },
	.ramdisk_size = 12345,
	.rsdp = { 0xFC000000 },
};

static uint8_t params[BZIMAGE_BOOT_PARAMS_SIZE];

static void boot_params_are_those_of_the_protocol(void **state)
{
	memset(params, 0xCC, sizeof(params));
	assert_int_equal(bzimage_boot_params(image, SIZE, &good, params), OK);
	for (size_t i = 0; i < 0x70; i++)
		assert_int_equal(params[i], 0);
	assert_int_equal(bytes_get64(params + 0x70), 0xFC000000);
	assert_int_equal(params[0x1E8], 2);
	assert_int_equal(params[0x1F1], 2);
	assert_memory_equal(params + 0x202, "HdrS", 4);
	assert_int_equal(params[0x210], 0xFF);
	assert_int_equal(params[0x211], 0x41);
	assert_int_equal(bytes_get32(params + 0x214), 0x1000000);
	assert_int_equal(bytes_get32(params + 0x218), 0x4002000);
	assert_int_equal(bytes_get32(params + 0x21C), 12345);
	assert_int_equal(bytes_get32(params + 0x228), 0x4001000);
	assert_int_equal(bytes_get64(params + 0x258), 0x1000000);
	assert_int_equal(bytes_get64(params + 0x2D0), 0);
	assert_int_equal(bytes_get64(params + 0x2D8), MIB(128));
	assert_int_equal(bytes_get32(params + 0x2E0), 1);
	assert_int_equal(bytes_get64(params + 0x2E4), 0xFC000000);
	assert_int_equal(bytes_get32(params + 0x2F4), 4);
	assert_int_equal(params[4095], 0);
}

static void without_a_ramdisk_its_fields_are_zero(void **state)
{
	struct bzimage_args args = good;

	args.ramdisk_size = 0;
	assert_int_equal(bzimage_boot_params(image, SIZE, &args, params), OK);
	assert_int_equal(bytes_get32(params + 0x218), 0);
	assert_int_equal(bytes_get32(params + 0x21C), 0);
}

static void bad_arguments_are_refused(void **state)
{
	struct bzimage_args args = good;

	args.cmdline = to_gpa(GIB(4));
	assert_int_equal(bzimage_boot_params(image, SIZE, &args, params), ERR_INVALID);
	args = good;
	args.ramdisk = to_gpa(GIB(4) - 12344);
	assert_int_equal(bzimage_boot_params(image, SIZE, &args, params), ERR_INVALID);
	args = good;
	args.range_count = LAYOUT_RANGES_MAX + 1;
	assert_int_equal(bzimage_boot_params(image, SIZE, &args, params), ERR_INVALID);
	image[0x201] = 0x10;
	assert_int_equal(bzimage_boot_params(image, SIZE, &good, params), ERR_INVALID);
	image[0x201] = 0xFF;
	assert_int_equal(bzimage_boot_params(image, 0x300, &good, params), ERR_INVALID);
	assert_int_equal(bzimage_boot_params(image, SIZE, &good, params), OK);
	assert_int_equal(bzimage_boot_params(image, 16, &good, params), ERR_INVALID);
	assert_int_equal(bzimage_cmdline_max(image, 16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_kernel_loads_at_its_preferred_address, setup),
		cmocka_unit_test_setup(an_older_kernel_wants_its_rsdp_low, setup),
		cmocka_unit_test_setup(the_memory_must_hold_it_unpacked, setup),
		cmocka_unit_test_setup(each_fault_has_its_message, setup),
		cmocka_unit_test_setup(every_truncation_is_refused, setup),
		cmocka_unit_test_setup(boot_params_are_those_of_the_protocol, setup),
		cmocka_unit_test_setup(without_a_ramdisk_its_fields_are_zero, setup),
		cmocka_unit_test_setup(bad_arguments_are_refused, setup),
	};

	return cmocka_run_group_tests_name("bzimage", tests, NULL, NULL);
}
