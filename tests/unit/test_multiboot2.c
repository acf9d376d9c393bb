// SPDX-License-Identifier: MIT
// sources: boot/multiboot2.c boot/boot_info.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/multiboot2.h"
#include "core/lib/bytes.h"

/* An information structure under construction. */
static uint8_t info[16384];
static size_t used;
static struct boot_info mb;
static const char *error;

static void begin(void)
{
	memset(info, 0xCC, sizeof(info));
	used = 8;
}

static void tag(uint32_t type, const void *data, size_t len)
{
	bytes_put32(info + used, type);
	bytes_put32(info + used + 4, (uint32_t)len + 8);
	memcpy(info + used + 8, data, len);
	used += round_up(len + 8, 8);
}

static void end(void)
{
	tag(0, "", 0);
	bytes_put32(info, (uint32_t)used);
	bytes_put32(info + 4, 0);
}

static void text_tag(uint32_t type, const char *s)
{
	tag(type, s, strlen(s) + 1);
}

static void module_tag(uint32_t start, uint32_t stop, const char *s)
{
	uint8_t data[256];

	bytes_put32(data, start);
	bytes_put32(data + 4, stop);
	memcpy(data + 8, s, strlen(s) + 1);
	tag(3, data, 8 + strlen(s) + 1);
}

struct entry {
	uint64_t base, length;
	uint32_t type;
};

static void memory_tag(const struct entry *entries, size_t count, uint32_t entry_size)
{
	static uint8_t data[8 + 300 * 32];

	memset(data, 0, sizeof(data));
	bytes_put32(data, entry_size);
	for (size_t i = 0; i < count; i++) {
		bytes_put64(data + 8 + i * entry_size, entries[i].base);
		bytes_put64(data + 16 + i * entry_size, entries[i].length);
		bytes_put32(data + 24 + i * entry_size, entries[i].type);
	}
	tag(6, data, 8 + count * entry_size);
}

/* Parse a copy of exactly the structure's size, for ASan to watch over. */
static enum status parse_within(size_t limit)
{
	static uint8_t *copy;
	enum status status;

	free(copy);
	copy = malloc(limit);
	memcpy(copy, info, limit);
	error = NULL;
	status = multiboot2_parse(to_hpa(0x10000), copy, limit, &mb, &error);
	assert_true((status == OK) == (error == NULL));
	return status;
}

static enum status parse(void)
{
	return parse_within(used);
}

static const struct entry pc[] = {
	{ 0, 0x9FC00, 1 },          { 0x9FC00, 0x400, 2 },     { 0xF0000, 0x10000, 2 },
	{ 0x100000, 0x7EE0000, 1 }, { 0x7FE0000, 0x20000, 2 },
};

static void grub_on_a_pc_is_understood(void **state)
{
	uint8_t fb[24] = { 0 }, rsdp[36], load[4] = { 0, 0, 0x20, 0 };

	memset(rsdp, 0x5A, sizeof(rsdp));
	bytes_put64(fb, 0xB8000);
	bytes_put32(fb + 8, 160);
	bytes_put32(fb + 12, 80);
	bytes_put32(fb + 16, 25);
	fb[20] = 16;
	fb[21] = 2;
	begin();
	text_tag(1, "loglvl=all console=com1");
	text_tag(2, "GRUB 2.06");
	module_tag(0x200000, 0x300000, "linux quiet");
	module_tag(0x300000, 0x300000, "");
	memory_tag(pc, array_size(pc), 24);
	tag(8, fb, 24);
	tag(14, rsdp, 20);
	tag(21, load, 4);
	tag(99, "whatever", 8);
	end();
	assert_int_equal(parse(), OK);
	assert_int_equal(mb.start, 0x10000);
	assert_int_equal(mb.end, 0x10000 + used);
	assert_string_equal(mb.cmdline, "loglvl=all console=com1");
	assert_string_equal(mb.loader, "GRUB 2.06");
	assert_int_equal(mb.module_count, 2);
	assert_int_equal(mb.module[0].start.a, 0x200000);
	assert_int_equal(mb.module[0].end.a, 0x300000);
	assert_string_equal(mb.module[0].string, "linux quiet");
	assert_string_equal(mb.module[1].string, "");
	assert_int_equal(mb.memory_count, 5);
	assert_int_equal(mb.memory[3].base.a, 0x100000);
	assert_int_equal(mb.memory[4].type, BOOT_MEMORY_RESERVED);
	assert_true(mb.framebuffer.present);
	assert_int_equal(mb.framebuffer.type, BOOT_FRAMEBUFFER_TEXT);
	assert_int_equal(mb.framebuffer.width, 80);
	assert_int_equal(mb.rsdp_size, 20);
	assert_int_equal(mb.rsdp[19], 0x5A);
	assert_true(mb.load_base_present);
	assert_int_equal(mb.load_base, 0x200000);
	assert_false(mb.efi);
}

static void grub_on_efi_is_understood(void **state)
{
	uint8_t fb[30] = { 0 }, rsdp[36] = "new", old[20] = "old", table[8];

	bytes_put64(table, 0x7F000018);
	bytes_put64(fb, 0x80000000);
	fb[20] = 32;
	fb[21] = 1;
	fb[24] = 16;
	fb[25] = 8;
	fb[26] = 8;
	fb[27] = 8;
	fb[29] = 8;
	begin();
	tag(12, table, 8);
	tag(17, "", 0);
	tag(15, rsdp, 36);
	tag(14, old, 20);
	tag(8, fb, 30);
	tag(18, "", 0);
	end();
	assert_int_equal(parse(), OK);
	assert_true(mb.efi && mb.efi_boot_services);
	assert_int_equal(mb.efi_system_table, 0x7F000018);
	assert_int_equal(mb.rsdp_size, 36);
	assert_memory_equal(mb.rsdp, "new", 3);
	assert_int_equal(mb.framebuffer.red_shift, 16);
	assert_int_equal(mb.framebuffer.blue_bits, 8);
	assert_string_equal(mb.cmdline, "");
	assert_string_equal(mb.loader, "");
}

static void every_cut_of_the_structure_is_refused(void **state)
{
	begin();
	text_tag(1, "x");
	module_tag(1, 2, "m");
	memory_tag(pc, array_size(pc), 24);
	end();
	for (size_t limit = 0; limit < used; limit++)
		assert_int_equal(parse_within(limit), ERR_TRUNCATED);
	/* The same when the structure itself says so: the end tag is missing. */
	for (size_t limit = 8; limit < used; limit++) {
		bytes_put32(info, (uint32_t)limit);
		assert_int_equal(parse_within(limit), ERR_TRUNCATED);
	}
}

static void expect(enum status status, const char *message)
{
	end();
	assert_int_equal(parse(), status);
	assert_string_equal(error, message);
}

static void each_bad_tag_has_its_message(void **state)
{
	uint8_t fb[24] = { 0 };

	begin();
	tag(1, "abc", 3);
	expect(ERR_TRUNCATED, "multiboot2: command line not terminated");
	begin();
	tag(1, "", 0);
	expect(ERR_TRUNCATED, "multiboot2: command line not terminated");
	begin();
	tag(2, "abc", 3);
	expect(ERR_TRUNCATED, "multiboot2: boot loader name not terminated");
	begin();
	tag(3, "\1\0\0\0\2\0\0\0m", 9);
	expect(ERR_TRUNCATED, "multiboot2: module tag without a whole string");
	begin();
	tag(3, "\1\0\0\0", 4);
	expect(ERR_TRUNCATED, "multiboot2: module tag without a whole string");
	begin();
	module_tag(5, 4, "m");
	expect(ERR_INVALID, "multiboot2: module ends before it starts");
	begin();
	tag(6, "", 0);
	expect(ERR_TRUNCATED, "multiboot2: memory map tag too short");
	begin();
	memory_tag(pc, 1, 16);
	expect(ERR_INVALID, "multiboot2: bad entry size in the memory map tag");
	begin();
	memory_tag(pc, 1, 28);
	expect(ERR_INVALID, "multiboot2: bad entry size in the memory map tag");
	begin();
	memory_tag(pc, 1, 24);
	memory_tag(pc, 1, 24);
	expect(ERR_INVALID, "multiboot2: two memory map tags");
	begin();
	tag(8, fb, 21);
	expect(ERR_TRUNCATED, "multiboot2: framebuffer tag too short");
	begin();
	fb[21] = 1;
	tag(8, fb, 24);
	expect(ERR_TRUNCATED, "multiboot2: framebuffer tag without colours");
	begin();
	tag(14, "", 0);
	expect(ERR_TRUNCATED, "multiboot2: ACPI RSDP tag too short");
	begin();
	tag(15, fb, 20);
	expect(ERR_TRUNCATED, "multiboot2: ACPI RSDP tag too short");
	begin();
	tag(12, "1234", 4);
	expect(ERR_TRUNCATED, "multiboot2: EFI system table tag too short");
	begin();
	tag(21, "", 0);
	expect(ERR_TRUNCATED, "multiboot2: load base tag too short");
	begin();
	bytes_put32(info + used, 99);
	bytes_put32(info + used + 4, 7);
	used += 8;
	expect(ERR_TRUNCATED, "multiboot2: tag reaches beyond the information structure");
	begin();
	bytes_put32(info + used, 99);
	bytes_put32(info + used + 4, 0xFFFFFFF9);
	used += 8;
	expect(ERR_TRUNCATED, "multiboot2: tag reaches beyond the information structure");
}

static void tables_have_a_limit(void **state)
{
	static struct entry many[257];

	for (size_t i = 0; i < array_size(many); i++)
		many[i] = (struct entry){ i << 20, 1 << 20, 1 };
	begin();
	memory_tag(many, 256, 24);
	end();
	assert_int_equal(parse(), OK);
	assert_int_equal(mb.memory_count, 256);
	begin();
	memory_tag(many, 257, 24);
	expect(ERR_NOMEM, "multiboot2: more than 256 memory map entries");
	begin();
	for (int i = 0; i < 65; i++)
		module_tag(0, 0, "m");
	expect(ERR_NOMEM, "multiboot2: more than 64 modules");
}

static void memory_entries_do_not_wrap(void **state)
{
	const struct entry odd[] = { { 0xFFFFFFFFFFFFF000, 0x2000, 2 }, { 0x1000, 0, 1 } };

	begin();
	memory_tag(odd, 2, 32);
	end();
	assert_int_equal(parse(), OK);
	assert_int_equal(mb.memory_count, 1);
	assert_true(mb.memory[0].base.a + mb.memory[0].length > mb.memory[0].base.a);
}

/* Modules [a, a_end) and [b, b_end) on the PC above, image at 1 MiB to 2 MiB, structure at 64K. */
static const char *check(uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end, uint32_t at_fault)
{
	uint32_t index = 77;
	enum status status;

	begin();
	module_tag(a, a_end, "a");
	module_tag(b, b_end, "b");
	memory_tag(pc, array_size(pc), 24);
	end();
	assert_int_equal(parse(), OK);
	error = NULL;
	status = boot_info_check_modules(&mb, to_hpa(0x100000), to_hpa(0x200000), &index, &error);
	assert_true((status == OK) == (error == NULL));
	if (status != OK)
		assert_int_equal(index, at_fault);
	return error;
}

static void good_modules_pass(void **state)
{
	assert_null(check(0x200000, 0x300000, 0x300000, 0x400000, 0));
	assert_null(check(0x300000, 0x400000, 0x200000, 0x300000, 0));
	/* Empty ones are nowhere. */
	assert_null(check(0x150000, 0x150000, 0, 0, 0));
}

static void misplaced_modules_are_refused(void **state)
{
	assert_string_equal(check(0x200000, 0x300001, 0x300000, 0x400000, 1),
			    "module overlaps another module");
	assert_string_equal(check(0x200000, 0x400000, 0x300000, 0x300010, 1),
			    "module overlaps another module");
	assert_string_equal(check(0x1FFFFF, 0x300000, 0x300000, 0x400000, 0),
			    "module overlaps the hypervisor's image");
	assert_string_equal(check(0x8000, 0x10001, 0x300000, 0x400000, 0),
			    "module overlaps the boot loader's information");
	assert_string_equal(check(0x300000, 0x400000, 0x9F000, 0xA0000, 1),
			    "module is not in usable RAM");
	assert_string_equal(check(0x300000, 0x400000, 0x7FDF000, 0x7FE1000, 1),
			    "module is not in usable RAM");
	assert_string_equal(check(0x300000, 0x400000, 0xE0000000, 0xE0001000, 1),
			    "module is not in usable RAM");
}

static void ram_in_pieces_is_one_run(void **state)
{
	static const struct entry pieces[] = { { 0x500000, 0x100000, 1 },
					       { 0x300000, 0x100000, 1 },
					       { 0x400000, 0x100000, 1 } };
	static const struct entry covered[] = { { 0x300000, 0x300000, 1 },
						{ 0x400000, 0x1000, 4 } };
	uint32_t index;

	begin();
	module_tag(0x380000, 0x580000, "a");
	memory_tag(pieces, 3, 24);
	end();
	assert_int_equal(parse(), OK);
	assert_int_equal(boot_info_check_modules(&mb, to_hpa(0), to_hpa(0), &index, &error), OK);
	begin();
	module_tag(0x380000, 0x580000, "a");
	memory_tag(covered, 2, 24);
	end();
	assert_int_equal(parse(), OK);
	assert_int_equal(boot_info_check_modules(&mb, to_hpa(0), to_hpa(0), &index, &error),
			 ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grub_on_a_pc_is_understood),
		cmocka_unit_test(grub_on_efi_is_understood),
		cmocka_unit_test(every_cut_of_the_structure_is_refused),
		cmocka_unit_test(each_bad_tag_has_its_message),
		cmocka_unit_test(tables_have_a_limit),
		cmocka_unit_test(memory_entries_do_not_wrap),
		cmocka_unit_test(good_modules_pass),
		cmocka_unit_test(misplaced_modules_are_refused),
		cmocka_unit_test(ram_in_pieces_is_one_run),
	};

	return cmocka_run_group_tests_name("multiboot2", tests, NULL, NULL);
}
