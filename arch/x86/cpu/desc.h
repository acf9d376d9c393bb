// SPDX-License-Identifier: MIT
/* Segment and gate descriptors of the hypervisor (SDM vol. 3, 3.4.5, 6.14, 7.7). */
#ifndef ARCH_X86_CPU_DESC_H
#define ARCH_X86_CPU_DESC_H

#include "core/lib/types.h"

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS  0x18 /* two slots */

/* Stacks of their own for what may arrive while the main stack cannot be trusted. */
enum ist { IST_NONE, IST_NMI, IST_DF, IST_MC, IST_COUNT };

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* ist[n - 1] is IST n */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} packed_struct;
static_assert(sizeof(struct tss) == 104, "SDM vol. 3 figure 7-11");

/* A core's own tables. */
struct desc_tables {
	uint64_t gdt[5];
	uint64_t pad; /* the TSS on a 16-byte boundary, clear of a page boundary */
	struct tss tss;
};

/* A gate for `handler` in the table that all cores share. Boot core, before others start. */
void desc_set_gate(uint8_t vector, uint64_t handler, enum ist ist);
/* Fill a core's tables. ist_top[n] is the top of the stack of IST n. */
void desc_init(struct desc_tables *t, const uint64_t ist_top[IST_COUNT]);
/* Make them the calling core's: GDT, segment registers, TR, IDT. Changes GS base to 0. */
void desc_load(struct desc_tables *t);
/* Only the IDT: exceptions without an IST stack work from here on. */
void desc_load_idt(void);
/* Where the IDT is, for HOST_IDTR_BASE and for write protection. */
void *desc_idt(void);

#endif
