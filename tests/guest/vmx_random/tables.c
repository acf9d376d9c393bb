// SPDX-License-Identifier: MIT
/*
 * EPT12: two roots, whose first GiB is the machine's memory so that L2 finds its code, and whose
 * others go through a few tables with entries by chance, which may be each other's or their own.
 */
#include "tests/guest/vmx_random/random.h"

#define POOL       6U /* tables by chance: half of them directories, half of pages */
#define ROOTS      2
#define LEVEL3     2 /* TABLES: roots, their second level, their first GiB, the pool */
#define FIRST      4
#define POOL_AT    6
#define INDEXES    8 /* of a table are used: 0 to 7 */
#define FIRST_2M   2 /* 4 MiB: below there is memory that differs */
#define LAST_2M    5
#define RWX        7ULL
#define WB         (6ULL << 3)
#define LARGE      (1ULL << 7)
#define TABLE_MASK 0xfffff000ULL
#define EPTP_AD    (1ULL << 6)

static const uint16_t offsets[] = { 0x10, 0x800 };

static uint64_t *table(unsigned int i)
{
	return (uint64_t *)(TABLES + i * PAGE_SIZE);
}

static uint64_t *word(unsigned int large, unsigned int page, unsigned int i)
{
	return (uint64_t *)(((uintptr_t)large << 21) + page * PAGE_SIZE + offsets[i]);
}

static void forget(uintptr_t address, size_t size)
{
	void *p = (void *)address;

	__asm__ volatile("" : "+r"(p)); /* no object that the compiler knows lies there */
	memset(p, 0, size);
}

/*
 * What is used at another level than it was made for: first_gib()'s entries as those of pages, with
 * and without other_bit(); large pages with a reserved bit, as well; those of 1 GiB as 2 MiB.
 */
void memory_init(void)
{
	forget(0, INDEXES * PAGE_SIZE);
	for (unsigned int bit = 15; bit <= 19; bit++)
		forget(1UL << bit, PAGE_SIZE);
	/* Those below 2 MiB + 128 KiB are the tables. */
	for (unsigned int bit = 17; bit <= 20; bit++)
		forget(0x200000UL | 1UL << bit, PAGE_SIZE);
	forget(DATA, (LAST_2M + 1 - FIRST_2M) << 21);
	for (uintptr_t large = LAST_2M + 1; large < INDEXES; large++)
		forget(large << 21, PAGE_SIZE);
}

void tables_init(void)
{
	memset((void *)TABLES, 0, (POOL_AT + POOL) * PAGE_SIZE);
	memset((void *)IO_A, 0, TABLES - IO_A);
	/* Some are taken for tables. */
	for (unsigned int large = FIRST_2M; large <= LAST_2M; large++)
		for (unsigned int page = 0; page < INDEXES; page++)
			memset(word(large, page, 0) - 2, 0, INDEXES * sizeof(uint64_t));
}

uint64_t random_address(void)
{
	return (uint64_t)(1 + random_below(3)) << 30 |
	       (uint64_t)(FIRST_2M + random_below(LAST_2M - FIRST_2M + 1)) << 21 |
	       (uint64_t)random_below(INDEXES) << 12 | offsets[random_below(2)];
}

static uint64_t random_rights(void)
{
	uint64_t rights = random_below(4) ? RWX : random_below(8);
	uint64_t flags = random_below(8) ? 0 : (uint64_t)random_below(4) << 8;
	uint64_t ignored = random_below(8) ? 0 : random_next() & 0xfff0000000000c00ULL;

	return rights | flags | ignored;
}

/* Memory type, reserved bits. */
static uint64_t random_leaf(void)
{
	uint64_t type = random_below(8) ? WB : (uint64_t)random_below(16) << 3;

	return type | random_rights();
}

/* What lies there must not be executed. */
static uint64_t no_code(uint64_t entry)
{
	return entry & ~4ULL;
}

static uint64_t data_page(void)
{
	return (uint64_t)(FIRST_2M + random_below(LAST_2M - FIRST_2M + 1)) << 21 |
	       random_below(INDEXES) << 12;
}

static uint64_t random_page(void)
{
	unsigned int what = random_below(16);

	if (what == 0)
		return no_code(random_leaf()) | NOWHERE;
	/* A table, for reading. */
	if (what == 1)
		return (random_leaf() & ~6ULL) | (uintptr_t)table(random_below(POOL_AT + POOL));
	return random_leaf() | data_page();
}

/* An entry that is no 4K page: a table, good or not, or a large page. */
static uint64_t random_directory(unsigned int level)
{
	unsigned int what = random_below(12);
	uint64_t large = level == 2 ? 0 : data_page() & ~0x1fffffULL;

	switch (what) {
	case 0: return 0;
	case 1: return random_rights() | NOWHERE;
	case 2: return random_rights() | 1ULL << (40 + random_below(12));
	case 3: return random_rights() | 1ULL << (3 + random_below(5)) | TABLES;
	/* Perhaps a table of another level, or itself: for reading. */
	case 4: return (random_rights() & ~6ULL) | (uintptr_t)table(random_below(POOL_AT + POOL));
	/* Not bit 12: Bochs 2.7 does not take it for reserved (SDM vol. 3, table 28-5). */
	case 5: return no_code(random_leaf()) | LARGE | large | 1ULL << (13 + random_below(8));
	case 6:
	case 7: return (level == 2 ? no_code(random_leaf()) : random_leaf()) | LARGE | large;
	default:
		return random_rights() | (uintptr_t)table(POOL_AT + (level == 2 ? 0 : POOL / 2) +
							  random_below(POOL / 2));
	}
}

/* A bit that does not put other memory there, nor (12) is forgotten by Bochs 2.7. */
static uint64_t other_bit(void)
{
	unsigned int bit;

	do {
		bit = random_below(64);
	} while (bit == 7 || bit == 12 || (bit >= 21 && bit < 40));
	return 1ULL << bit;
}

/* The first GiB: as it is, but for a page now and then that is not. */
static void first_gib(unsigned int root)
{
	uint64_t *pd = table(FIRST + root), *pdpt = table(LEVEL3 + root);

	for (uint64_t i = 0; i < INDEXES; i++)
		pd[i] = i << 21 | LARGE | WB | RWX;
	if (random_below(10) == 0)
		pd[random_below(2)] ^= other_bit();
	pdpt[0] = (uintptr_t)pd | RWX;
	if (random_below(30) == 0)
		pdpt[0] ^= 1ULL << random_below(8);
	table(root)[0] = (uintptr_t)pdpt | RWX;
	if (random_below(30) == 0)
		table(root)[0] ^= 1ULL << random_below(9);
}

static void pool(void)
{
	for (unsigned int i = 0; i < POOL; i++)
		for (unsigned int entry = 0; entry < INDEXES; entry++)
			table(POOL_AT + i)[entry] =
				i < POOL / 2 ? random_directory(1) : random_page();
	for (unsigned int root = 0; root < ROOTS; root++) {
		first_gib(root);
		for (unsigned int i = 1; i < 4; i++)
			table(LEVEL3 + root)[i] = random_directory(2);
	}
}

static uint64_t pointer(unsigned int root)
{
	uint64_t p = (uintptr_t)table(root) | (ept_pointer() & 0xfff);

	return random_below(2) ? p | EPTP_AD : p;
}

/* Of the same tables. */
static uint64_t bad_pointer(void)
{
	unsigned int bit = random_below(36);

	return pointer(0) ^ 1ULL << (bit < 12 ? bit : bit + 28);
}

/* For VMFUNC: both roots, and some that are none. */
static void switching(void)
{
	uint64_t *list = (uint64_t *)POINTERS;

	if (random_below(3) || !vmx_may(PROC2, PROC2_VMFUNC))
		return;
	for (unsigned int i = 0; i < 4; i++)
		list[i] = random_below(6) ? pointer(random_below(ROOTS)) : bad_pointer();
	(void)l2_set_proc2(PROC2_VMFUNC);
	(void)vmx_write(VMFUNC_CONTROLS, 1);
	if (random_below(8) == 0) {
		count_change();
		(void)vmx_write(EPTP_LIST, POINTERS + random_below(0x1000));
	}
}

static void log_dirty(void)
{
	if (random_below(3) || !vmx_may(PROC2, PROC2_PML))
		return;
	memset((void *)PML_LOG, 0, PAGE_SIZE);
	(void)l2_set_proc2(PROC2_PML);
	(void)vmx_write(PML_INDEX, 64 + random_below(448));
}

static void fill_data(void)
{
	for (unsigned int large = FIRST_2M; large <= LAST_2M; large++)
		for (unsigned int page = 0; page < INDEXES; page++)
			for (unsigned int i = 0; i < array_size(offsets); i++)
				/* Starts with RET; as the entry of a table it is not good. */
				*word(large, page, i) = 0xf0c3 | large << 24 | page << 20 | i << 16;
}

void random_tables(char *text, size_t size)
{
	size_t at = strlen(text);

	fill_data();
	if (random_below(3) == 0 || !l2_set_proc2(PROC2_EPT))
		return;
	pool();
	vmwrite(EPTP, pointer(0));
	switching();
	log_dirty();
	(void)vmx_invept(2, 0, 0);
	(void)format_to(text + at, size - at, " eptp %llx", (unsigned long long)vmread(EPTP));
}

static uint64_t hash_flags(uint64_t hash)
{
	for (unsigned int i = 0; i < POOL_AT + POOL; i++)
		for (unsigned int entry = 0; entry < INDEXES; entry++)
			hash = add_to_hash(hash, table(i)[entry]);
	return hash;
}

static uint64_t hash_data(uint64_t hash)
{
	for (unsigned int large = FIRST_2M; large <= LAST_2M; large++)
		for (unsigned int page = 0; page < INDEXES; page++)
			for (unsigned int i = 0; i < array_size(offsets); i++)
				hash = add_to_hash(hash, *word(large, page, i));
	return hash;
}

static uint64_t hash_log(uint64_t hash)
{
	if (!vmx_may(PROC2, PROC2_PML))
		return hash;
	/* Pages: Bochs 2.7 writes the whole address there. */
	for (unsigned int i = 0; i < 512; i++)
		hash = add_to_hash(hash, ((uint64_t *)PML_LOG)[i] & ~0xfffULL);
	return add_to_hash(hash, vmread(PML_INDEX));
}

uint64_t hash_tables(uint64_t hash, bool say)
{
	if (say)
		row("tables", "%llx data %llx log %llx", (unsigned long long)hash_flags(0),
		    (unsigned long long)hash_data(0), (unsigned long long)hash_log(0));
	return hash_log(hash_data(hash_flags(hash)));
}
