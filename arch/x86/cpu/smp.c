// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/smp.h"

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/relax.h"
#include "arch/x86/cpu/tsc.h"
#include "core/lib/atomic.h"
#include "core/lib/log.h"
#include "core/lib/string.h"

#define ENTRIES 512U
/* SDM vol. 3, 8.4.4.1: between INIT and the first start-up IPI, and between the two. */
#define INIT_DELAY_US    10000
#define STARTUP_DELAY_US 200
#define ANSWER_US        100000
#define ANSWER_STEP_US   50
#define STOP_STEPS       2000U /* of ANSWER_STEP_US */

/* A core that is being started, in the order of its life; GONE: it took too long. */
enum { START_GONE, START_NONE, START_ANSWERED, START_SYNC, START_RUN };
static uint32_t start_state;

static bool stop_wanted;
static bool stopped[MAX_CORES];
static const struct trap_frame *stopped_at[MAX_CORES];

/* The pages at `low` while they are mapped: code, then tables. */
struct low_pages {
	uint8_t code[PAGE_SIZE];
	uint64_t pml4[ENTRIES], pdpt[ENTRIES], pd[ENTRIES];
};
static_assert(sizeof(struct low_pages) == SMP_TRAMPOLINE_PAGES * PAGE_SIZE, "trampoline pages");

/* 64-bit code of a new core, on its own stack, with the temporary top-level table. */
static void start_core(struct pcpu *cpu)
{
	uint32_t expected = START_NONE;

	percpu_load(cpu);
	paging_init_core();
	apic_init_core();
	/* Too late: the boot core has given this core up, and may be starting another. */
	if (!atomic_cmpxchg(&start_state, &expected, START_ANSWERED))
		halt_forever();
	while (load_acquire(&start_state) < START_SYNC)
		spin_relax();
	tsc_check_sync();
	while (load_acquire(&start_state) != START_RUN)
		spin_relax();
	store_release(&cpu->shared.online, true);
	smp_core_main();
}

static void prepare_low_pages(struct low_pages *low, hpa_t hpa)
{
	uint64_t size = (uint64_t)(trampoline_end - trampoline_start);

	memset(low, 0, sizeof(*low));
	memcpy(low->code, trampoline_start, size);
	/* 2 MiB at their own address, for the code that switches; above, what we have. */
	low->pml4[0] = (hpa.a + offsetof(struct low_pages, pdpt)) | PTE_P | PTE_RW;
	low->pdpt[0] = (hpa.a + offsetof(struct low_pages, pd)) | PTE_P | PTE_RW;
	low->pd[0] = PTE_P | PTE_RW | PTE_PS;
	for (unsigned int i = ENTRIES / 2; i < ENTRIES; i++)
		low->pml4[i] = paging_top_entry(i);
}

static void set_parameters(struct low_pages *low, struct pcpu *cpu)
{
	struct trampoline_parameters p = {
		.entry = (uint64_t)start_core,
		.argument = (uint64_t)cpu,
		.stack = (uint64_t)cpu->stack_top,
		.efer = rdmsr(MSR_EFER) & (EFER_LME | EFER_NXE),
	};

	memcpy(low->code + (trampoline_parameters - trampoline_start), &p, sizeof(p));
	fence_full();
}

static bool wait_for_answer(uint64_t us)
{
	for (uint64_t t = 0; t < us; t += ANSWER_STEP_US) {
		if (load_acquire(&start_state) == START_ANSWERED)
			return true;
		tsc_delay_us(ANSWER_STEP_US);
	}
	return false;
}

static bool start_one(uint32_t id, uint32_t apic_id, struct low_pages *low, hpa_t hpa,
		      paging_take_fn take)
{
	struct pcpu *cpu = percpu_create(id, apic_id, take);
	uint8_t page = (uint8_t)(hpa.a >> PAGE_SHIFT);
	uint32_t expected = START_NONE;

	if (!cpu) {
		log_error("no memory for core %u", id);
		return false;
	}
	prepare_low_pages(low, hpa);
	set_parameters(low, cpu);
	store_release(&start_state, START_NONE);
	apic_send_startup(apic_id, page);
	if (!wait_for_answer(STARTUP_DELAY_US)) {
		apic_send_startup(apic_id, page);
		if (!wait_for_answer(ANSWER_US) &&
		    atomic_cmpxchg(&start_state, &expected, START_GONE)) {
			/* Should it come late after all: back to waiting for a start-up IPI. */
			apic_send_init(apic_id);
			log_error("the core with APIC id %u does not answer: left out", apic_id);
			return false;
		}
	}
	store_release(&start_state, START_SYNC);
	tsc_check_sync();
	pcpus[id] = cpu;
	store_release(&core_count, id + 1);
	store_release(&start_state, START_RUN);
	while (!load_acquire(&cpu->shared.online))
		spin_relax();
	return true;
}

/* An id that the present APIC mode can address. */
static bool addressable(uint32_t apic_id)
{
	if (apic_x2apic() || apic_id < 0xff)
		return true;
	log_error("the core with APIC id %u needs x2APIC mode: left out", apic_id);
	return false;
}

uint32_t smp_start(const uint32_t *apic_ids, uint32_t count, uint32_t max, hpa_t low,
		   paging_take_fn take)
{
	uint32_t own = this_cpu()->apic_id;
	uint32_t started = 1;
	struct low_pages *pages;

	max = max < MAX_CORES ? max : MAX_CORES;
	if (count < 2 || max < 2)
		return started;
	pages = low.a ? paging_map(low, sizeof(*pages), MAP_RAM_RW) : NULL;
	if (!pages) {
		log_error("no free page below 640 KiB: the other cores cannot be started");
		return started;
	}
	for (uint32_t i = 0; i < count; i++)
		if (apic_ids[i] != own && addressable(apic_ids[i]))
			apic_send_init(apic_ids[i]);
	tsc_delay_us(INIT_DELAY_US);
	for (uint32_t i = 0; i < count; i++) {
		if (apic_ids[i] == own || !addressable(apic_ids[i]))
			continue;
		if (started == max) {
			log_warning("%u of %u cores are left out", count - started, count);
			break;
		}
		started += start_one(started, apic_ids[i], pages, low, take);
	}
	paging_unmap(pages, sizeof(*pages));
	return started;
}

void smp_stop_others(void)
{
	uint32_t self = this_cpu()->id;
	uint32_t cores = load_acquire(&core_count);

	store_release(&stop_wanted, true);
	for (uint32_t i = 0; i < cores; i++)
		if (i != self)
			apic_send_nmi(i);
	for (uint32_t i = 0; i < cores; i++)
		for (uint32_t n = 0; i != self && n < STOP_STEPS && !smp_stopped(i); n++)
			tsc_delay_us(ANSWER_STEP_US);
}

void smp_stop_if_asked(const struct trap_frame *frame)
{
	uint32_t id = this_cpu()->id;

	if (likely(!load_relaxed(&stop_wanted)))
		return;
	stopped_at[id] = frame;
	store_release(&stopped[id], true);
	smp_leave_vmx();
	halt_forever();
}

const struct trap_frame *smp_stopped_at(uint32_t core)
{
	return smp_stopped(core) ? stopped_at[core] : NULL;
}

bool smp_stopped(uint32_t core)
{
	return load_acquire(&stopped[core]);
}
