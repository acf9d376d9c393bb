// SPDX-License-Identifier: MIT
/*
 * Control-register accesses: MOV to CR0 that touches NE, CD or NW, MOV to CR4 that touches VMXE or
 * a bit the guest is not offered, and CR8; in VMX operation of the guest also CR0.PE and PG.
 * Everything else of CR0, CR3 and CR4 is the guest's own.
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/qualification.h"
#include "arch/x86/vmx/reset.h"
#include "arch/x86/vmx/tags.h"

#define TSS_TYPE_16BIT_BUSY 3

static void gather(struct vcpu *v, struct control_regs *r)
{
	r->cr0 = vmx_get_cr0(v);
	r->cr3 = vmx_get_cr3(v);
	r->cr4 = vmx_get_cr4(v);
	r->efer = vmx_get_efer(v);
	r->cr4_offered = v->domain->vmx->cpuid.cr4;
	r->cs_long = vmx_get_cs_rights(v) & VMX_RIGHTS_L;
	r->tr_16bit = (vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_TR)) & VMX_RIGHTS_TYPE) ==
		      TSS_TYPE_16BIT_BUSY;
}

static bool write_cr0_exit(struct vcpu *v, uint64_t value)
{
	struct control_regs r;
	bool load_pdptes;
	uint64_t efer;

	gather(v, &r);
	if (!control_regs_write_cr0(&r, &value, &efer, &load_pdptes) || !nested_cr0_ok(v, value))
		return false;
	if (load_pdptes && !reset_load_pdptes(v, r.cr3))
		return false;
	reset_write_cr0(v, value);
	if (efer != r.efer)
		reset_write_efer(v, efer);
	return true;
}

static bool write_cr4_exit(struct vcpu *v, uint64_t value)
{
	struct control_regs r;
	bool load_pdptes;

	gather(v, &r);
	if (!control_regs_write_cr4(&r, value, &load_pdptes) || !nested_cr4_ok(v, value))
		return false;
	if (load_pdptes && !reset_load_pdptes(v, r.cr3))
		return false;
	reset_write_cr4(v, value);
	return true;
}

static bool to_register(struct vcpu *v, const struct cr_access *a)
{
	uint64_t value = vmx_get_register(v, a->reg);

	/* Outside 64-bit mode the operand has 32 bits. */
	if (vcpu_arch_mode(v) != VCPU_MODE_64)
		value = (uint32_t)value;
	switch (a->cr) {
	case 0:
	case 4:
		if (!(a->cr ? write_cr4_exit(v, value) : write_cr0_exit(v, value)))
			return false;
		/* Such a write drops the guest's linear mappings (4.10.4.1); VPIDs keep them. */
		tags_flush_vcpu(v);
		return true;
	default: return vlapic_set_cr8(v, value);
	}
}

void exit_cr_access(struct vcpu *v)
{
	struct cr_access a = qualification_cr(vmx_get_qualification(v));
	bool ok = true;

	if (a.kind == CR_MOV_TO && (a.cr == 0 || a.cr == 4 || a.cr == 8)) {
		ok = to_register(v, &a);
	} else if (a.kind == CR_MOV_FROM && a.cr == 8) {
		vmx_set_register(v, a.reg, vlapic_get_cr8(v));
	} else {
		/* CLTS, LMSW and CR3 are not set up to exit. */
		domain_crash(v, "unexpected control-register exit, qualification %#lx",
			     vmx_get_qualification(v));
		return;
	}
	if (ok)
		vmx_skip_instruction(v);
	else
		exit_general_protection(v);
}
