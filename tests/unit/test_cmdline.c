// SPDX-License-Identifier: MIT
// sources: boot/cmdline.c core/lib/parse.c core/lib/printf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boot/cmdline.h"
#include "core/lib/string.h"

static struct cmdline_options o;

static void parse(const char *line)
{
	cmdline_parse(line, &o);
}

static void an_empty_line_gives_the_defaults(void **state)
{
	parse("");
	assert_true(o.console_com[0] && !o.console_com[1] && o.console_vga);
	assert_int_equal(o.com[0].baud, 115200);
	assert_int_equal(o.com[0].port, 0x3F8);
	assert_int_equal(o.com[0].irq, 4);
	assert_int_equal(o.com[1].port, 0x2F8);
	assert_int_equal(o.com[1].irq, 3);
	assert_false(o.com[0].configured);
	assert_int_equal(o.loglvl, LOG_INFO);
	assert_int_equal(o.guest_loglvl, LOG_WARNING);
	assert_int_equal(o.maxcpus, 0);
	assert_false(o.noreboot);
	assert_int_equal(o.idle, CMDLINE_IDLE_MONITOR);
	assert_true(o.x2apic);
	assert_int_equal(o.conswitch, 1);
	assert_true(o.conswitch_auto);
	assert_string_equal(o.warnings, "");
}

static void every_option_is_understood(void **state)
{
	parse("console=com2,vga com1=38400,7e2,0x3e8,5 com2=115200,8n1 loglvl=all "
	      "guest_loglvl=none/all maxcpus=3 noreboot idle=exit x2apic=0 sched_slice_us=500 "
	      "conswitch=bx");
	assert_string_equal(o.warnings, "");
	assert_true(!o.console_com[0] && o.console_com[1] && o.console_vga);
	assert_int_equal(o.com[0].baud, 38400);
	assert_int_equal(o.com[0].data_bits, 7);
	assert_int_equal(o.com[0].parity, 'e');
	assert_int_equal(o.com[0].stop_bits, 2);
	assert_int_equal(o.com[0].port, 0x3E8);
	assert_int_equal(o.com[0].irq, 5);
	assert_true(o.com[0].configured && o.com[1].configured);
	assert_int_equal(o.com[1].port, 0x2F8);
	assert_int_equal(o.loglvl, LOG_DEBUG);
	assert_false(o.log_none);
	assert_true(o.guest_log_none);
	assert_int_equal(o.maxcpus, 3);
	assert_true(o.noreboot);
	assert_int_equal(o.idle, CMDLINE_IDLE_EXIT);
	assert_false(o.x2apic);
	assert_int_equal(o.slice_us, 500);
	assert_int_equal(o.conswitch, 2);
	assert_false(o.conswitch_auto);
}

static void the_console_may_be_nowhere(void **state)
{
	parse("console=none");
	assert_false(o.console_com[0] || o.console_com[1] || o.console_vga);
	assert_string_equal(o.warnings, "");
}

static void com_fields_may_be_left_out(void **state)
{
	parse("com1=auto com2=,,0x2e8,poll");
	assert_string_equal(o.warnings, "");
	assert_int_equal(o.com[0].baud, 0);
	assert_int_equal(o.com[0].port, 0x3F8);
	assert_int_equal(o.com[1].baud, 115200);
	assert_int_equal(o.com[1].data_bits, 8);
	assert_int_equal(o.com[1].port, 0x2E8);
	assert_int_equal(o.com[1].irq, 0);
}

static void booleans_have_their_forms(void **state)
{
	parse("no-x2apic");
	assert_false(o.x2apic);
	parse("x2apic=off x2apic=yes noreboot=false");
	assert_true(o.x2apic);
	assert_false(o.noreboot);
	assert_string_equal(o.warnings, "");
}

static void slices_have_bounds_and_two_units(void **state)
{
	parse("sched_credit_tslice_ms=30");
	assert_int_equal(o.slice_us, 30000);
	parse("sched_slice_us=1");
	assert_int_equal(o.slice_us, 1000);
	assert_string_equal(o.warnings, "bad option 'sched_slice_us=1'");
	parse("sched_credit_tslice_ms=18446744073709551615");
	assert_int_equal(o.slice_us, 1000);
}

static void unknown_options_are_named_not_fatal(void **state)
{
	parse("dom0_mem=4G loglvl=info watchdog");
	assert_string_equal(o.warnings, "unknown option 'dom0_mem=4G'; unknown option 'watchdog'");
	assert_int_equal(o.loglvl, LOG_INFO);
}

static void bad_values_are_named_and_ignored(void **state)
{
	static const char *const bad[] = {
		"com1=9600,8x1",  "com1=0",       "com1=7777777",   "com1=115200,8n1,pci",
		"com1=1,2,3,4,5", "maxcpus=0",    "maxcpus=x",      "maxcpus=",
		"maxcpus",        "loglvl=loud",  "loglvl=all/x",   "loglvl=all/none/none",
		"idle=sleep",     "x2apic=maybe", "conswitch=",     "conswitch=abc",
		"conswitch=ay",   "noreboot=2",   "com1=,,0x10000", "com1=,,,16",
		"console=com3",   "loglvl=",      "no-maxcpus",
	};

	for (size_t i = 0; i < array_size(bad); i++) {
		parse(bad[i]);
		assert_memory_equal(o.warnings, "bad option '", 12);
		assert_true(o.console_com[0]);
		assert_int_equal(o.com[0].port, 0x3F8);
		assert_int_equal(o.com[0].irq, 4);
		assert_int_equal(o.com[0].baud, 115200);
		assert_int_equal(o.loglvl, LOG_INFO);
	}
}

static void the_delays_of_debug_builds_have_a_seed(void **state)
{
	parse("");
	assert_int_equal(o.step_delay, 0);
	parse("step_delay=0x1f");
	assert_int_equal(o.step_delay, 31);
}

static void a_switch_key_that_is_no_letter_switches_it_off(void **state)
{
	parse("conswitch=0");
	assert_int_equal(o.conswitch, 0);
}

static void a_leading_path_is_not_an_option(void **state)
{
	parse("/boot/xenith noreboot");
	assert_true(o.noreboot);
	assert_string_equal(o.warnings, "");
}

static void a_flood_of_unknown_options_is_cut(void **state)
{
	static char line[8192];

	for (size_t i = 0; i + 4 < sizeof(line); i += 4)
		memcpy(line + i, "abc ", 4);
	parse(line);
	assert_int_equal(strlen(o.warnings), sizeof(o.warnings) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_gives_the_defaults),
		cmocka_unit_test(every_option_is_understood),
		cmocka_unit_test(the_console_may_be_nowhere),
		cmocka_unit_test(com_fields_may_be_left_out),
		cmocka_unit_test(booleans_have_their_forms),
		cmocka_unit_test(slices_have_bounds_and_two_units),
		cmocka_unit_test(unknown_options_are_named_not_fatal),
		cmocka_unit_test(bad_values_are_named_and_ignored),
		cmocka_unit_test(the_delays_of_debug_builds_have_a_seed),
		cmocka_unit_test(a_switch_key_that_is_no_letter_switches_it_off),
		cmocka_unit_test(a_leading_path_is_not_an_option),
		cmocka_unit_test(a_flood_of_unknown_options_is_cut),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
