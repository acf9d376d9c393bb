// SPDX-License-Identifier: MIT
// sources: boot/start_info.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/start_info.h"
#include "core/lib/bytes.h"

#define BASE 0x200000U

static const struct layout_range ranges[] = {
	{ 0, MIB(16), 1 },
	{ LAYOUT_ACPI_BASE, LAYOUT_ACPI_SIZE, 4 },
};

static struct start_info_args args;
static uint8_t *buf;
static size_t size;

static int setup(void **state)
{
	args = (struct start_info_args){
		.base = to_gpa(BASE),
		.rsdp = to_gpa(0xFC000000),
		.cmdline = "console=hvc0",
		.range = ranges,
		.range_count = 2,
		.module_count = 2,
		.module = { { to_gpa(0x300000), 4097, NULL }, { to_gpa(0x400000), 1, "two" } },
	};
	return 0;
}

/* Into an allocation of exactly the size announced. */
static enum status build(void)
{
	size = start_info_size(&args);
	free(buf);
	buf = malloc(size);
	memset(buf, 0xCC, size);
	return start_info_build(&args, buf, size);
}

static const char *string_at(uint64_t gpa)
{
	assert_true(gpa >= BASE && gpa < BASE + size);
	assert_non_null(memchr(buf + (gpa - BASE), '\0', size - (gpa - BASE)));
	return (const char *)buf + (gpa - BASE);
}

static void everything_is_where_version_1_says(void **state)
{
	uint64_t modlist, memmap;

	assert_int_equal(build(), OK);
	assert_int_equal(bytes_get32(buf), 0x336EC578);
	assert_int_equal(bytes_get32(buf + 4), 1);
	assert_int_equal(bytes_get32(buf + 8), 0);
	assert_int_equal(bytes_get32(buf + 12), 2);
	modlist = bytes_get64(buf + 16);
	assert_string_equal(string_at(bytes_get64(buf + 24)), "console=hvc0");
	assert_int_equal(bytes_get64(buf + 32), 0xFC000000);
	memmap = bytes_get64(buf + 40);
	assert_int_equal(bytes_get32(buf + 48), 2);
	assert_int_equal(bytes_get32(buf + 52), 0);
	assert_int_equal(modlist % 8, 0);
	assert_int_equal(memmap % 8, 0);
	modlist -= BASE;
	assert_int_equal(bytes_get64(buf + modlist), 0x300000);
	assert_int_equal(bytes_get64(buf + modlist + 8), 4097);
	assert_int_equal(bytes_get64(buf + modlist + 16), 0);
	assert_int_equal(bytes_get64(buf + modlist + 24), 0);
	assert_int_equal(bytes_get64(buf + modlist + 32), 0x400000);
	assert_string_equal(string_at(bytes_get64(buf + modlist + 48)), "two");
	memmap -= BASE;
	assert_int_equal(bytes_get64(buf + memmap), 0);
	assert_int_equal(bytes_get64(buf + memmap + 8), MIB(16));
	assert_int_equal(bytes_get32(buf + memmap + 16), 1);
	assert_int_equal(bytes_get32(buf + memmap + 20), 0);
	assert_int_equal(bytes_get64(buf + memmap + 24), 0xFC000000);
	assert_int_equal(bytes_get32(buf + memmap + 40), 4);
}

static void without_modules_there_is_no_list(void **state)
{
	args.module_count = 0;
	args.cmdline = "";
	assert_int_equal(build(), OK);
	assert_int_equal(bytes_get32(buf + 12), 0);
	assert_int_equal(bytes_get64(buf + 16), 0);
	assert_string_equal(string_at(bytes_get64(buf + 24)), "");
}

static void a_4_kib_command_line_fits(void **state)
{
	static char line[4097];

	memset(line, 'x', 4096);
	args.cmdline = line;
	assert_int_equal(build(), OK);
	assert_true(size <= START_INFO_SIZE_MAX);
	assert_int_equal(strlen(string_at(bytes_get64(buf + 24))), 4096);
}

static void a_short_buffer_and_bad_arguments_are_refused(void **state)
{
	assert_int_equal(build(), OK);
	assert_int_equal(start_info_build(&args, buf, size - 1), ERR_NOMEM);
	args.base = to_gpa(GIB(4) - 64);
	assert_int_equal(build(), ERR_INVALID);
	setup(state);
	args.module[1].paddr = to_gpa(GIB(4) - 0);
	assert_int_equal(build(), ERR_INVALID);
	setup(state);
	args.range_count = LAYOUT_RANGES_MAX + 1;
	assert_int_equal(build(), ERR_INVALID);
	setup(state);
	args.module_count = START_INFO_MODULES_MAX + 1;
	assert_int_equal(build(), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_is_where_version_1_says, setup),
		cmocka_unit_test_setup(without_modules_there_is_no_list, setup),
		cmocka_unit_test_setup(a_4_kib_command_line_fits, setup),
		cmocka_unit_test_setup(a_short_buffer_and_bad_arguments_are_refused, setup),
	};

	return cmocka_run_group_tests_name("start_info", tests, NULL, NULL);
}
