// SPDX-License-Identifier: MIT
/* Guest registers that live in the VMCS, and what the layers below ask about the loaded vCPU. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/vmx.h"

/* The bits that the guest/host mask owns come from the shadow (SDM vol. 3, 25.3). */
static uint64_t seen_cr0(const struct vcpu *v)
{
	/* VMX operation, and a guest of the guest, have a mask of their own. */
	uint64_t mask = v->vmx->nested ? vmreadn(VMCSN_CR0_MASK) : vmx_cr0_owned();

	return (vmreadn(VMCSN_GUEST_CR0) & ~mask) | (vmreadn(VMCSN_CR0_SHADOW) & mask);
}

static uint64_t seen_cr4(const struct vcpu *v)
{
	uint64_t cr4 = vmreadn(VMCSN_GUEST_CR4), mask;

	/* What the guest is not offered it cannot set: it reads as 0. */
	if (likely(!v->vmx->nested))
		return cr4 & v->domain->vmx->cpuid.cr4;
	mask = vmreadn(VMCSN_CR4_MASK);
	return (cr4 & ~mask) | (vmreadn(VMCSN_CR4_SHADOW) & mask);
}

uint64_t vmx_get_cr0(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_CR0, cr0, seen_cr0(v));
}

uint64_t vmx_get_cr4(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_CR4, cr4, seen_cr4(v));
}

uint64_t vmx_get_cr3(struct vcpu *v)
{
	(void)v;
	return vmreadn(VMCSN_GUEST_CR3);
}

bool vmx_write_efer(struct vcpu *v, uint64_t efer)
{
	uint64_t old = vmx_get_efer(v);
	uint64_t allowed = v->domain->vmx->cpuid.efer | EFER_LMA;

	if ((efer & ~allowed) || (((efer ^ old) & EFER_LME) && (vmx_get_cr0(v) & CR0_PG)))
		return false;
	efer = (efer & ~EFER_LMA) | (old & EFER_LMA); /* writes of LMA are ignored */
	v->vmx->efer = efer;
	vmwrite64(VMCS64_GUEST_EFER, efer);
	return true;
}

uint64_t vmx_get_pat(struct vcpu *v)
{
	(void)v;
	return vmread64(VMCS64_GUEST_PAT);
}

bool vmx_write_pat(struct vcpu *v, uint64_t pat)
{
	(void)v;
	for (unsigned int i = 0; i < 64; i += 8) {
		uint8_t type = (uint8_t)(pat >> i);

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	vmwrite64(VMCS64_GUEST_PAT, pat);
	return true;
}

uint64_t vmx_get_debugctl(struct vcpu *v)
{
	(void)v;
	return vmread64(VMCS64_GUEST_DEBUGCTL);
}

void vmx_set_debugctl(struct vcpu *v, uint64_t debugctl)
{
	(void)v;
	vmwrite64(VMCS64_GUEST_DEBUGCTL, debugctl);
}

void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
	if (v->vmx->in_l2) {
		nested_tsc_written(v);
		return;
	}
	vmwrite64(VMCS64_TSC_OFFSET, offset);
	vmx_set_proc_controls(v, offset ? v->vmx->proc_controls | (uint32_t)PROC_TSC_OFFSET
					: v->vmx->proc_controls & ~(uint32_t)PROC_TSC_OFFSET);
}

void vmx_get_segment(struct vcpu *v, enum vmx_segment seg, struct vmx_segment_state *out)
{
	(void)v;
	out->base = vmreadn(VMCSN_GUEST_BASE(seg));
	out->limit = vmread32(VMCS32_GUEST_LIMIT(seg));
	out->rights = vmread32(VMCS32_GUEST_RIGHTS(seg));
	out->selector = vmread16(VMCS16_GUEST_SELECTOR(seg));
}

void vmx_set_segment(struct vcpu *v, enum vmx_segment seg, const struct vmx_segment_state *s)
{
	if (seg == VMX_SEG_CS)
		v->vmx->have &= ~(uint32_t)VMX_HAVE_CS_RIGHTS;
	vmwriten(VMCSN_GUEST_BASE(seg), s->base);
	vmwrite32(VMCS32_GUEST_LIMIT(seg), s->limit);
	vmwrite32(VMCS32_GUEST_RIGHTS(seg), s->rights);
	vmwrite16(VMCS16_GUEST_SELECTOR(seg), s->selector);
}

static uint64_t *register_slot(struct vcpu *v, unsigned int reg)
{
	static_assert(offsetof(struct vcpu_regs, r15) == 15 * 8, "registers by their encoding");
	return &v->regs.rax + (reg & 15);
}

#define REG_RSP 4

uint64_t vmx_get_register(struct vcpu *v, unsigned int reg)
{
	return reg == REG_RSP ? vmreadn(VMCSN_GUEST_RSP) : *register_slot(v, reg);
}

void vmx_set_register(struct vcpu *v, unsigned int reg, uint64_t value)
{
	if (reg == REG_RSP)
		vmwriten(VMCSN_GUEST_RSP, value);
	else
		*register_slot(v, reg) = value;
}

uint32_t vmx_instruction_length(struct vcpu *v)
{
	(void)v;
	return vmread32(VMCS32_EXIT_INSN_LENGTH);
}

/* ---- core/vcpu_arch.h ---- */

bool vcpu_arch_long_mode(struct vcpu *v)
{
	return vmx_get_efer(v) & EFER_LMA;
}

bool vcpu_arch_kernel_64(struct vcpu *v)
{
	const uint32_t conforming = 1U << 2;
	uint32_t cs = vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_CS));

	(void)v;
	/* The DPL of a code segment that is not conforming is the CPL. */
	return likely((cs & (VMX_RIGHTS_L | VMX_RIGHTS_DPL | conforming)) == VMX_RIGHTS_L) &&
	       (vmread64(VMCS64_GUEST_EFER) & EFER_LMA);
}

enum vcpu_mode vcpu_arch_mode(struct vcpu *v)
{
	uint32_t cs = vmx_get_cs_rights(v);

	/* CS.L means nothing outside IA-32e mode. */
	if (likely((cs & VMX_RIGHTS_L) && vcpu_arch_long_mode(v)))
		return VCPU_MODE_64;
	if (!(vmx_get_cr0(v) & CR0_PE))
		return VCPU_MODE_REAL;
	return cs & VMX_RIGHTS_DB ? VCPU_MODE_32 : VCPU_MODE_PROT16;
}

unsigned int vcpu_arch_cpl(struct vcpu *v)
{
	(void)v;
	/* SS.DPL is the CPL in every mode, VM86 and real mode included (SDM vol. 3, 24.4.1). */
	return (vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_SS)) & VMX_RIGHTS_DPL) >> 5;
}

uint64_t vcpu_arch_cr3(struct vcpu *v)
{
	return vmx_get_cr3(v);
}

bool vcpu_arch_smap(struct vcpu *v)
{
	(void)v;
	/* The guest's own bit; one that is not offered cannot be set. */
	return vmreadn(VMCSN_GUEST_CR4) & CR4_SMAP;
}

void vcpu_arch_paging(struct vcpu *v, struct guest_paging *out)
{
	/* Past the cache, and the real CR0 and CR4: the bits that paging depends on are the guest's
	 * own, and a hypercall asks but once. */
	out->cr0 = vmreadn(VMCSN_GUEST_CR0);
	out->cr3 = vmreadn(VMCSN_GUEST_CR3);
	out->cr4 = vmreadn(VMCSN_GUEST_CR4);
	out->efer = vmread64(VMCS64_GUEST_EFER);
	out->rflags = vmreadn(VMCSN_GUEST_RFLAGS);
	out->user = (vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_SS)) & VMX_RIGHTS_DPL) == VMX_RIGHTS_DPL;
	if (unlikely(v->vmx->in_l2))
		nested_paging(v, out);
}

void vcpu_arch_repeat_hypercall(struct vcpu *v)
{
	vmx_set_rip(v, vmx_get_rip(v) - vmx_instruction_length(v));
}

uint64_t vcpu_arch_tsc_offset(const struct vcpu *v)
{
	return load_relaxed(&v->vmx->msr.tsc_offset);
}

void vcpu_arch_nmi(struct vcpu *v)
{
	vcpu_request(v, ATTN_NMI);
}
