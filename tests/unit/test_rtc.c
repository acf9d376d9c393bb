// SPDX-License-Identifier: MIT
// sources: drivers/rtc_time.c
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "drivers/rtc.h"

#define STATUS_24H    2
#define STATUS_BINARY 4

static void expect(const struct rtc_time *t, uint32_t y, uint32_t mo, uint32_t d, uint32_t h,
		   uint32_t mi, uint32_t s)
{
	const struct rtc_time want = { s, mi, h, d, mo, y };

	assert_memory_equal(t, &want, sizeof(want));
}

static void test_decode(void **state)
{
	const uint8_t bcd[6] = { 0x59, 0x30, 0x23, 0x31, 0x12, 0x26 };
	const uint8_t binary[6] = { 59, 30, 23, 31, 12, 26 };
	uint8_t half[6] = { 0x00, 0x05, 0x12, 0x01, 0x01, 0x99 };
	struct rtc_time t;

	rtc_decode(bcd, STATUS_24H, &t);
	expect(&t, 2026, 12, 31, 23, 30, 59);
	rtc_decode(binary, STATUS_24H | STATUS_BINARY, &t);
	expect(&t, 2026, 12, 31, 23, 30, 59);
	rtc_decode(half, 0, &t); /* 12 am */
	expect(&t, 1999, 1, 1, 0, 5, 0);
	half[2] = 0x92; /* 12 pm */
	rtc_decode(half, 0, &t);
	expect(&t, 1999, 1, 1, 12, 5, 0);
	half[2] = 0x81; /* 1 pm */
	rtc_decode(half, 0, &t);
	expect(&t, 1999, 1, 1, 13, 5, 0);
}

/* Every day of 150 years, as the C library sees it. */
static void test_seconds(void **state)
{
	for (uint64_t day = 0; day < 150 * 365; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		struct tm tm;
		struct rtc_time t;

		gmtime_r(&seconds, &tm);
		t = (struct rtc_time){ (uint32_t)tm.tm_sec,     (uint32_t)tm.tm_min,
				       (uint32_t)tm.tm_hour,    (uint32_t)tm.tm_mday,
				       (uint32_t)tm.tm_mon + 1, (uint32_t)tm.tm_year + 1900 };
		assert_int_equal(rtc_to_seconds(&t), seconds);
	}
}

static void test_nonsense(void **state)
{
	struct rtc_time t = { 0, 0, 0, 1, 1, 1969 };

	assert_int_equal(rtc_to_seconds(&t), 0);
	t.year = 2026;
	t.month = 13;
	assert_int_equal(rtc_to_seconds(&t), 0);
	t.month = 0;
	assert_int_equal(rtc_to_seconds(&t), 0);
	t.month = 5;
	t.hour = 24;
	assert_int_equal(rtc_to_seconds(&t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
