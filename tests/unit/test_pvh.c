// SPDX-License-Identifier: MIT
// sources: boot/pvh.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "boot/pvh.h"
#include "core/lib/bytes.h"

/* What can be read: a few pages at BASE, of which the last one is not there. */
#define BASE   0x200000ULL
#define PAGES  8ULL
#define INFO   (BASE + 0x10)
#define LIST   (BASE + 0x100)
#define MAP    (BASE + 0x1000)
#define LINE   (BASE + 0x3000)
#define STRING (BASE + 0x3100)
#define RSDP   (BASE + 0x5000)

static uint8_t ram[PAGES * PAGE_SIZE];
static uint64_t readable;
static struct hvm_start_info start;
static struct boot_info info;
static const char *error;

static void *at(uint64_t hpa)
{
	return ram + (hpa - BASE);
}

static const void *map(void *ctx, uint64_t hpa, size_t len)
{
	assert_ptr_equal(ctx, &readable);
	return hpa >= BASE && bytes_within(readable, hpa - BASE, len) ? at(hpa) : NULL;
}

static void module(uint32_t i, uint64_t paddr, uint64_t size, uint64_t cmdline)
{
	struct hvm_modlist_entry entry = { paddr, size, cmdline, ~0ULL };

	memcpy((uint8_t *)at(LIST) + i * sizeof(entry), &entry, sizeof(entry));
}

static void memory(uint32_t i, uint64_t addr, uint64_t size, uint32_t type)
{
	struct hvm_memmap_table_entry entry = { addr, size, type, 0 };

	memcpy((uint8_t *)at(MAP) + i * sizeof(entry), &entry, sizeof(entry));
}

/* A good one: two modules, three entries of memory, a new RSDP. */
static int setup(void **state)
{
	(void)state;
	memset(ram, 0xCC, sizeof(ram));
	readable = sizeof(ram);
	start = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.nr_modules = 2,
		.modlist_paddr = LIST,
		.cmdline_paddr = LINE,
		.rsdp_paddr = RSDP,
		.memmap_paddr = MAP,
		.memmap_entries = 3,
	};
	strcpy(at(LINE), "console=com1");
	strcpy(at(STRING), "vmlinux quiet");
	module(0, 0x400000, 0x1234, STRING);
	module(1, 0x5000000000, 0, 0);
	memory(0, 0, 0xA0000, XEN_HVM_MEMMAP_TYPE_RAM);
	memory(1, 0xF0000, 0, XEN_HVM_MEMMAP_TYPE_RESERVED);
	memory(2, ~0xFFFULL, 0x2000, XEN_HVM_MEMMAP_TYPE_PMEM);
	memset(at(RSDP), 0, 36);
	((uint8_t *)at(RSDP))[15] = 2;
	((uint8_t *)at(RSDP))[35] = 77;
	return 0;
}

static enum status parse(void)
{
	enum status status;

	if (INFO - BASE + sizeof(start) <= readable)
		memcpy(at(INFO), &start, sizeof(start));
	status = pvh_parse(to_hpa(INFO), map, &readable, &info, &error);
	assert_true((status == OK) == (error == NULL));
	return status;
}

static void refused(enum status status, const char *text)
{
	assert_int_equal(parse(), status);
	assert_string_equal(error, text);
	setup(NULL);
}

static void all_of_it_is_understood(void **state)
{
	assert_int_equal(parse(), OK);
	assert_string_equal(info.cmdline, "console=com1");
	assert_string_equal(info.loader, "PVH");
	assert_int_equal(info.module_count, 2);
	assert_int_equal(info.module[0].start.a, 0x400000);
	assert_int_equal(info.module[0].end.a, 0x401234);
	assert_string_equal(info.module[0].string, "vmlinux quiet");
	assert_int_equal(info.module[1].start.a, 0x5000000000);
	assert_int_equal(info.module[1].end.a, 0x5000000000);
	assert_string_equal(info.module[1].string, "");
	/* The empty entry is left out, and none wraps. */
	assert_int_equal(info.memory_count, 2);
	assert_int_equal(info.memory[0].length, 0xA0000);
	assert_int_equal(info.memory[0].type, BOOT_MEMORY_RAM);
	assert_int_equal(info.memory[1].base.a, ~0xFFFULL);
	assert_int_equal(info.memory[1].length, 0xFFF);
	assert_int_equal(info.memory[1].type, 7);
	assert_int_equal(info.rsdp_size, 36);
	assert_int_equal(info.rsdp[35], 77);
	/* From the structure itself to the end of the last string. */
	assert_int_equal(info.start, INFO);
	assert_int_equal(info.end, STRING + sizeof("vmlinux quiet"));
}

static void little_is_enough(void **state)
{
	start.nr_modules = 0;
	start.modlist_paddr = 0;
	start.cmdline_paddr = 0;
	start.rsdp_paddr = 0;
	assert_int_equal(parse(), OK);
	assert_string_equal(info.cmdline, "");
	assert_int_equal(info.module_count, 0);
	assert_int_equal(info.rsdp_size, 0);
	assert_int_equal(info.end, INFO + sizeof(start));
}

static void an_old_rsdp_is_short(void **state)
{
	start.rsdp_paddr = BASE + readable - 20;
	memset(at(start.rsdp_paddr), 0, 20);
	assert_int_equal(parse(), OK);
	assert_int_equal(info.rsdp_size, 20);
	((uint8_t *)at(start.rsdp_paddr))[15] = 2;
	refused(ERR_INVALID, "PVH: the start information cannot be mapped");
}

/* It is read page by page, so that what is behind its end need not be there. */
static void a_string_may_cross_a_page(void **state)
{
	start.cmdline_paddr = BASE + 0x5FFE;
	strcpy(at(start.cmdline_paddr), "abc");
	readable = 0x7000;
	assert_int_equal(parse(), OK);
	assert_string_equal(info.cmdline, "abc");
	assert_int_equal(info.end, BASE + 0x6002);
	start.cmdline_paddr = BASE + 0x6FFC;
	strcpy(at(start.cmdline_paddr), "abc");
	assert_int_equal(parse(), OK);
	memset(at(start.cmdline_paddr), 'x', 4);
	refused(ERR_INVALID, "PVH: the start information cannot be mapped");
}

static void a_string_has_an_end(void **state)
{
	start.cmdline_paddr = BASE + 0x5FFF;
	memset(at(start.cmdline_paddr), 'x', 0x2001);
	((uint8_t *)at(start.cmdline_paddr))[0x1000] = '\0';
	assert_int_equal(parse(), OK);
	assert_int_equal(strlen(info.cmdline), 0x1000);
	((uint8_t *)at(start.cmdline_paddr))[0x1000] = 'x';
	refused(ERR_TRUNCATED, "PVH: a command line is too long");
	start.cmdline_paddr = BASE + 0x6000;
	memset(at(start.cmdline_paddr), 'x', 0x2000);
	ram[sizeof(ram) - 1] = '\0';
	assert_int_equal(parse(), OK);
	ram[sizeof(ram) - 1] = 'x';
	refused(ERR_TRUNCATED, "PVH: a command line is too long");
	module(1, 0, 0, BASE + 0x6000);
	memset(at(BASE + 0x6000), 'x', 0x2000);
	refused(ERR_TRUNCATED, "PVH: a command line is too long");
}

static void each_fault_has_its_message(void **state)
{
	start.magic++;
	refused(ERR_INVALID, "PVH: the start information has no magic number");
	start.memmap_entries = 0;
	refused(ERR_INVALID, "PVH: the start information has no memory map");
	/* What stands there is not part of this version. */
	start.version = 0;
	refused(ERR_INVALID, "PVH: the start information has no memory map");
	start.version = 2;
	assert_int_equal(parse(), OK);
	start.memmap_entries = BOOT_MEMORY_MAX + 1;
	refused(ERR_NOMEM, "PVH: more than 256 memory map entries");
	start.nr_modules = BOOT_MODULES_MAX + 1;
	refused(ERR_NOMEM, "PVH: more than 64 modules");
	module(1, 2, ~0ULL - 1, 0);
	refused(ERR_INVALID, "PVH: module wraps around the end of memory");
	start.memmap_paddr = 0;
	refused(ERR_INVALID, "PVH: the start information points to 0 or above 4 GiB");
	start.modlist_paddr = 0;
	refused(ERR_INVALID, "PVH: the start information points to 0 or above 4 GiB");
	start.modlist_paddr = GIB(4) - 63;
	refused(ERR_INVALID, "PVH: the start information points to 0 or above 4 GiB");
	start.cmdline_paddr = GIB(4) + LINE;
	refused(ERR_INVALID, "PVH: the start information points to 0 or above 4 GiB");
	start.rsdp_paddr = ~0ULL;
	refused(ERR_INVALID, "PVH: the start information points to 0 or above 4 GiB");
	start.modlist_paddr = GIB(4) - 64;
	refused(ERR_INVALID, "PVH: the start information cannot be mapped");
	for (readable = 0; readable < INFO - BASE + sizeof(start);
	     readable += INFO - BASE + sizeof(start) - 1)
		assert_int_equal(parse(), ERR_INVALID);
}

static void tables_may_be_full(void **state)
{
	start.memmap_entries = BOOT_MEMORY_MAX;
	for (uint32_t i = 0; i < BOOT_MEMORY_MAX; i++)
		memory(i, i << 20, 1, XEN_HVM_MEMMAP_TYPE_RAM);
	assert_int_equal(parse(), OK);
	assert_int_equal(info.memory_count, BOOT_MEMORY_MAX);
	assert_int_equal(info.memory[255].base.a, 255 << 20);
	start.modlist_paddr = BASE + 0x7000;
	start.nr_modules = BOOT_MODULES_MAX;
	memset(at(start.modlist_paddr), 0, 0x1000);
	assert_int_equal(parse(), OK);
	assert_int_equal(info.module_count, BOOT_MODULES_MAX);
}

static void only_the_magic_number_is_pvh(void **state)
{
	assert_true(pvh_probe(XEN_HVM_START_MAGIC_VALUE));
	assert_false(pvh_probe(0x1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_of_it_is_understood, setup),
		cmocka_unit_test_setup(little_is_enough, setup),
		cmocka_unit_test_setup(an_old_rsdp_is_short, setup),
		cmocka_unit_test_setup(a_string_may_cross_a_page, setup),
		cmocka_unit_test_setup(a_string_has_an_end, setup),
		cmocka_unit_test_setup(each_fault_has_its_message, setup),
		cmocka_unit_test_setup(tables_may_be_full, setup),
		cmocka_unit_test_setup(only_the_magic_number_is_pvh, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
