// SPDX-License-Identifier: MIT
// variants: 64
// nested: yes
// bare: yes
// also: corei7_ivy_bridge_3770k unshadowed
// timeout: 120
//
// What a guest of a guest costs, with the least that a hypervisor can do between its exits, in TSC
// ticks. Prints no verdicts. It runs on the bare machine besides: what a case costs more under Xenith
// than there, where the same instructions of L1 and L2 are executed and nothing else, is what Xenith
// has executed, and is printed as NAME_in_xenith.
#include "tests/guest/lib/vmx.h"

#define ROUNDS 64

int l2_switch(struct l2_regs *regs, bool resume);

L2_CODE(asks, "1: cpuid\n"
	      "jmp 1b");
L2_CODE(calls, "1: vmcall\n"
	       "jmp 1b");

/* One exit of L2, of an instruction of `length` bytes, as a hypervisor would answer it. */
static void answer(uint64_t length)
{
	if (l2_switch(&l2_regs, true) || !vmread(EXIT_REASON)) {
		ok(false, "L2 is entered");
		finish(SHUTDOWN_poweroff);
	}
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + length);
}

static void round_trips(const char *name, const char *code, uint64_t length, bool ept)
{
	uint64_t start;

	l2_init(code);
	if (ept && !l2_ept())
		return;
	(void)l2_go();
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + length);
	bench_begin();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		start = rdtsc();
		answer(length);
		bench_add(rdtsc() - start);
	}
	bench_end(name);
}

static void reads(const char *name, uint32_t field)
{
	uint64_t start;

	bench_begin();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		start = rdtsc();
		(void)vmread(field);
		bench_add(rdtsc() - start);
	}
	bench_end(name);
}

static void writes(const char *name, uint32_t field)
{
	uint64_t start, value = vmread(field);

	bench_begin();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		start = rdtsc();
		vmwrite(field, value);
		bench_add(rdtsc() - start);
	}
	bench_end(name);
}

void test_main(void)
{
	vmx_on();
	round_trips("l2_cpuid", asks, 2, false);
	round_trips("l2_hypercall", calls, 3, false);
	round_trips("l2_cpuid_ept", asks, 2, true);
	reads("l1_vmread_reason", EXIT_REASON);
	reads("l1_vmread_other", HOST_SELECTOR(0));
	writes("l1_vmwrite_rip", GUEST_RIP);
	writes("l1_vmwrite_other", HOST_SELECTOR(0));
	(void)vmx_vmxoff();
}
