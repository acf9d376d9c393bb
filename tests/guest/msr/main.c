// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Which MSRs there are: those that the CPUID shown implies, #GP for all others; and that they keep
// what is written. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define EFER 0xc0000080

static void present(void)
{
	static const uint32_t msrs[] = {
		0x10 /* TSC */,
		0x1b /* APIC base */,
		0xfe /* MTRRcap */,
		0x174 /* SYSENTER */,
		0x175,
		0x176,
		0x1a0 /* MISC_ENABLE */,
		0x277 /* PAT */,
		0x2ff /* MTRR default */,
		0xc0000080 /* EFER */,
		0x8b /* microcode */,
		0x1d9 /* DEBUGCTL */,
		0x179 /* MCG_CAP */,
		0x17a /* MCG_STATUS */,
	};
	uint64_t v;

	for (unsigned int i = 0; i < array_size(msrs); i++)
		ok(try_rdmsr(msrs[i], &v), "0x%x is there", msrs[i]);
}

static void absent(void)
{
	static const uint32_t msrs[] = {
		0x3a /* FEATURE_CONTROL */,
		0x480 /* VMX */,
		0x48b,
		0xc0010015,
		0x4b564d00,
		0x40000001,
		0x12345678,
		0xdeadbeef,
	};
	uint64_t v;

	for (unsigned int i = 0; i < array_size(msrs); i++) {
		bool there = try_rdmsr(msrs[i], &v);

		/* A locked FEATURE_CONTROL says no VMX as well as its absence does. */
		ok((!there && fault_vector == 13) || (msrs[i] == 0x3a && v == 1), "0x%x is not",
		   msrs[i]);
		ok(!try_wrmsr(msrs[i], 0x1000) && fault_vector == 13, "nor is it written");
	}
}

static void keep(uint32_t msr, uint64_t value)
{
	uint64_t before, v = 0;
	bool read = try_rdmsr(msr, &before);

	ok(read && try_wrmsr(msr, value) && try_rdmsr(msr, &v), "0x%x is written", msr);
	ok_eq(v, value, "and keeps it");
	(void)try_wrmsr(msr, before);
}

static void refuse(uint32_t msr, uint64_t value)
{
	ok(!try_wrmsr(msr, value) && fault_vector == 13, "0x%x does not take 0x%x%08x", msr,
	   (unsigned int)(value >> 32), (unsigned int)value);
}

static void mtrrs(void)
{
	uint64_t cap = rdmsr(0xfe), def = rdmsr(0x2ff);

	ok((cap & 0xff) >= 1 && (cap & 0xff) <= 32, "%u variable MTRRs", (unsigned int)cap & 0xff);
	ok((def & 0xc00) >= 0x800 && (def & 0xff) == 6, "enabled, write-back by default: 0x%x",
	   (unsigned int)def);
	keep(0x2ff, 0xc06);
	keep(0x200, 0xf0000000);
	keep(0x201, 0xff0000800ULL);
	if (cap & 0x100)
		keep(0x250, 0x0606060606060606ULL);
	refuse(0x2ff, 0xc02);
	refuse(0x200, 2);
	refuse(0xfe, cap);
}

void test_main(void)
{
	uint64_t tsc;

	present();
	absent();
	keep(0x277, 0x0007040600070406ULL);
	refuse(0x277, 0x0207040600070406ULL);
	refuse(0x277, 0x0007040600070408ULL);
	keep(0x174, 0x08);
	keep(0x175, 0x123000);
	keep(0x176, 0x456000);
	refuse(EFER, rdmsr(EFER) | 1 << 1);
	refuse(EFER, rdmsr(EFER) | 1ULL << 40);
	mtrrs();
#if GUEST_BITS == 64
	refuse(EFER, 0);
	keep(0xc0000081, 0x0023001000000000ULL);
	keep(0xc0000082, 0xffffffff80000000ULL);
	keep(0xc0000083, 0x1000);
	keep(0xc0000084, 0x700);
	refuse(0xc0000082, 0x8000000000000000ULL);
	keep(0xc0000100, 0x12345000);
	keep(0xc0000101, 0x12346000);
	keep(0xc0000102, 0xffff800012347000ULL);
	refuse(0xc0000101, 0x1000000000000000ULL);
#endif
	tsc = rdtsc();
	ok(rdmsr(0x10) >= tsc, "MSR 0x10 is the TSC");
	refuse(0x1b, 0xfee00900 | 1ULL << 60);
}
