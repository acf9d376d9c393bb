// SPDX-License-Identifier: MIT
// variants: 64
// nested: yes
// also: corei7_ivy_bridge_3770k unshadowed
// timeout: 120
//
// What memory and interrupts cost a guest of a guest, in TSC ticks: a page that L1's EPT has but
// Xenith's copy of it does not, and an interrupt of L1's on its way to L2's handler. Prints no
// verdicts.
#include "tests/guest/lib/vmx.h"

#define ROUNDS    64
#define VECTOR    0x41
#define RFLAGS_IF 0x200
#define SELF      0x44000u /* a fixed interrupt to itself */
#define WINDOW    0x800000UL

/* RBX: a page; RDI: where the ticks go. */
L2_CODE(touches, "mov $65, %r8d\n"
		 "3: rdtsc\n"
		 "mov %eax, %esi\n"
		 "mov (%rbx), %cl\n"
		 "rdtsc\n"
		 "sub %esi, %eax\n"
		 "mov %eax, (%rdi)\n"
		 "add $4096, %rbx\n"
		 "add $4, %rdi\n"
		 "dec %r8d\n"
		 "jnz 3b");
L2_CODE(waits, "2: jmp 2b");
L2_CODE(handler, "rdtsc");

static uint64_t pages[512] page_aligned;
static uint32_t ticks[ROUNDS + 1];

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	ok(false, "%s", what);
	finish(SHUTDOWN_poweroff);
}

/* A page each time that EPT02 has not; the first one costs a table besides. */
static void fills(void)
{
	l2_init(touches);
	if (!l2_ept())
		return;
	for (uint64_t i = 0; i < array_size(pages); i++)
		pages[i] = (WINDOW + i * PAGE_SIZE) | 6 << 3 | 7;
	*ept_entry(WINDOW) = (uintptr_t)pages | 7;
	l2_regs.bx = WINDOW;
	l2_regs.di = (uintptr_t)ticks;
	bench_begin();
	must(l2_go() == R_VMCALL, "L2 touches its pages");
	for (unsigned int i = 1; i <= ROUNDS; i++)
		bench_add(ticks[i]);
	bench_end("l2_ept_fill");
}

static void rewind(void)
{
	vmwrite(GUEST_RIP, (uintptr_t)waits);
	vmwrite(GUEST_RSP, (uintptr_t)l2_stack + sizeof(l2_stack) - 64);
	vmwrite(GUEST_RFLAGS, RFLAGS_IF | 2);
}

/* L1 takes it at L2's exit, and injects it. */
static void inject(void)
{
	must(l2_switch(&l2_regs, true) == 0 && vmread(EXIT_REASON) == R_EXTERNAL,
	     "the interrupt ends L2");
	vmwrite(ENTRY_INTR, INTR_VALID | (vmread(EXIT_INTR) & 0xff));
}

/* From the instruction that sends it to the first one of L2's handler. */
static void interrupts(const char *name, bool exiting)
{
	uint64_t start;

	l2_init(handler);
	vmwrite(EXIT, vmread(EXIT) | EXIT_ACK);
	must(l2_go() == R_VMCALL, "L2 runs");
	l2_set(PIN, exiting ? PIN_EXTERNAL : 0, 0);
	bench_begin();
	for (unsigned int i = 0; i <= ROUNDS; i++) {
		rewind();
		start = rdtsc();
		apic_ipi(0, SELF | VECTOR);
		if (exiting)
			inject();
		must(l2_switch(&l2_regs, true) == 0 && vmread(EXIT_REASON) == R_VMCALL,
		     "L2's handler runs");
		/* The first one goes through what the next ones find done. */
		if (i)
			bench_add((l2_regs.dx << 32 | (uint32_t)l2_regs.ax) - start);
		apic_eoi();
	}
	bench_end(name);
}

void test_main(void)
{
	vmx_on();
	apic_enable();
	set_raw_handler(VECTOR, handler);
	fills();
	interrupts("l2_interrupt_by_l1", true);
	interrupts("l2_interrupt_own", false);
	(void)vmx_vmxoff();
}
