// SPDX-License-Identifier: MIT
// variants: 64 32
//
// The local APIC's registers and priorities, by MMIO and by MSR, and the ways between the modes
// (SDM vol. 3 ch. 11). On every machine: all ok.
#include "tests/guest/lib/guest.h"

static volatile uint8_t order[8];
static volatile unsigned int taken, nmis;

static void on_vector(struct trap_frame *f)
{
	if (taken < sizeof(order))
		order[taken] = (uint8_t)f->vector;
	taken++;
	apic_eoi();
}

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	nmis++;
}

static bool apic_bit(unsigned int base, unsigned int vector)
{
	return apic_read(base + vector / 32 * 16) >> vector % 32 & 1;
}

static void self_ipi(uint8_t vector)
{
	apic_ipi(0, 0x40000 | 0x4000 | vector);
}

static void registers(void)
{
	static const uint16_t lvts[] = { APIC_LVT_TIMER, APIC_LVT_LINT0, APIC_LVT_LINT1,
					 APIC_LVT_ERROR };
	uint32_t version = apic_read(APIC_VERSION);

	ok((version & 0xff) >= 0x10 && (version & 0xff) <= 0x1f, "version 0x%x", version);
	ok((version >> 16 & 0xff) >= 3, "%u local vectors", (version >> 16 & 0xff) + 1);
	for (unsigned int i = 0; i < array_size(lvts); i++)
		ok(apic_read(lvts[i]) & 0x10000, "LVT 0x%x starts masked", lvts[i]);
	apic_write(APIC_LVT_ERROR, 0x55);
	ok_eq(apic_read(APIC_LVT_ERROR) & 0x100ff, 0x55, "LVT error is written");
	apic_write(APIC_LVT_ERROR, 0x10055);
	apic_write(APIC_TPR, 0x30);
	ok_eq(apic_read(APIC_TPR), 0x30, "TPR");
	ok_eq(apic_read(APIC_PPR), 0x30, "PPR follows it");
	apic_write(APIC_TPR, 0);
	apic_write(APIC_TIMER_DCR, 0xb);
	ok_eq(apic_read(APIC_TIMER_DCR), 0xb, "the timer's divider");
}

static void software_disable(void)
{
	apic_write(APIC_SVR, 0xff);
	ok(!(apic_read(APIC_SVR) & 0x100), "software-disabled");
	apic_write(APIC_LVT_ERROR, 0x55);
	ok(apic_read(APIC_LVT_ERROR) & 0x10000, "LVTs cannot be unmasked then");
	apic_enable();
	ok_eq(apic_read(APIC_SVR) & 0x1ff, 0x1ff, "software-enabled");
}

static void priorities(void)
{
	taken = 0;
	self_ipi(0x51);
	self_ipi(0x91);
	self_ipi(0x71);
	ok(apic_bit(APIC_IRR, 0x51) && apic_bit(APIC_IRR, 0x71) && apic_bit(APIC_IRR, 0x91),
	   "three interrupts wait");
	for (unsigned int i = 0; i < 5; i++)
		irq_window();
	ok_eq(taken, 3, "three are taken");
	ok(order[0] == 0x91 && order[1] == 0x71 && order[2] == 0x51, "the highest first");
	ok(!apic_bit(APIC_IRR, 0x51) && !apic_bit(APIC_ISR, 0x51), "nothing is left");
	apic_write(APIC_TPR, 0x70);
	self_ipi(0x71);
	self_ipi(0x81);
	for (unsigned int i = 0; i < 5; i++)
		irq_window();
	ok_eq(taken, 4, "the task priority lets the higher class through");
	apic_write(APIC_TPR, 0);
	for (unsigned int i = 0; i < 5; i++)
		irq_window();
	ok_eq(taken, 5, "the other comes when it falls");
	self_ipi(0x51);
	self_ipi(0x51);
	for (unsigned int i = 0; i < 5; i++)
		irq_window();
	ok_eq(taken, 6, "two of the same vector are one");
	apic_ipi(VCPU_APIC_ID(0), 0x4051);
	irq_window();
	ok_eq(taken, 7, "an IPI to one's own id");
	nmis = 0;
	apic_ipi(VCPU_APIC_ID(0), 0x4400);
	wait_ns(NS_PER_MS / 10);
	ok_eq(nmis, 1, "an NMI to one's own id");
}

static void errors(void)
{
	apic_write(APIC_ESR, 0);
	(void)apic_read(APIC_ESR);
	if (!apic_x2())
		self_ipi(3);
	else
		(void)try_wrmsr(MSR_X2APIC + APIC_ICR / 16, 0x44003);
	apic_write(APIC_ESR, 0);
	ok(apic_read(APIC_ESR) & 0x60, "an illegal vector is an error: 0x%x", apic_read(APIC_ESR));
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	ok_eq(apic_read(APIC_ESR), 0, "which is over after the next write");
}

static void only_mmio(void)
{
	ok_eq(apic_read(APIC_ID), VCPU_APIC_ID(0) << 24, "the id");
	ok_eq(apic_read(APIC_SVR) & 0xff, 0xff, "the spurious vector starts as 0xff");
	apic_write(APIC_DFR, 0xffffffff);
	ok_eq(apic_read(APIC_DFR), 0xffffffff, "DFR: flat");
	apic_write(APIC_LDR, 0x02000000);
	ok_eq(apic_read(APIC_LDR), 0x02000000, "LDR");
	ok_eq(rdmsr(MSR_APIC_BASE), 0xfee00900, "APIC base: at its place, BSP, enabled");
	apic_write(APIC_ICR_HIGH, 0x05000000);
	ok_eq(apic_read(APIC_ICR_HIGH), 0x05000000, "ICR's high half");
	ok(!(apic_read(APIC_ICR) & 0x1000), "nothing is being sent");
}

static void only_msrs(void)
{
	uint64_t v;

	ok_eq(apic_read(APIC_ID), VCPU_APIC_ID(0), "the id");
	ok_eq(rdmsr(MSR_APIC_BASE), 0xfee00d00, "APIC base: x2APIC");
	ok_eq(apic_read(APIC_LDR), 1, "LDR follows from the id");
	ok(!try_wrmsr(MSR_X2APIC + APIC_LDR / 16, 1) && fault_vector == 13, "and is read-only");
	ok(!try_wrmsr(MSR_X2APIC + APIC_ID / 16, 1) && fault_vector == 13, "as is the id");
	ok(!try_rdmsr(MSR_X2APIC + APIC_DFR / 16, &v) && fault_vector == 13, "there is no DFR");
	ok(!try_rdmsr(MSR_X2APIC + APIC_ICR_HIGH / 16, &v) && fault_vector == 13,
	   "nor a high half of ICR");
	ok(!try_rdmsr(MSR_X2APIC + 1, &v) && fault_vector == 13, "nor register 1");
	ok(!try_wrmsr(MSR_X2APIC + APIC_EOI / 16, 1) && fault_vector == 13, "EOI takes 0 only");
	ok(!try_wrmsr(MSR_X2APIC + APIC_TPR / 16, 0x100) && fault_vector == 13, "TPR has 8 bits");
	taken = 0;
	wrmsr(MSR_X2APIC + 0x3f, 0x51);
	irq_window();
	ok_eq(taken, 1, "the self-IPI register");
	ok(!try_rdmsr(MSR_X2APIC + 0x3f, &v) && fault_vector == 13, "which is write-only");
	ok(!try_wrmsr(MSR_APIC_BASE, 0xfee00900) && fault_vector == 13,
	   "no way straight back to MMIO");
	ok(!try_wrmsr(MSR_APIC_BASE, 0xfee00500) && fault_vector == 13,
	   "no x2APIC that is disabled");
}

void test_main(void)
{
	events_init();
	set_handler(0x51, on_vector);
	set_handler(0x71, on_vector);
	set_handler(0x81, on_vector);
	set_handler(0x91, on_vector);
	set_handler(2, on_nmi);
	only_mmio();
	apic_enable();
	registers();
	software_disable();
	priorities();
	errors();
	ok(cpuid(1, 0).c & 1 << 21, "x2APIC is offered");
	apic_to_x2();
	only_msrs();
	software_disable();
	priorities();
	errors();
}
