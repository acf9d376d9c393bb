// SPDX-License-Identifier: MIT
// variants: 64 32
//
// What instructions that exit must leave behind: single steps over them trap once, shadows of STI
// end, NMIs are blocked until the IRET, string port accesses count and fault as one instruction.
// On every machine: all ok.
#include "tests/guest/lib/guest.h"

#if GUEST_BITS == 64
#define PUSHF  "pushfq"
#define POPF   "popfq"
#define REG_SP "rsp"
#else
#define PUSHF  "pushfl"
#define POPF   "popfl"
#define REG_SP "esp"
#endif
#define VECTOR_DB  1
#define VECTOR_NMI 2
#define DR6_BS     0x4000
#define PORT_NONE  0x5000

static volatile unsigned int steps, nmis, nested;
static volatile unsigned long step_ip[8], step_dr6;

static void on_step(struct trap_frame *f)
{
	if (steps < 8)
		step_ip[steps] = (unsigned long)f->ip;
	steps++;
	step_dr6 = read_dr6();
	write_dr6(0xffff0ff0);
}

extern char step_cpuid[], step_behind[];

/* POPF sets TF: the first step is over what follows it. */
static void single_step(void)
{
	set_handler(VECTOR_DB, on_step);
	steps = 0;
	__asm__ volatile(PUSHF
			 "\n orl $0x100, (%%" REG_SP ")\n" POPF "\n"
			 ".globl step_cpuid, step_behind\nstep_cpuid: cpuid\nstep_behind:\n" PUSHF
			 "\n andl $~0x100, (%%" REG_SP ")\n" POPF
			 :
			 : "a"(0), "c"(0)
			 : "ebx", "edx", "memory", "cc");
	ok(steps >= 2, "steps are trapped: %u", steps);
	ok_eq(step_ip[0], (unsigned long)(uintptr_t)step_behind, "one right behind CPUID");
	ok_eq(step_dr6 & DR6_BS, DR6_BS, "and DR6 says why");
}

/* POPF turns on TF and leaves IF off; STI's shadow covers an instruction that exits. */
static void step_in_shadow(void)
{
	steps = 0;
	__asm__ volatile(PUSHF "\n orl $0x100, (%%" REG_SP ")\n" POPF "\n"
			       "sti\n cpuid\n nop\n cli\n" PUSHF "\n andl $~0x100, (%%" REG_SP
			       ")\n" POPF
			 :
			 : "a"(0), "c"(0)
			 : "ebx", "edx", "memory", "cc");
	ok_eq(steps, 7, "STI, CPUID, NOP, CLI and the three behind them");
	set_handler(VECTOR_DB, 0);
}

static void on_icebp(struct trap_frame *f)
{
	(void)f;
	steps++;
}

static void icebp(void)
{
	set_handler(VECTOR_DB, on_icebp);
	steps = 0;
	write_dr6(0xffff0ff0);
	__asm__ volatile(".byte 0xf1" : : : "memory");
	ok_eq(steps, 1, "INT1");
	ok_eq(read_dr6() & DR6_BS, 0, "is no single step");
	set_handler(VECTOR_DB, 0);
}

static void on_nmi(struct trap_frame *f)
{
	static volatile bool inside;

	(void)f;
	nested += inside;
	inside = true;
	/* Another one on the first: it has to wait for the IRET. */
	if (++nmis == 1) {
		(void)vcpu_op(VCPUOP_send_nmi, 0, 0);
		for (unsigned int i = 0; i < 20; i++)
			(void)cpuid(0, 0);
	}
	inside = false;
}

static void nmi(void)
{
	set_handler(VECTOR_NMI, on_nmi);
	irq_off();
	ok_eq((uint64_t)vcpu_op(VCPUOP_send_nmi, 0, 0), 0, "send_nmi");
	(void)cpuid(0, 0);
	ok_eq(nmis, 2, "an NMI with interrupts off, and one that came inside it");
	ok_eq(nested, 0, "one after the other");
	nmis = 1;
	(void)vcpu_op(VCPUOP_send_nmi, 0, 0);
	__asm__ volatile("sti; hlt; cli" : : : "memory");
	ok_eq(nmis, 2, "NMIs are no longer blocked");
	set_handler(VECTOR_NMI, 0);
}

static uint8_t buffer[8192] __attribute__((aligned(4096)));

static void strings(void)
{
	unsigned long count = 3000, to = (unsigned long)(uintptr_t)buffer;

	memset(buffer, 0, sizeof(buffer));
	__asm__ volatile("cld; rep insb" : "+c"(count), "+D"(to) : "d"(PORT_NONE) : "memory");
	ok(count == 0 && to == (unsigned long)(uintptr_t)buffer + 3000, "REP INSB counts");
	ok(buffer[0] == 0xff && buffer[2999] == 0xff && !buffer[3000], "and fills with ones");

	memset(buffer, 0, sizeof(buffer));
	count = 5;
	to = (unsigned long)(uintptr_t)buffer + 16;
	__asm__ volatile("std; rep insl; cld" : "+c"(count), "+D"(to) : "d"(PORT_NONE) : "memory");
	ok(count == 0 && to == (unsigned long)(uintptr_t)buffer - 4, "downwards too");
	ok(buffer[0] == 0xff && buffer[19] == 0xff && !buffer[20], "for five times 4 bytes");

	count = 0;
	to = 0x1234;
	__asm__ volatile("cld; rep outsw" : "+c"(count), "+S"(to) : "d"(PORT_NONE) : "memory");
	ok(count == 0 && to == 0x1234, "REP OUTSW of nothing does nothing");
}

static void strings_in_the_hole(void)
{
	unsigned long hole = (unsigned long)HOLE, count = 1, from = hole;

	/* The open bus is read; there is no fault to take. */
	__asm__ volatile("cld; rep outsb" : "+c"(count), "+S"(from) : "d"(PORT_NONE) : "memory");
	ok(count == 0 && from == hole + 1, "OUTSB from where there is no memory");
	count = 1;
	from = hole;
	__asm__ volatile("cld; rep insb" : "+c"(count), "+D"(from) : "d"(PORT_NONE) : "memory");
	ok(count == 0 && from == hole + 1, "and INSB to there");
}

void test_main(void)
{
	single_step();
	step_in_shadow();
	icebp();
	nmi();
	strings();
	strings_in_the_hole();
}
