// SPDX-License-Identifier: MIT
/*
 * Extended state (x87, SSE, AVX, ...). The hypervisor uses none of it itself, so a vCPU's state
 * stays in the registers until the core switches to another vCPU; nothing is left behind then.
 */
#ifndef ARCH_X86_CPU_FPU_H
#define ARCH_X86_CPU_FPU_H

#include "core/lib/types.h"

extern uint64_t fpu_xcr0_mask; /* components that guests may use on this machine */
extern bool fpu_compacted;     /* XSAVEC and XSAVES are there and work */
extern uint32_t fpu_area_size; /* bytes of a save area for all of them */

/* Enable XSAVE (or FXSAVE) on the calling core. */
void fpu_init_core(void);
/* A save area (fpu_area_size bytes, 64-byte aligned) in the state after INIT. */
void fpu_area_init(void *area);
/* Save/load all components; xcr0 and xss of the vCPU are switched by these as well. */
void fpu_save(void *area, uint64_t xcr0, uint64_t xss);
void fpu_restore(const void *area, uint64_t xcr0, uint64_t xss);

#endif
