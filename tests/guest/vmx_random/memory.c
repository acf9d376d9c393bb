// SPDX-License-Identifier: MIT
/* Lists of MSRs, bitmaps, and other pages that fields point to. */
#include "tests/guest/vmx_random/random.h"

#define REVISION (uint32_t)(rdmsr(MSR_VMX_BASIC) & 0x7fffffff)

struct msr_entry {
	uint32_t index, zero;
	uint64_t value;
};

/* Those whose values are the same on both machines, and have no use here. */
static const uint32_t msrs[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
				 0xc0000081,      0xc0000082,       0xc0000084,
				 0xc0000102,      MSR_FS_BASE,      MSR_GS_BASE };
#define USED 7 /* the first of them can also be loaded at an exit */

static struct msr_entry *entry_of(unsigned long page, unsigned int i)
{
	return &((struct msr_entry *)page)[i];
}

/* At an exit every entry is good: what is not ends L1 in a VMX abort. */
static void good_lists(void)
{
	for (unsigned int i = 0; i < MSRS; i++) {
		*entry_of(STORES, i) = (struct msr_entry){ msrs[random_below(USED)], 0, 0 };
		*entry_of(LOADS, i) =
			(struct msr_entry){ msrs[random_below(USED)], 0, random_below(0x10000) };
	}
}

/* MSRs that a list may have, and now and then one that it may not, or a value. None that there is
 * not: Bochs takes them all. */
static void entry_list(void)
{
	static const uint32_t bad[] = { MSR_FS_BASE, MSR_GS_BASE, 0x802, 0x8ff };

	for (unsigned int i = 0; i < MSRS; i++) {
		struct msr_entry *m = entry_of(LIST, i);

		m->index = random_below(24) ? msrs[random_below(USED)]
					    : bad[random_below(array_size(bad))];
		m->zero = random_below(60) == 0 ? 1u << random_below(32) : 0;
		m->value = random_below(30) ? random_below(0x10000) : 1ULL << 63;
	}
}

static void list(uint32_t address, uint32_t count, unsigned long page)
{
	unsigned int how = random_below(40);

	vmwrite(count, random_below(MSRS + 1));
	if (how < 3)
		count_change();
	/* From its second entry on, not aligned, too high, or without memory. */
	switch (how) {
	case 0: vmwrite(address, page + 16 * random_below(4)); break;
	case 1: vmwrite(address, page + random_below(16)); break;
	case 2: vmwrite(address, page | 1ULL << (40 + random_below(24))); break;
	case 3:
		if (address != EXIT_MSR_LOAD && address != EXIT_MSR_STORE)
			vmwrite(address, NOWHERE);
		break;
	default: break;
	}
}

static void lists(void)
{
	good_lists();
	entry_list();
	if (random_below(3) == 0)
		list(ENTRY_MSR_LOAD, ENTRY_MSR_LOADS, LIST);
	if (random_below(3) == 0)
		list(EXIT_MSR_STORE, EXIT_MSR_STORES, STORES);
	if (random_below(6) == 0)
		list(EXIT_MSR_LOAD, EXIT_MSR_LOADS, LOADS);
}

/* All words of a page: none, all, or by chance where anybody looks. */
static void bitmap(unsigned long page, unsigned int first, unsigned int words)
{
	uint64_t *p = (uint64_t *)page;
	unsigned int how = random_below(4);

	for (unsigned int i = first; i < first + words; i++)
		p[i] = how == 0 ? 0 : how == 1 ? ~0ULL : random_next();
}

static void bitmaps(void)
{
	for (unsigned int quarter = 0; quarter < 4; quarter++)
		bitmap(MSR_BITS, 128 * quarter, 80);
	bitmap(IO_A, 0, 32);
	bitmap(IO_A, 511, 1);
	bitmap(IO_B, 0, 1);
	bitmap(IO_B, 511, 1);
	for (unsigned int i = 0; i < 4; i++) {
		bitmap(READS, 128 * i, 6);
		bitmap(WRITES, 128 * i, 6);
	}
	if (random_below(2))
		l2_set(PROC, PROC_MSR_BITMAPS, 0);
	if (random_below(2))
		l2_set(PROC, PROC_IO_BITMAPS, 0);
}

/* A VMCS for L2's VMREAD and VMWRITE, now and then one that is none. */
static void shadow(void)
{
	struct vmcs_page *p = (struct vmcs_page *)SHADOW;

	if (random_below(6))
		return;
	count_change();
	memset(p, 0, sizeof(*p));
	p->revision = REVISION;
	(void)vmx_vmclear(SHADOW);
	p->revision = REVISION | 1u << 31;
	if (random_below(8) == 0)
		p->revision ^= 1u << random_below(32);
	vmwrite(LINK_POINTER, SHADOW);
	if (random_below(8))
		(void)l2_set_proc2(PROC2_SHADOW);
}

static void apic(void)
{
	*(volatile uint32_t *)(VAPIC + APIC_TPR) = random_below(256);
	if (random_below(4))
		return;
	count_change();
	l2_set(PROC, PROC_TPR_SHADOW, 0);
	vmwrite(TPR_THRESHOLD, random_below(16));
	if (random_below(2))
		(void)l2_set_proc2(PROC2_APIC_ACCESS);
	else if (random_below(2))
		(void)l2_set_proc2(PROC2_X2APIC);
	if (random_below(2))
		(void)l2_set_proc2(PROC2_APIC_REG);
}

void random_memory(char *text, size_t size)
{
	lists();
	bitmaps();
	shadow();
	apic();
	(void)format_to(text, size, " proc %llx loads %llu at %llx",
			(unsigned long long)vmread(PROC),
			(unsigned long long)vmread(ENTRY_MSR_LOADS),
			(unsigned long long)vmread(ENTRY_MSR_LOAD));
}

uint64_t hash_memory(uint64_t hash)
{
	for (unsigned int i = 0; i < MSRS; i++)
		hash = add_to_hash(hash, entry_of(STORES, i)->value);
	return hash;
}
