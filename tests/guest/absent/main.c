// SPDX-License-Identifier: MIT
// variants: 64 32
//
// What is not there: ports and guest-physical addresses read as ones, by whatever instruction, and
// swallow writes. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static void ports(void)
{
	unsigned int wrong = 0, first = 0;

	for (unsigned int port = 0; port < 0x10000; port += port < 0x1000 ? 1 : 61) {
		if (inb((uint16_t)port) == 0xff)
			continue;
		if (!wrong++)
			first = port;
	}
	ok(!wrong, "every port reads as ones: %u do not, first 0x%x", wrong, first);
	ok_eq(inw(0x60), 0xffff, "16 bits");
	ok_eq(inl(0xcfc), 0xffffffff, "32 bits");
	outl(0xcf8, 0x80000000);
	ok_eq(inl(0xcf8), 0xffffffff, "no PCI configuration");
	outb(0x20, 0x11);
	outb(0x80, 0);
	outw(0x1f0, 0);
	ok(true, "writes are swallowed");
}

static void string_ports(void)
{
	static uint8_t buf[64];
	void *p = buf;
	unsigned long n = 8, ones = 0;

	memset(buf, 0x11, sizeof(buf));
	__asm__ volatile("cld; rep insb" : "+D"(p), "+c"(n) : "d"(0x60) : "memory");
	for (unsigned int i = 0; i < 8; i++)
		ones += buf[i] == 0xff;
	ok(ones == 8 && buf[8] == 0x11 && n == 0 && p == buf + 8, "REP INSB");
	n = 4;
	p = buf + 16;
	__asm__ volatile("cld; rep insl" : "+D"(p), "+c"(n) : "d"(0xcfc) : "memory");
	ok(buf[16] == 0xff && buf[31] == 0xff && buf[32] == 0x11 && n == 0, "REP INSL");
	n = 8;
	p = buf;
	__asm__ volatile("cld; rep outsb" : "+S"(p), "+c"(n) : "d"(0x80) : "memory");
	ok(n == 0 && p == buf + 8, "REP OUTSB");
}

static void plain_access(void)
{
	volatile uint8_t *h8 = (void *)HOLE;
	volatile uint16_t *h16 = (void *)(HOLE + 2);
	volatile uint32_t *h32 = (void *)(HOLE + 4);
	volatile unsigned long *h = (void *)(HOLE + 8);
	uint32_t v;

	ok_eq(*h8, 0xff, "8 bits");
	ok_eq(*h16, 0xffff, "16 bits");
	ok_eq(*h32, 0xffffffff, "32 bits");
	ok(*h == ~0UL, "a long");
	*h8 = 1;
	*h16 = 2;
	*h32 = 3;
	*h = 4;
	ok(*h8 == 0xff && *h == ~0UL, "writes are swallowed");
	__asm__ volatile("movzbl (%1), %0" : "=r"(v) : "r"(HOLE) : "memory");
	ok_eq(v, 0xff, "MOVZX");
	__asm__ volatile("movsbl (%1), %0" : "=r"(v) : "r"(HOLE) : "memory");
	ok_eq(v, 0xffffffff, "MOVSX");
	/* Across a page's end. */
	ok_eq(*(volatile uint32_t *)(HOLE + PAGE_SIZE - 2), 0xffffffff, "across two pages");
}

static void other_instructions(void)
{
	unsigned long r, m = HOLE;
	uint8_t set;

	__asm__ volatile("orl $0, (%0); andl $1, (%0); addl $1, (%0); incl (%0)"
			 :
			 : "r"(m)
			 : "memory", "cc");
	ok(true, "OR, AND, ADD, INC to memory");
	__asm__ volatile("cmpl $-1, (%1); sete %0" : "=q"(set) : "r"(m) : "memory", "cc");
	ok(set, "CMP with memory");
	__asm__ volatile("testl $1, (%1); setne %0" : "=q"(set) : "r"(m) : "memory", "cc");
	ok(set, "TEST of memory");
	r = 5;
	__asm__ volatile("xchg %0, (%1)" : "+r"(r) : "r"(m) : "memory");
	ok(r == ~0UL, "XCHG");
	__asm__ volatile("lock; btsl $3, (%1); setc %0" : "=q"(set) : "r"(m) : "memory", "cc");
	ok(set, "BTS");
}

static void strings(void)
{
	static uint8_t buf[32];
	const void *from = (void *)HOLE;
	void *to = buf;
	unsigned long n = 16, ones = 0;

	memset(buf, 0, sizeof(buf));
	__asm__ volatile("cld; rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
	for (unsigned int i = 0; i < 16; i++)
		ones += buf[i] == 0xff;
	ok(ones == 16 && buf[16] == 0, "REP MOVS from there");
	from = buf;
	to = (void *)HOLE;
	n = 16;
	__asm__ volatile("cld; rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
	ok(n == 0 && from == buf + 16, "REP MOVS to there");
	to = (void *)HOLE;
	n = 1024;
	__asm__ volatile("cld; rep stosl" : "+D"(to), "+c"(n) : "a"(0) : "memory");
	ok(n == 0 && to == (void *)(HOLE + 4096), "REP STOS to there");
}

void test_main(void)
{
	ports();
	string_ports();
	plain_access();
	other_instructions();
	strings();
	if (map_high(6ULL << 30))
		ok_eq(*map_high(6ULL << 30), 0xff, "above 4 GiB");
	else
		skip("32-bit tables do not reach above 4 GiB");
}
