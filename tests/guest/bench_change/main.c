// SPDX-License-Identifier: MIT
// variants: 64
// vcpus: 8
// cores: 8
// timeout: 300
//
// What it costs to take a page away while other vCPUs are in the guest on other cores, and while
// they are idle there, in TSC ticks; tests/guest/bench_apart has those in another guest. On a counting
// build also the kicks, which are to be as many as vCPUs in the guest, and the ticks within the
// change. Prints no verdicts.
#include "tests/guest/lib/guest.h"

#define VCPUS 8

static volatile unsigned int spinning;
static volatile bool rest;

static void second_vcpu(void)
{
	/* Where interrupts are off the emulator takes no IPI for an exit, and an NMI must follow. */
	irq_on();
	(void)__atomic_add_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	/* Without a PAUSE, which may end guest mode. */
	while (!rest)
		barrier();
	(void)__atomic_sub_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	/* Until an interrupt, that is for good: with them off it would be no more idle but down. */
	for (;;)
		__asm__ volatile("hlt");
}

static void spin_with(unsigned int others)
{
	for (unsigned int cpu = spinning + 1; cpu <= others; cpu++)
		if (!start_cpu(cpu, second_vcpu))
			note("vCPU %u does not start", cpu);
	while (spinning != others)
		cpu_pause();
}

void test_main(void)
{
	bench_change("change_alone");
	spin_with(1);
	bench_change("change_1_in_guest");
	spin_with(3);
	bench_change("change_3_in_guest");
	spin_with(VCPUS - 1);
	bench_change("change_7_in_guest");
	rest = true;
	while (spinning)
		cpu_pause();
	/* Until the last of them is out of the guest. */
	for (unsigned int i = 0; i < 100000; i++)
		cpu_pause();
	bench_change("change_7_idle");
}
