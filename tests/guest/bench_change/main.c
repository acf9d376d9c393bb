// SPDX-License-Identifier: MIT
// variants: 64
// vcpus: 8
// cores: 8
// timeout: 300
//
// What it costs to take a page away while other vCPUs are in the guest on other cores, and while
// they are idle there, in TSC ticks. On a counting build also the kicks, which are to be as many as
// vCPUs in the guest, and the ticks within the change. Prints no verdicts.
#include "tests/guest/lib/guest.h"

#define ROUNDS 200
#define VCPUS  8

static volatile unsigned int spinning;
static volatile bool rest;

static void second_vcpu(void)
{
	irq_off();
	(void)__atomic_add_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	while (!rest)
		cpu_pause();
	/* With interrupts off: for good. */
	(void)__atomic_sub_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
	for (;;)
		__asm__ volatile("hlt");
}

static long take_away(void)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = HOLE / PAGE_SIZE };

	return memory_op(XENMEM_remove_from_physmap, &r);
}

static void measure(const char *name)
{
	unsigned int failed = 0;

	bench_begin();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start;

		bench_pause();
		failed += add_to_physmap(XENMAPSPACE_shared_info, 0, HOLE / PAGE_SIZE) != 0;
		bench_resume();
		start = rdtsc();
		failed += take_away() != 0;
		bench_add(rdtsc() - start);
	}
	bench_end(name);
	if (failed)
		note("%u failed", failed);
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
	measure("change_alone");
	spin_with(1);
	measure("change_1_in_guest");
	spin_with(3);
	measure("change_3_in_guest");
	spin_with(VCPUS - 1);
	measure("change_7_in_guest");
	rest = true;
	while (spinning)
		cpu_pause();
	/* Until the last of them is out of the guest. */
	for (unsigned int i = 0; i < 100000; i++)
		cpu_pause();
	measure("change_7_idle");
}
