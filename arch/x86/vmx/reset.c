// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/reset.h"

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/lib/string.h"
#include "core/sched.h"

#include <xen/errno.h>

#define CR0_RESET     (CR0_CD | CR0_NW | CR0_ET)
#define PAT_RESET     0x0007040600070406ULL
#define RIGHTS_DATA16 0x93U
#define RIGHTS_LDT    0x82U
#define RIGHTS_TSS32  0x8bU
#define LIMIT_FLAT    0xffffffffU
#define CR0_HOST_ONLY (CR0_CD | CR0_NW)

void reset_write_cr0(struct vcpu *v, uint64_t cr0)
{
	vmwriten(VMCSN_GUEST_CR0, (cr0 & ~CR0_HOST_ONLY) | vmx_controls.cr0_fixed);
	vmwriten(VMCSN_CR0_SHADOW, cr0);
	v->vmx->cr0 = cr0;
	v->vmx->have |= VMX_HAVE_CR0;
}

void reset_write_cr4(struct vcpu *v, uint64_t cr4)
{
	vmwriten(VMCSN_GUEST_CR4, cr4 | vmx_controls.cr4_fixed);
	vmwriten(VMCSN_CR4_SHADOW, cr4);
	v->vmx->cr4 = cr4;
	v->vmx->have |= VMX_HAVE_CR4;
}

void reset_write_efer(struct vcpu *v, uint64_t efer)
{
	uint32_t ia32e = efer & EFER_LMA ? ENTRY_IA32E : 0;

	vmwrite64(VMCS64_GUEST_EFER, efer);
	vmwrite32(VMCS32_ENTRY_CONTROLS, vmx_controls.entry | ia32e);
	v->vmx->efer = efer;
	v->vmx->have |= VMX_HAVE_EFER;
}

void reset_write_pdptes(const uint64_t pdpte[4])
{
	for (unsigned int i = 0; i < 4; i++)
		vmwrite64(VMCS64_GUEST_PDPTE(i), pdpte[i]);
}

bool reset_load_pdptes(struct vcpu *v, uint64_t cr3)
{
	unsigned int address_bits = v->domain->vmx->cpuid.ext[8].eax & 0xff;
	uint64_t pdpte[4];

	/* An unmapped page reads as ones: reserved bits are set. */
	if (physmap_read(&v->domain->physmap, to_gpa(cr3 & BITS(31, 5)), pdpte, sizeof(pdpte)) !=
	    OK)
		return false;
	for (unsigned int i = 0; i < array_size(pdpte); i++) {
		if (!control_regs_pdpte_ok(pdpte[i], address_bits))
			return false;
	}
	reset_write_pdptes(pdpte);
	return true;
}

static void write_state(struct vcpu *v, const struct start_state *s)
{
	nested_reset(v);
	vmx_set_rip(v, s->rip);
	vmx_set_rflags(v, s->rflags);
	vmwriten(VMCSN_GUEST_RSP, s->rsp);
	reset_write_cr0(v, s->cr0);
	reset_write_cr4(v, s->cr4);
	reset_write_efer(v, s->efer);
	vmwriten(VMCSN_GUEST_CR3, s->cr3);
	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++)
		vmx_set_segment(v, (enum vmx_segment)i, &s->seg[i]);
	vmwriten(VMCSN_GUEST_GDTR_BASE, 0);
	vmwriten(VMCSN_GUEST_IDTR_BASE, 0);
	vmwrite32(VMCS32_GUEST_GDTR_LIMIT, 0xffff);
	vmwrite32(VMCS32_GUEST_IDTR_LIMIT, 0xffff);
	vmx_set_interruptibility(v, 0);
	vmwrite32(VMCS32_ACTIVITY, 0);
	vmwriten(VMCSN_GUEST_PENDING_DBG, 0);
	inject_reset(v);
	/* No translation from before is used: now, or when it is loaded next. */
	if (v->vmx->loaded)
		tags_flush_vcpu(v);
	else
		v->vmx->last_core = VMX_NO_CORE;
}

/* SDM vol. 3, table 9-1, column INIT. */
static void init_state(struct start_state *s)
{
	memset(s, 0, sizeof(*s));
	s->rip = 0xfff0;
	s->rflags = RFLAGS_FIXED;
	s->cr0 = CR0_RESET;
	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++) {
		s->seg[i].limit = 0xffff;
		s->seg[i].rights = RIGHTS_DATA16;
	}
	s->seg[VMX_SEG_CS].selector = 0xf000;
	s->seg[VMX_SEG_CS].base = 0xffff0000;
	s->seg[VMX_SEG_CS].rights = RIGHTS_DATA16;
	s->seg[VMX_SEG_LDTR].rights = RIGHTS_LDT;
	s->seg[VMX_SEG_TR].rights = RIGHTS_TSS32;
}

void vmx_vcpu_reset_init(struct vcpu *v)
{
	struct start_state s;

	init_state(&s);
	/* INIT leaves CD and NW as they are. */
	s.cr0 = (vmx_get_cr0(v) & CR0_HOST_ONLY) | CR0_ET;
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rdx = v->domain->vmx->cpuid.basic[1].eax;
	write_state(v, &s);
	debug_regs_reset(v);
	if (v->vmx->loaded)
		write_cr2(0);
	v->vmx->cr2 = 0;
}

void reset_power_up(struct vcpu *v)
{
	/* The shadow is what vmx_vcpu_reset_init() takes CD and NW from. */
	reset_write_cr0(v, CR0_RESET);
	vmx_vcpu_reset_init(v);
	vmwrite64(VMCS64_GUEST_PAT, PAT_RESET);
	vmwrite64(VMCS64_GUEST_DEBUGCTL, 0);
	vmwrite32(VMCS32_GUEST_SYSENTER_CS, 0);
	vmwriten(VMCSN_GUEST_SYSENTER_ESP, 0);
	vmwriten(VMCSN_GUEST_SYSENTER_EIP, 0);
	v->vmx->xcr0 = 1;
}

void vmx_vcpu_sipi(struct vcpu *v, uint8_t vector)
{
	struct vmx_segment_state cs = {
		.base = (uint64_t)vector << 12,
		.limit = 0xffff,
		.rights = RIGHTS_DATA16,
		.selector = (uint16_t)(vector << 8),
	};

	vmx_set_segment(v, VMX_SEG_CS, &cs);
	vmx_set_rip(v, 0);
}

static void flat_segment(struct vmx_segment_state *seg, uint32_t attributes, uint16_t selector)
{
	seg->base = 0;
	seg->limit = LIMIT_FLAT;
	seg->rights = reset_rights(attributes);
	seg->selector = selector;
}

void vcpu_arch_start(struct vcpu *v, const struct vcpu_start *start)
{
	struct start_state s;
	uint16_t cs = start->linux_selectors ? 0x10 : 0, ds = start->linux_selectors ? 0x18 : 0;

	init_state(&s);
	s.rip = start->eip;
	s.cr0 = CR0_PE | CR0_ET;
	flat_segment(&s.seg[VMX_SEG_CS], 0xc9b, cs);
	flat_segment(&s.seg[VMX_SEG_DS], 0xc93, ds);
	flat_segment(&s.seg[VMX_SEG_ES], 0xc93, ds);
	flat_segment(&s.seg[VMX_SEG_SS], 0xc93, ds);
	s.seg[VMX_SEG_TR].limit = 0x67;
	vcpu_vmcs_borrow(v);
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.rbx = start->ebx;
	v->regs.rsi = start->esi;
	write_state(v, &s);
	vcpu_vmcs_return(v);
	vlapic_started(v);
}

/* The VMCS is borrowed: nobody else may load the vCPU meanwhile. */
static bool set_state(struct vcpu *v, const struct start_state *s, const struct vcpu_regs *regs)
{
	bool ok = true;

	vcpu_vmcs_borrow(v);
	if ((s->cr0 & CR0_PG) && (s->cr4 & CR4_PAE) && !(s->efer & EFER_LMA))
		ok = reset_load_pdptes(v, s->cr3);
	if (ok) {
		v->regs = *regs;
		write_state(v, s);
	}
	vcpu_vmcs_return(v);
	return ok;
}

int vcpu_arch_initialise(struct vcpu *v, const struct vcpu_hvm_context *ctx)
{
	const struct cpuid_policy *policy = &v->domain->vmx->cpuid;
	struct start_state s;
	struct vcpu_regs regs;
	int rc;

	init_state(&s);
	memset(&regs, 0, sizeof(regs));
	rc = reset_from_context(ctx, policy->cr4, policy->efer, &s, &regs);
	if (rc)
		return rc;
	if (s.cr3 >> (policy->ext[8].eax & 0xff))
		return -XEN_EINVAL;
	/* A sibling may start it by INIT and SIPI at this moment. While it is paused no core takes
	 * it, and one that has it already is seen. */
	sched_pause(v);
	if (load_acquire(&v->on_core))
		rc = -XEN_EEXIST;
	else if (!set_state(v, &s, &regs))
		rc = -XEN_EINVAL;
	else
		vlapic_started(v);
	sched_unpause(v);
	return rc;
}
