// SPDX-License-Identifier: MIT
// sources: boot/config.c core/lib/parse.c core/lib/printf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/config.h"
#include "core/lib/string.h"

static struct guest_config c;
static char error[CONFIG_ERROR_MAX];

/* Parse a copy without NUL, for ASan to watch over its end. */
static enum status parse(const char *text)
{
	size_t size = strlen(text);
	char *copy = malloc(size + 1);
	enum status status;

	memcpy(copy, text, size);
	memset(error, '#', sizeof(error));
	status = config_parse("guest.cfg", copy, size, &c, error);
	free(copy);
	assert_non_null(memchr(error, '\0', sizeof(error)));
	assert_true((status == OK) == (error[0] == '\0'));
	return status;
}

#define MINIMUM "name='n'\nkernel='k'\n"

static void refuse(const char *text, const char *message)
{
	assert_int_equal(parse(text), ERR_INVALID);
	assert_string_equal(error, message);
}

static void a_whole_file_is_understood(void **state)
{
	assert_int_equal(parse("# A guest\n"
			       "name = \"debian-1\"   # its name\n"
			       "type='pvh'; kernel = \"vmlinuz\"\r\n"
			       "ramdisk = 'initrd.img'\n"
			       "cmdline = \"console=hvc0 root='/dev/xvda' # no comment\"\n"
			       "memory = 0x200\n"
			       "vcpus = 4\n"
			       "cpus = \"0-3,^2\"\n"
			       "nestedhvm = 1\n"
			       "disk = [ 'root.img,raw,xvda,w', # first\n"
			       "\t\"data.img,raw,xvdb,r\",\n"
			       "]\n"
			       "vif = []\n"
			       "on_poweroff = \"preserve\"\n"
			       "on_reboot = 'destroy'\n"
			       "on_crash = \"restart\"\n"
			       "on_watchdog = \"restart\""),
			 OK);
	assert_string_equal(c.name, "debian-1");
	assert_string_equal(c.kernel, "vmlinuz");
	assert_string_equal(c.ramdisk, "initrd.img");
	assert_string_equal(c.cmdline, "console=hvc0 root='/dev/xvda' # no comment");
	assert_int_equal(c.memory_mib, 512);
	assert_int_equal(c.vcpus, 4);
	assert_true(c.has_cpus);
	assert_int_equal(c.cpus[0], 0xB);
	assert_true(c.nestedhvm);
	assert_int_equal(c.disk_count, 2);
	assert_string_equal(c.disk[0], "root.img,raw,xvda,w");
	assert_string_equal(c.disk[1], "data.img,raw,xvdb,r");
	assert_int_equal(c.vif_count, 0);
	assert_int_equal(c.on_poweroff, GUEST_ACTION_PRESERVE);
	assert_int_equal(c.on_reboot, GUEST_ACTION_DESTROY);
	assert_int_equal(c.on_crash, GUEST_ACTION_RESTART);
	assert_int_equal(c.on_watchdog, GUEST_ACTION_RESTART);
}

static void what_is_not_set_has_its_default(void **state)
{
	assert_int_equal(parse(MINIMUM), OK);
	assert_string_equal(c.cmdline, "");
	assert_string_equal(c.ramdisk, "");
	assert_int_equal(c.memory_mib, 0);
	assert_int_equal(c.vcpus, 1);
	assert_false(c.has_cpus || c.nestedhvm);
	assert_int_equal(c.on_poweroff, GUEST_ACTION_DESTROY);
	assert_int_equal(c.on_reboot, GUEST_ACTION_RESTART);
	assert_int_equal(c.on_crash, GUEST_ACTION_DESTROY);
}

static void name_and_kernel_are_mandatory(void **state)
{
	refuse("", "guest.cfg: 'name' is missing");
	refuse("name='n'", "guest.cfg: 'kernel' is missing");
	refuse("name='n'\nkernel=''", "guest.cfg: 'kernel' is missing");
	refuse("kernel='k'\nname=''", "guest.cfg:2: empty name");
}

static void unknown_keys_are_named_with_file_and_line(void **state)
{
	refuse(MINIMUM "foo = 1", "guest.cfg:3: unknown key 'foo'");
	refuse("# comment\n\n\nbuilder = 'hvm'\n", "guest.cfg:4: unknown key 'builder'");
	refuse("disk = [ 'a',\n\n 'b' ]\nNAME = 'x'", "guest.cfg:4: unknown key 'NAME'");
}

static void keys_are_set_once(void **state)
{
	refuse("name='a'\nname='b'", "guest.cfg:2: 'name' is set twice");
	refuse("cmdline='a'\nextra='b'", "guest.cfg:2: 'extra' is set twice");
	refuse("disk=[]\ndisk=[]", "guest.cfg:2: 'disk' is set twice");
}

static void extra_is_a_synonym_of_cmdline(void **state)
{
	assert_int_equal(parse(MINIMUM "extra='quiet'"), OK);
	assert_string_equal(c.cmdline, "quiet");
}

static void syntax_errors_have_their_line(void **state)
{
	refuse("name", "guest.cfg:1: end of file instead of '='");
	refuse("name\n='x'", "guest.cfg:1: end of line instead of '='");
	refuse("name = ",
	       "guest.cfg:1: end of file instead of a value (\"text\", a number or a list)");
	refuse("name = pvh", "guest.cfg:1: 'p' instead of a value (\"text\", a number or a list)");
	refuse("name = 'x' y", "guest.cfg:1: 'y' instead of the end of the line");
	refuse("\n= 5", "guest.cfg:2: '=' instead of a key");
	refuse("name = 'x\n'", "guest.cfg:1: string without closing quote");
	refuse("name = \"x", "guest.cfg:1: string without closing quote");
	refuse("name = 'x\"", "guest.cfg:1: string without closing quote");
	refuse("name = 'x\\", "guest.cfg:1: unknown escape sequence in a string");
	refuse("name = 'a\\qb'", "guest.cfg:1: unknown escape sequence in a string");
	refuse("name = 'x'\n\x01", "guest.cfg:2: byte 0x01 instead of a key");
	refuse("disk = 'x'", "guest.cfg:1: ''' instead of a list in brackets");
	refuse("disk = [ 'a'\n'b' ]", "guest.cfg:2: ''' instead of ',' or ']'");
	refuse("disk = [ 'a',", "guest.cfg:1: end of file instead of a value "
				"(\"text\", a number or a list)");
	refuse("disk = [ , ]",
	       "guest.cfg:1: ',' instead of a value (\"text\", a number or a list)");
	refuse("name = ['x']",
	       "guest.cfg:1: '[' instead of a value (\"text\", a number or a list)");
}

static void nul_is_no_end_of_the_file(void **state)
{
	static const char text[] = "name='n'\n\0foo=1";

	assert_int_equal(config_parse("g", text, sizeof(text) - 1, &c, error), ERR_INVALID);
	assert_string_equal(error, "g:2: byte 0x00 instead of a key");
	assert_int_equal(config_parse("g", "name='a\0b'", 10, &c, error), ERR_INVALID);
	assert_string_equal(error, "g:1: NUL in a string");
}

static void bad_values_are_refused(void **state)
{
	refuse(MINIMUM "memory = 'lots'",
	       "guest.cfg:3: 'memory' is not a number from 1 to 4294967295");
	refuse(MINIMUM "memory = 0", "guest.cfg:3: 'memory' is not a number from 1 to 4294967295");
	refuse(MINIMUM "vcpus = 129", "guest.cfg:3: 'vcpus' is not a number from 1 to 128");
	refuse(MINIMUM "vcpus = 0", "guest.cfg:3: 'vcpus' is not a number from 1 to 128");
	refuse(MINIMUM "vcpus = 4x", "guest.cfg:3: 'vcpus' is not a number from 1 to 128");
	refuse(MINIMUM "vcpus = -1",
	       "guest.cfg:3: '-' instead of a value (\"text\", a number or a list)");
	refuse(MINIMUM "vcpus = 18446744073709551617",
	       "guest.cfg:3: 'vcpus' is not a number from 1 to 128");
	refuse(MINIMUM "type = 'hvm'", "guest.cfg:3: type 'hvm' is not supported: only \"pvh\" is");
	refuse(MINIMUM "on_crash = 'coredump-destroy'",
	       "guest.cfg:3: 'on_crash' is not \"destroy\", \"restart\" or \"preserve\"");
	refuse(MINIMUM "cpus = '0-'", "guest.cfg:3: bad list of cores '0-'");
	refuse(MINIMUM "cpus = ['0']",
	       "guest.cfg:3: 'cpus' as a list is not supported: use a string for all vCPUs");
	refuse("name = 'a b'", "guest.cfg:1: name with a blank, '/' or special character");
	refuse("name = 'a/b'", "guest.cfg:1: name with a blank, '/' or special character");
	refuse("name = 'a\\nb'", "guest.cfg:1: name with a blank, '/' or special character");
}

static void numbers_may_stand_in_quotes_and_texts_without(void **state)
{
	assert_int_equal(parse("name=5\nkernel='k'\nmemory='64'\ncpus=3"), OK);
	assert_string_equal(c.name, "5");
	assert_int_equal(c.memory_mib, 64);
	assert_int_equal(c.cpus[0], 8);
}

static void errors_quote_printable_characters_only(void **state)
{
	refuse(MINIMUM "cpus = '\\n\x1b[31m'", "guest.cfg:3: bad list of cores '??[31m'");
	refuse(MINIMUM "type = '\xff'", "guest.cfg:3: type '?' is not supported: only \"pvh\" is");
}

static void escapes_are_taken(void **state)
{
	assert_int_equal(parse(MINIMUM "cmdline=\"a\\\\b\\\"c\\'d\""), OK);
	assert_string_equal(c.cmdline, "a\\b\"c'd");
}

static char big[8192];

/* key = "xxx..." with that many x. */
static const char *long_value(const char *key, size_t len)
{
	int used = snprintf(big, sizeof(big), MINIMUM "%s = \"", key);

	memset(big + used, 'x', len);
	memcpy(big + used + len, "\"\n", 3);
	return big;
}

static void a_command_line_of_4_kib_works_and_a_longer_one_does_not(void **state)
{
	assert_int_equal(parse(long_value("cmdline", 4096)), OK);
	assert_int_equal(strlen(c.cmdline), 4096);
	refuse(long_value("cmdline", 4097),
	       "guest.cfg:3: value of 'cmdline' longer than 4096 characters");
}

static void names_have_a_limit(void **state)
{
	assert_int_equal(parse("kernel='k'\nname='"
			       "123456789012345678901234567890123456789012345678901234567890123'"),
			 OK);
	assert_int_equal(strlen(c.name), 63);
	refuse("name='1234567890123456789012345678901234567890123456789012345678901234'",
	       "guest.cfg:1: value of 'name' longer than 63 characters");
	refuse("name=1234567890123456789012345678901234567890123456789012345678901234",
	       "guest.cfg:1: value of 'name' longer than 63 characters");
	refuse(long_value("ramdisk", 128),
	       "guest.cfg:3: value of 'ramdisk' longer than 127 characters");
}

static void lists_have_a_limit(void **state)
{
	assert_int_equal(parse(MINIMUM "disk=['1','2','3','4','5','6','7','8']"), OK);
	refuse(MINIMUM "disk=['1','2','3','4','5','6','7','8',\n'9']",
	       "guest.cfg:4: 'disk' with more than 8 entries");
}

static void a_long_file_name_or_key_is_cut(void **state)
{
	memset(big, 'k', 4000);
	memcpy(big + 4000, "=1", 3);
	assert_int_equal(config_parse(big, big, 4002, &c, error), ERR_INVALID);
	assert_int_equal(strlen(error), 64 + strlen(":1: unknown key ''") + 40);
}

static enum status cpus(const char *list, uint64_t *first, uint64_t *last)
{
	uint64_t set[CONFIG_CPUS_MAX / 64];
	enum status status = config_parse_cpus(list, strlen(list), set);

	*first = set[0];
	*last = set[3];
	return status;
}

static void core_lists_are_those_of_xl(void **state)
{
	uint64_t a, b;

	assert_int_equal(cpus("all", &a, &b), OK);
	assert_true(a == UINT64_MAX && b == UINT64_MAX);
	assert_int_equal(cpus("0", &a, &b), OK);
	assert_true(a == 1 && b == 0);
	assert_int_equal(cpus("1-3,5", &a, &b), OK);
	assert_true(a == 0x2E);
	assert_int_equal(cpus("all,^0-62", &a, &b), OK);
	assert_true(a == 1ULL << 63);
	assert_int_equal(cpus("0-3, ^1 ,255", &a, &b), OK);
	assert_true(a == 0xD && b == 1ULL << 63);
}

static void bad_core_lists_are_refused(void **state)
{
	static const char *const bad[] = { "",  "256",  "0-256", "3-1",   "-1", "1-",   "^", "^all",
					   "a", "0,,1", ",",     "0-1-2", "^0", "0,^0", "0x" };
	uint64_t a, b;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cpus(bad[i], &a, &b), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file_is_understood),
		cmocka_unit_test(what_is_not_set_has_its_default),
		cmocka_unit_test(name_and_kernel_are_mandatory),
		cmocka_unit_test(unknown_keys_are_named_with_file_and_line),
		cmocka_unit_test(keys_are_set_once),
		cmocka_unit_test(extra_is_a_synonym_of_cmdline),
		cmocka_unit_test(syntax_errors_have_their_line),
		cmocka_unit_test(nul_is_no_end_of_the_file),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(numbers_may_stand_in_quotes_and_texts_without),
		cmocka_unit_test(errors_quote_printable_characters_only),
		cmocka_unit_test(escapes_are_taken),
		cmocka_unit_test(a_command_line_of_4_kib_works_and_a_longer_one_does_not),
		cmocka_unit_test(names_have_a_limit),
		cmocka_unit_test(lists_have_a_limit),
		cmocka_unit_test(a_long_file_name_or_key_is_cut),
		cmocka_unit_test(core_lists_are_those_of_xl),
		cmocka_unit_test(bad_core_lists_are_refused),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
