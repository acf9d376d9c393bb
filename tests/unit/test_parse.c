// SPDX-License-Identifier: MIT
// sources: core/lib/parse.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lib/parse.h"

static void numbers_of_three_bases_are_read(void **state)
{
	uint64_t v = 0;

	assert_int_equal(parse_number(parse_text("123abc"), &v), 3);
	assert_int_equal(v, 123);
	assert_int_equal(parse_number(parse_text("0x1Fg"), &v), 4);
	assert_int_equal(v, 0x1F);
	assert_int_equal(parse_number(parse_text("0779"), &v), 3);
	assert_int_equal(v, 077);
	assert_int_equal(parse_number(parse_text("0"), &v), 1);
	assert_int_equal(v, 0);
	assert_true(parse_u64(parse_text("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_true(parse_u64(parse_text("0xffffffffffffffff"), &v));
	assert_true(v == UINT64_MAX);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "x",
					   "-1",
					   "0x",
					   " 1",
					   "1 ",
					   "18446744073709551616",
					   "08",
					   "1.",
					   "0x1g",
					   "99999999999999999999" };
	uint64_t v = 77;

	for (size_t i = 0; i < array_size(bad); i++)
		assert_false(parse_u64(parse_text(bad[i]), &v));
	assert_int_equal(v, 77);
}

static void a_number_stops_at_the_end_of_the_text(void **state)
{
	struct text t = { .s = "12345", .len = 2 };
	uint64_t v;

	assert_true(parse_u64(t, &v));
	assert_int_equal(v, 12);
}

static void booleans_are_those_of_xen(void **state)
{
	bool v = false;

	assert_true(parse_bool(parse_text("yes"), &v) && v);
	assert_true(parse_bool(parse_text("off"), &v) && !v);
	assert_true(parse_bool(parse_text("enable"), &v) && v);
	assert_true(parse_bool(parse_text("0"), &v) && !v);
	assert_false(parse_bool(parse_text("maybe"), &v));
	assert_false(parse_bool(parse_text(""), &v));
}

static void pieces_are_parted_by_the_separator(void **state)
{
	struct text t = parse_text("a,,bc"), piece;

	assert_true(parse_next(&t, ',', &piece) && parse_is(piece, "a"));
	assert_true(parse_next(&t, ',', &piece) && parse_is(piece, ""));
	assert_true(parse_next(&t, ',', &piece) && parse_is(piece, "bc"));
	assert_false(parse_next(&t, ',', &piece));
}

static void words_are_parted_by_blanks(void **state)
{
	struct text t = parse_text("  linux\t console=hvc0 \n"), word;

	assert_true(parse_word(&t, &word) && parse_is(word, "linux"));
	assert_true(parse_is(t, "console=hvc0 \n"));
	assert_true(parse_word(&t, &word) && parse_is(word, "console=hvc0"));
	assert_false(parse_word(&t, &word));
	t = parse_text("   ");
	assert_false(parse_word(&t, &word));
}

static void a_copy_fits_with_its_nul_or_is_not_made(void **state)
{
	char buf[4] = "old";

	assert_false(parse_copy(buf, sizeof(buf), parse_text("four")));
	assert_string_equal(buf, "old");
	assert_true(parse_copy(buf, sizeof(buf), parse_text("one")));
	assert_string_equal(buf, "one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_three_bases_are_read),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(a_number_stops_at_the_end_of_the_text),
		cmocka_unit_test(booleans_are_those_of_xen),
		cmocka_unit_test(pieces_are_parted_by_the_separator),
		cmocka_unit_test(words_are_parted_by_blanks),
		cmocka_unit_test(a_copy_fits_with_its_nul_or_is_not_made),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
