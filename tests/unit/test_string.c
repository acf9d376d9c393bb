// SPDX-License-Identifier: MIT
// The host's libc has functions of the same names: those of the tree are tested under others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define strlen  our_strlen
#define strnlen our_strnlen
#define strcmp  our_strcmp
#define strncmp our_strncmp
#define strchr  our_strchr
#define strrchr our_strrchr
#define memchr  our_memchr
#include "core/lib/string.c"

#define SIZE 160

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + 3);
}

static void memcpy_copies_exactly_n_bytes(void **state)
{
	for (size_t n = 0; n < SIZE; n++) {
		/* Exact allocations, so that ASan sees one byte too many. */
		uint8_t *src = malloc(n + 1), *dst = malloc(n + 2);

		for (size_t i = 0; i < n; i++)
			src[i] = pattern(i);
		dst[0] = dst[n + 1] = 0xEE;
		assert_ptr_equal(our_memcpy(dst + 1, src, n), dst + 1);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(dst[i + 1], pattern(i));
		assert_int_equal(dst[0], 0xEE);
		assert_int_equal(dst[n + 1], 0xEE);
		free(src);
		free(dst);
	}
}

static void memmove_is_right_for_every_overlap(void **state)
{
	for (size_t n = 0; n < 100; n++) {
		for (size_t from = 0; from < 40; from++) {
			uint8_t buf[SIZE];

			for (size_t i = 0; i < SIZE; i++)
				buf[i] = pattern(i);
			our_memmove(buf + 20, buf + from, n);
			for (size_t i = 0; i < SIZE; i++) {
				bool moved = i >= 20 && i < 20 + n;

				assert_int_equal(buf[i], pattern(moved ? i - 20 + from : i));
			}
		}
	}
}

static void memset_fills_exactly_n_bytes(void **state)
{
	for (size_t n = 0; n < SIZE - 2; n++) {
		uint8_t *buf = malloc(n + 2);

		buf[0] = buf[n + 1] = 0x11;
		assert_ptr_equal(our_memset(buf + 1, 0x1A5, n), buf + 1);
		for (size_t i = 1; i <= n; i++)
			assert_int_equal(buf[i], 0xA5);
		assert_int_equal(buf[0], 0x11);
		assert_int_equal(buf[n + 1], 0x11);
		free(buf);
	}
}

static void memcmp_orders_by_the_first_difference(void **state)
{
	uint8_t a[40], b[40];

	for (size_t n = 1; n < sizeof(a); n++) {
		for (size_t at = 0; at < n; at++) {
			our_memset(a, 0x80, sizeof(a));
			our_memset(b, 0x80, sizeof(b));
			assert_int_equal(our_memcmp(a, b, n), 0);
			b[at] = 0x7F;
			if (at + 1 < n)
				b[at + 1] = 0xFF;
			assert_true(our_memcmp(a, b, n) > 0);
			assert_true(our_memcmp(b, a, n) < 0);
			assert_int_equal(our_memcmp(a, b, at), 0);
		}
	}
}

static void lengths_stop_at_nul_or_max(void **state)
{
	assert_int_equal(our_strlen(""), 0);
	assert_int_equal(our_strlen("xenith"), 6);
	assert_int_equal(our_strnlen("xenith", 3), 3);
	assert_int_equal(our_strnlen("xenith", 100), 6);
	assert_int_equal(our_strnlen("xenith", 0), 0);
}

static void string_comparison_is_of_unsigned_bytes(void **state)
{
	assert_int_equal(our_strcmp("a", "a"), 0);
	assert_true(our_strcmp("a", "ab") < 0);
	assert_true(our_strcmp("b", "ab") > 0);
	assert_true(our_strcmp("\x80", "\x7F") > 0);
	assert_int_equal(our_strncmp("abc", "abd", 2), 0);
	assert_true(our_strncmp("abc", "abd", 3) < 0);
	assert_int_equal(our_strncmp("a", "b", 0), 0);
}

static void searches_find_first_and_last(void **state)
{
	const char *s = "a.b.c";

	assert_ptr_equal(our_strchr(s, '.'), s + 1);
	assert_ptr_equal(our_strrchr(s, '.'), s + 3);
	assert_ptr_equal(our_strchr(s, '\0'), s + 5);
	assert_ptr_equal(our_strrchr(s, '\0'), s + 5);
	assert_null(our_strchr(s, 'x'));
	assert_null(our_strrchr(s, 'x'));
	assert_ptr_equal(our_memchr(s, 'b', 5), s + 2);
	assert_null(our_memchr(s, 'b', 2));
	assert_null(our_memchr(s, 'a', 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcpy_copies_exactly_n_bytes),
		cmocka_unit_test(memmove_is_right_for_every_overlap),
		cmocka_unit_test(memset_fills_exactly_n_bytes),
		cmocka_unit_test(memcmp_orders_by_the_first_difference),
		cmocka_unit_test(lengths_stop_at_nul_or_max),
		cmocka_unit_test(string_comparison_is_of_unsigned_bytes),
		cmocka_unit_test(searches_find_first_and_last),
	};

	return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
