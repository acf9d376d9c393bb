// SPDX-License-Identifier: MIT
#include "arch/x86/nested/instruction.h"

#include "arch/x86/cpu/cr.h"

#define ARITHMETIC (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* Real, virtual-8086 and compatibility mode have no VMX instructions. */
static bool wrong_mode(const struct instruction_state *s)
{
	return !(s->cr0 & CR0_PE) || (s->rflags & RFLAGS_VM) ||
	       ((s->efer & EFER_LMA) && !s->cs_long);
}

int instruction_fault(const struct instruction_state *s)
{
	if (!s->vmx_on || wrong_mode(s))
		return EXC_UD;
	return s->cpl ? EXC_GP : 0;
}

bool instruction_fixed_ok(const struct nested_caps *caps, uint32_t fixed0, uint64_t value)
{
	return !(~value & nested_cap(caps, fixed0)) && !(value & ~nested_cap(caps, fixed0 + 1));
}

int instruction_vmxon_fault(const struct instruction_state *s, const struct nested_caps *caps)
{
	const uint64_t allowed = FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;

	if (!(s->cr4 & CR4_VMXE) || wrong_mode(s))
		return EXC_UD;
	if (s->cpl)
		return EXC_GP;
	if (s->vmx_on)
		return 0;
	return instruction_fixed_ok(caps, MSR_VMX_CR0_FIXED0, s->cr0) &&
			       instruction_fixed_ok(caps, MSR_VMX_CR4_FIXED0, s->cr4) &&
			       (s->feature_ctl & allowed) == allowed
		       ? 0
		       : EXC_GP;
}

bool instruction_vmxon_region_ok(const struct nested_caps *caps, uint32_t word)
{
	return word == (nested_cap(caps, MSR_VMX_BASIC) & VMX_BASIC_REVISION);
}

enum vmfail instruction_pointer(const struct nested_caps *caps, uint64_t gpa, uint64_t vmxon,
				bool vmptrld)
{
	if (!nested_page_ok(caps, gpa))
		return vmptrld ? VMFAIL_VMPTRLD_ADDRESS : VMFAIL_VMCLEAR_ADDRESS;
	if (gpa == vmxon)
		return vmptrld ? VMFAIL_VMPTRLD_VMXON : VMFAIL_VMCLEAR_VMXON;
	return VMFAIL_NONE;
}

uint64_t instruction_flags(uint64_t rflags, int error, bool has_current)
{
	rflags &= ~ARITHMETIC;
	if (!error)
		return rflags;
	return rflags | (error == INSTRUCTION_INVALID || !has_current ? RFLAGS_CF : RFLAGS_ZF);
}
