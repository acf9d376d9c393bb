// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// Every XSAVE component that CPUID offers keeps its content while the vCPU sleeps and another one
// uses the same registers; XCR0 takes what is legal. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#define CR4_OSFXSR     1UL << 9
#define CR4_OSXMMEXCPT 1UL << 10
#define CR4_OSXSAVE    1UL << 18
#define LEGACY_SIZE    512
#define AREA_SIZE      4096

static uint8_t wanted[2][AREA_SIZE] page_aligned, found[2][AREA_SIZE] page_aligned;
static volatile unsigned long other_rounds, other_wrong;
static volatile bool quit;
static uint64_t mask;

static bool try_xsetbv(uint32_t index, uint64_t value)
{
	fault_vector = -1;
	__asm__ volatile(FIXUP("xsetbv")
			 :
			 : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return fault_vector < 0;
}

static uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

static void xsave(uint8_t *area)
{
	__asm__ volatile("xsave (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

static void xrstor(const uint8_t *area)
{
	__asm__ volatile("xrstor (%0)"
			 :
			 : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

/* A component whose bytes may be anything. */
static bool free_form(unsigned int i)
{
	return i == 2 || i == 3 || (i >= 5 && i <= 7) || i == 9;
}

static void fill(uint8_t *area, uint8_t seed)
{
	unsigned int registers = GUEST_BITS == 64 ? 16 : 8;
	uint16_t control = 0x37f;
	uint32_t mxcsr = 0x1f80;

	memset(area, 0, AREA_SIZE);
	memcpy(area, &control, 2);
	memcpy(area + 24, &mxcsr, 4);
	for (unsigned int i = 0; i < 8 * 16; i++)
		area[32 + i] = i % 16 < 10 ? (uint8_t)(seed + i) : 0;
	for (unsigned int i = 0; i < registers * 16; i++)
		area[160 + i] = (uint8_t)(seed * 3 + i);
	memcpy(area + LEGACY_SIZE, &mask, 8);
	for (unsigned int i = 2; i < 63; i++) {
		struct regs4 r;
		unsigned int size;

		if (!(mask >> i & 1) || !free_form(i))
			continue;
		r = cpuid(0xd, i);
		/* Registers 8 to 15 do not exist in 32-bit mode. */
		size = i == 9 ? 4 : GUEST_BITS == 32 ? (i == 7 ? 0 : r.a / 2) : r.a;
		if (i == 3 || i == 5)
			size = GUEST_BITS == 32 && i == 3 ? 0 : r.a;
		for (unsigned int n = 0; n < size && r.b + n < AREA_SIZE; n++)
			area[r.b + n] = (uint8_t)(seed * 5 + i * 7 + n);
	}
}

/* The bytes that fill() set, compared: offset of the first that differs, or 0. */
static unsigned int differs(const uint8_t *a, const uint8_t *b)
{
	for (unsigned int i = 32; i < AREA_SIZE; i++)
		if (a[i] && a[i] != b[i] && !(i >= LEGACY_SIZE && i < LEGACY_SIZE + 64))
			return i;
	return 0;
}

static void enable(void)
{
	write_cr0(read_cr0() & ~(1UL << 2 | 1UL << 3)); /* EM, TS */
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
	(void)try_xsetbv(0, mask);
}

static void second_vcpu(void)
{
	write_cr0(read_cr0() & ~(1UL << 2 | 1UL << 3));
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)));
	fill(wanted[1], 0x91);
	while (!quit) {
		xrstor(wanted[1]);
		(void)sched_op(SCHEDOP_yield, 0);
		memset(found[1], 0, AREA_SIZE);
		xsave(found[1]);
		other_wrong += differs(wanted[1], found[1]) != 0;
		other_rounds++;
	}
}

static void legal_values(void)
{
	ok(try_xsetbv(0, mask), "XCR0 takes all that is offered");
	ok_eq(xgetbv(), mask, "and keeps it");
	ok(try_xsetbv(0, 1), "x87 alone");
	ok(!try_xsetbv(0, 0) && fault_vector == 13, "not without x87");
	ok(!try_xsetbv(0, 5) && fault_vector == 13, "no AVX without SSE");
	ok(!try_xsetbv(0, mask | 1ULL << 62) && fault_vector == 13, "nothing that is not offered");
	ok(!try_xsetbv(1, 1) && fault_vector == 13, "no XCR1");
	ok(try_xsetbv(0, mask), "and all again");
	ok_eq(cpuid(0xd, 0).b, cpuid(0xd, 0).c, "then the size in use is the size at most");
}

void test_main(void)
{
	unsigned long wrong = 0;
	unsigned int at;

	events_init();
	if (!(cpuid(1, 0).c & 1 << 26)) {
		skip("no XSAVE");
		return;
	}
	mask = cpuid(0xd, 0).a | (uint64_t)cpuid(0xd, 0).d << 32;
	note("components 0x%llx, %u bytes", (unsigned long long)mask, cpuid(0xd, 0).c);
	ok((mask & 3) == 3 && cpuid(0xd, 0).c <= AREA_SIZE, "XSAVE with x87 and SSE");
	enable();
	legal_values();
	fill(wanted[0], 0x17);
	xrstor(wanted[0]);
	xsave(found[0]);
	at = differs(wanted[0], found[0]);
	if (!ok(!at, "XRSTOR and XSAVE by themselves"))
		note("byte %u is 0x%x, not 0x%x", at, found[0][at], wanted[0][at]);
	if (!ok(start_cpu(1, second_vcpu), "vCPU 1 starts"))
		return;
	for (unsigned int i = 0; i < 300; i++) {
		xrstor(wanted[0]);
		(void)sched_op(SCHEDOP_yield, 0);
		memset(found[0], 0, AREA_SIZE);
		xsave(found[0]);
		at = differs(wanted[0], found[0]);
		if (at && !wrong++)
			note("byte %u is 0x%x, not 0x%x", at, found[0][at], wanted[0][at]);
	}
	quit = true;
	ok_eq(wrong, 0, "300 times given away and found as it was");
	ok(other_rounds > 0, "the other vCPU ran %lu times", other_rounds);
	ok_eq(other_wrong, 0, "and found its own, too");
}
