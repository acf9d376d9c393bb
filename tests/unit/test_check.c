// SPDX-License-Identifier: MIT
// sources: arch/x86/cpu/check.c core/lib/printf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/check.h"
#include "arch/x86/cpu/cpuid_bits.h"

static struct cpu_facts complete(void)
{
	struct cpu_facts f;

	memset(&f, 0xff, sizeof(f));
	return f;
}

static void test_complete(void **state)
{
	struct cpu_facts f = complete();
	const char *names[1];

	assert_int_equal(cpu_missing(&f, names, 1), 0);
}

static void test_each_by_name(void **state)
{
	struct cpu_facts f = complete();
	const char *names[2] = { NULL, NULL };

	f.amd.edx &= ~(uint32_t)CPUID_EXT_EDX_NX;
	assert_int_equal(cpu_missing(&f, names, 2), 1);
	assert_non_null(strstr(names[0], "no-execute"));
	f.basic.edx &= ~(uint32_t)CPUID_1_EDX_APIC;
	assert_int_equal(cpu_missing(&f, names, 2), 2);
	assert_non_null(strstr(names[0], "APIC"));
	assert_non_null(strstr(names[1], "no-execute"));
	/* All are counted, only `max` are named. */
	names[1] = NULL;
	assert_int_equal(cpu_missing(&f, names, 1), 2);
	assert_null(names[1]);
	memset(&f, 0, sizeof(f));
	assert_true(cpu_missing(&f, NULL, 0) > 2);
}

static void test_describe(void **state)
{
	struct cpu_facts f;
	char text[200], small[8];

	memset(&f, 0, sizeof(f));
	cpu_describe(&f, text, sizeof(text));
	assert_string_equal(text, "");
	f.basic.ecx = CPUID_1_ECX_X2APIC;
	f.extended.ebx = CPUID_7_EBX_SMEP;
	cpu_describe(&f, text, sizeof(text));
	assert_string_equal(text, "x2APIC SMEP");
	cpu_describe(&f, small, sizeof(small));
	assert_string_equal(small, "x2APIC ");
	f = complete();
	cpu_describe(&f, text, sizeof(text));
	assert_true(strlen(text) < 160); /* boot/main.c's line */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_each_by_name),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
