// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/apic.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/tsc.h"
#include "core/lib/atomic.h"

/* Register offsets in the MMIO page; the x2APIC MSR is offset / 16 (SDM vol. 3, tables 10-1, 10-6).
 */
#define REG_ID            0x020
#define REG_TPR           0x080
#define REG_EOI           0x0b0
#define REG_SVR           0x0f0
#define REG_ESR           0x280
#define REG_ICR_LOW       0x300
#define REG_ICR_HIGH      0x310
#define REG_LVT_TIMER     0x320
#define REG_LVT_LINT0     0x350
#define REG_LVT_ERROR     0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0

#define SVR_ENABLE        BIT(8)
#define LVT_MASKED        BIT(16)
#define LVT_TSC_DEADLINE  BIT(18)
#define TIMER_DIVIDE_BY_1 0xb

#define ICR_NMI     (4ULL << 8)
#define ICR_INIT    (5ULL << 8)
#define ICR_STARTUP (6ULL << 8)
#define ICR_PENDING BIT(12) /* xAPIC only */
#define ICR_ASSERT  BIT(14)

/* TSC time over which the APIC timer's clock is measured. */
#define CALIBRATE_US 5000

static bool x2apic_mode;
static bool tsc_deadline;
static volatile uint32_t *mmio;
static uint64_t mmio_base;
static uint64_t timer_ratio; /* timer ticks in 2^32 TSC ticks, when there is no TSC-deadline mode */

static uint64_t reg_read(uint32_t reg)
{
	if (x2apic_mode)
		return rdmsr(MSR_X2APIC_BASE + reg / 16);
	return mmio[reg / 4];
}

static void reg_write(uint32_t reg, uint64_t value)
{
	if (x2apic_mode)
		wrmsr(MSR_X2APIC_BASE + reg / 16, value);
	else
		mmio[reg / 4] = (uint32_t)value;
}

bool apic_x2apic(void)
{
	return x2apic_mode;
}

enum status apic_init(bool x2apic)
{
	uint32_t features = cpuid(CPUID_FEATURES, 0).ecx;
	uint64_t base = rdmsr(MSR_APIC_BASE);

	x2apic_mode = (features & CPUID_1_ECX_X2APIC && x2apic) || base & APIC_BASE_X2APIC;
	tsc_deadline = features & CPUID_1_ECX_TSC_DEADLINE;
	mmio_base = base & APIC_BASE_ADDRESS;
	if (!x2apic_mode)
		mmio = paging_map(to_hpa(mmio_base), PAGE_SIZE, MAP_DEVICE);
	return x2apic_mode || mmio ? OK : ERR_NOMEM;
}

void apic_init_core(void)
{
	uint64_t base = (rdmsr(MSR_APIC_BASE) & ~APIC_BASE_ADDRESS) | mmio_base | APIC_BASE_ENABLE;

	/* From disabled to x2APIC only by way of xAPIC (SDM vol. 3, 10.12.5). */
	if (!(base & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE, base);
	if (x2apic_mode)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	reg_write(REG_TPR, 0);
	reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	reg_write(REG_LVT_LINT0, LVT_MASKED); /* the 8259s are not used */
	reg_write(REG_LVT_ERROR, LVT_MASKED);
	reg_write(REG_TIMER_INITIAL, 0);
	reg_write(REG_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	reg_write(REG_LVT_TIMER, VECTOR_TIMER | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
	/* In xAPIC mode the LVT write is to memory, arming it to an MSR (SDM vol. 3, 10.5.4.1). */
	fence_full();
}

uint32_t apic_id(void)
{
	uint64_t id = reg_read(REG_ID);

	return (uint32_t)(x2apic_mode ? id : id >> 24);
}

void apic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

static void send(uint32_t destination, uint64_t command)
{
	if (x2apic_mode) {
		/* The MSR write overtakes earlier stores otherwise (SDM vol. 3, 10.12.3). */
		__asm__ volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC_BASE + REG_ICR_LOW / 16, (uint64_t)destination << 32 | command);
		return;
	}
	fence_full();
	while (mmio[REG_ICR_LOW / 4] & ICR_PENDING)
		cpu_relax();
	mmio[REG_ICR_HIGH / 4] = destination << 24;
	mmio[REG_ICR_LOW / 4] = (uint32_t)command;
}

void apic_send_kick(uint32_t core)
{
	send(pcpus[core]->apic_id, VECTOR_KICK | ICR_ASSERT);
}

void apic_send_nmi(uint32_t core)
{
	send(pcpus[core]->apic_id, ICR_NMI | ICR_ASSERT);
}

void apic_send_init(uint32_t apic_id)
{
	send(apic_id, ICR_INIT | ICR_ASSERT);
}

void apic_send_startup(uint32_t apic_id, uint8_t page)
{
	send(apic_id, ICR_STARTUP | ICR_ASSERT | page);
}

void apic_timer_calibrate(void)
{
	uint64_t start, ticks;
	uint64_t begin;

	if (tsc_deadline)
		return;
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_TIMER_INITIAL, ~0U);
	begin = rdtsc();
	start = reg_read(REG_TIMER_CURRENT);
	tsc_delay_us(CALIBRATE_US);
	ticks = start - reg_read(REG_TIMER_CURRENT);
	timer_ratio = (ticks << 32) / (rdtsc() - begin);
	reg_write(REG_TIMER_INITIAL, 0);
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
}

/* The count for the APIC's own one-shot mode; early rather than late when it does not fit. */
static uint32_t timer_count(uint64_t tsc_deadline_value)
{
	uint64_t now = rdtsc();
	uint64_t ticks = tsc_deadline_value > now ? tsc_deadline_value - now : 0;
	unsigned __int128 count = ((unsigned __int128)ticks * timer_ratio >> 32) + 1;

	return count > ~0U ? ~0U : (uint32_t)count;
}

void apic_timer_arm(uint64_t deadline)
{
	struct pcpu *cpu = this_cpu();

	if (cpu->timer_deadline == deadline)
		return;
	cpu->timer_deadline = deadline;
	if (tsc_deadline) /* 0 disarms, 1 is long past */
		wrmsr(MSR_TSC_DEADLINE, deadline == ~0ULL ? 0 : max_u64(deadline, 1));
	else
		reg_write(REG_TIMER_INITIAL, deadline == ~0ULL ? 0 : timer_count(deadline));
}
