// SPDX-License-Identifier: MIT
/*
 * Counts of dear instructions and of what a physmap change does, for the counting build (COUNT=1):
 * what a tick of an emulator does not show. Nothing is counted in the others.
 */
#ifndef ARCH_X86_CPU_COUNT_H
#define ARCH_X86_CPU_COUNT_H

#include "core/lib/atomic.h"
#include "core/lib/types.h"

enum count_kind {
	COUNT_VMREAD,
	COUNT_VMWRITE,
	COUNT_RDMSR,
	COUNT_WRMSR,
	COUNT_XSAVE,        /* and XRSTOR, FXSAVE, FXRSTOR, XSETBV */
	COUNT_KICK,         /* IPIs of physmap changes */
	COUNT_ROUND,        /* of physmap changes */
	COUNT_CHANGE_TICKS, /* TSC ticks in physmap_change_groups() */
	COUNT_VMPTRLD,      /* and VMCLEAR */
	COUNT_INVALIDATE,   /* INVEPT and INVVPID */
	COUNT_KINDS
};

/* All cores together, so that an operation with two cores in it can be counted as one. */
extern uint64_t count_insns[COUNT_KINDS];

#if XENITH_COUNT
#define count_add(kind, n) ((void)atomic_add(&count_insns[kind], (n)))
#else
#define count_add(kind, n) ((void)sizeof(n)) /* not evaluated */
#endif
#define count_insn(kind) count_add(kind, 1)

/* The count so far; 0 for a kind that does not exist. Any core. */
uint64_t count_read(uint32_t kind);

#endif
