// SPDX-License-Identifier: MIT
// sources: core/lib/printf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/lib/printf.h"
#include "core/lib/string.h"

static char ours[256], theirs[256];

/* The C library is the reference for all that both have. */
#define same(...)                                                                                  \
	do {                                                                                       \
		int n_ = xsnprintf(ours, sizeof(ours), __VA_ARGS__);                               \
		assert_int_equal(n_, snprintf(theirs, sizeof(theirs), __VA_ARGS__));               \
		assert_string_equal(ours, theirs);                                                 \
	} while (0)

static void numbers_are_as_in_libc(void **state)
{
	same("%d %i %u", 0, -1, 4000000000U);
	same("%d %d", INT32_MIN, INT32_MAX);
	same("%ld %ld", INT64_MIN, INT64_MAX);
	same("%lu %llu %zu", UINT64_MAX, 18ULL, (size_t)7);
	same("%x %X %lx", 0xDEADBEEFU, 0xDEADBEEFU, 0x123456789ABCDEFUL);
	same("%hhu %hhx %hu %hd %hhd", 0x1FF, 0x1FF, 0x1FFFF, 0x18000, 0x180);
	same("%+d %+d", 5, -5);
	same("%#x %#x %#X", 0, 255, 255);
}

static void width_and_precision_are_as_in_libc(void **state)
{
	same("[%5d][%-5d][%05d][%5d]", 42, 42, 42, -42);
	same("[%05d][%+05d][%08x]", -42, 42, 0xBEEF);
	same("[%.3d][%8.3d][%.0d][%8.3x]", 7, 7, 1, 10);
	same("[%*d][%-*d][%*d]", 6, 1, 6, 1, -6, 1);
	same("[%016lx][%-20lx]", 0x1234UL, 0x1234UL);
	same("[%2d]", 123456);
	same("[%#010x]", 0xABC);
}

static void strings_are_as_in_libc(void **state)
{
	same("[%s][%10s][%-10s]", "abc", "abc", "abc");
	same("[%.2s][%5.1s][%.*s]", "abc", "abc", 2, "xyz");
	same("[%c][%3c][%-3c]", 'a', 'b', 'c');
	same("100%%");
	same("%s", "");
}

static void precision_bounds_an_unterminated_string(void **state)
{
	const char raw[3] = { 'a', 'b', 'c' };

	assert_int_equal(xsnprintf(ours, sizeof(ours), "%.3s", raw), 3);
	assert_string_equal(ours, "abc");
}

static void pointers_and_null_strings_are_readable(void **state)
{
	const char *null = NULL;
	const char *volatile hidden = null;

	xsnprintf(ours, sizeof(ours), "%p", (void *)(uintptr_t)0xFFFF8000ABCDUL);
	assert_string_equal(ours, "0xffff8000abcd");
	xsnprintf(ours, sizeof(ours), "%s", hidden);
	assert_string_equal(ours, "(null)");
}

static void output_is_cut_and_the_full_length_returned(void **state)
{
	char small[4] = "###";

	assert_int_equal(xsnprintf(small, sizeof(small), "%s", "abcdef"), 6);
	assert_string_equal(small, "abc");
	small[0] = '#';
	assert_int_equal(xsnprintf(small, 1, "%d", 12345), 5);
	assert_string_equal(small, "");
	assert_int_equal(xsnprintf(NULL, 0, "%d", 12345), 5);
}

static int no_check(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	_Pragma("GCC diagnostic push");
	_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
	n = xvsnprintf(ours, sizeof(ours), fmt, ap);
	_Pragma("GCC diagnostic pop");
	va_end(ap);
	return n;
}

static void an_unknown_conversion_is_shown_as_it_stands(void **state)
{
	assert_int_equal(no_check("a %d %q %s", 1, 2), 9);
	assert_string_equal(ours, "a 1 %q %s");
	no_check("50%");
	assert_string_equal(ours, "50%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_as_in_libc),
		cmocka_unit_test(width_and_precision_are_as_in_libc),
		cmocka_unit_test(strings_are_as_in_libc),
		cmocka_unit_test(precision_bounds_an_unterminated_string),
		cmocka_unit_test(pointers_and_null_strings_are_readable),
		cmocka_unit_test(output_is_cut_and_the_full_length_returned),
		cmocka_unit_test(an_unknown_conversion_is_shown_as_it_stands),
	};

	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
