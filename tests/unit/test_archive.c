// SPDX-License-Identifier: MIT
// sources: boot/archive.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "boot/archive.h"
#include "core/lib/bytes.h"

#define BASE    0x400000ULL
#define REGULAR 0100644

static char bytes[65536];
static size_t size;
static struct boot_info info;
static const char *error;

/* Appended to the archive; returns where the header is. */
static size_t entry(const char *name, const char *data, unsigned int mode)
{
	size_t at = size, len = strlen(data);

	size += (size_t)sprintf(bytes + size, "070701%08X%08x%032x%08zx%032x%08zX%08x", 0, mode, 0,
				len, 0, strlen(name) + 1, 0);
	memcpy(bytes + size, name, strlen(name) + 1);
	size = round_up(size + strlen(name) + 1, 4);
	memcpy(bytes + size, data, len);
	size = round_up(size + len, 4);
	return at;
}

static void trailer(void)
{
	entry("TRAILER!!!", "", 0);
}

static int setup(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	memset(&info, 0, sizeof(info));
	size = 0;
	error = NULL;
	return 0;
}

static enum status expand_of(size_t length)
{
	info.module_count = 1;
	info.module[0] = (struct boot_module){ to_hpa(BASE), to_hpa(BASE + length), "one" };
	return archive_expand(bytes, length, &info, &error);
}

static void refused(enum status status, const char *text)
{
	assert_int_equal(expand_of(size), status);
	assert_string_equal(error, text);
	assert_int_equal(info.module_count, 1);
	assert_string_equal(info.module[0].string, "one");
	assert_int_equal(info.module[0].start.a, BASE);
}

static void is_module(uint32_t i, const char *name, const char *data)
{
	const struct boot_module *m = &info.module[i];

	assert_string_equal(m->string, name);
	assert_int_equal(m->end.a - m->start.a, strlen(data));
	assert_memory_equal(bytes + (m->start.a - BASE), data, strlen(data));
}

static void test_files_become_modules(void **state)
{
	(void)state;
	entry("a.cfg", "name", REGULAR);
	entry("dir", "", 0040755);
	entry("vmlinux", "kernel", REGULAR);
	entry("link", "vmlinux", 0120777);
	entry("empty", "", REGULAR);
	trailer();
	assert_true(archive_probe(bytes, size));
	assert_int_equal(expand_of(size + 512), OK);
	assert_int_equal(info.module_count, 3);
	is_module(0, "a.cfg", "name");
	is_module(1, "vmlinux", "kernel");
	is_module(2, "empty", "");
}

static void test_what_is_no_archive(void **state)
{
	(void)state;
	entry("a", "b", REGULAR);
	assert_false(archive_probe(bytes, 109));
	assert_true(archive_probe(bytes, 110));
	bytes[5] = '2';
	assert_false(archive_probe(bytes, size));
}

static void test_an_archive_cut_short_is_refused_wherever(void **state)
{
	size_t whole;

	(void)state;
	entry("a", "bcd", REGULAR);
	trailer();
	whole = size;
	assert_int_equal(expand_of(whole), OK);
	for (size = 110; size < whole; size++) {
		assert_int_equal(expand_of(size), ERR_TRUNCATED);
		assert_non_null(error);
		assert_int_equal(info.module_count, 1);
	}
	size = 116;
	refused(ERR_TRUNCATED, "archive: it ends without its trailer");
	size = 111;
	refused(ERR_TRUNCATED, "archive: it ends within a file");
}

static void test_headers_are_checked(void **state)
{
	size_t at;

	(void)state;
	entry("a", "b", REGULAR);
	at = entry("c", "d", REGULAR);
	trailer();
	bytes[at] = '1';
	refused(ERR_INVALID, "archive: a header is not of cpio's newc format");
	bytes[at] = '0';
	/* Mode, size, and size of the name. */
	for (size_t digit = 14; digit < 110; digit += 40) {
		char old = bytes[at + digit];

		bytes[at + digit] = 'g';
		refused(ERR_INVALID, "archive: a header is not of cpio's newc format");
		bytes[at + digit] = old;
	}
	memcpy(bytes + at + 54, "fffffffe", 8);
	refused(ERR_TRUNCATED, "archive: it ends within a file");
	memcpy(bytes + at + 54, "00000001", 8);
	memcpy(bytes + at + 94, "FFFFFFFF", 8);
	refused(ERR_TRUNCATED, "archive: it ends within a file");
	memcpy(bytes + at + 94, "00000000", 8);
	refused(ERR_INVALID, "archive: a name is not terminated");
}

static void test_names_are_checked(void **state)
{
	size_t at;

	(void)state;
	at = entry("abc", "d", REGULAR);
	trailer();
	bytes[at + 111] = ' ';
	refused(ERR_INVALID, "archive: a name has a blank in it");
	bytes[at + 111] = '\0';
	refused(ERR_INVALID, "archive: a name is not terminated");
	bytes[at + 111] = 'b';
	bytes[at + 113] = 'd';
	refused(ERR_INVALID, "archive: a name is not terminated");
}

static void test_limits(void **state)
{
	char name[513];

	(void)state;
	for (unsigned int i = 0; i < BOOT_MODULES_MAX; i++)
		entry("file", "data", REGULAR);
	size_t end = size;
	trailer();
	assert_int_equal(expand_of(size), OK);
	assert_int_equal(info.module_count, BOOT_MODULES_MAX);
	size = end;
	entry("one-more", "data", REGULAR);
	trailer();
	refused(ERR_NOMEM, "archive: more than 64 files");

	size = 0;
	memset(name, 'n', 511);
	name[511] = '\0';
	for (unsigned int i = 0; i < BOOT_NAMES_MAX / 512; i++)
		entry(name, "", REGULAR);
	end = size;
	trailer();
	assert_int_equal(expand_of(size), OK);
	size = end;
	entry("", "", REGULAR);
	trailer();
	refused(ERR_NOMEM, "archive: names of more than 2048 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_files_become_modules, setup),
		cmocka_unit_test_setup(test_what_is_no_archive, setup),
		cmocka_unit_test_setup(test_an_archive_cut_short_is_refused_wherever, setup),
		cmocka_unit_test_setup(test_headers_are_checked, setup),
		cmocka_unit_test_setup(test_names_are_checked, setup),
		cmocka_unit_test_setup(test_limits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
