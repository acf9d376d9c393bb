// SPDX-License-Identifier: MIT
// sources: mm/gwalk.c mm/physmap.c mm/physmap_build.c mm/ept.c mm/round.c mm/gpc.c
// sources: mm/section_drain.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/apic.h"
#include "core/lib/bits.h"
#include "mm/frame.h"
#include "mm/gwalk.h"
#include "mm/own.h"
#include "mm/section.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/memory.h"

#define PG    BIT(31)
#define WP    BIT(16)
#define PSE   BIT(4)
#define PAE   BIT(5)
#define SMEP  BIT(20)
#define SMAP  BIT(21)
#define LMA   BIT(10)
#define NXE   BIT(11)
#define P     1ULL
#define W     2ULL
#define U     4ULL
#define A     BIT(5)
#define D     BIT(6)
#define LARGE BIT(7)
#define NX    BIT(63)

/* The guest: frames 0..63 and, for large pages, 512..1023 and 1024..2047. */
static struct physmap pm;
static struct gwalk_cache cache;
static struct gwalk_fault fault;

void apic_send_kick(uint32_t core)
{
	(void)core;
}

void apic_send_nmi(uint32_t core)
{
	(void)core;
}

void physmap_waiters_ready(struct physmap *p)
{
	(void)p;
}

static void populate(uint64_t gfn, uint64_t count)
{
	uint64_t done;

	assert_int_equal(physmap_populate(&pm, to_gfn(gfn), count, count, &done), OK);
}

static int setup(void **state)
{
	host_cores(1);
	memory_reset();
	memset(&cache, 0, sizeof(cache));
	assert_int_equal(physmap_init(&pm, 1), OK);
	populate(0, 64);
	populate(512, 512);
	populate(1024, 1024);
	return 0;
}

static uint8_t *guest(uint64_t gpa)
{
	uint8_t *p;

	section_begin();
	p = memory_frame(physmap_lookup(&pm, to_gfn(gpa >> 12)).pfn);
	section_end();
	return p + (gpa & 4095);
}

static void put64(uint64_t gpa, uint64_t v)
{
	memcpy(guest(gpa), &v, 8);
}

static uint64_t get64(uint64_t gpa)
{
	uint64_t v;

	memcpy(&v, guest(gpa), 8);
	return v;
}

static void put32(uint64_t gpa, uint32_t v)
{
	memcpy(guest(gpa), &v, 4);
}

static struct guest_paging long_mode(void)
{
	return (struct guest_paging){
		.cr0 = PG | WP, .cr3 = 0x1000, .cr4 = PAE, .efer = LMA | NXE
	};
}

#define VA 0xffff888000403000ULL

/* Four levels at frames 1..4, the page VA at frame 5, the next at frame 6. */
static void map_long(uint64_t leaf_bits)
{
	put64(0x1000 + (VA >> 39 & 511) * 8, 0x2000 | P | W | U);
	put64(0x2000 + (VA >> 30 & 511) * 8, 0x3000 | P | W | U);
	put64(0x3000 + (VA >> 21 & 511) * 8, 0x4000 | P | W | U);
	put64(0x4000 + (VA >> 12 & 511) * 8, 0x5000 | leaf_bits);
	put64(0x4000 + (VA >> 12 & 511) * 8 + 8, 0x6000 | leaf_bits);
}

static enum status read4(const struct guest_paging *gp, uint64_t va, uint32_t *out)
{
	return gwalk_copy_from(&pm, gp, &cache, out, va, 4, GWALK_READ, &fault);
}

/* The short way says the same as the long one. */
static void word_agrees(const struct guest_paging *gp, uint64_t va)
{
	uint32_t a = 0, b = 0;
	enum status st = read4(gp, va, &a);

	assert_int_equal(gwalk_read_word(&pm, gp, &cache, va, &b), st == OK);
	assert_int_equal(a, b);
	/* The shortest one answers only what it knows. */
	if (gwalk_read_kernel_word(&pm, &cache, gp->cr3, va, &b) == GWALK_SUPERVISOR) {
		assert_int_equal(st, OK);
		assert_true(gp->efer & LMA);
		assert_int_equal(a, b);
	}
}

static void test_a_kernel_reads_by_a_remembered_walk(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v = 0;

	map_long(P | W | A);
	put32(0x5010, 0x1234);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA + 0x10, &v), GWALK_MISS);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA + 0x10, &v),
			 GWALK_SUPERVISOR);
	assert_int_equal(v, 0x1234);
	/* Other tables; across the end of the page; a page of another number. */
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, 0x9000, VA, &v), GWALK_MISS);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA + 0xffd, &v), GWALK_MISS);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA + 0xffc, &v),
			 GWALK_SUPERVISOR);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA + 0x4000, &v), GWALK_MISS);
	/* The guest changes its tables without telling anybody. */
	put64(0x4000 + (VA >> 12 & 511) * 8, 0x6000 | P | W | A);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA, &v), GWALK_MISS);
	/* The caller must look at SMAP. */
	map_long(P | W | U | A);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp.cr3, VA, &v), GWALK_USER);
}

static enum status write4(const struct guest_paging *gp, uint64_t va, uint32_t v)
{
	return gwalk_copy_to(&pm, gp, &cache, va, &v, 4, &fault);
}

static void test_no_paging_truncates(void **state)
{
	struct guest_paging gp = { 0 };
	uint32_t v;

	put32(0x7010, 0x1234);
	assert_int_equal(read4(&gp, 0x7010, &v), OK);
	assert_int_equal(v, 0x1234);
	assert_int_equal(read4(&gp, 0x700007010ULL, &v), OK);
	assert_int_equal(read4(&gp, 0x80000000, &v), ERR_NOT_FOUND);
}

static void test_long_mode_crosses_pages(void **state)
{
	struct guest_paging gp = long_mode();
	uint8_t out[8192], in[8192];

	map_long(P | W);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 13);
	assert_int_equal(gwalk_copy_to(&pm, &gp, &cache, VA, in, sizeof(in), &fault), OK);
	assert_memory_equal(guest(0x5000), in, 4096);
	assert_memory_equal(guest(0x6000), in + 4096, 4096);
	assert_int_equal(
		gwalk_copy_from(&pm, &gp, &cache, out, VA, sizeof(out), GWALK_READ, &fault), OK);
	assert_memory_equal(out, in, sizeof(in));
	for (uint64_t va = VA; va < VA + 8200; va += 1023)
		word_agrees(&gp, va);
	word_agrees(&gp, VA + 4094);
	assert_int_equal(
		gwalk_copy_from(&pm, &gp, &cache, out, VA + 100, sizeof(out), GWALK_READ, &fault),
		ERR_NOT_FOUND);
	assert_int_equal(fault.linear, VA + 8192);
	assert_int_equal(fault.error_code, 0);
}

static void test_accessed_and_dirty(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	map_long(P | W);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(get64(0x4000 + (VA >> 12 & 511) * 8) & (A | D), A);
	assert_int_equal(get64(0x1000 + (VA >> 39 & 511) * 8) & (A | D), A);
	assert_int_equal(write4(&gp, VA, 1), OK);
	assert_int_equal(get64(0x4000 + (VA >> 12 & 511) * 8) & (A | D), A | D);
	assert_int_equal(get64(0x3000 + (VA >> 21 & 511) * 8) & (A | D), A);
}

static void test_cached_walk_sees_a_changed_entry(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	map_long(P | W);
	put32(0x5000, 5);
	put32(0x6000, 6);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(cache.hits, 1);
	assert_int_equal(v, 5);
	put64(0x4000 + (VA >> 12 & 511) * 8, 0x6000 | P | W);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(v, 6);
	put64(0x2000 + (VA >> 30 & 511) * 8, 0);
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
}

static void test_cached_walk_ends_with_a_physmap_change(void **state)
{
	struct guest_paging gp = long_mode();
	struct physmap_change ch = { .gfn = to_gfn(5), .type = PHYSMAP_NONE };
	uint32_t v;

	map_long(P | W);
	put32(0x5000, 5);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
	populate(5, 1);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(v, 0);
}

static void withdraw(uint64_t gfn)
{
	struct physmap_change ch = { .gfn = to_gfn(gfn), .type = PHYSMAP_NONE };

	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
}

/* Every way to read says this. */
static void reads(const struct guest_paging *gp, enum status st)
{
	uint32_t v = 0;
	bool there = st == OK;

	assert_int_equal(gwalk_read_kernel(&pm, &cache, gp->cr3, VA, &v, 4) == GWALK_SUPERVISOR,
			 there);
	assert_int_equal(v, there ? 5 : 0);
	assert_int_equal(gwalk_read_kernel_word(&pm, &cache, gp->cr3, VA, &v) == GWALK_SUPERVISOR,
			 there);
	word_agrees(gp, VA);
	assert_int_equal(read4(gp, VA, &v), st);
}

static void test_an_unrelated_change_keeps_a_cached_walk(void **state)
{
	struct guest_paging gp = long_mode();
	uint64_t misses;
	uint32_t v;

	map_long(P | W);
	put32(0x5000, 5);
	assert_int_equal(read4(&gp, VA, &v), OK);
	misses = cache.misses;
	for (uint64_t gfn = 40; gfn < 44; gfn++) {
		withdraw(gfn);
		reads(&gp, OK);
	}
	/* As many at once as are remembered. */
	for (uint64_t gfn = 44; gfn < 43 + PHYSMAP_RECENT; gfn++)
		withdraw(gfn);
	reads(&gp, OK);
	assert_int_equal(cache.misses, misses);
	/* Too long ago to know. */
	for (uint64_t gfn = 50; gfn < 50 + PHYSMAP_RECENT; gfn++)
		withdraw(gfn);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(cache.misses, misses + 1);
	/* To map something where nothing was is no news. */
	populate(40, 1);
	reads(&gp, OK);
	assert_int_equal(cache.misses, misses + 1);
}

/* Its frame goes where nothing was, with its content: by that nobody can tell. */
static void move_away(uint64_t gfn)
{
	struct physmap_change ch[] = {
		{ .gfn = to_gfn(gfn), .when = PHYSMAP_WHEN_RAM },
		{ .gfn = to_gfn(100), .type = PHYSMAP_RAM, .follows = true },
	};

	assert_int_equal(physmap_change(&pm, ch, 2), OK);
}

/* Each page on the way, the change of it being the last, or the first of as many as are known. */
static void test_a_related_change_drops_a_cached_walk(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	for (uint64_t gfn = 1; gfn <= 5; gfn++) {
		for (unsigned int others = 0; others < PHYSMAP_RECENT; others++) {
			(void)setup(state);
			map_long(P | W);
			put32(0x5000, 5);
			assert_int_equal(read4(&gp, VA, &v), OK);
			move_away(gfn);
			for (unsigned int i = 0; i < others; i++)
				withdraw(40 + i);
			reads(&gp, ERR_NOT_FOUND);
		}
	}
}

static void test_cached_walk_is_of_one_address_space(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	map_long(P | W);
	assert_int_equal(read4(&gp, VA, &v), OK);
	gp.cr3 = 0x9000;
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
}

static void test_large_pages(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	map_long(P | W);
	put64(0x3000 + (VA >> 21 & 511) * 8, 0x200000 | P | W | LARGE);
	put32(0x200000 + (VA & 0x1fffff), 0x77);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(v, 0x77);
}

static void test_rights(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	map_long(P);
	assert_int_equal(write4(&gp, VA, 1), ERR_NOT_FOUND);
	assert_int_equal(fault.error_code, 1 | 2);
	gp.cr0 &= ~WP;
	assert_int_equal(write4(&gp, VA, 1), OK);
	gp = long_mode();
	gp.user = true;
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
	assert_int_equal(fault.error_code, 1 | 4);
	map_long(P | W | U);
	assert_int_equal(read4(&gp, VA, &v), OK);
	gp.user = false;
	gp.cr4 |= SMAP | SMEP;
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
	gp.rflags = BIT(18);
	assert_int_equal(read4(&gp, VA, &v), OK);
	assert_int_equal(gwalk_copy_from(&pm, &gp, &cache, &v, VA, 4, GWALK_FETCH, &fault),
			 ERR_NOT_FOUND);
	assert_int_equal(fault.error_code, 1 | 16);
	map_long(P | W | NX);
	assert_int_equal(gwalk_copy_from(&pm, &gp, &cache, &v, VA, 4, GWALK_FETCH, &fault),
			 ERR_NOT_FOUND);
}

static void test_what_is_not_memory(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	/* The page, beyond memory or anywhere else where nothing is. */
	map_long(P | W | BIT(45));
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
	assert_int_equal(fault.nowhere, 0x5 | BIT(33));
	put64(0x4000 + (VA >> 12 & 511) * 8, 0x100000 | P | W);
	assert_int_equal(write4(&gp, VA, 1), ERR_NOT_FOUND);
	assert_int_equal(fault.nowhere, 0x100);
	/* The guest's own faults say nothing of it. */
	put64(0x4000 + (VA >> 12 & 511) * 8, 0);
	assert_int_equal(read4(&gp, VA, &v), ERR_NOT_FOUND);
	assert_int_equal(fault.nowhere, INVALID_FRAME);
	assert_int_equal(fault.error_code, 0);
	/* A table there has reserved bits set in each entry. */
	put64(0x2000 + (VA >> 30 & 511) * 8, 0x100000 | P | W | U);
	assert_int_equal(write4(&gp, VA, 1), ERR_NOT_FOUND);
	assert_int_equal(fault.nowhere, INVALID_FRAME);
	assert_int_equal(fault.error_code, 1 | 2 | 8);
}

static void test_non_canonical(void **state)
{
	struct guest_paging gp = long_mode();
	uint32_t v;

	assert_int_equal(read4(&gp, 0x0001000000000000ULL, &v), ERR_NOT_FOUND);
	assert_true(fault.non_canonical);
	/* A copy may not run off the end of the lower half either. */
	assert_int_equal(read4(&gp, 0x00007ffffffffffeULL, &v), ERR_NOT_FOUND);
}

static void test_32bit(void **state)
{
	struct guest_paging gp = { .cr0 = PG | WP, .cr3 = 0x1000, .cr4 = PSE };
	uint32_t va = 0xc0403000, v;

	put32(0x1000 + (va >> 22) * 4, 0x2000 | P | W);
	put32(0x2000 + (va >> 12 & 1023) * 4, 0x5000 | P | W);
	put32(0x5008, 0x99);
	assert_int_equal(read4(&gp, va + 8, &v), OK);
	assert_int_equal(v, 0x99);
	put32(0x1000 + (va >> 22) * 4, 0x400000 | P | W | (uint32_t)LARGE);
	put32(0x400000 + (va & 0x3fffff), 0x44);
	assert_int_equal(read4(&gp, va, &v), OK);
	assert_int_equal(v, 0x44);
}

static void test_pae(void **state)
{
	struct guest_paging gp = { .cr0 = PG | WP, .cr3 = 0x1020, .cr4 = PAE, .efer = NXE };
	uint32_t va = 0xc0403000, v;

	put64(0x1020 + (va >> 30) * 8, 0x2000 | P);
	put64(0x2000 + (va >> 21 & 511) * 8, 0x3000 | P | W);
	put64(0x3000 + (va >> 12 & 511) * 8, 0x5000 | P | W);
	put32(0x5000, 0x31);
	assert_int_equal(read4(&gp, va, &v), OK);
	assert_int_equal(v, 0x31);
	assert_int_equal(write4(&gp, va, 0x32), OK);
	/* Page-directory pointers have no accessed bit: bit 5 is reserved there. */
	assert_int_equal(get64(0x1020 + (va >> 30) * 8), 0x2000 | P);
	assert_int_equal(get64(0x3000 + (va >> 12 & 511) * 8) & (A | D), A | D);
}

static void test_write_to_a_hypervisor_page(void **state)
{
	struct guest_paging gp = { 0 };
	void *page = own_alloc_pages(0);
	struct physmap_change ch = { .gfn = to_gfn(70) };
	uint32_t v;

	ch.type = PHYSMAP_OWN;
	ch.pfn = own_pfn(page);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(write4(&gp, 70 << 12, 7), OK);
	assert_int_equal(*(uint32_t *)page, 7);
	ch.type = PHYSMAP_FOREIGN_RO;
	frame_get(ch.pfn);
	assert_int_equal(physmap_change(&pm, &ch, 1), OK);
	assert_int_equal(read4(&gp, 70 << 12, &v), OK);
	assert_int_equal(write4(&gp, 70 << 12, 8), ERR_NOT_FOUND);
}

/* The guest's guest has its memory from here on in the guest. */
#define MOVED 0x20000ULL

static uint64_t denied;
static unsigned int writes_asked, tables_asked;

static bool moved(void *opaque, uint64_t address, enum gwalk_access access, bool table, gpa_t *out)
{
	assert_ptr_equal(opaque, &denied);
	assert_true(section_open());
	writes_asked += access == GWALK_WRITE;
	tables_asked += table;
	*out = to_gpa(address + MOVED);
	return address != denied;
}

static struct guest_paging guests_guest(void)
{
	struct guest_paging gp = long_mode();

	gp.efer |= GWALK_SECOND;
	gp.second = moved;
	gp.opaque = &denied;
	denied = ~0ULL;
	writes_asked = tables_asked = 0;
	return gp;
}

static void map_moved(uint64_t table, uint64_t entry)
{
	put64(table + MOVED, entry | P | W | U);
}

static void test_a_guests_guest(void **state)
{
	struct guest_paging gp = guests_guest(), own = long_mode();
	uint32_t v = 0;

	map_moved(0x1000 + (VA >> 39 & 511) * 8, 0x2000);
	map_moved(0x2000 + (VA >> 30 & 511) * 8, 0x3000);
	map_moved(0x3000 + (VA >> 21 & 511) * 8, 0x4000);
	map_moved(0x4000 + (VA >> 12 & 511) * 8, 0x5000);
	put32(0x5004 + MOVED, 0x600d);
	/* The guest itself has the same CR3, and another page there, which is remembered. */
	map_long(P | W | U);
	put32(0x5004, 1);
	assert_int_equal(read4(&own, VA + 4, &v), OK);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(read4(&gp, VA + 4, &v), OK);
		assert_int_equal(read4(&gp, VA + 4, &v), OK);
		assert_int_equal(v, 0x600d);
		/* Nothing is remembered: its tables and the guest's may have changed since. */
		assert_int_equal(tables_asked, 8 * (i + 1));
		assert_int_equal(read4(&own, VA + 4, &v), OK);
		assert_int_equal(v, 1);
	}
	assert_int_equal(writes_asked, 0);
	/* No flags but for a write, which asks for its tables to be written, too. */
	assert_false(get64(0x1000 + MOVED + (VA >> 39 & 511) * 8) & A);
	assert_int_equal(write4(&gp, VA + 8, 0x1234), OK);
	assert_int_equal(writes_asked, 5);
	assert_int_equal(get64(0x5008 + MOVED) & 0xffffffff, 0x1234);
	assert_true(get64(0x1000 + MOVED + (VA >> 39 & 511) * 8) & A);
	assert_true(get64(0x4000 + MOVED + (VA >> 12 & 511) * 8) & D);
}

static void test_what_a_guests_guest_has_not(void **state)
{
	struct guest_paging gp = guests_guest();
	uint32_t v = 0;
	gpa_t gpa;

	map_moved(0x1000 + (VA >> 39 & 511) * 8, 0x2000);
	map_moved(0x2000 + (VA >> 30 & 511) * 8, 0x3000);
	map_moved(0x3000 + (VA >> 21 & 511) * 8, 0x4000);
	map_moved(0x4000 + (VA >> 12 & 511) * 8, 0x5000);
	assert_int_equal(gwalk_translate(&pm, &gp, VA + 4, GWALK_READ, &gpa, &fault), OK);
	assert_int_equal(gpa.a, 0x5004 + MOVED);
	for (unsigned int level = 0; level <= 4; level++) {
		const uint64_t entry[] = { 0x5004, 0x4000 + (VA >> 12 & 511) * 8,
					   0x3000 + (VA >> 21 & 511) * 8,
					   0x2000 + (VA >> 30 & 511) * 8,
					   0x1000 + (VA >> 39 & 511) * 8 };

		denied = entry[level];
		memset(&fault, 0, sizeof(fault));
		assert_int_equal(read4(&gp, VA + 4, &v), ERR_NOT_FOUND);
		assert_true(fault.second);
		assert_int_equal(fault.linear, VA + 4);
	}
	/* Its own fault. */
	denied = ~0ULL;
	put64(0x4000 + MOVED + (VA >> 12 & 511) * 8, 0);
	assert_int_equal(read4(&gp, VA + 4, &v), ERR_NOT_FOUND);
	assert_false(fault.second);
	/* Without paging. */
	gp.cr0 = 0;
	put32(0x5004 + MOVED, 77);
	assert_int_equal(read4(&gp, 0x5004, &v), OK);
	assert_int_equal(v, 77);
	denied = 0x5004;
	assert_int_equal(read4(&gp, 0x5004, &v), ERR_NOT_FOUND);
	assert_true(fault.second);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_paging_truncates),
		T(test_a_kernel_reads_by_a_remembered_walk),
		T(test_long_mode_crosses_pages),
		T(test_accessed_and_dirty),
		T(test_cached_walk_sees_a_changed_entry),
		T(test_cached_walk_ends_with_a_physmap_change),
		T(test_an_unrelated_change_keeps_a_cached_walk),
		T(test_a_related_change_drops_a_cached_walk),
		T(test_cached_walk_is_of_one_address_space),
		T(test_large_pages),
		T(test_rights),
		T(test_what_is_not_memory),
		T(test_non_canonical),
		T(test_32bit),
		T(test_pae),
		T(test_write_to_a_hypervisor_page),
		T(test_a_guests_guest),
		T(test_what_a_guests_guest_has_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
