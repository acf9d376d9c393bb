// SPDX-License-Identifier: MIT
// sources: boot/memory_plan.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/memory.h"

static struct boot_info info;
static struct memory_plan plan;

static int setup(void **state)
{
	memset(&info, 0, sizeof(info));
	plan = (struct memory_plan){ .info = &info };
	return 0;
}

static void entry(uint64_t base, uint64_t length, uint32_t type)
{
	info.memory[info.memory_count++] = (struct boot_memory){ to_hpa(base), length, type };
}

static void module(uint64_t start, uint64_t end)
{
	info.module[info.module_count].start = to_hpa(start);
	info.module[info.module_count++].end = to_hpa(end);
}

static void expect_next(uint64_t from, uint64_t start, uint64_t end)
{
	struct memory_range r;

	assert_true(memory_plan_next(&plan, from, &r));
	assert_int_equal(r.start, start);
	assert_int_equal(r.end, end);
}

static void expect_none(uint64_t from)
{
	struct memory_range r;

	assert_false(memory_plan_next(&plan, from, &r));
}

static void test_empty(void **state)
{
	expect_none(0);
	entry(0x1000, 0x1000, BOOT_MEMORY_RESERVED);
	expect_none(0);
	assert_int_equal(memory_plan_top(&plan), 0);
}

/* A usual PC: low memory, the hole below 1 MiB, modules, ACPI in the middle. */
static void test_pc(void **state)
{
	entry(0, 0x9fc00, BOOT_MEMORY_RAM);
	entry(0x9fc00, 0x400, BOOT_MEMORY_RESERVED);
	entry(0x100000, 0x700000, BOOT_MEMORY_RAM);
	entry(0x800000, 0x1234, BOOT_MEMORY_ACPI);
	entry(0x801234, 0x100000, BOOT_MEMORY_RAM);
	module(0x400000, 0x400001);
	module(0x500800, 0x501800);
	assert_int_equal(memory_plan_reserve(&plan, 0x200010, 0x2ffff0), OK);
	expect_next(0, 0, 0x9f000);
	expect_next(0x9f000, 0x100000, 0x200000);
	expect_next(0x200000, 0x300000, 0x400000);
	expect_next(0x400000, 0x401000, 0x500000);
	expect_next(0x500000, 0x502000, 0x800000);
	expect_next(0x502345 & PAGE_MASK, 0x502000, 0x800000);
	expect_next(0x800000, 0x802000, 0x901000);
	expect_none(0x901000);
	assert_int_equal(memory_plan_top(&plan), 0x901000);
}

/* Half a page of RAM is none, half a page of a hole is a whole one. */
static void test_rounding(void **state)
{
	entry(0x1001, 0xffe, BOOT_MEMORY_RAM);
	entry(0x3800, 0x1000, BOOT_MEMORY_RAM);
	entry(0x5001, 0x2000, BOOT_MEMORY_RAM);
	expect_next(0, 0x6000, 0x7000);
	assert_int_equal(memory_plan_reserve(&plan, 0x6fff, 0x7000), OK);
	expect_none(0);
}

static void test_end_of_address_space(void **state)
{
	entry(0x100000, ~0ULL, BOOT_MEMORY_RAM);
	entry(~0ULL - 0xfff, 0x1000, BOOT_MEMORY_RESERVED);
	entry(0xfffffffffff00000, 0x200000, BOOT_MEMORY_RESERVED);
	expect_next(0, 0x100000, 0xfffffffffff00000);
	expect_none(0xfffffffffff00000);
}

static void test_too_many_reserved(void **state)
{
	for (unsigned int i = 0; i < MEMORY_RESERVED_MAX; i++)
		assert_int_equal(memory_plan_reserve(&plan, 0, 1), OK);
	assert_int_equal(memory_plan_reserve(&plan, 0, 1), ERR_NOMEM);
}

#define PAGES 64

static void mark(bool *map, uint64_t start, uint64_t end, bool value)
{
	for (uint64_t i = start / PAGE_SIZE; i < end / PAGE_SIZE && i < PAGES; i++)
		map[i] = value;
}

/* Any overlapping mess: what is handed out is each page that is RAM and nothing else, once. */
static void test_random(void **state)
{
	srand(1);
	for (unsigned int round = 0; round < 2000; round++) {
		bool ram[PAGES] = { false }, hole[PAGES] = { false };
		struct memory_range r;
		uint64_t from = 0;

		setup(NULL);
		for (unsigned int i = 0; i < 12; i++) {
			uint64_t start = (uint64_t)rand() % PAGES * PAGE_SIZE;
			uint64_t end = start + (uint64_t)rand() % 20 * PAGE_SIZE;
			unsigned int kind = (unsigned int)rand() % 4;

			if (kind < 2)
				entry(start, end - start, kind ? BOOT_MEMORY_RAM : BOOT_MEMORY_NVS);
			else if (kind == 2)
				module(start, end);
			else if (plan.reserved_count < MEMORY_RESERVED_MAX)
				assert_int_equal(memory_plan_reserve(&plan, start, end), OK);
			else
				continue;
			mark(kind == 1 ? ram : hole, start, end, true);
		}
		for (; memory_plan_next(&plan, from, &r); from = r.end) {
			assert_true(r.start >= from && r.start < r.end);
			for (uint64_t i = r.start / PAGE_SIZE; i < r.end / PAGE_SIZE; i++)
				if (i < PAGES)
					assert_true(ram[i] && !hole[i]);
			mark(ram, r.start, r.end, false);
		}
		for (unsigned int i = 0; i < PAGES; i++)
			assert_false(ram[i] && !hole[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_pc, setup),
		cmocka_unit_test_setup(test_rounding, setup),
		cmocka_unit_test_setup(test_end_of_address_space, setup),
		cmocka_unit_test_setup(test_too_many_reserved, setup),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
