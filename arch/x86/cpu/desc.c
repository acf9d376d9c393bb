// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/desc.h"

#include "core/lib/bits.h"

#define IDT_ENTRIES 256

/* Types and flags of descriptors, high word of the first quadword (SDM vol. 3, 3.4.5.1, 3.5). */
#define DESC_CODE64        0x00af9b000000ffffULL
#define DESC_DATA          0x00cf93000000ffffULL
#define DESC_TSS_AVAILABLE (0x89ULL << 40)
#define GATE_INTERRUPT     0x8e

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16, "SDM vol. 3 figure 6-8");

struct table_register {
	uint16_t limit;
	uint64_t base;
} packed_struct;

/* A page of its own, so that it can be made read-only. */
static struct gate idt[IDT_ENTRIES] aligned_to(PAGE_SIZE) __attribute__((section(".bss.pages")));

void *desc_idt(void)
{
	return idt;
}

void desc_set_gate(uint8_t vector, uint64_t handler, enum ist ist)
{
	idt[vector] = (struct gate){
		.offset_low = (uint16_t)handler,
		.selector = SELECTOR_CODE,
		.ist = (uint8_t)ist,
		.type = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(handler >> 16),
		.offset_high = high32(handler),
	};
}

void desc_init(struct desc_tables *t, const uint64_t ist_top[IST_COUNT])
{
	uint64_t base = (uint64_t)&t->tss;
	uint64_t limit = sizeof(t->tss) - 1;

	t->gdt[SELECTOR_CODE / 8] = DESC_CODE64;
	t->gdt[SELECTOR_DATA / 8] = DESC_DATA;
	t->gdt[SELECTOR_TSS / 8] = limit | (base & BITS(23, 0)) << 16 | DESC_TSS_AVAILABLE |
				   (base & BITS(31, 24)) << 32;
	t->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
	for (unsigned int i = IST_NONE + 1; i < IST_COUNT; i++)
		t->tss.ist[i - 1] = ist_top[i];
	t->tss.io_map = sizeof(t->tss); /* beyond the limit: no bitmap */
}

void desc_load_idt(void)
{
	struct table_register r = { sizeof(idt) - 1, (uint64_t)idt };

	__asm__ volatile("lidt %0" : : "m"(r) : "memory");
}

void desc_load(struct desc_tables *t)
{
	struct table_register r = { sizeof(t->gdt) - 1, (uint64_t)t->gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "movl %2, %%eax\n\t"
			 "movl %%eax, %%ss\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%fs\n\t"
			 "movl %%eax, %%gs\n\t"
			 "ltr %w3"
			 :
			 : "m"(r), "i"(SELECTOR_CODE), "i"(SELECTOR_DATA), "r"(SELECTOR_TSS)
			 : "rax", "memory");
	desc_load_idt();
}
