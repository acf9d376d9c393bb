// SPDX-License-Identifier: MIT
/*
 * Control-register accesses of L2 that exit and that L1 has no wish for: a bit is Xenith's own, or
 * L1's mask has it and the value agrees with the shadow (SDM vol. 3, 25.1.3).
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/qualification.h"
#include "arch/x86/vmx/reset.h"
#include "arch/x86/vmx/tags.h"

#define TSS_TYPE_16BIT_BUSY 3
#define LMSW_BITS           (CR0_PE | CR0_MP | CR0_EM | CR0_TS)

/* The registers as they have effect for L2. */
static void gather(struct vcpu *v, struct control_regs *r)
{
	struct nested_vcpu *n = nested_of(v);

	n->cr0.guest = vmreadn(VMCSN_GUEST_CR0);
	n->cr4.guest = vmreadn(VMCSN_GUEST_CR4);
	n->vmcs12->guest_cr0 =
		merge_cr_back(&n->cr0, n->vmcs12->guest_cr0, n->vmcs12->cr0_mask, vmx_cr0_owned());
	n->vmcs12->guest_cr4 = merge_cr_back(&n->cr4, n->vmcs12->guest_cr4, n->vmcs12->cr4_mask,
					     nested_cr4_owned(v));
	r->cr0 = n->vmcs12->guest_cr0;
	r->cr3 = vmx_get_cr3(v);
	r->cr4 = n->vmcs12->guest_cr4;
	r->efer = vmx_get_efer(v);
	r->cr4_offered = v->domain->vmx->cpuid.cr4;
	r->cs_long = vmx_get_cs_rights(v) & VMX_RIGHTS_L;
	r->tr_16bit = (vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_TR)) & VMX_RIGHTS_TYPE) ==
		      TSS_TYPE_16BIT_BUSY;
}

/* With EPT of L1 its page-directory pointers are at an address of L2's. */
static bool load_pdptes(struct vcpu *v, uint64_t cr3)
{
	uint64_t pdpte[4];

	if (!(vmcs12_proc2(nested_of(v)->vmcs12) & PROC2_EPT))
		return reset_load_pdptes(v, cr3);
	for (unsigned int i = 0; i < array_size(pdpte); i++) {
		if (!nested_ept_read(v, (cr3 & BITS(31, 5)) + i * 8, &pdpte[i], 8) ||
		    !control_regs_pdpte_ok(pdpte[i], v->domain->vmx->cpuid.phys_bits))
			return false;
	}
	reset_write_pdptes(pdpte);
	return true;
}

static bool set_cr0(struct vcpu *v, uint64_t written)
{
	struct vmcs12 *v12 = nested_of(v)->vmcs12;
	bool unrestricted = vmcs12_proc2(v12) & PROC2_UNRESTRICTED, pdptes;
	struct control_regs r;
	uint64_t value, efer;

	gather(v, &r);
	value = merge_cr_written(v12->guest_cr0, v12->cr0_mask, written);
	if (!control_regs_write_cr0(&r, &value, &efer, &pdptes) ||
	    !nested_cr0_ok(v, value | (unrestricted ? CR0_PE | CR0_PG : 0)) ||
	    (pdptes && !load_pdptes(v, r.cr3)))
		return false;
	v12->guest_cr0 = value;
	nested_write_cr0(v);
	if (efer != r.efer)
		reset_write_efer(v, efer);
	return true;
}

static bool set_cr3(struct vcpu *v, uint64_t value)
{
	uint64_t cr4 = vmreadn(VMCSN_GUEST_CR4);
	bool long_mode = vcpu_arch_long_mode(v);
	bool keep = (cr4 & CR4_PCIDE) && (value & CR3_NOFLUSH);

	if (long_mode) {
		if (cr4 & CR4_PCIDE)
			value &= ~CR3_NOFLUSH;
		if (value >> v->domain->vmx->cpuid.phys_bits)
			return false;
	} else if ((vmreadn(VMCSN_GUEST_CR0) & CR0_PG) && (cr4 & CR4_PAE) &&
		   !load_pdptes(v, value)) {
		return false;
	}
	vmwriten(VMCSN_GUEST_CR3, value);
	if (!keep)
		tags_flush_vcpu(v);
	return true;
}

static bool set_cr4(struct vcpu *v, uint64_t written)
{
	struct vmcs12 *v12 = nested_of(v)->vmcs12;
	struct control_regs r;
	uint64_t value;
	bool pdptes;

	gather(v, &r);
	value = merge_cr_written(v12->guest_cr4, v12->cr4_mask, written);
	if (!control_regs_write_cr4(&r, value, &pdptes) || !nested_cr4_ok(v, value) ||
	    (pdptes && !load_pdptes(v, r.cr3)))
		return false;
	v12->guest_cr4 = value;
	nested_write_cr4(v);
	return true;
}

static bool write_register(struct vcpu *v, unsigned int cr, uint64_t value)
{
	if (vcpu_arch_mode(v) != VCPU_MODE_64)
		value = (uint32_t)value;
	if (cr == 3)
		return set_cr3(v, value);
	if (!(cr ? set_cr4(v, value) : set_cr0(v, value)))
		return false;
	tags_flush_vcpu(v);
	return true;
}

/* CR0 as L2 reads it. */
static uint64_t seen_cr0(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	return (vmreadn(VMCSN_GUEST_CR0) & ~n->cr0.mask) | (n->cr0.shadow & n->cr0.mask);
}

void nested_cr_access(struct vcpu *v)
{
	uint64_t q = vmx_get_qualification(v);
	struct cr_access a = qualification_cr(q);
	bool ok;

	switch (a.kind) {
	case CR_CLTS: ok = set_cr0(v, seen_cr0(v) & ~CR0_TS); break;
	case CR_LMSW:
		/* PE is set by it and never cleared. */
		ok = set_cr0(v, (seen_cr0(v) & ~(LMSW_BITS & ~CR0_PE)) | (q >> 16 & LMSW_BITS));
		break;
	case CR_MOV_TO: ok = write_register(v, a.cr, vmx_get_register(v, a.reg)); break;
	default:
		vmx_set_register(v, a.reg, vmx_get_cr3(v));
		ok = true;
		break;
	}
	if (ok)
		vmx_skip_instruction(v);
	else
		exit_general_protection(v);
}
