// SPDX-License-Identifier: MIT
// sources: mm/own.c mm/frame.c mm/buddy.c tests/unit/fakes/ram.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/paging.h"
#include "mm/frame.h"
#include "mm/own.h"
#include "tests/unit/fakes/ram.h"

static unsigned int mapped;
static bool fail_mapping;

/* Own addresses are those of the fake RAM. */
enum status paging_map_own(hpa_t hpa)
{
	if (fail_mapping)
		return ERR_NOMEM;
	assert_int_equal(hpa.a % MIB(2), 0);
	mapped++;
	return OK;
}

void *own_va(hpa_t hpa)
{
	return ram_frame(hpa_pfn(hpa).n);
}

hpa_t own_hpa(const void *p)
{
	uint64_t base = (uint64_t)ram_frame(FAKE_RAM_PFN);

	return to_hpa((uint64_t)p - base + (FAKE_RAM_PFN << PAGE_SHIFT));
}

static int setup(void **state)
{
	ram_init();
	frame_add_ram(pfn_hpa(to_pfn(FAKE_RAM_PFN)), pfn_hpa(to_pfn(FAKE_RAM_END)));
	return 0;
}

static bool is_zero(const void *p, size_t size)
{
	const uint8_t *byte = p;

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}

static void test_no_mapping(void **state)
{
	struct frame_stats before, after;

	frame_stats(&before);
	fail_mapping = true;
	assert_null(own_alloc_pages(0));
	assert_null(own_alloc(100));
	fail_mapping = false;
	frame_stats(&after);
	assert_int_equal(after.free, before.free);
}

static void test_pages(void **state)
{
	void *p[10];

	for (unsigned int order = 0; order < 10; order++) {
		p[order] = own_alloc_pages(order);
		assert_non_null(p[order]);
		assert_int_equal((uint64_t)p[order] % (PAGE_SIZE << order), 0);
		assert_true(is_zero(p[order], PAGE_SIZE << order));
		assert_int_equal(frame_owner(own_pfn(p[order])), FRAME_OWN);
		memset(p[order], 0xff, PAGE_SIZE << order);
	}
	assert_int_equal(own_pages_used(), 1023);
	assert_int_equal(mapped, 2);
	for (unsigned int order = 0; order < 10; order++)
		own_free_pages(p[order], order);
	assert_int_equal(own_pages_used(), 0);
	/* Two chunks whole again, and clean. */
	for (unsigned int i = 0; i < 2; i++) {
		p[i] = own_alloc_pages(9);
		assert_true(is_zero(p[i], PAGE_SIZE << 9));
	}
	assert_int_equal(mapped, 2);
	own_free_pages(p[0], 9);
	own_free_pages(p[1], 9);
}

static void test_objects(void **state)
{
	static void *p[4096];

	for (size_t size = 1; size <= 4096; size++) {
		void *o = own_alloc(size);

		p[size - 1] = o;
		assert_non_null(o);
		assert_int_equal((uint64_t)o % (size >= 64 ? 64 : 16), 0);
		assert_true(is_zero(o, size));
		memset(o, (int)size, size);
	}
	for (size_t size = 1; size <= 4096; size++) {
		assert_int_equal(*(uint8_t *)p[size - 1], size & 0xff);
		assert_int_equal(((uint8_t *)p[size - 1])[size - 1], size & 0xff);
		own_free(p[size - 1], size);
	}
	own_free(NULL, 100);
	assert_true(ram_panics(assert_null(own_alloc(4097))));
}

/* A write through a pointer to what was freed is seen at the next allocation. */
static void test_late_write(void **state)
{
	uint64_t *p = own_alloc(256);

	own_free(p, 256);
	p[3] = 1;
	assert_true(ram_panics(assert_null(own_alloc(256))));
	p[3] = 0;
}

static void test_exhaustion(void **state)
{
	unsigned int chunks = 0;

	while (own_alloc_pages(9))
		chunks++;
	assert_int_equal(mapped, FAKE_RAM_FRAMES / 512);
	assert_true(chunks + 2 >= FAKE_RAM_FRAMES / 512);
	while (own_alloc_pages(0))
		;
	assert_null(own_alloc(4096));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_mapping), cmocka_unit_test(test_pages),
		cmocka_unit_test(test_objects),    cmocka_unit_test(test_late_write),
		cmocka_unit_test(test_exhaustion),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
