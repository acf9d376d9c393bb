// SPDX-License-Identifier: MIT
// sources: mm/frame.c mm/buddy.c tests/unit/fakes/ram.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/frame.h"
#include "tests/unit/fakes/ram.h"

/* RAM begins and ends off every larger boundary, with firmware in the middle. */
#define FIRST  (FAKE_RAM_PFN + 3)
#define HOLE   (FAKE_RAM_PFN + 1000)
#define BEHIND (FAKE_RAM_PFN + 1040)
#define LAST   (FAKE_RAM_END - 5)
#define TOTAL  (HOLE - FIRST + LAST - BEHIND)

#define DOMAIN_A 5
#define DOMAIN_B 6

static pfn_t taken[FAKE_RAM_FRAMES];

static int setup(void **state)
{
	ram_init();
	frame_add_ram(pfn_hpa(to_pfn(FIRST)), pfn_hpa(to_pfn(HOLE)));
	frame_add_ram(pfn_hpa(to_pfn(BEHIND)), pfn_hpa(to_pfn(LAST)));
	return 0;
}

static bool is_zero(uint64_t pfn)
{
	const uint64_t *word = ram_frame(pfn);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

static bool in_ram(uint64_t pfn)
{
	return (pfn >= FIRST && pfn < HOLE) || (pfn >= BEHIND && pfn < LAST);
}

static void use(pfn_t pfn, unsigned int order, uint16_t owner)
{
	for (uint64_t i = pfn.n; i < pfn.n + (1ULL << order); i++) {
		assert_true(in_ram(i));
		assert_true(is_zero(i));
		assert_int_equal(frame_owner(to_pfn(i)), owner);
		memset(ram_frame(i), 0x5a, PAGE_SIZE);
	}
}

static void put(pfn_t pfn, unsigned int order)
{
	for (uint64_t i = 0; i < 1ULL << order; i++)
		frame_put(to_pfn(pfn.n + i));
}

static uint64_t take_all(unsigned int order, uint16_t owner)
{
	uint64_t n = 0;

	for (;;) {
		pfn_t pfn = frame_alloc(order, owner);

		if (!pfn_valid(pfn))
			return n;
		assert_int_equal(pfn.n & ((1ULL << order) - 1), 0);
		use(pfn, order, owner);
		taken[n++] = pfn;
	}
}

static void test_every_frame_once(void **state)
{
	struct frame_stats s;

	assert_int_equal(take_all(0, DOMAIN_A), TOTAL);
	frame_stats(&s);
	assert_int_equal(s.total, TOTAL);
	assert_int_equal(s.free, 0);
	assert_int_equal(s.guests, TOTAL);
	assert_int_equal(frame_owned(DOMAIN_A), TOTAL);
	assert_int_equal(frame_owned(DOMAIN_B), 0);
	for (uint64_t i = 0; i < TOTAL; i++)
		put(taken[i], 0);
	frame_stats(&s);
	assert_int_equal(s.free, TOTAL);
	assert_int_equal(frame_owned(DOMAIN_A), 0);
}

/* What was freed piece by piece, in any order, is whole again. */
static void test_merging(void **state)
{
	uint64_t whole = take_all(FRAME_ORDER_2M, FRAME_OWN);

	assert_true(whole >= (LAST - BEHIND) / 512 - 1);
	for (uint64_t i = 0; i < whole; i++)
		put(taken[i], FRAME_ORDER_2M);
	assert_int_equal(take_all(0, DOMAIN_A), TOTAL);
	srand(1);
	for (uint64_t i = TOTAL - 1; i > 0; i--) {
		uint64_t j = (uint64_t)rand() % (i + 1);
		pfn_t swap = taken[i];

		taken[i] = taken[j];
		taken[j] = swap;
	}
	for (uint64_t i = 0; i < TOTAL; i++)
		put(taken[i], 0);
	assert_int_equal(take_all(FRAME_ORDER_2M, FRAME_OWN), whole);
	for (uint64_t i = 0; i < whole; i++)
		put(taken[i], FRAME_ORDER_2M);
}

static void test_counts(void **state)
{
	pfn_t pfn = frame_alloc(0, DOMAIN_A);

	frame_get(pfn);
	frame_get(pfn);
	put(pfn, 0);
	put(pfn, 0);
	assert_int_equal(frame_owner(pfn), DOMAIN_A);
	assert_int_equal(frame_owned(DOMAIN_A), 1);
	put(pfn, 0);
	assert_int_equal(frame_owner(pfn), FRAME_FREE);
	assert_true(ram_panics(frame_put(pfn)));
	frame_entry(pfn.n)->count = 0;
	assert_true(ram_panics(frame_get(pfn)));
	frame_entry(pfn.n)->count = 0;
	assert_int_equal(frame_owner(to_pfn(HOLE)), FRAME_FIRMWARE);
}

/* Idle cores leave only clean frames; allocation then fills nothing. */
static void test_scrubbing(void **state)
{
	uint64_t rounds = 0;
	pfn_t pfn;

	while (frame_scrub_some())
		rounds++;
	assert_true(rounds >= TOTAL / 16);
	ram_fills = 0;
	pfn = frame_alloc(FRAME_ORDER_2M, DOMAIN_A);
	use(pfn, FRAME_ORDER_2M, DOMAIN_A);
	assert_int_equal(ram_fills, 0);
	put(pfn, FRAME_ORDER_2M);
	/* The rest is still clean, and what was freed is found again. */
	for (rounds = 0; frame_scrub_some(); rounds++)
		;
	assert_int_equal(ram_fills, 1024); /* poisoned, then cleared */
	assert_true(rounds >= 512 / 16);
}

static void test_late_write(void **state)
{
	pfn_t pfn = frame_alloc(0, DOMAIN_B);

	put(pfn, 0);
	ram_frame(pfn.n)[17] ^= 1;
	assert_true(ram_panics(assert_int_equal(take_all(0, DOMAIN_A), 0)));
	assert_non_null(strstr(ram_panic_text, "written after it was freed"));
	assert_non_null(strstr(ram_panic_text, "owner was 6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_frame_once), cmocka_unit_test(test_merging),
		cmocka_unit_test(test_counts),           cmocka_unit_test(test_scrubbing),
		cmocka_unit_test(test_late_write),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
