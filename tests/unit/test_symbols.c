// SPDX-License-Identifier: MIT
// sources: core/lib/symbols.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lib/symbols.h"

const uint32_t symbols_count = 3;
const struct symbol symbols_table[] = { { 0x100, 0 }, { 0x180, 6 }, { 0x1000, 13 } };
const char symbols_names[] = "first\0second\0third";

static void below_the_first_function_there_is_no_name(void **state)
{
	uint64_t offset = 77;

	assert_null(symbols_lookup(0, &offset));
	assert_null(symbols_lookup(SYMBOLS_BASE - 1, &offset));
	assert_null(symbols_lookup(SYMBOLS_BASE, &offset));
	assert_null(symbols_lookup(SYMBOLS_BASE + 0xff, &offset));
	assert_int_equal(offset, 77);
}

static void inside_a_function_its_name_and_distance_come_back(void **state)
{
	uint64_t offset = 0;

	assert_string_equal(symbols_lookup(SYMBOLS_BASE + 0x100, &offset), "first");
	assert_int_equal(offset, 0);
	assert_string_equal(symbols_lookup(SYMBOLS_BASE + 0x17f, &offset), "first");
	assert_int_equal(offset, 0x7f);
	assert_string_equal(symbols_lookup(SYMBOLS_BASE + 0x180, &offset), "second");
	assert_int_equal(offset, 0);
	assert_string_equal(symbols_lookup(UINT64_MAX, &offset), "third");
	assert_int_equal(offset, 0x7ffff000 - 1);
	assert_string_equal(symbols_lookup(SYMBOLS_BASE + 0x1001, &offset), "third");
	assert_int_equal(offset, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_the_first_function_there_is_no_name),
		cmocka_unit_test(inside_a_function_its_name_and_distance_come_back),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
