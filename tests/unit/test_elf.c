// SPDX-License-Identifier: MIT
// sources: boot/elf.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/elf.h"
#include "tests/unit/elf_image.h"

#define M_386    3
#define M_X86_64 62

static struct elf_image e;
static struct load_plan plan;
static const char *error;

static enum status parse_cut(size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	enum status status;

	memcpy(copy, e.bytes, size);
	error = NULL;
	status = elf_parse(copy, size, &plan, &error);
	free(copy);
	assert_true((status == OK) == (error == NULL));
	return status;
}

static enum status parse(void)
{
	return parse_cut(e.size);
}

static void refuse(enum status status, const char *message)
{
	assert_int_equal(parse(), status);
	assert_string_equal(error, message);
}

static void both_classes_and_machines_load(void **state)
{
	for (int i = 0; i < 4; i++) {
		elf_image_simple(&e, i & 1, i & 2 ? M_386 : M_X86_64);
		assert_int_equal(parse(), OK);
		assert_int_equal(plan.protocol, BOOT_PVH);
		assert_int_equal(plan.entry.a, 0x100000);
		assert_int_equal(plan.low.a, 0x100000);
		assert_int_equal(plan.high.a, 0x102000);
		assert_int_equal(plan.count, 1);
		assert_int_equal(plan.segment[0].file_offset, 4096);
		assert_int_equal(plan.segment[0].file_size, 4096);
		assert_int_equal(plan.segment[0].mem_size, 8192);
		assert_int_equal(plan.segment[0].gpa.a, 0x100000);
		assert_int_equal(plan.ramdisk_max, 0);
		assert_true(plan.rsdp_anywhere);
	}
}

static void a_position_independent_executable_loads(void **state)
{
	elf_image_simple(&e, true, M_X86_64);
	bytes_put16(e.bytes + 16, 3);
	assert_int_equal(parse(), OK);
}

static void what_is_no_elf_is_refused(void **state)
{
	memset(&e, 0, sizeof(e));
	memcpy(e.bytes, "#!/bin/sh\n", 10);
	e.size = 10;
	refuse(ERR_INVALID, "kernel: not an ELF file");
	e.size = 0;
	refuse(ERR_INVALID, "kernel: not an ELF file");
	elf_image_simple(&e, true, M_X86_64);
	assert_true(elf_probe(e.bytes, e.size));
	assert_false(elf_probe(e.bytes, 3));
}

static void foreign_elf_files_are_refused(void **state)
{
	elf_image_simple(&e, true, 183);
	refuse(ERR_INVALID, "kernel: ELF file for another machine than x86");
	elf_image_simple(&e, true, M_X86_64);
	e.bytes[4] = 3;
	refuse(ERR_INVALID, "kernel: ELF file of unknown class");
	elf_image_simple(&e, true, M_X86_64);
	e.bytes[5] = 2;
	refuse(ERR_INVALID, "kernel: ELF file is not little-endian");
	elf_image_simple(&e, true, M_X86_64);
	bytes_put16(e.bytes + 16, 1);
	refuse(ERR_INVALID, "kernel: ELF file is not an executable");
}

static void program_headers_are_checked(void **state)
{
	elf_image_begin(&e, true, M_X86_64);
	refuse(ERR_INVALID, "kernel: ELF file without program headers");
	elf_image_simple(&e, true, M_X86_64);
	bytes_put16(e.bytes + 54, 55);
	refuse(ERR_INVALID, "kernel: ELF program headers of a bad size");
	elf_image_simple(&e, true, M_X86_64);
	bytes_put64(e.bytes + 32, e.size - 10);
	refuse(ERR_INVALID, "kernel: ELF file truncated in its program headers");
	bytes_put64(e.bytes + 32, UINT64_MAX - 10);
	refuse(ERR_INVALID, "kernel: ELF file truncated in its program headers");
	elf_image_begin(&e, true, M_X86_64);
	elf_image_ph(&e, 6, 0, 0, 0, 0);
	refuse(ERR_INVALID, "kernel: ELF file without anything to load");
}

static void segments_are_checked(void **state)
{
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, 4096, 100, 99, 0x200000);
	refuse(ERR_INVALID, "kernel: ELF segment bigger in the file than in memory");
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, e.size - 99, 100, 100, 0x200000);
	refuse(ERR_INVALID, "kernel: ELF file truncated in a segment");
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, UINT64_MAX - 49, 100, 100, 0x200000);
	refuse(ERR_INVALID, "kernel: ELF file truncated in a segment");
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, 4096, 0, 100, UINT64_MAX - 98);
	refuse(ERR_INVALID, "kernel: ELF segment wraps around the end of memory");
	elf_image_simple(&e, false, M_386);
	for (uint64_t i = 0; i < 16; i++)
		elf_image_ph(&e, 1, 4096, 1, 1, 0x200000 + i);
	refuse(ERR_INVALID, "kernel: ELF file with more than 16 segments");
}

static void overlapping_segments_are_refused(void **state)
{
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, 4096, 16, 16, 0x101FFF);
	refuse(ERR_INVALID, "kernel: ELF segments overlap");
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, 4096, 16, 0x1001, 0xFF000);
	refuse(ERR_INVALID, "kernel: ELF segments overlap");
	elf_image_simple(&e, true, M_X86_64);
	elf_image_ph(&e, 1, 4096, 16, 16, 0x100000);
	refuse(ERR_INVALID, "kernel: ELF segments overlap");
}

static void segments_come_out_in_order(void **state)
{
	elf_image_simple(&e, false, M_386);
	elf_image_load(&e, 0x300000, 10, 20);
	elf_image_load(&e, 0x102000, 10, 20);
	elf_image_load(&e, 0, 10, 20);
	elf_image_load(&e, 0x500000, 0, 0);
	assert_int_equal(parse(), OK);
	assert_int_equal(plan.count, 4);
	assert_int_equal(plan.segment[0].gpa.a, 0);
	assert_int_equal(plan.segment[1].gpa.a, 0x100000);
	assert_int_equal(plan.segment[2].gpa.a, 0x102000);
	assert_int_equal(plan.segment[3].gpa.a, 0x300000);
	assert_int_equal(plan.low.a, 0);
	assert_int_equal(plan.high.a, 0x300014);
}

static void every_truncation_is_refused(void **state)
{
	for (int wide = 0; wide < 2; wide++) {
		elf_image_simple(&e, wide != 0, M_X86_64);
		for (size_t size = 0; size < e.size; size++)
			assert_int_not_equal(parse_cut(size), OK);
	}
}

static void the_entry_note_is_needed(void **state)
{
	uint32_t entry = 0x100000;

	elf_image_begin(&e, true, M_X86_64);
	elf_image_load(&e, 0x100000, 4096, 4096);
	refuse(ERR_NOT_FOUND,
	       "kernel: ELF file without Xen's note PHYS32_ENTRY (not a PVH kernel)");
	elf_image_note(&e, "GNU", 18, &entry, 4);
	elf_image_note(&e, "Xen", 6, "linux", 6);
	elf_image_note(&e, "Xenon", 18, &entry, 4);
	elf_image_end_notes(&e);
	refuse(ERR_NOT_FOUND,
	       "kernel: ELF file without Xen's note PHYS32_ENTRY (not a PVH kernel)");
}

static void the_entry_may_be_of_8_bytes_and_among_other_notes(void **state)
{
	uint64_t entry = 0x100800;

	elf_image_begin(&e, true, M_X86_64);
	elf_image_load(&e, 0x100000, 4096, 4096);
	elf_image_note(&e, "GNU", 5, "12345", 5);
	elf_image_note(&e, "Xen", 7, "6.1", 4);
	elf_image_note(&e, "Xen", 18, &entry, 8);
	elf_image_end_notes(&e);
	assert_int_equal(parse(), OK);
	assert_int_equal(plan.entry.a, 0x100800);
}

static void an_entry_outside_any_segment_is_refused(void **state)
{
	static const uint64_t bad[] = { 0, 0xFFFFF, 0x102000, 0x100100000 };

	for (size_t i = 0; i < array_size(bad); i++) {
		elf_image_begin(&e, true, M_X86_64);
		elf_image_load(&e, 0x100000, 4096, 8192);
		elf_image_note(&e, "Xen", 18, &bad[i], 8);
		elf_image_end_notes(&e);
		refuse(ERR_INVALID,
		       "kernel: entry point of the PHYS32_ENTRY note outside of any segment");
	}
}

/* Section headers at 1024: a null one and one of notes. */
static void put_note_section(uint32_t type)
{
	size_t size = e.wide ? 64 : 40, at = 1024 + size;

	elf_image_put(&e, 0, 32, 40, 1024);
	bytes_put16(e.bytes + (e.wide ? 58 : 46), (uint16_t)size);
	bytes_put16(e.bytes + (e.wide ? 60 : 48), 2);
	bytes_put32(e.bytes + at + 4, type);
	elf_image_put(&e, at, 16, 24, e.notes_at);
	elf_image_put(&e, at, 20, 32, e.notes_size);
}

static void notes_in_sections_are_found(void **state)
{
	uint32_t entry = 0x100000;

	for (int wide = 0; wide < 2; wide++) {
		elf_image_begin(&e, wide != 0, M_X86_64);
		elf_image_load(&e, 0x100000, 4096, 4096);
		elf_image_note(&e, "Xen", 18, &entry, 4);
		put_note_section(7);
		assert_int_equal(parse(), OK);
		put_note_section(8);
		assert_int_equal(parse(), ERR_NOT_FOUND);
		put_note_section(7);
		elf_image_put(&e, 0, 32, 40, e.size - 1);
		assert_int_equal(parse(), ERR_NOT_FOUND);
	}
}

static void broken_notes_are_not_followed(void **state)
{
	static const uint32_t sizes[] = { 0xFFFFFFFF, 0xFFFFFFF0, 0x80000000, 4096 };

	for (size_t i = 0; i < array_size(sizes); i++) {
		elf_image_simple(&e, true, M_X86_64);
		bytes_put32(e.bytes + 2048, sizes[i]);
		assert_int_equal(parse(), ERR_NOT_FOUND);
		elf_image_simple(&e, true, M_X86_64);
		bytes_put32(e.bytes + 2052, sizes[i]);
		assert_int_equal(parse(), ERR_NOT_FOUND);
	}
	elf_image_simple(&e, true, M_X86_64);
	elf_image_put(&e, ELF_IMAGE_PHOFF + 56, 16, 32, UINT64_MAX);
	assert_int_equal(parse(), ERR_NOT_FOUND);
}

static bool rsdp_anywhere(const char *os, uint32_t type, const void *desc, uint32_t len)
{
	elf_image_simple(&e, true, M_X86_64);
	elf_image_note(&e, "Xen", 6, os, (uint32_t)strlen(os) + 1);
	elf_image_note(&e, "Xen", type, desc, len);
	elf_image_end_notes(&e);
	assert_int_equal(parse(), OK);
	return plan.rsdp_anywhere;
}

static void old_linux_wants_its_rsdp_low(void **state)
{
	uint32_t with = 1 << 15 | 1 << 8, without = 1 << 8;

	assert_false(rsdp_anywhere("linux", 17, &without, 4));
	assert_true(rsdp_anywhere("linux", 17, &with, 4));
	assert_true(rsdp_anywhere("FreeBSD", 17, &without, 4));
	assert_true(rsdp_anywhere("linuxen", 17, &without, 4));
	assert_true(rsdp_anywhere("linux", 10, "a|linux_rsdp_unrestricted|b", 28));
	assert_true(rsdp_anywhere("linux", 10, "!linux_rsdp_unrestricted", 25));
	assert_false(rsdp_anywhere("linux", 10, "a|linux_rsdp_unrestrictedx|b", 29));
	assert_false(rsdp_anywhere("linux", 10, "!|||", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_classes_and_machines_load),
		cmocka_unit_test(a_position_independent_executable_loads),
		cmocka_unit_test(what_is_no_elf_is_refused),
		cmocka_unit_test(foreign_elf_files_are_refused),
		cmocka_unit_test(program_headers_are_checked),
		cmocka_unit_test(segments_are_checked),
		cmocka_unit_test(overlapping_segments_are_refused),
		cmocka_unit_test(segments_come_out_in_order),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(the_entry_note_is_needed),
		cmocka_unit_test(the_entry_may_be_of_8_bytes_and_among_other_notes),
		cmocka_unit_test(an_entry_outside_any_segment_is_refused),
		cmocka_unit_test(notes_in_sections_are_found),
		cmocka_unit_test(broken_notes_are_not_followed),
		cmocka_unit_test(old_linux_wants_its_rsdp_low),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
