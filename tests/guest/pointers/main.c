// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Pointers in hypercalls are linear addresses: they go through the guest's own page tables, with
// their rights, in every paging mode; what does not translate is -EFAULT. On every machine: all ok.
#include "tests/guest/lib/guest.h"

extern uint64_t page_tables[];

#define WINDOW 0x60000000UL /* 2 or 4 MiB of linear addresses that we map by small pages */
#define P      1
#define RW     2
#define US     4

static unsigned long table[PAGE_SIZE / sizeof(long)] page_aligned;
static uint8_t frames[2][PAGE_SIZE] page_aligned;

#if GUEST_BITS == 64
static uint64_t directory[512] page_aligned;

static void set_up(void)
{
	page_tables[512 + (WINDOW >> 30)] = (uintptr_t)directory | P | RW | US;
	for (unsigned int i = 0; i < 512; i++)
		directory[i] = (WINDOW & ~0x3fffffffUL) + (uint64_t)i * 0x200000 + 0x87;
	directory[WINDOW >> 21 & 511] = (uintptr_t)table | P | RW | US;
	write_cr3(read_cr3());
}
#else
static void set_up(void)
{
	((uint32_t *)(void *)page_tables)[WINDOW >> 22] = (uintptr_t)table | P | RW | US;
	write_cr3(read_cr3());
}
#endif

/* Two pages of the window; 0 for an absent one. */
static void map(unsigned long first, unsigned long second)
{
	table[0] = first;
	table[1] = second;
	invlpg((void *)WINDOW);
	invlpg((void *)(WINDOW + PAGE_SIZE));
}

/* extraversion writes 16 bytes there. */
static long write_to(unsigned long address)
{
	return xen_version(XENVER_extraversion, address);
}

static void translation(void)
{
	unsigned long a = (uintptr_t)frames[0], b = (uintptr_t)frames[1];

	memset(frames, 'x', sizeof(frames));
	map(b | P | RW | US, a | P | RW | US);
	ok_eq((uint64_t)write_to(WINDOW + 100), 0, "a mapped page");
	ok(frames[1][115] == 0 && frames[1][116] == 'x' && frames[0][115] == 'x',
	   "the frame it names was written");
	ok_eq((uint64_t)write_to(WINDOW + PAGE_SIZE - 8), 0, "across two pages that lie apart");
	ok(frames[1][PAGE_SIZE - 8] != 'x' && frames[0][7] == 0 && frames[0][8] == 'x',
	   "both were written");
	map(a | P | RW | US, b | P | RW | US);
	memset(frames, 'x', sizeof(frames));
	ok_eq((uint64_t)write_to(WINDOW), 0, "after a change of the tables");
	ok(frames[0][15] == 0 && frames[1][15] == 'x', "the new frame was written");
	map(a | P | US, 0);
	ok_eq((uint64_t)write_to(WINDOW), E(EFAULT), "a read-only page is not written");
	map(a | P | RW, 0);
	ok_eq((uint64_t)write_to(WINDOW), 0, "a supervisor page is");
	map(0, 0);
	ok_eq((uint64_t)write_to(WINDOW), E(EFAULT), "an absent page is not");
	map(a | P | RW | US, 0);
	ok_eq((uint64_t)write_to(WINDOW + PAGE_SIZE - 8), E(EFAULT), "nor the second of two");
	map(HOLE | P | RW | US, 0);
	ok_eq((uint64_t)write_to(WINDOW), E(EFAULT), "a page where nothing is");
	map(a | P | RW | US, 0);
	ok_eq((uint64_t)write_to(WINDOW), 0, "a fresh mapping");
	ok(frames[0][0] != 'x', "is written");
}

static void bad_tables(void)
{
#if GUEST_BITS == 64
	uint64_t saved = directory[WINDOW >> 21 & 511];

	directory[WINDOW >> 21 & 511] = HOLE | P | RW | US;
	write_cr3(read_cr3());
	/* The hole reads as ones: an entry with reserved bits set. */
	ok_eq((uint64_t)write_to(WINDOW), E(EFAULT), "a table where nothing is");
	directory[WINDOW >> 21 & 511] = saved;
	write_cr3(read_cr3());
	ok_eq((uint64_t)write_to(0x0000800000000000UL), E(EFAULT), "no canonical address");
	ok_eq((uint64_t)write_to(0x00007ffffffffff8UL), E(EFAULT), "the end of the lower half");
	ok_eq((uint64_t)write_to(0xfffffffffffffff8UL), E(EFAULT), "the end of all");
#else
	uint32_t *directory = (void *)page_tables, saved = directory[WINDOW >> 22];

	directory[WINDOW >> 22] = HOLE | P | RW | US;
	write_cr3(read_cr3());
	ok((long)write_to(WINDOW) <= 0, "a table where nothing is");
	directory[WINDOW >> 22] = saved;
	write_cr3(read_cr3());
	ok_eq((uint64_t)write_to(0xfffffff8UL), E(EFAULT), "the end of all");
#endif
}

#if GUEST_BITS == 32
static uint64_t pdpt[4] __attribute__((aligned(32)));
static uint64_t pae[4][512] page_aligned;

static void pae_on(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		pdpt[i] = (uintptr_t)pae[i] | P;
		for (unsigned int n = 0; n < 512; n++)
			pae[i][n] = (uint64_t)(i * 512 + n) << 21 | 0x87;
	}
	write_cr0(read_cr0() & ~(1UL << 31));
	write_cr4(read_cr4() | 0x20);
	write_cr3((uintptr_t)pdpt);
	write_cr0(read_cr0() | 1UL << 31);
}

static void other_modes(void)
{
	unsigned long cr3 = read_cr3();

	write_cr0(read_cr0() & ~(1UL << 31));
	memset(frames, 'x', sizeof(frames));
	ok_eq((uint64_t)write_to((uintptr_t)frames[0]), 0, "without paging");
	ok(frames[0][15] == 0, "it was written");
	ok_eq((uint64_t)write_to(HOLE), E(EFAULT), "where nothing is");
	pae_on();
	memset(frames, 'x', sizeof(frames));
	ok_eq((uint64_t)write_to((uintptr_t)frames[1]), 0, "with PAE");
	ok(frames[1][15] == 0, "it was written");
	pae[HOLE >> 30][HOLE >> 21 & 511] = 0;
	write_cr3(read_cr3());
	ok_eq((uint64_t)write_to(HOLE), E(EFAULT), "an absent page with PAE");
	write_cr0(read_cr0() & ~(1UL << 31));
	write_cr4(read_cr4() & ~0x20UL);
	write_cr3(cr3);
	write_cr0(read_cr0() | 1UL << 31);
	ok_eq((uint64_t)write_to((uintptr_t)frames[0]), 0, "and back");
}
#else
static void other_modes(void)
{
	ok_eq((uint64_t)write_to((uintptr_t)frames[0]), 0, "and after all that");
}
#endif

void test_main(void)
{
	set_up();
	translation();
	bad_tables();
	other_modes();
}
