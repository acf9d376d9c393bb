// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// Debug registers keep their content while others use theirs, and break where they are told to. On
// every machine: all ok.
#include "tests/guest/lib/guest.h"

#if GUEST_BITS == 64
#define REG_SP "rsp"
#else
#define REG_SP "esp"
#endif

static volatile unsigned int hits;
static volatile unsigned long seen_dr6, seen_ip;
static volatile uint32_t watched;
static volatile bool quit;

static void on_debug(struct trap_frame *f)
{
	hits++;
	seen_dr6 = read_dr6();
	seen_ip = (unsigned long)f->ip;
	write_dr6(0xffff0ff0);
	f->flags &= ~0x100U; /* TF */
	f->flags |= 0x10000; /* RF: go on behind an execution breakpoint */
}

static void second_vcpu(void)
{
	while (!quit) {
		write_dr0(0x1111);
		write_dr3(0x2222);
		(void)sched_op(SCHEDOP_yield, 0);
	}
}

static void keep(void)
{
	unsigned int wrong = 0;

	for (unsigned long i = 0; i < 200; i++) {
		write_dr0(0x1000 + i);
		write_dr1(0x2000 + i);
		write_dr2(0x3000 + i);
		write_dr3(0x4000 + i);
		(void)sched_op(SCHEDOP_yield, 0);
		wrong += read_dr0() != 0x1000 + i || read_dr1() != 0x2000 + i ||
			 read_dr2() != 0x3000 + i || read_dr3() != 0x4000 + i;
	}
	ok_eq(wrong, 0, "200 times given away and found as they were");
}

static void breakpoints(void)
{
	extern char here[];

	hits = 0;
	write_dr6(0xffff0ff0);
	write_dr0((uintptr_t)here);
	write_dr7(0x402);
	__asm__ volatile(".globl here\nhere: nop" : : : "memory");
	write_dr7(0x400);
	ok(hits == 1 && seen_ip == (unsigned long)(uintptr_t)here,
	   "a breakpoint on an instruction");
	ok_eq(seen_dr6 & 0xf, 1, "DR6 names DR0");
	write_dr1((uintptr_t)&watched);
	write_dr7(0x400 | 1 << 3 | 0xdU << 20); /* DR1: writes of 4 bytes */
	watched = 1;
	(void)watched;
	write_dr7(0x400);
	ok_eq(hits, 2, "a breakpoint on a write");
	ok_eq(seen_dr6 & 0xf, 2, "DR6 names DR1");
	__asm__ volatile("pushf; orl $0x100, (%%" REG_SP "); popf; nop; nop" : : : "memory", "cc");
	ok_eq(hits, 3, "a single step");
	ok_eq(seen_dr6 & 0x4000, 0x4000, "DR6 says so");
}

void test_main(void)
{
	events_init();
	set_handler(1, on_debug);
	ok_eq(read_dr7(), 0x400, "DR7 at first");
	if (!ok(start_cpu(1, second_vcpu), "vCPU 1 starts"))
		return;
	keep();
	quit = true;
	breakpoints();
	write_dr7(0x400 | 1 << 9);
	ok_eq(read_dr7() & ~0x200UL, 0x400, "DR7's fixed bit stays");
	keep();
}
