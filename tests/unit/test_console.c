// SPDX-License-Identifier: MIT
// sources: core/console.c core/console_input.c core/domain.c core/lifecycle.c core/vcpu.c
// sources: core/sched_queue.c core/sched.c core/timer.c core/work.c core/trace.c core/log.c
// sources: core/monitor.c core/monitor_show.c core/monitor_act.c core/lib/parse.c
// sources: core/lib/printf.c core/lib/symbols.c arch/x86/cpu/tsc_scale.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/layers.c tests/unit/fakes/own_heap.c
// sources: tests/unit/fakes/own_pages.c tests/unit/fakes/tsc.c tests/unit/fakes/uart.c
/* The serial line: guests, the log and the monitor on one wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/console.h"
#include "core/domain.h"
#include "core/lib/log.h"
#include "core/lib/symbols.h"
#include "core/monitor.h"
#include "core/sched.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/layers.h"
#include "tests/unit/fakes/own_heap.h"
#include "tests/unit/fakes/uart.h"

#define MS 1000000ULL

const uint32_t symbols_count;
const struct symbol symbols_table[1];
const char symbols_names[1];

static struct domain *a, *b;
static bool started;

static void pass_ms(unsigned int ms)
{
	while (ms--) {
		host_clock += MS;
		sched_turn();
	}
}

static struct domain *create(const char *name)
{
	struct domain *d;

	assert_int_equal(domain_create(name, 1, 256, false, &d), OK);
	domain_start(d);
	return d;
}

static void destroy(struct domain **d)
{
	domain_shutdown(*d, END_DESTROYED);
	pass_ms(20);
	*d = NULL;
}

static int setup(void **state)
{
	host_cores(1);
	layers_reset();
	uart_reset();
	host_clock += 1000 * MS;
	if (!started) {
		console_init(true);
		console_start();
		started = true;
	}
	a = create("alpha");
	b = NULL;
	if (console_focused_id() != a->id)
		console_focus(a);
	pass_ms(2);
	uart_reset();
	return 0;
}

static int teardown(void **state)
{
	if (a)
		destroy(&a);
	if (b)
		destroy(&b);
	assert_int_equal(layers.domains, 0);
	return 0;
}

static void second_guest(void)
{
	b = create("beta");
	pass_ms(2);
	uart_reset();
}

static size_t say(struct domain *d, const char *text)
{
	return console_guest_write(d, text, strlen(text), false);
}

static void type(const char *text)
{
	uart_type(text, strlen(text));
	pass_ms(5);
	assert_int_equal(uart_typed(), 0);
}

static const char *heard(struct domain *d)
{
	static char buf[256];
	size_t n = console_guest_read(d, buf, sizeof(buf) - 1);

	buf[n] = '\0';
	return buf;
}

static void a_guest_alone_is_untouched(void **state)
{
	say(a, "login: ");
	say(a, "\x1b[1mx\x1b[0m\r\n\n\ttail");
	assert_string_equal(uart_output, "login: \x1b[1mx\x1b[0m\r\n\n\ttail");
	say(a, "\n");
}

static void ports_without_a_terminal_get_carriage_returns(void **state)
{
	assert_int_equal(console_guest_write(a, "one\ntwo\r\nthr", 11, true), 11);
	assert_int_equal(console_guest_write(a, "e\r", 2, true), 2);
	assert_int_equal(console_guest_write(a, "\n", 1, true), 1);
	assert_string_equal(uart_output, "one\r\ntwo\r\nthe\r\n");
}

static void the_log_breaks_an_open_line(void **state)
{
	say(a, "login: ");
	log_info("news");
	say(a, "root\r\n");
	log_info("more");
	assert_string_equal(uart_output, "login: \r\nxenith: news\r\nroot\r\nxenith: more\r\n");
}

static void log_levels_have_thresholds(void **state)
{
	log_threshold = LOG_WARNING;
	log_info("not shown");
	log_warning("careful");
	log_threshold = -1;
	log_error("nor this");
	log_guest_printf(LOG_INFO, "guest");
	log_guest_printf(LOG_DEBUG, "quiet");
	log_threshold = LOG_INFO;
	assert_string_equal(uart_output, "xenith: warning: careful\r\nxenith: guest\r\n");
}

static void lines_of_several_guests_carry_names_and_stay_whole(void **state)
{
	second_guest();
	say(a, "first ha");
	say(b, "beta's li");
	say(a, "lf\r\n");
	log_info("log");
	say(b, "ne\r\nand next\r\n");
	assert_string_equal(uart_output, "(alpha) first half\r\nxenith: log\r\n"
					 "(beta) beta's line\r\n(beta) and next\r\n");
}

static void a_prompt_appears_after_a_moment_and_goes_on_unheld(void **state)
{
	second_guest();
	say(b, "login: ");
	assert_string_equal(uart_output, "");
	pass_ms(50);
	assert_string_equal(uart_output, "");
	pass_ms(60);
	assert_string_equal(uart_output, "(beta) login: ");
	say(b, "r");
	assert_string_equal(uart_output, "(beta) login: r");
	/* Another's line breaks it; the rest gets the name again. */
	say(a, "tick\r\n");
	say(b, "oot\r\n");
	assert_string_equal(uart_output, "(beta) login: r\r\n(alpha) tick\r\n(beta) oot\r\n");
}

static void the_guest_with_the_input_is_held_shorter(void **state)
{
	second_guest();
	say(a, "$ ");
	pass_ms(15);
	assert_string_equal(uart_output, "(alpha) $ ");
	say(a, "\r\n");
}

static void a_long_line_is_shown_in_parts(void **state)
{
	char line[1000];

	second_guest();
	memset(line, 'x', sizeof(line));
	console_guest_write(a, line, sizeof(line), false);
	assert_int_equal(uart_output_len, 8 + sizeof(line));
	say(a, "\r\n");
	assert_int_equal(uart_output_len, 8 + sizeof(line) + 2);
}

static void when_one_is_left_its_name_goes(void **state)
{
	second_guest();
	say(a, "half");
	destroy(&b);
	uart_reset();
	say(a, " line\r\n");
	assert_string_equal(uart_output, " line\r\n");
}

static void a_full_line_pushes_back_and_tells_when_there_is_room(void **state)
{
	static char big[100000];
	size_t taken, more;

	memset(big, 'y', sizeof(big));
	uart_capacity = 0;
	taken = console_guest_write(a, big, sizeof(big), false);
	assert_in_range(taken, 32768, 65536);
	/* The log still has room. */
	log_info("still heard");
	assert_int_equal(console_guest_write(a, big, 100, true), 100);
	assert_int_equal(a->console.dropped, 100);
	pass_ms(2);
	assert_int_equal(layers.output_ready, 0);
	uart_release(1 << 20);
	pass_ms(2);
	assert_int_equal(layers.output_ready, 1);
	assert_int_equal(uart_output_len, taken + strlen("\r\nxenith: still heard\r\n"));
	more = console_guest_write(a, big, sizeof(big) - taken, false);
	assert_int_equal(more, sizeof(big) - taken);
	say(a, "\n");
}

static void a_paste_of_100_kb_arrives_whole(void **state)
{
	static char paste[102400], got[102400];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(paste); i++)
		paste[i] = (char)(' ' + i * 7 % 90);
	uart_type(paste, sizeof(paste));
	pass_ms(2);
	assert_int_equal(uart_typed(), 0);
	assert_true(layers.input_ready > 0);
	while (n < sizeof(got)) {
		size_t more = console_guest_read(a, got + n, 1000);

		assert_true(more > 0);
		n += more;
	}
	assert_memory_equal(paste, got, sizeof(paste));
	assert_string_equal(heard(a), "");
	assert_int_equal(a->console.dropped, 0);
}

static void more_than_the_ring_holds_is_counted(void **state)
{
	static char paste[140000];

	uart_type(paste, sizeof(paste));
	pass_ms(2);
	assert_int_equal(a->console.dropped, sizeof(paste) - 131072);
}

static void three_switch_characters_move_the_input(void **state)
{
	second_guest();
	type("to alpha\001\001\001to beta");
	assert_string_equal(heard(a), "to alpha");
	assert_string_equal(heard(b), "to beta");
	assert_non_null(strstr(uart_output, "*** input to beta"));
	type("\001\001\001help\r");
	assert_non_null(strstr(uart_output, "*** input to the monitor"));
	assert_non_null(strstr(uart_output, "  domains "));
	type("\001\001\001again");
	assert_string_equal(heard(a), "again");
	assert_string_equal(heard(b), "");
}

static void fewer_switch_characters_are_passed_on(void **state)
{
	type("\001x\001\001y\001");
	assert_string_equal(heard(a), "\001x\001\001y");
	type("z");
	assert_string_equal(heard(a), "\001z");
}

static void the_switch_character_can_be_another_or_none(void **state)
{
	console_switch = 2;
	type("\001\001\001");
	assert_string_equal(heard(a), "\001\001\001");
	console_switch = 0;
	type("\x02\x02\x02");
	assert_string_equal(heard(a), "\x02\x02\x02");
	console_switch = 1;
}

static void the_input_follows_a_restart_and_leaves_a_dead_guest(void **state)
{
	second_guest();
	/* Restarted: a new domain of the same name. */
	a->config = (const struct guest_config *)(uintptr_t)1;
	domain_shutdown(a, END_RESTARTED);
	pass_ms(20);
	assert_int_equal(layers.restarts, 1);
	type("nobody hears this");
	a = create("alpha");
	type("y");
	assert_string_equal(heard(a), "y");
	assert_string_equal(heard(b), "");
	destroy(&a);
	type("x");
	assert_string_equal(heard(b), "x");
}

static void the_monitor_edits_its_line(void **state)
{
	console_focus(NULL);
	uart_reset();
	type("hexp\x7f\x7flp\r");
	assert_non_null(strstr(uart_output, "hexp\b \b\b \blp\r\n"));
	assert_non_null(strstr(uart_output, "this list"));
	uart_reset();
	type("nonsense\x15"
	     "domains\r");
	assert_null(strstr(uart_output, "no such"));
	assert_non_null(strstr(uart_output, "alpha"));
	uart_reset();
	type("junk\x03\x1b[A\r");
	assert_non_null(strstr(uart_output, "^C"));
	assert_non_null(strstr(uart_output, "xenith> domains\r\n"));
	console_focus(a);
}

static void the_monitor_redraws_after_the_log(void **state)
{
	console_focus(NULL);
	type("dom");
	uart_reset();
	log_info("in between");
	type("a");
	assert_string_equal(uart_output, "\r\nxenith: in between\r\nxenith> doma");
	type("\r");
	console_focus(a);
}

static void monitor_commands_take_names_numbers_and_short_forms(void **state)
{
	char by_id[32];

	console_focus(NULL);
	uart_reset();
	type("vc alpha\rpause alpha\r");
	pass_ms(5);
	assert_non_null(strstr(uart_output, "alpha: paused"));
	assert_int_equal(a->vcpus[0]->pause_count, 1);
	snprintf(by_id, sizeof(by_id), "unpause %u\r", a->id);
	type(by_id);
	assert_int_equal(a->vcpus[0]->pause_count, 0);
	uart_reset();
	type("pause nobody\rpause\rp alpha\rfrobnicate 1 2 3\r");
	pass_ms(5);
	assert_non_null(strstr(uart_output, "nobody: no such guest"));
	assert_non_null(strstr(uart_output, "which guest?"));
	assert_non_null(strstr(uart_output, "p: no such command"));
	assert_non_null(strstr(uart_output, "frobnicate: no such command"));
	console_focus(a);
}

static void monitor_shows_registers_of_a_running_vcpu(void **state)
{
	console_focus(NULL);
	uart_reset();
	type("regs alpha 0\r");
	pass_ms(5);
	assert_int_equal(layers.dumps, 1);
	assert_non_null(strstr(uart_output, "registers of vCPU 0"));
	assert_int_equal(a->vcpus[0]->pause_count, 0);
	type("regs alpha 1\rregs alpha x\r");
	pass_ms(5);
	assert_int_equal(layers.dumps, 1);
	console_focus(a);
}

static void every_monitor_command_bears_bad_and_good_use(void **state)
{
	static const char *const lines[] = {
		"memory\r",       "cores\r",
		"timers\r",       "log\r",
		"trace\r",        "trace 3\r",
		"trace x\r",      "domains\r",
		"vcpus\r",        "vcpus nobody\r",
		"focus nobody\r", "destroy nobody\r",
		"restart\r",      "unpause alpha\r",
		"   \r",          "a b c d e f g h i j k l m n o p q r s\r",
	};

	console_focus(NULL);
	for (size_t i = 0; i < array_size(lines); i++) {
		type(lines[i]);
		pass_ms(5);
	}
	/* The longest line, and then some. */
	for (int i = 0; i < 300; i++)
		type("z");
	type("\r");
	pass_ms(2);
	uart_reset();
	type("destroy alpha\r");
	pass_ms(20);
	assert_non_null(strstr(uart_output, "ended: destroyed"));
	a = NULL;
	assert_int_equal(layers.all_gone, 1);
}

static void monitor_input_during_a_command_is_kept(void **state)
{
	console_focus(NULL);
	uart_reset();
	type("log\rdomains\rmemory\r");
	pass_ms(30);
	assert_non_null(strstr(uart_output, "xenith> domains"));
	assert_non_null(strstr(uart_output, "frames of 4 KiB"));
	console_focus(a);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_alone_is_untouched),
		TEST(ports_without_a_terminal_get_carriage_returns),
		TEST(the_log_breaks_an_open_line),
		TEST(log_levels_have_thresholds),
		TEST(lines_of_several_guests_carry_names_and_stay_whole),
		TEST(a_prompt_appears_after_a_moment_and_goes_on_unheld),
		TEST(the_guest_with_the_input_is_held_shorter),
		TEST(a_long_line_is_shown_in_parts),
		TEST(when_one_is_left_its_name_goes),
		TEST(a_full_line_pushes_back_and_tells_when_there_is_room),
		TEST(a_paste_of_100_kb_arrives_whole),
		TEST(more_than_the_ring_holds_is_counted),
		TEST(three_switch_characters_move_the_input),
		TEST(fewer_switch_characters_are_passed_on),
		TEST(the_switch_character_can_be_another_or_none),
		TEST(the_input_follows_a_restart_and_leaves_a_dead_guest),
		TEST(the_monitor_edits_its_line),
		TEST(the_monitor_redraws_after_the_log),
		TEST(monitor_commands_take_names_numbers_and_short_forms),
		TEST(monitor_shows_registers_of_a_running_vcpu),
		TEST(every_monitor_command_bears_bad_and_good_use),
		TEST(monitor_input_during_a_command_is_kept),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
