// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// vcpus: 3
// cores: 2
// timeout: 60
// differs: init.in_root: Bochs forgets an INIT that comes in root operation
//
// A hypervisor with two processors: an L2 that goes from one to the other by VMCLEAR and VMPTRLD, one
// on each at the same time; and VMX instructions in real mode. A third one takes part of the cores'
// time, so that under Xenith all of them go from core to core.
#include "tests/guest/lib/vmx.h"

#define MOVES    40
#define TURNS    1000
#define SIPI_AT  0x9000UL
#define RESULTS  0xf00
#define DONE     0xeff
#define ICR_INIT 0x4500
#define ICR_SIPI 0x4600

extern const char real_mode[], real_mode_end[];

/* R14 counts; as much is in L2's memory; FS goes with it, and RDX is what it was. */
L2_CODE(counts, "1: inc %r14\n"
		"incq (%r15)\n"
		"mov %fs, %edx\n"
		"lea (,%r14,8), %ecx\n"
		"and $0x10, %ecx\n"
		"mov %ecx, %fs\n"
		"mov %r14, %rax\n"
		"cpuid\n"
		"jmp 1b");

vmcs_storage vmxon_other, vmcs_other;

static struct l2_regs travelling, own[2];
static uint64_t memory[3];
static bool resume[2];
static volatile unsigned int turn; /* whose it is */
static volatile bool both, busy, init_sent;
static volatile unsigned int ready, finished, wrong[2], init_reason;

static void wait_for(volatile unsigned int *what, unsigned int value)
{
	while (*what != value)
		cpu_pause();
}

static bool step(struct l2_regs *regs, bool again)
{
	if (l2_switch(regs, again) || vmread(EXIT_REASON) != R_CPUID ||
	    regs->dx != ((regs->r14 - 1) << 3 & 0x10))
		return false;
	l2_skip();
	return true;
}

/* One of the processors by turns: what the other one did goes on here. */
static void travel(unsigned int me)
{
	for (unsigned int i = me; i < MOVES; i += 2) {
		wait_for(&turn, i);
		if (vmx_vmptrld((uintptr_t)&vmcs_page) != VMX_OK || !step(&travelling, false) ||
		    !step(&travelling, true) || travelling.ax != 2 * i + 2 ||
		    vmx_vmclear((uintptr_t)&vmcs_page) != VMX_OK)
			wrong[me]++;
		fence();
		turn = i + 1;
	}
	wait_for(&turn, MOVES + me);
}

/* Each with a VMCS of its own. */
static void at_once(unsigned int me)
{
	for (unsigned int i = 0; i < TURNS; i++) {
		if (!step(&own[me], resume[me]) || own[me].r14 != i + 1)
			wrong[me]++;
		resume[me] = true;
	}
}

static void prepare_own(unsigned int me, struct vmcs_page *page)
{
	l2_vmcs = page;
	l2_init(counts);
	vmwrite(GUEST_RSP, 0);
	own[me].r15 = (uintptr_t)&memory[1 + me];
}

/* The third one; without PAUSE, which would give its core away. */
static void be_busy(void)
{
	while (busy)
		barrier();
}

/* The second processor. */
static void be_other(void)
{
	vmx_on_with(&vmxon_other);
	travel(1);
	prepare_own(1, &vmcs_other);
	both = true;
	at_once(1);
	fence();
	ready = 1;
	while (!init_sent)
		cpu_pause();
	init_reason = l2_switch(&own[1], true) ? ~0u : (unsigned int)vmread(EXIT_REASON);
	(void)vmx_vmclear((uintptr_t)&vmcs_other);
	(void)vmx_vmxoff();
	fence();
	finished = 1;
}

static void two_processors(void)
{
	char reason[24];

	vmx_on();
	l2_init(counts);
	travelling.r15 = (uintptr_t)&memory[0];
	(void)vmx_vmclear((uintptr_t)&vmcs_page);
	turn = MOVES + 2;
	busy = true;
	ok(start_cpu(2, be_busy), "the third processor starts");
	ok(start_cpu(1, be_other), "the second processor starts");
	turn = 0;
	travel(0);
	row("travelling", "%llx, memory %llx", (unsigned long long)travelling.r14,
	    (unsigned long long)memory[0]);
	ok_eq(travelling.r14, 2 * MOVES, "L2 goes on on the other processor");
	ok_eq(memory[0], 2 * MOVES, "and so does its memory");
	prepare_own(0, &vmcs_page);
	turn = MOVES + 1;
	while (!both)
		cpu_pause();
	at_once(0);
	wait_for(&ready, 1);
	busy = false;
	ok_eq(memory[1], TURNS, "L2 on the first processor");
	ok_eq(memory[2], TURNS, "L2 on the second one");
	ok_eq(wrong[0] + wrong[1], 0, "each exit as it should be");
	apic_ipi(VCPU_APIC_ID(1), ICR_INIT);
	init_sent = true;
	wait_for(&finished, 1);
	format_to(reason, sizeof(reason), "exit %u", init_reason);
	row_is("init.in_root", reason, "exit 3");
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}

static void in_real_mode(void)
{
	static const char *const names[] = { "vmxon",    "vmxoff", "vmclear", "vmptrld",
					     "vmptrst",  "vmread", "vmwrite", "vmlaunch",
					     "vmresume", "invept", "invvpid" };
	uint8_t *page = (uint8_t *)SIPI_AT;

	__asm__ volatile("" : "+r"(page));
	memset(page, 0, PAGE_SIZE);
	memcpy(page, real_mode, (size_t)(real_mode_end - real_mode));
	fence();
	apic_ipi(VCPU_APIC_ID(1), ICR_INIT);
	apic_ipi(VCPU_APIC_ID(1), ICR_SIPI | SIPI_AT >> 12);
	for (unsigned int i = 0; i < 2000000 && !READ_ONCE(page[DONE]); i++)
		cpu_pause();
	ok(page[DONE], "the second processor was in real mode");
	for (unsigned int i = 0; i < array_size(names); i++) {
		char name[32];

		format_to(name, sizeof(name), "real_mode.%s", names[i]);
		row_is(name,
		       page[RESULTS + i] == 0x86   ? "#UD"
		       : page[RESULTS + i] == 0x8d ? "#GP"
						   : "none",
		       "#UD");
	}
}

void test_main(void)
{
	two_processors();
	in_real_mode();
}
