// SPDX-License-Identifier: MIT
/*
 * The per-core block. What other cores may look at or write is a type of its own
 * (struct pcpu_shared), alone on its cache lines; everything else belongs to the core.
 */
#ifndef ARCH_X86_CPU_PERCPU_H
#define ARCH_X86_CPU_PERCPU_H

#include "arch/x86/cpu/this_cpu.h"
#include "arch/x86/cpu/paging.h"
#include "core/lib/types.h"

#define MAX_CORES    64
#define MAX_PHYSMAPS 64 /* slots of struct physmap, and so of domains */
#define WINDOW_COUNT 64 /* window slots of a core; power of two */

struct desc_tables;
struct vcpu;

/*
 * docs/gpc.md: the two epochs are what a physmap change waits for. Written by the owner only. `run`
 * holds two things that others must see at once: whose guest, stored while the epoch is even, and
 * the epoch, which goes odd when the core enters that guest and even when it has left.
 */
struct pcpu_shared {
	uint64_t run;         /* epoch * RUN_ODD + slot of the physmap */
	uint64_t acc;         /* odd: inside an access section */
	struct vcpu *current; /* vCPU loaded on this core, or NULL; for show and kicks */
	bool idle;            /* halted or about to: a wake must send an IPI */
	bool online;
} aligned_to(64);

/* One byte tells a changer whether a core is in its guest: RUN_ODD | slot. */
#define RUN_SLOT 0x7fULL
#define RUN_ODD  0x80ULL
static_assert(MAX_PHYSMAPS <= RUN_ODD, "slots in pcpu_shared.run");

struct pcpu {
	struct pcpu *self; /* must be first: this_cpu() reads %gs:0 */
	uint32_t id;       /* 0 .. core_count-1 */
	uint32_t apic_id;
	uint64_t host_stack; /* RSP of the guest loop (arch/x86/vmx/entry.asm) */

	struct pcpu_shared shared; /* at a fixed offset: used in assembly */

	struct vcpu *vcpu;                 /* the vCPU this core runs, or NULL */
	uint64_t window_tag[WINDOW_COUNT]; /* pfn mapped in each slot, or INVALID_FRAME */
	uint64_t *window_pte;              /* the PTEs of the slots */
	uint8_t *window_base;              /* address of slot 0: WINDOWS_BASE, in its own tables */
	/* Two slots follow: for the second window (window_map_second) and for scrubbing. */

	uint64_t seen_gen[MAX_PHYSMAPS]; /* map generation for which this core did INVEPT */

	uint64_t slice_end;      /* TSC at which the core must be back in the scheduler: the end of
				 * the slice or the next timer; timer.c and sched.c */
	uint64_t timer_deadline; /* TSC for which the APIC timer is armed; ~0 when not */
	uint64_t idle_tsc;       /* TSC ticks spent halted */
	void *vmxon_region;
	struct desc_tables *desc; /* GDT and TSS */
	void *tss;                /* the TSS in it, for HOST_TR_BASE */
	uint8_t *stack_top;       /* main stack, for HOST_RSP and the AP's start */
	uint64_t cr3;             /* its own address space */
	uint64_t nmi_count;
};

/* All started cores, by id; entries are set before core_count covers them. */
extern struct pcpu *pcpus[MAX_CORES];
extern uint32_t core_count;

/*
 * Make a core's block, stacks and windows, all zeroed, with memory from `take`. NULL when there is
 * none. Boot core.
 */
struct pcpu *percpu_create(uint32_t id, uint32_t apic_id, paging_take_fn take) must_check;
/* Until the boot core has its own: a block that only this_cpu() and traps use. */
void percpu_load_early(struct pcpu *cpu);
/* Make it the calling core's: address space, descriptor tables, GS base. */
void percpu_load(struct pcpu *cpu);
/* Continue in fn on the core's own main stack. */
void percpu_run_on_stack(struct pcpu *cpu, void (*fn)(void)) noreturn_fn;

/* What lies at an address of the per-core areas, for messages: "stack guard of core 1", or NULL. */
const char *percpu_describe(uint64_t va, uint32_t *core);

#endif
