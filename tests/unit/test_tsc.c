// SPDX-License-Identifier: MIT
// sources: arch/x86/cpu/tsc_scale.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/tsc.h"

uint64_t tsc_khz, tsc_boot;
struct tsc_scale tsc_scale;
bool tsc_stable;

static const uint64_t frequencies[] = { 1,       999,     50000,   999999, 1000000,
					1000001, 2400000, 3192123, 5000000 };

/* Over a day the error is below one part in 2^30. */
static void test_scale(void **state)
{
	for (size_t i = 0; i < array_size(frequencies); i++) {
		uint64_t khz = frequencies[i];
		struct tsc_scale s = tsc_scale_from_khz(khz);
		uint64_t ticks = khz * 1000 * 86400;
		uint64_t ns = tsc_scale_ticks(ticks, s);
		uint64_t exact = 86400ULL * 1000000000;

		assert_true(s.mul & 0x80000000U);
		assert_true(ns <= exact && exact - ns <= (exact >> 30) + 1);
	}
}

/* The TSC value is the first at which the time is reached. */
static void test_from_ns(void **state)
{
	static const uint64_t times[] = { 0, 1, 19, 20, 21, 1000, 999999999, 123456789012345 };

	tsc_boot = 12345;
	for (size_t i = 0; i < array_size(frequencies); i++) {
		tsc_scale = tsc_scale_from_khz(frequencies[i]);
		for (size_t j = 0; j < array_size(times); j++) {
			uint64_t tsc = tsc_from_ns(times[j]);

			assert_true(tsc_to_ns(tsc) >= times[j]);
			if (tsc > tsc_boot)
				assert_true(tsc_to_ns(tsc - 1) < times[j] || tsc_scale.shift < 0);
		}
	}
	tsc_scale = tsc_scale_from_khz(5000000);
	assert_true(tsc_from_ns(~0ULL) == ~0ULL);
}

static void test_cpuid(void **state)
{
	struct cpuid_regs leaf15 = { .eax = 2, .ebx = 200, .ecx = 24000000 };
	struct cpuid_regs leaf16 = { .eax = 2100 };
	struct cpuid_regs none = { 0 };

	assert_int_equal(tsc_khz_from_cpuid(&leaf15, &leaf16), 2400000);
	leaf15.ecx = 0;
	assert_int_equal(tsc_khz_from_cpuid(&leaf15, &leaf16), 2100000);
	assert_int_equal(tsc_khz_from_cpuid(&leaf15, &none), 0);
	assert_int_equal(tsc_khz_from_cpuid(&none, &leaf16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_from_ns),
		cmocka_unit_test(test_cpuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
