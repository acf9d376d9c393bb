// SPDX-License-Identifier: MIT
// sources: boot/layout.c boot/load_plan.c boot/elf.c boot/bzimage.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boot/layout.h"
#include "tests/unit/elf_image.h"

static struct guest_layout layout;
static struct layout_places places;
static struct load_plan plan;
static const char *error;

static void make(uint64_t mib)
{
	assert_int_equal(layout_make(mib, 1, &layout, &error), OK);
}

/* One kernel of size bytes at that address. */
static void kernel(uint64_t gpa, uint64_t size)
{
	memset(&plan, 0, sizeof(plan));
	plan.rsdp_anywhere = true;
	plan.count = 1;
	plan.segment[0].gpa = plan.low = to_gpa(gpa);
	plan.segment[0].mem_size = size;
	plan.high = to_gpa(gpa + size);
}

static enum status place(uint64_t info, uint64_t ramdisk)
{
	const struct layout_sizes sizes = { .info = info, .ramdisk = ramdisk };
	enum status status;

	error = NULL;
	status = layout_place(&layout, &plan, &sizes, &places, &error);
	assert_true((status == OK) == (error == NULL));
	return status;
}

static void a_small_guest_has_low_memory_only(void **state)
{
	make(16);
	assert_int_equal(layout.memory, MIB(16));
	assert_int_equal(layout.low_end, MIB(16));
	assert_int_equal(layout.high_end, 0);
	assert_int_equal(layout.xenstore.n, 0xFEFFC);
	assert_int_equal(layout.console.n, 0xFEFFF);
}

static void a_big_guest_goes_on_above_4_gib(void **state)
{
	make(0xFC0);
	assert_int_equal(layout.low_end, 0xFC000000);
	assert_int_equal(layout.high_end, 0);
	make(0xFC1);
	assert_int_equal(layout.low_end, 0xFC000000);
	assert_int_equal(layout.high_end, GIB(4) + MIB(1));
	make(LAYOUT_MEMORY_MAX_MIB);
	assert_int_equal(layout.low_end + (layout.high_end - GIB(4)), layout.memory);
}

static void impossible_sizes_are_refused(void **state)
{
	assert_int_equal(layout_make(0, 1, &layout, &error), ERR_INVALID);
	assert_int_equal(layout_make(1, 1, &layout, &error), ERR_INVALID);
	assert_int_equal(layout_make(LAYOUT_MEMORY_MAX_MIB + 1, 1, &layout, &error), ERR_INVALID);
	assert_int_equal(layout_make(UINT64_MAX, 1, &layout, &error), ERR_INVALID);
	assert_string_equal(error, "memory is less than 2 MiB or more than 1 TiB");
	assert_int_equal(layout_make(16, 0, &layout, &error), ERR_INVALID);
	assert_int_equal(layout_make(16, 129, &layout, &error), ERR_INVALID);
	assert_string_equal(error, "number of vCPUs is not 1 to 128");
	assert_int_equal(layout_make(16, 128, &layout, &error), OK);
}

static void ram_is_known(void **state)
{
	make(0xFC0 + 16);
	assert_true(layout_is_ram(&layout, 0, 0xFC000000));
	assert_false(layout_is_ram(&layout, 0, 0xFC000001));
	assert_false(layout_is_ram(&layout, 0xFBFFFFFF, 2));
	assert_true(layout_is_ram(&layout, GIB(4), MIB(16)));
	assert_false(layout_is_ram(&layout, GIB(4) + 1, MIB(16)));
	assert_false(layout_is_ram(&layout, GIB(4) - 1, 2));
	assert_false(layout_is_ram(&layout, UINT64_MAX, 2));
	assert_false(layout_is_ram(&layout, 1, UINT64_MAX));
	make(16);
	assert_false(layout_is_ram(&layout, GIB(4), 1));
}

/* Whatever is placed: aligned, in RAM, clear of the kernel and of each other, in the map. */
static void check_places(uint64_t info, uint64_t ramdisk)
{
	uint64_t end = 0, ram = 0;

	assert_int_equal(places.info.a % PAGE_SIZE, 0);
	assert_true(bytes_within(layout.low_end, places.info.a, info));
	assert_false(load_plan_touches(&plan, places.info.a, info));
	if (ramdisk != 0) {
		assert_int_equal(places.ramdisk.a % PAGE_SIZE, 0);
		assert_true(bytes_within(layout.low_end, places.ramdisk.a, ramdisk));
		assert_false(load_plan_touches(&plan, places.ramdisk.a, ramdisk));
		assert_false(bytes_overlap(places.info.a, info, places.ramdisk.a, ramdisk));
	}
	if (places.rsdp.a < MIB(1)) {
		assert_false(bytes_overlap(places.info.a, info, 0xFF000, 4096));
		assert_false(bytes_overlap(places.ramdisk.a, ramdisk, 0xFF000, 4096));
		ram = PAGE_SIZE;
	}
	for (uint32_t i = 0; i < places.range_count; i++) {
		assert_true(places.range[i].start >= end && places.range[i].size != 0);
		end = places.range[i].start + places.range[i].size;
		if (places.range[i].type == 1)
			ram += places.range[i].size;
	}
	assert_int_equal(ram, layout.memory);
}

static void a_64_kib_kernel_in_16_mib_has_its_pieces_behind_it(void **state)
{
	make(16);
	kernel(0x100000, 0x10000);
	assert_int_equal(place(5000, 0), OK);
	check_places(5000, 0);
	assert_int_equal(places.info.a, 0x110000);
	assert_int_equal(places.rsdp.a, LAYOUT_ACPI_BASE);
	assert_int_equal(places.range_count, 3);
	assert_int_equal(place(5000, MIB(8)), OK);
	check_places(5000, MIB(8));
	assert_int_equal(places.ramdisk.a, 0x112000);
}

static void the_memory_map_is_that_of_xl(void **state)
{
	make(8192);
	kernel(MIB(16), MIB(40));
	assert_int_equal(place(4096, 0), OK);
	check_places(4096, 0);
	assert_int_equal(places.range_count, 4);
	assert_int_equal(places.range[0].start, 0);
	assert_int_equal(places.range[0].size, 0xFC000000);
	assert_int_equal(places.range[1].start, 0xFC000000);
	assert_int_equal(places.range[1].type, 4);
	assert_int_equal(places.range[2].start, 0xFEFF8000);
	assert_int_equal(places.range[2].size, 0x8000);
	assert_int_equal(places.range[2].type, 2);
	assert_int_equal(places.range[3].start, GIB(4));
	assert_int_equal(places.range[3].size, GIB(8) - 0xFC000000);
}

static void an_old_kernel_gets_its_rsdp_below_1_mib(void **state)
{
	make(64);
	kernel(MIB(16), MIB(4));
	plan.rsdp_anywhere = false;
	assert_int_equal(place(4096, MIB(30)), OK);
	check_places(4096, MIB(30));
	assert_int_equal(places.rsdp.a, 0xFFFC0);
	assert_int_equal(places.range_count, 5);
	assert_int_equal(places.range[1].start, 0xFF000);
	assert_int_equal(places.range[1].size, 0x1000);
	/* Unless it lies there itself. */
	kernel(0x1000, MIB(1));
	plan.rsdp_anywhere = false;
	assert_int_equal(place(4096, 0), OK);
	check_places(4096, 0);
	assert_int_equal(places.rsdp.a, LAYOUT_ACPI_BASE);
}

static void what_finds_no_room_behind_the_kernel_goes_below(void **state)
{
	make(16);
	kernel(MIB(12), MIB(4));
	assert_int_equal(place(5000, MIB(4)), OK);
	check_places(5000, MIB(4));
	assert_int_equal(places.info.a, MIB(1));
	kernel(MIB(1), MIB(15));
	plan.rsdp_anywhere = false;
	assert_int_equal(place(5000, 0x80000), OK);
	check_places(5000, 0x80000);
	assert_int_equal(places.info.a, 0x1000);
	assert_int_equal(places.ramdisk.a, 0x3000);
}

static void gaps_between_segments_are_used(void **state)
{
	make(16);
	kernel(MIB(1), MIB(2));
	plan.count = 2;
	plan.segment[1].gpa = to_gpa(MIB(9));
	plan.segment[1].mem_size = MIB(7);
	plan.high = to_gpa(MIB(16));
	assert_int_equal(place(4096, MIB(5)), OK);
	check_places(4096, MIB(5));
	assert_int_equal(places.info.a, MIB(3));
}

static void what_finds_no_room_at_all_is_refused(void **state)
{
	make(16);
	kernel(0, MIB(16));
	assert_int_equal(place(4096, 0), ERR_NOMEM);
	assert_string_equal(error,
			    "memory has no room for the start information beside the kernel");
	kernel(MIB(1), MIB(8));
	assert_int_equal(place(4096, MIB(7)), ERR_NOMEM);
	assert_string_equal(error, "memory has no room for the ramdisk beside the kernel");
	assert_int_equal(place(4096, UINT64_MAX), ERR_NOMEM);
	assert_int_equal(place(4096, GIB(5)), ERR_NOMEM);
	make(8192);
	assert_int_equal(place(4096, GIB(5)), ERR_NOMEM);
}

static void a_ramdisk_stays_below_its_limit(void **state)
{
	make(3072);
	kernel(MIB(16), MIB(64));
	plan.ramdisk_max = GIB(2);
	assert_int_equal(place(4096, GIB(1)), OK);
	assert_true(places.ramdisk.a + GIB(1) <= GIB(2));
	assert_int_equal(place(4096, GIB(2)), ERR_NOMEM);
}

static struct elf_image e;

static enum status make_plan(void)
{
	return load_plan_make(e.bytes, e.size, &layout, &plan, &error);
}

static void an_elf_kernel_that_fits_is_planned(void **state)
{
	make(16);
	elf_image_simple(&e, true, 62);
	assert_int_equal(make_plan(), OK);
	assert_int_equal(plan.protocol, BOOT_PVH);
	assert_true(load_plan_touches(&plan, 0x101FFF, 1));
	assert_false(load_plan_touches(&plan, 0x102000, 0x1000));
	assert_false(load_plan_touches(&plan, 0x101000, 0));
}

static void a_segment_where_no_guest_has_ram_is_refused(void **state)
{
	static const uint64_t bad[] = { LAYOUT_LOW_MAX - 1, 0xFEE00000, GIB(4), GIB(64) };

	make(16);
	for (size_t i = 0; i < array_size(bad); i++) {
		elf_image_simple(&e, true, 62);
		elf_image_load(&e, bad[i], 16, 4096);
		assert_int_equal(make_plan(), ERR_INVALID);
		assert_string_equal(error, "kernel: segment outside the guest's RAM");
	}
	make(8192);
	elf_image_simple(&e, true, 62);
	elf_image_load(&e, GIB(4), 16, 4096);
	assert_int_equal(make_plan(), OK);
}

static void a_kernel_bigger_than_memory_is_refused(void **state)
{
	static const uint64_t sizes[] = { MIB(16), MIB(14) + 1, UINT64_MAX - 0x200000 };

	make(16);
	for (size_t i = 0; i < array_size(sizes); i++) {
		elf_image_simple(&e, true, 62);
		elf_image_load(&e, 0x200000, 16, sizes[i]);
		assert_int_equal(make_plan(), ERR_NOMEM);
		assert_string_equal(error, "kernel: needs more memory than the guest has");
	}
	elf_image_simple(&e, true, 62);
	elf_image_load(&e, 0x200000, 16, MIB(14));
	assert_int_equal(make_plan(), OK);
}

static void what_is_no_kernel_is_refused(void **state)
{
	make(16);
	memset(&e, 0, sizeof(e));
	e.size = 4096;
	assert_int_equal(make_plan(), ERR_INVALID);
	assert_string_equal(error, "kernel: neither an ELF file nor a Linux bzImage");
	e.size = 0;
	assert_int_equal(make_plan(), ERR_INVALID);
	elf_image_begin(&e, true, 183);
	assert_int_equal(make_plan(), ERR_INVALID);
	assert_string_equal(error, "kernel: ELF file for another machine than x86");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_guest_has_low_memory_only),
		cmocka_unit_test(a_big_guest_goes_on_above_4_gib),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(ram_is_known),
		cmocka_unit_test(a_64_kib_kernel_in_16_mib_has_its_pieces_behind_it),
		cmocka_unit_test(the_memory_map_is_that_of_xl),
		cmocka_unit_test(an_old_kernel_gets_its_rsdp_below_1_mib),
		cmocka_unit_test(what_finds_no_room_behind_the_kernel_goes_below),
		cmocka_unit_test(gaps_between_segments_are_used),
		cmocka_unit_test(what_finds_no_room_at_all_is_refused),
		cmocka_unit_test(a_ramdisk_stays_below_its_limit),
		cmocka_unit_test(an_elf_kernel_that_fits_is_planned),
		cmocka_unit_test(a_segment_where_no_guest_has_ram_is_refused),
		cmocka_unit_test(a_kernel_bigger_than_memory_is_refused),
		cmocka_unit_test(what_is_no_kernel_is_refused),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
