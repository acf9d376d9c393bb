// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/paging.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/msr.h"

#define ENTRIES      512U
#define ADDRESS_MASK BITS(51, 12)
#define LARGE_SIZE   MIB(2)
#define TOP_SIZE     GIB(512) /* an entry of the top-level table */
#define PAT_RESET    0x0007040600070406ULL

/* The vmap area: one page directory's reach. */
#define VMAP_PAGES (GIB(1) / PAGE_SIZE)

/* Order of the tables in boot/entry.asm. */
enum { TABLE_PML4, TABLE_PDPT, TABLE_PD, TABLE_PT, TABLE_SPARE0, TABLE_SPARE1, TABLE_COUNT };
extern uint64_t boot_tables[TABLE_COUNT][ENTRIES];

/* linker.ld */
extern const char image_start[], text_end[], rodata_start[], rodata_end[], data_start[],
	image_end[];

uint64_t paging_rw_bits;

static hpa_t image_load_address;
static uint64_t nx_bit;
/* Guards all tables; taken after the own-memory lock, before the frame allocator's. */
static struct spinlock paging_lock = SPINLOCK_INIT;

/*
 * Slot 509 of the top-level table points back at it, so each entry has an address: that of the
 * entry for va one level below is this function of va, and so on upwards.
 */
static uint64_t *entry_for(uint64_t va)
{
	return (uint64_t *)(SELF_BASE + ((va & BITS(47, 12)) >> 9));
}

/* The entry for va at a level: 1 the page's, 2 its directory's, ... 4 the top. */
static uint64_t *entry_at(uint64_t va, unsigned int level)
{
	while (level-- > 1)
		va = (uint64_t)entry_for(va);
	return entry_for(va);
}

uint64_t *paging_pte(const void *va)
{
	return entry_for((uint64_t)va);
}

bool paging_mapped(const void *va)
{
	uint64_t a = (uint64_t)va;

	if ((uint64_t)((int64_t)(a << 16) >> 16) != a)
		return false;
	for (unsigned int level = 4; level >= 1; level--) {
		uint64_t entry = *entry_at(a, level);

		if (!(entry & PTE_P))
			return false;
		if (level > 1 && entry & PTE_PS)
			return true;
	}
	return true;
}

uint64_t paging_top_entry(unsigned int index)
{
	return boot_tables[TABLE_PML4][index];
}

hpa_t image_hpa(const void *p)
{
	return to_hpa((uint64_t)p - IMAGE_BASE + image_load_address.a);
}

/* Bits of image pages by segment; what lies between segments is not mapped. */
static uint64_t image_page_bits(const char *page)
{
	const uint64_t fixed = PTE_P | PTE_A | PTE_D | PTE_G;

	if (page < text_end)
		return fixed;
	if (page >= rodata_start && page < rodata_end)
		return fixed | nx_bit;
	if (page >= data_start && page < image_end)
		return fixed | nx_bit | PTE_RW;
	return 0;
}

void paging_init(hpa_t load_address)
{
	const uint64_t table_bits = PTE_P | PTE_RW | PTE_A;

	image_load_address = load_address;
	nx_bit = rdmsr(MSR_EFER) & EFER_NXE ? PTE_NX : 0;
	paging_rw_bits = PTE_P | PTE_RW | PTE_A | PTE_D | nx_bit;
	for (const char *page = image_start; page < image_end; page += PAGE_SIZE) {
		uint64_t bits = image_page_bits(page);

		boot_tables[TABLE_PT][(page - image_start) / (long)PAGE_SIZE] =
			bits ? image_hpa(page).a | bits : 0;
	}
	/* No execution from the page tables or from vmap. */
	boot_tables[TABLE_PML4][(SELF_BASE >> 39) % ENTRIES] |= nx_bit;

	/* The tables of the low map, which is gone, begin the vmap area: 2 MiB before any frame. */
	for (unsigned int i = 0; i < ENTRIES; i++) {
		boot_tables[TABLE_SPARE0][i] = 0;
		boot_tables[TABLE_SPARE1][i] = 0;
	}
	boot_tables[TABLE_PDPT][0] = image_hpa(boot_tables[TABLE_SPARE0]).a | table_bits | nx_bit;
	boot_tables[TABLE_SPARE0][0] = image_hpa(boot_tables[TABLE_SPARE1]).a | table_bits;
	write_cr3(read_cr3());
	paging_init_core();
}

void paging_init_core(void)
{
	struct cpuid_regs max = cpuid(CPUID_VENDOR, 0);
	struct cpuid_regs ext = { 0 };
	uint64_t cr4 = read_cr4() | CR4_PAE;
	uint32_t edx = cpuid(CPUID_FEATURES, 0).edx;

	if (max.eax >= CPUID_EXTENDED)
		ext = cpuid(CPUID_EXTENDED, 0);
	if (edx & CPUID_1_EDX_PGE)
		cr4 |= CR4_PGE;
	if (edx & CPUID_1_EDX_MCE)
		cr4 |= CR4_MCE;
	if (ext.ebx & CPUID_7_EBX_SMEP)
		cr4 |= CR4_SMEP;
	if (ext.ebx & CPUID_7_EBX_SMAP)
		cr4 |= CR4_SMAP;
	if (ext.ecx & CPUID_7_ECX_UMIP)
		cr4 |= CR4_UMIP;
	/* What the bits PCD and PWT of our entries mean (SDM vol. 3, table 11-12). */
	if (edx & CPUID_1_EDX_PAT)
		wrmsr(MSR_PAT, PAT_RESET);
	/* PGE changes: flushes what the first tables left behind (SDM vol. 3, 4.10.4.1). */
	write_cr4(cr4 & ~CR4_PGE);
	write_cr4(cr4);
	write_cr0((read_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS | CR0_CD | CR0_NW));
}

void paging_make_readonly(void *va, uint64_t len)
{
	for (uint64_t a = (uint64_t)va; a < (uint64_t)va + len; a += PAGE_SIZE) {
		*entry_for(a) &= ~PTE_RW;
		invlpg((void *)a);
	}
}

/* Make sure the table exists that holds va's entry at `level`. */
static enum status need_table(uint64_t va, unsigned int level, paging_take_fn take)
{
	for (unsigned int l = 4; l > level; l--) {
		uint64_t *entry = entry_at(va, l);
		void *table = (void *)round_down((uint64_t)entry_at(va, l - 1), PAGE_SIZE);
		uint64_t hpa;

		if (*entry & PTE_P)
			continue;
		/* Each core has a top-level table of its own: too late for the others. */
		ASSERT(l < 4 || take);
		hpa = take ? take(1) : paging_alloc_table();
		if (!hpa)
			return ERR_NOMEM;
		store_release(entry, hpa | PTE_P | PTE_RW | PTE_A);
		invlpg(table);
		if (take)
			clear_page(table);
	}
	return OK;
}

enum status paging_map_boot(void *va, uint64_t len, paging_take_fn take)
{
	for (uint64_t a = (uint64_t)va; a < (uint64_t)va + len; a += PAGE_SIZE) {
		uint64_t hpa;

		if (need_table(a, 1, take) != OK)
			return ERR_NOMEM;
		if (!(*entry_for(a) & PTE_P)) {
			hpa = take(1);
			if (!hpa)
				return ERR_NOMEM;
			store_release(entry_for(a), hpa | paging_rw_bits | PTE_G);
		}
		clear_page((void *)a);
	}
	return OK;
}

enum status paging_reserve_own(hpa_t end, paging_take_fn take)
{
	enum status st = OK;

	for (uint64_t a = 0; st == OK && a < end.a; a += TOP_SIZE)
		st = need_table(OWN_BASE + a, 3, take);
	return st;
}

/* A table entry for a page of the hypervisor's that is mapped. */
static uint64_t table_at(const uint64_t *page)
{
	return (*paging_pte(page) & ADDRESS_MASK) | PTE_P | PTE_RW | PTE_A | nx_bit;
}

uint64_t paging_core_tables(uint64_t *pages)
{
	uint64_t *top = pages, *pdpt = top + ENTRIES, *pd = pdpt + ENTRIES;

	for (unsigned int i = ENTRIES / 2; i < ENTRIES; i++)
		top[i] = paging_top_entry(i);
	top[SELF_BASE >> 39 & (ENTRIES - 1)] = table_at(top);
	top[WINDOWS_BASE >> 39 & (ENTRIES - 1)] = table_at(pdpt);
	pdpt[0] = table_at(pd);
	pd[0] = table_at(pd + ENTRIES);
	return *paging_pte(top) & ADDRESS_MASK;
}

enum status paging_map_own(hpa_t hpa)
{
	uint64_t va = OWN_BASE + hpa.a;
	enum status st;

	ASSERT(!(hpa.a & (LARGE_SIZE - 1)) && va < FRAMES_BASE);
	spin_lock(&paging_lock);
	st = need_table(va, 2, NULL);
	if (st == OK)
		store_release(entry_at(va, 2), hpa.a | paging_rw_bits | PTE_PS | PTE_G);
	spin_unlock(&paging_lock);
	return st;
}

/* First page index of a run of free vmap pages with a free one behind it, or ~0. */
static uint64_t vmap_find(uint64_t pages)
{
	uint64_t run = 0;

	for (uint64_t i = 0; i < VMAP_PAGES;) {
		uint64_t va = VMAP_BASE + i * PAGE_SIZE;
		uint64_t step = 1;

		if (!(*entry_at(va, 2) & PTE_P))
			step = ENTRIES - i % ENTRIES;
		else if (*entry_for(va) & PTE_P)
			run = 0, step = 0;
		run += step;
		i += step ? step : 1;
		if (run > pages)
			return i - run;
	}
	return ~0ULL;
}

static uint64_t kind_bits(enum map_kind kind)
{
	switch (kind) {
	case MAP_RAM_RW: return paging_rw_bits;
	case MAP_DEVICE: return paging_rw_bits | PTE_PCD | PTE_PWT;
	case MAP_RAM_RO: break;
	}
	return paging_rw_bits & ~PTE_RW;
}

void *paging_map(hpa_t hpa, uint64_t len, enum map_kind kind)
{
	uint64_t first = round_down(hpa.a, PAGE_SIZE);
	uint64_t pages = (round_up(hpa.a + len, PAGE_SIZE) - first) / PAGE_SIZE;
	uint64_t bits = kind_bits(kind);
	uint64_t va = 0;
	uint64_t index;

	if (!len || hpa.a + len < hpa.a || pages >= VMAP_PAGES)
		return NULL;
	spin_lock(&paging_lock);
	index = vmap_find(pages);
	if (index == ~0ULL)
		goto out;
	for (uint64_t i = 0; i < pages; i += ENTRIES)
		if (need_table(VMAP_BASE + (index + i) * PAGE_SIZE, 1, NULL) != OK)
			goto out;
	if (need_table(VMAP_BASE + (index + pages - 1) * PAGE_SIZE, 1, NULL) != OK)
		goto out;
	va = VMAP_BASE + index * PAGE_SIZE;
	for (uint64_t i = 0; i < pages; i++) {
		store_release(entry_for(va + i * PAGE_SIZE), (first + i * PAGE_SIZE) | bits);
		/* Another core may have used this address, and this one guessed it meanwhile. */
		invlpg((void *)(va + i * PAGE_SIZE));
	}
	va += hpa.a - first;
out:
	spin_unlock(&paging_lock);
	return (void *)va;
}

void paging_unmap(void *va, uint64_t len)
{
	uint64_t first = round_down((uint64_t)va, PAGE_SIZE);

	ASSERT(first >= VMAP_BASE && (uint64_t)va + len <= VMAP_BASE + VMAP_PAGES * PAGE_SIZE);
	spin_lock(&paging_lock);
	for (uint64_t a = first; a < (uint64_t)va + len; a += PAGE_SIZE) {
		store_release(entry_for(a), 0);
		invlpg((void *)a);
	}
	spin_unlock(&paging_lock);
}
