// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/control_regs.h"

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"

/* What CR0 holds; the other low bits ignore writes. */
#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)

static bool long_mode(const struct control_regs *r)
{
	return r->efer & EFER_LMA;
}

/* CR0.PG goes from 0 to 1. */
static bool enable_paging(const struct control_regs *r, uint64_t *efer, bool *load_pdptes)
{
	if (!(r->efer & EFER_LME)) {
		*load_pdptes = r->cr4 & CR4_PAE;
		return true;
	}
	if (!(r->cr4 & CR4_PAE) || r->cs_long || r->tr_16bit)
		return false;
	*efer |= EFER_LMA;
	return true;
}

static bool disable_paging(const struct control_regs *r, uint64_t *efer)
{
	if ((r->cr4 & CR4_PCIDE) || (long_mode(r) && r->cs_long))
		return false;
	*efer &= ~EFER_LMA;
	return true;
}

bool control_regs_write_cr0(const struct control_regs *r, uint64_t *value, uint64_t *efer,
			    bool *load_pdptes)
{
	uint64_t cr0 = *value;
	bool pae = (r->cr4 & CR4_PAE) && !long_mode(r);

	if (cr0 >> 32)
		return false;
	cr0 = (cr0 & CR0_DEFINED) | CR0_ET;
	if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
		return false;
	if ((cr0 & CR0_NW) && !(cr0 & CR0_CD))
		return false;
	*value = cr0;
	*efer = r->efer;
	*load_pdptes = false;
	if ((cr0 & ~r->cr0) & CR0_PG)
		return enable_paging(r, efer, load_pdptes);
	if ((r->cr0 & ~cr0) & CR0_PG)
		return disable_paging(r, efer);
	/* PAE paging reads its pointers anew when these change (4.4.1). */
	if ((cr0 & CR0_PG) && pae)
		*load_pdptes = (cr0 ^ r->cr0) & (CR0_CD | CR0_NW);
	return true;
}

bool control_regs_write_cr4(const struct control_regs *r, uint64_t value, bool *load_pdptes)
{
	uint64_t changed = value ^ r->cr4;
	bool paging = r->cr0 & CR0_PG;

	if (value & ~r->cr4_offered)
		return false;
	if (long_mode(r) && !(value & CR4_PAE))
		return false;
	if (changed & value & CR4_PCIDE) {
		if (!long_mode(r) || (r->cr3 & 0xfff))
			return false;
	}
	*load_pdptes = paging && !long_mode(r) && (value & CR4_PAE) &&
		       (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP));
	return true;
}

bool control_regs_pdpte_ok(uint64_t pdpte, unsigned int address_bits)
{
	uint64_t reserved = BITS(63, address_bits) | BITS(8, 5) | BITS(2, 1);

	return !(pdpte & 1) || !(pdpte & reserved);
}
