// SPDX-License-Identifier: MIT
/* Other vCPUs, and the local APIC. */
#include "tests/guest/lib/guest.h"

#define TRAMPOLINE 0x8000
#define APIC_MMIO  0xfee00000UL
#define ICR_INIT   0x4500
#define ICR_SIPI   0x4600

extern char ap_trampoline[], ap_trampoline_end[], ap_seen[];

struct ap_seen ap_real_mode;
volatile unsigned int cpus_up = 1;
static void (*volatile ap_function)(void);
static bool x2[MAX_CPUS]; /* the mode each APIC is in */

void ap_entered(unsigned int cpu);

unsigned int cpu_id(void)
{
	return cpuid(1, 0).b >> cpu_number_shift;
}

void ap_entered(unsigned int cpu)
{
	(void)cpu;
	traps_load();
	(void)__atomic_fetch_add(&cpus_up, 1, __ATOMIC_SEQ_CST);
	ap_function();
	for (;;)
		__asm__ volatile("cli; hlt");
}

bool start_cpu(unsigned int cpu, void (*fn)(void))
{
	unsigned int before = cpus_up;
	char *low = (char *)TRAMPOLINE;

	__asm__ volatile("" : "+r"(low)); /* no array that the compiler knows lies there */
	memcpy(low, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	ap_function = fn;
	fence();
	apic_ipi(VCPU_APIC_ID(cpu), ICR_INIT);
	apic_ipi(VCPU_APIC_ID(cpu), ICR_SIPI | TRAMPOLINE >> 12);
	for (unsigned int i = 0; i < 20000 && cpus_up == before; i++)
		if (on_xen)
			(void)sched_op(SCHEDOP_yield, 0);
		else
			cpu_pause();
	memcpy(&ap_real_mode, low + (ap_seen - ap_trampoline), sizeof(ap_real_mode));
	return cpus_up > before;
}

bool apic_x2(void)
{
	return x2[cpu_id()];
}

uint32_t apic_read(unsigned int reg)
{
	if (apic_x2())
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return *(volatile uint32_t *)(APIC_MMIO + reg);
}

void apic_write(unsigned int reg, uint32_t value)
{
	if (apic_x2())
		wrmsr(MSR_X2APIC + reg / 16, value);
	else
		*(volatile uint32_t *)(APIC_MMIO + reg) = value;
}

void apic_enable(void)
{
	apic_write(APIC_SVR, 0x1ff);
}

void apic_to_x2(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_ENABLED | APIC_EXTENDED);
	x2[cpu_id()] = true;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_ipi(uint32_t dest, uint32_t low)
{
	if (apic_x2()) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)dest << 32 | low);
		return;
	}
	apic_write(APIC_ICR_HIGH, dest << 24);
	apic_write(APIC_ICR, low);
}
