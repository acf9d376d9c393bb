// SPDX-License-Identifier: MIT
/*
 * What may be changed. Left out is what Bochs is known not to check as the SDM has it (the table in
 * docs/nested.md), since its answer is what the hypervisor's is compared with; vmx_entry has those.
 */
#include "tests/guest/vmx_random/random.h"

enum kind {
	BITS,    /* one bit turned, of those in `mask` */
	ADDRESS, /* a page, now and then not aligned or too high */
	LINEAR,  /* canonical or not */
	ANY,     /* all bits by chance */
	SMALL,   /* 0 to `mask` */
	SELECTOR /* one bit of the low three */
};

struct knob {
	uint16_t field;
	uint8_t kind;
	uint64_t mask;
};

#define RIGHTS_BITS 0x1f09f /* not the DPL */

static const struct knob knobs[] = {
	{ PIN, BITS, 0xffffff3f },
	{ PROC, BITS, ~(uint64_t)(PROC_HLT | PROC_MTF) },
	{ PROC2, BITS, 0x0217ffff & ~(uint64_t)(PROC2_VE | PROC2_XSAVES) },
	{ EXIT, BITS, 0xffffffff & ~(uint64_t)EXIT_LOAD_PERF },
	{ ENTRY, BITS,
	  0xffffffff & ~(uint64_t)(ENTRY_SMM | 1u << 11 | ENTRY_LOAD_PERF | ENTRY_LOAD_DEBUG |
				   ENTRY_IA32E) },
	{ CR3_TARGET_COUNT, SMALL, 8 },
	{ IO_BITMAP_A, ADDRESS, 0 },
	{ IO_BITMAP_B, ADDRESS, 0 },
	{ MSR_BITMAP, ADDRESS, 0 },
	{ VIRTUAL_APIC, ADDRESS, 0 },
	{ APIC_ACCESS, ADDRESS, 0 },
	{ PML_ADDRESS, ADDRESS, 0 },
	{ TPR_THRESHOLD, SMALL, 31 },
	{ VPID, SMALL, 3 },
	{ TSC_MULTIPLIER, SMALL, 2 },
	{ EPTP, BITS, 0x8000000000000fff },
	{ EXIT_MSR_LOADS, SMALL, MSRS },
	{ EXIT_MSR_STORES, SMALL, MSRS },
	{ ENTRY_MSR_LOADS, SMALL, MSRS },
	{ TSC_OFFSET, ANY, 0 },
	{ PF_MASK, ANY, 0 },
	{ PF_MATCH, ANY, 0 },
	{ HOST_CR0, BITS, 0x80000021ULL | 1ULL << 32 },
	{ HOST_CR4, BITS, 0x80002020ULL },
	{ HOST_CR3, BITS, 1ULL << 63 },
	{ HOST_SYSENTER_ESP, LINEAR, 0 },
	{ HOST_SYSENTER_EIP, LINEAR, 0 },
	{ HOST_SELECTOR(ES), SELECTOR, 0 },
	{ HOST_SELECTOR(CS), SELECTOR, 0 },
	{ HOST_SELECTOR(SS), SELECTOR, 0 },
	{ HOST_SELECTOR(FS), SELECTOR, 0 },
	{ HOST_SELECTOR(HOST_TR), SELECTOR, 0 },
	{ HOST_FS_BASE, LINEAR, 0 },
	{ HOST_GS_BASE, LINEAR, 0 },
	{ GUEST_CR0, BITS, 0x20ULL | 1ULL << 32 | 0x40000 | 0x10000 | 2 },
	{ GUEST_CR4, BITS, 0x80002080ULL },
	{ GUEST_CR3, BITS, 1ULL << 63 | 1ULL << 50 | 0x18 },
	{ GUEST_RFLAGS, BITS, 0xffffffffffdf8cffULL },
	{ GUEST_SYSENTER_ESP, LINEAR, 0 },
	{ GUEST_SYSENTER_EIP, LINEAR, 0 },
	{ GUEST_PAT, BITS, 0x8080808080808080ULL },
	{ GUEST_BASE(FS), LINEAR, 0 },
	{ GUEST_BASE(GS), LINEAR, 0 },
	{ GUEST_BASE(TR), BITS, 1ULL << 63 },
	{ GUEST_GDTR_BASE, BITS, 1ULL << 63 },
	{ GUEST_GDTR_LIMIT, BITS, 0xffff0000 },
	{ GUEST_IDTR_LIMIT, BITS, 0xffff0000 },
	{ GUEST_RIGHTS(DS), BITS, RIGHTS_BITS },
	{ GUEST_RIGHTS(ES), BITS, RIGHTS_BITS },
	{ GUEST_RIGHTS(FS), BITS, RIGHTS_BITS },
	{ GUEST_RIGHTS(GS), BITS, RIGHTS_BITS },
	{ GUEST_RIGHTS(TR), BITS, RIGHTS_BITS },
	{ GUEST_RIGHTS(LDTR), BITS, RIGHTS_BITS },
	{ GUEST_LIMIT(ES), BITS, 0xfff00fff },
	{ GUEST_LIMIT(TR), BITS, 0xfff00000 },
	{ GUEST_SELECTOR(TR), BITS, 0xfc },
	{ INTERRUPTIBILITY, BITS, 0xfffffff7 },
	{ LINK_POINTER, ADDRESS, 0 },
	{ ENTRY_LENGTH, SMALL, 20 },
	{ ENTRY_ERROR_CODE, BITS, 0xffffffff },
};

/* Events that L2 can take: of type 7 Bochs ends. */
static const uint32_t events[] = {
	INTR_EXTERNAL | 0x41,
	INTR_EXTERNAL | 0xff,
	INTR_EXTERNAL | 1 << 12 | 0x41,
	INTR_EXCEPTION | 6,
	INTR_EXCEPTION | INTR_HAS_ERROR | 6,
	INTR_EXCEPTION | INTR_HAS_ERROR | 17,
	INTR_EXCEPTION | 17,
	INTR_EXCEPTION | 33,
	INTR_SOFTWARE | 0x42,
	INTR_SOFT_EXC | 3,
	INTR_ICEBP | 1,
	1 << 8 | 2,
	INTR_NMI | 3,
};

void good_addresses(void)
{
	static const struct {
		uint16_t field;
		uint32_t value;
	} good[] = {
		{ IO_BITMAP_A, IO_A },      { IO_BITMAP_B, IO_B },
		{ MSR_BITMAP, MSR_BITS },   { VIRTUAL_APIC, VAPIC },
		{ APIC_ACCESS, OTHERS },    { PML_ADDRESS, PML_LOG },
		{ EPTP_LIST, POINTERS },    { VMREAD_BITMAP, READS },
		{ VMWRITE_BITMAP, WRITES }, { VPID, 1 },
		{ TPR_THRESHOLD, 0 },       { VMFUNC_CONTROLS, 0 },
		{ EXIT_MSR_STORE, STORES }, { EXIT_MSR_LOAD, LOADS },
		{ ENTRY_MSR_LOAD, LIST },
	};

	for (unsigned int i = 0; i < array_size(good); i++)
		(void)vmx_write(good[i].field, good[i].value);
	/* The log does not become full, where Bochs 2.7 errs: vmx_pml. */
	(void)vmx_write(PML_INDEX, 511);
	(void)vmx_write(TSC_MULTIPLIER, 1ULL << 48);
	(void)vmx_write(EPTP, ept_pointer());
	(void)vmx_write(GUEST_PAT, 0x0007040600070406);
	(void)vmx_write(HOST_PAT, 0x0007040600070406);
	(void)vmx_write(GUEST_EFER, 0x500);
	(void)vmx_write(HOST_EFER, 0x500);
}

static uint64_t random_value(const struct knob *k, uint64_t old)
{
	uint64_t bit;

	switch (k->kind) {
	case ADDRESS:
		return random_below(3)   ? old
		       : random_below(2) ? OTHERS + random_below(0x1000)
					 : OTHERS | 1ULL << (40 + random_below(24));
	case LINEAR:
		return random_below(2) ? random_next() >> 20
				       : 0xffff800000000000ULL + random_next() % (1ULL << 48);
	case ANY: return random_next();
	case SMALL: return random_below((unsigned int)k->mask + 1);
	case SELECTOR: return old ^ (random_below(3) ? 0 : 1U << random_below(3));
	default: break;
	}
	do {
		bit = 1ULL << random_below(64);
	} while (!(bit & k->mask));
	return old ^ bit;
}

static int change(const struct knob *k, char *text, size_t size)
{
	uint64_t old, value;

	if (vmx_read(k->field, &old) != VMX_OK)
		return 0;
	value = random_value(k, old);
	if (value != old)
		count_change();
	(void)vmx_write(k->field, value);
	return format_to(text, size, " %x=%llx", k->field, (unsigned long long)value);
}

void random_changes(char *text, size_t size)
{
	unsigned int count = random_below(3);
	size_t at = strlen(text);

	if (random_below(4) == 0) {
		uint32_t info = INTR_VALID | events[random_below(array_size(events))];

		count_change();
		vmwrite(ENTRY_INTR, info);
		vmwrite(ENTRY_LENGTH, 1);
		if (random_below(2))
			vmwrite(GUEST_RFLAGS, 0x202);
		at += (size_t)format_to(text + at, size - at, " event %x", info);
	}
	for (unsigned int i = 0; i < count; i++)
		at += (size_t)change(&knobs[random_below(array_size(knobs))], text + at, size - at);
}
