// SPDX-License-Identifier: MIT
/* What a guest's MOV to CR0 or CR4 does (SDM vol. 3, 2.5, 9.8.5 and vol. 2, MOV CR). Pure. */
#ifndef ARCH_X86_VMX_CONTROL_REGS_H
#define ARCH_X86_VMX_CONTROL_REGS_H

#include "core/lib/types.h"

/* The state that decides. cr0 and cr4 as the guest sees them. */
struct control_regs {
	uint64_t cr0, cr3, cr4, efer;
	uint64_t cr4_offered; /* bits that the guest's CPUID lets it set */
	bool cs_long;         /* CS.L */
	bool tr_16bit;        /* TR holds a 16-bit TSS */
};

/*
 * The write is allowed: *efer is then the new IA32_EFER, *load_pdptes whether PAE paging begins or
 * its page-directory pointers are read anew. False: #GP(0), and nothing was changed.
 */
bool control_regs_write_cr0(const struct control_regs *r, uint64_t *value, uint64_t *efer,
			    bool *load_pdptes) must_check;
bool control_regs_write_cr4(const struct control_regs *r, uint64_t value,
			    bool *load_pdptes) must_check;

/* Whether a page-directory-pointer entry may be loaded: not present, or no reserved bit set
 * (SDM vol. 3, table 4-8). */
bool control_regs_pdpte_ok(uint64_t pdpte, unsigned int address_bits) must_check;

#endif
