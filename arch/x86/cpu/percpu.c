// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/percpu.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/desc.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/trace.h"

/* A core's area, in pages. Between stacks nothing is mapped: an overflow faults. */
#define AREA_SIZE        MIB(2)
#define MAIN_STACK_PAGE  1
#define MAIN_STACK_PAGES 4
#define IST_STACK_PAGE   6 /* of IST 1; each further one 3 pages on */
#define IST_STACK_PAGES  2
#define IST_STRIDE       (IST_STACK_PAGES + 1)
#define BLOCK_PAGE       16
#define TABLES_PAGE      32 /* the core's own page tables */

/* What the block's pages hold. */
struct block {
	struct pcpu cpu;
	struct desc_tables desc;
};
#define BLOCK_PAGES ((sizeof(struct block) + PAGE_SIZE - 1) / PAGE_SIZE)
static_assert(IST_STACK_PAGE + IST_STRIDE * (IST_COUNT - 1) < BLOCK_PAGE, "areas overlap");
static_assert(BLOCK_PAGE + BLOCK_PAGES < TABLES_PAGE, "areas overlap");

struct pcpu *pcpus[MAX_CORES];
struct trace_ring *trace_rings[MAX_CORES];
uint32_t core_count;

static uint8_t *area_page(uint32_t id, uint64_t page)
{
	return (uint8_t *)(PERCORE_BASE + id * AREA_SIZE + page * PAGE_SIZE);
}

static enum status map_area(uint32_t id, paging_take_fn take)
{
	enum status st =
		paging_map_boot(area_page(id, MAIN_STACK_PAGE), MAIN_STACK_PAGES * PAGE_SIZE, take);

	for (uint64_t i = 0; st == OK && i < IST_COUNT - 1; i++)
		st = paging_map_boot(area_page(id, IST_STACK_PAGE + i * IST_STRIDE),
				     IST_STACK_PAGES * PAGE_SIZE, take);
	if (st == OK)
		st = paging_map_boot(area_page(id, BLOCK_PAGE), BLOCK_PAGES * PAGE_SIZE, take);
	if (st == OK)
		st = paging_map_boot(area_page(id, TABLES_PAGE), PAGING_CORE_TABLES * PAGE_SIZE,
				     take);
	return st;
}

struct pcpu *percpu_create(uint32_t id, uint32_t apic_id, paging_take_fn take)
{
	struct block *block = (struct block *)(void *)area_page(id, BLOCK_PAGE);
	uint64_t ist_top[IST_COUNT] = { 0 };
	struct pcpu *cpu = &block->cpu;

	if (map_area(id, take) != OK)
		return NULL;
	cpu->self = cpu;
	cpu->id = id;
	cpu->apic_id = apic_id;
	cpu->timer_deadline = ~0ULL;
	cpu->stack_top = area_page(id, MAIN_STACK_PAGE + MAIN_STACK_PAGES);
	cpu->cr3 = paging_core_tables((uint64_t *)(void *)area_page(id, TABLES_PAGE));
	cpu->window_base = (uint8_t *)WINDOWS_BASE;
	cpu->window_pte = (uint64_t *)(void *)area_page(id, TABLES_PAGE + PAGING_CORE_TABLES - 1);
	for (unsigned int i = 0; i < WINDOW_COUNT; i++)
		cpu->window_tag[i] = INVALID_FRAME;
	for (uint64_t i = 0; i < IST_COUNT - 1; i++)
		ist_top[i + 1] =
			(uint64_t)area_page(id, IST_STACK_PAGE + i * IST_STRIDE + IST_STACK_PAGES);
	cpu->desc = &block->desc;
	cpu->tss = &block->desc.tss;
	desc_init(cpu->desc, ist_top);
	return cpu;
}

void percpu_load_early(struct pcpu *cpu)
{
	cpu->self = cpu;
	cpu->timer_deadline = ~0ULL;
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}

void percpu_load(struct pcpu *cpu)
{
	write_cr3(cpu->cr3);
	desc_load(cpu->desc);
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}

void percpu_run_on_stack(struct pcpu *cpu, void (*fn)(void))
{
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "xorl %%ebp, %%ebp\n\t" /* end of the backtrace */
			 "callq *%1\n\t"
			 "ud2"
			 :
			 : "r"(cpu->stack_top), "r"(fn)
			 : "memory");
	__builtin_unreachable();
}

const char *percpu_describe(uint64_t va, uint32_t *core)
{
	uint64_t page = va % AREA_SIZE / PAGE_SIZE;

	if (va < PERCORE_BASE || va >= PERCORE_BASE + MAX_CORES * AREA_SIZE)
		return NULL;
	*core = (uint32_t)((va - PERCORE_BASE) / AREA_SIZE);
	if (page < MAIN_STACK_PAGE)
		return "guard page below the main stack";
	if (page < MAIN_STACK_PAGE + MAIN_STACK_PAGES)
		return "main stack";
	if (page < BLOCK_PAGE)
		return "stacks of exceptions";
	return page < TABLES_PAGE ? "block" : "page tables";
}
