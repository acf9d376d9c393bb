// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// VCPUOP initialise, up, down, is_up and send_nmi; what cannot be. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#include <xen/hvm/hvm_vcpu.h>

extern char page_tables[];
extern uint8_t gdt[];

static uint8_t stack[8192] __attribute__((aligned(16)));
static volatile unsigned int stage;
static volatile unsigned int nmis;
static struct vcpu_hvm_context context;

/* vCPU 1: goes down by itself, and comes back behind that. */
static void second_vcpu(void)
{
	traps_load();
	stage = 1;
	(void)vcpu_op(VCPUOP_down, 1, 0);
	stage = 2;
	while (stage != 3)
		cpu_pause();
	stage = 4;
	/* HLT with interrupts off is down, too. */
	__asm__ volatile("cli; hlt");
	stage = 5;
	for (;;)
		__asm__ volatile("cli; hlt");
}

#if GUEST_BITS == 64
static void make_context(void)
{
	struct vcpu_hvm_x86_64 *c = &context.cpu_regs.x86_64;

	context.mode = VCPU_HVM_MODE_64B;
	c->rip = (uintptr_t)second_vcpu;
	c->rsp = (uintptr_t)stack + sizeof(stack) - 8;
	c->rflags = 2;
	c->cr0 = 0x80000011;
	c->cr3 = (uintptr_t)page_tables;
	c->cr4 = 0x20;
	c->efer = 0x500;
}
#else
static void make_context(void)
{
	struct vcpu_hvm_x86_32 *c = &context.cpu_regs.x86_32;

	context.mode = VCPU_HVM_MODE_32B;
	c->eip = (uintptr_t)second_vcpu;
	c->esp = (uintptr_t)stack + sizeof(stack) - 4;
	c->eflags = 2;
	c->cr0 = 0x80000011;
	c->cr3 = (uintptr_t)page_tables;
	c->cr4 = 0x10;
	c->cs_limit = c->ds_limit = c->ss_limit = c->es_limit = 0xffffffff;
	c->cs_ar = 0xc9b;
	c->ds_ar = c->ss_ar = c->es_ar = 0xc93;
	c->tr_limit = 0x67;
	c->tr_ar = 0x8b;
}
#endif

static bool reaches(unsigned int wanted)
{
	uint64_t end = system_time() + 200 * NS_PER_MS;

	while (stage != wanted && system_time() < end)
		(void)sched_op(SCHEDOP_yield, 0);
	return stage == wanted;
}

static bool goes_down(void)
{
	uint64_t end = system_time() + 200 * NS_PER_MS;

	while (vcpu_op(VCPUOP_is_up, 1, 0) && system_time() < end)
		(void)sched_op(SCHEDOP_yield, 0);
	return vcpu_op(VCPUOP_is_up, 1, 0) == 0;
}

static void start(void)
{
	ok_eq((uint64_t)vcpu_op(VCPUOP_is_up, 0, 0), 1, "vCPU 0 is up");
	ok_eq((uint64_t)vcpu_op(VCPUOP_is_up, 1, 0), 0, "vCPU 1 is not");
	ok_eq((uint64_t)vcpu_op(VCPUOP_is_up, 2, 0), E(ENOENT), "vCPU 2 does not exist");
	ok_eq((uint64_t)vcpu_op(VCPUOP_up, 1, 0), E(EINVAL), "up before initialise");
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, HOLE), E(EFAULT), "initialise from nowhere");
	make_context();
	context.mode = 7;
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), E(EINVAL), "an unknown mode");
	make_context();
#if GUEST_BITS == 32
	context.cpu_regs.x86_32.cs_ar = 0xc93;
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), E(EINVAL), "CS that is data");
	make_context();
#else
	context.cpu_regs.x86_64.efer = 0;
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), E(EINVAL), "64 bits without LME");
	make_context();
#endif
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), 0, "initialise");
	ok_eq((uint64_t)vcpu_op(VCPUOP_initialise, 1, &context), E(EEXIST), "only once");
	ok_eq((uint64_t)vcpu_op(VCPUOP_up, 1, 0), 0, "up");
}

static void down_and_up(void)
{
	ok(reaches(1), "vCPU 1 runs");
	ok(goes_down(), "and takes itself down");
	ok_eq(stage, 1, "where it stays");
	ok_eq((uint64_t)vcpu_op(VCPUOP_up, 1, 0), 0, "up again");
	ok(reaches(2), "it goes on where it was");
	ok_eq((uint64_t)vcpu_op(VCPUOP_is_up, 1, 0), 1, "and is up");
	stage = 3;
	ok(reaches(4), "it goes to HLT with interrupts off");
	ok(goes_down(), "which is down");
	ok_eq((uint64_t)vcpu_op(VCPUOP_up, 1, 0), 0, "up again");
	ok(reaches(5), "it goes on behind the HLT");
}

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	nmis++;
}

static void nmi(void)
{
	set_handler(2, on_nmi);
	ok_eq((uint64_t)vcpu_op(VCPUOP_send_nmi, 0, 0), 0, "an NMI to oneself");
	wait_ns(NS_PER_MS);
	ok_eq(nmis, 1, "arrives once, with interrupts off");
	ok_eq((uint64_t)vcpu_op(VCPUOP_send_nmi, 9, 0), E(ENOENT), "an NMI to nobody");
	ok_eq((uint64_t)vcpu_op(12, 0, 0), E(EINVAL), "operation 12");
	ok((long)vcpu_op(77, 0, 0) < 0, "an unknown operation");
}

void test_main(void)
{
	events_init();
	start();
	down_and_up();
	nmi();
}
