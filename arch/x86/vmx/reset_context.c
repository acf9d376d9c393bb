// SPDX-License-Identifier: MIT
/* VCPUOP_initialise: struct vcpu_hvm_context (xen/hvm/hvm_vcpu.h) to a start. Pure. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/reset.h"

#include <stdint.h>
#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/hvm/hvm_vcpu.h>

/* The attribute words of the ABI. */
#define ATTR_TYPE_ACCESSED 0x1U
#define ATTR_TYPE_WRITE    0x2U /* of data; of code: readable; of a TSS: busy */
#define ATTR_TYPE_CODE     0x8U
#define ATTR_TYPE          0xfU
#define ATTR_S             0x10U
#define ATTR_DPL(a)        ((a) >> 5 & 3)
#define ATTR_P             0x80U
#define ATTR_L             0x200U
#define ATTR_DB            0x400U
#define ATTR_G             0x800U
#define ATTR_UNUSED        0xf000U
#define TYPE_TSS32_BUSY    0xbU

#define RFLAGS_DEFINED                                                                             \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_IF |       \
	 RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC | RFLAGS_VIF |    \
	 RFLAGS_VIP | RFLAGS_ID)

static bool type_ok(enum vmx_segment which, uint32_t attr)
{
	switch (which) {
	case VMX_SEG_CS: return attr & ATTR_TYPE_CODE;
	case VMX_SEG_SS: return !(attr & ATTR_TYPE_CODE) && (attr & ATTR_TYPE_WRITE);
	case VMX_SEG_TR: return (attr & ATTR_TYPE) == TYPE_TSS32_BUSY;
	default: return !(attr & ATTR_TYPE_CODE) || (attr & ATTR_TYPE_WRITE);
	}
}

/* The limit is in the unit that G says. False: what no VM entry would take. */
static bool set_segment(struct start_state *s, enum vmx_segment which, uint32_t attr,
			uint32_t limit, uint32_t base)
{
	struct vmx_segment_state *seg = &s->seg[which];

	if (attr & ATTR_UNUSED)
		return false;
	if (!attr) {
		seg->rights = VMX_RIGHTS_UNUSABLE;
		return which == VMX_SEG_DS || which == VMX_SEG_ES;
	}
	if (attr & ATTR_P)
		attr |= which == VMX_SEG_TR ? ATTR_TYPE_WRITE : ATTR_TYPE_ACCESSED;
	if (!(attr & ATTR_S) != (which == VMX_SEG_TR) || !(attr & ATTR_P) || !type_ok(which, attr))
		return false;
	if (!(attr & ATTR_G) && limit > 0xfffff)
		return false;
	seg->base = base;
	seg->limit = attr & ATTR_G ? limit << 12 | 0xfff : limit;
	seg->rights = reset_rights(attr);
	return true;
}

static bool set_segments_32(const struct vcpu_hvm_x86_32 *c, struct start_state *s)
{
	uint32_t cpl = ATTR_DPL((uint32_t)c->cs_ar);

	if (!set_segment(s, VMX_SEG_CS, c->cs_ar, c->cs_limit, c->cs_base) ||
	    !set_segment(s, VMX_SEG_DS, c->ds_ar, c->ds_limit, c->ds_base) ||
	    !set_segment(s, VMX_SEG_SS, c->ss_ar, c->ss_limit, c->ss_base) ||
	    !set_segment(s, VMX_SEG_ES, c->es_ar, c->es_limit, c->es_base) ||
	    !set_segment(s, VMX_SEG_TR, c->tr_ar, c->tr_limit, c->tr_base))
		return false;
	if (c->eip > s->seg[VMX_SEG_CS].limit || ATTR_DPL((uint32_t)c->ss_ar) != cpl)
		return false;
	if (((c->ds_ar & ATTR_P) && ATTR_DPL((uint32_t)c->ds_ar) > cpl) ||
	    ((c->es_ar & ATTR_P) && ATTR_DPL((uint32_t)c->es_ar) > cpl))
		return false;
	/* No selectors are given; VM entry compares their RPL with the CPL. */
	s->seg[VMX_SEG_CS].selector = (uint16_t)cpl;
	s->seg[VMX_SEG_SS].selector = (uint16_t)cpl;
	return true;
}

static bool from_32(const struct vcpu_hvm_x86_32 *c, struct start_state *s, struct vcpu_regs *r)
{
	if (c->pad1 || c->pad2[0] || c->pad2[1] || c->pad2[2] || !set_segments_32(c, s))
		return false;
	if ((c->efer & EFER_LMA) && !(c->efer & EFER_LME))
		return false;
	r->rax = c->eax;
	r->rcx = c->ecx;
	r->rdx = c->edx;
	r->rbx = c->ebx;
	r->rbp = c->ebp;
	r->rsi = c->esi;
	r->rdi = c->edi;
	s->rsp = c->esp;
	s->rip = c->eip;
	s->rflags = c->eflags;
	s->cr0 = c->cr0;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	s->efer = c->efer;
	return true;
}

static bool canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static bool from_64(const struct vcpu_hvm_x86_64 *c, struct start_state *s, struct vcpu_regs *r)
{
	if (!canonical(c->rip) || !(c->cr0 & CR0_PG) || !(c->cr4 & CR4_PAE) ||
	    !(c->efer & EFER_LME))
		return false;
	(void)set_segment(s, VMX_SEG_CS, 0xa9b, ~0U, 0);
	(void)set_segment(s, VMX_SEG_DS, 0xc93, ~0U, 0);
	(void)set_segment(s, VMX_SEG_ES, 0xc93, ~0U, 0);
	(void)set_segment(s, VMX_SEG_SS, 0xc93, ~0U, 0);
	(void)set_segment(s, VMX_SEG_TR, 0x08b, 0x67, 0);
	r->rax = c->rax;
	r->rcx = c->rcx;
	r->rdx = c->rdx;
	r->rbx = c->rbx;
	r->rbp = c->rbp;
	r->rsi = c->rsi;
	r->rdi = c->rdi;
	s->rsp = c->rsp;
	s->rip = c->rip;
	s->rflags = c->rflags;
	s->cr0 = c->cr0;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	s->efer = c->efer;
	return true;
}

/* What MOV to CR0 and a VM entry would refuse. */
static bool consistent(struct start_state *s, uint64_t cr4_offered, uint64_t efer_offered)
{
	bool long_cs = s->seg[VMX_SEG_CS].rights & VMX_RIGHTS_L;

	if (s->cr0 >> 32 || ((s->cr0 & CR0_PG) && !(s->cr0 & CR0_PE)) ||
	    ((s->cr0 & CR0_NW) && !(s->cr0 & CR0_CD)))
		return false;
	if ((s->cr4 & ~cr4_offered) || (s->efer & ~(efer_offered | EFER_LMA)))
		return false;
	if ((s->efer & EFER_LMA) && !(s->cr4 & CR4_PAE))
		return false;
	if ((s->cr4 & CR4_PCIDE) && !(s->efer & EFER_LMA))
		return false;
	if ((s->efer & EFER_LMA) && long_cs && (s->seg[VMX_SEG_CS].rights & VMX_RIGHTS_DB))
		return false;
	return true;
}

int reset_from_context(const struct vcpu_hvm_context *ctx, uint64_t cr4_offered,
		       uint64_t efer_offered, struct start_state *out, struct vcpu_regs *regs)
{
	bool ok = false;

	if (ctx->pad == 0 && ctx->mode == VCPU_HVM_MODE_32B)
		ok = from_32(&ctx->cpu_regs.x86_32, out, regs);
	else if (ctx->pad == 0 && ctx->mode == VCPU_HVM_MODE_64B)
		ok = from_64(&ctx->cpu_regs.x86_64, out, regs);
	if (!ok)
		return -XEN_EINVAL;
	out->rflags = (out->rflags & RFLAGS_DEFINED) | RFLAGS_FIXED;
	/* LME with paging is long mode; without, the processor enters it when paging goes on. */
	if ((out->efer & EFER_LME) && (out->cr0 & CR0_PG))
		out->efer |= EFER_LMA;
	else
		out->efer &= ~EFER_LMA;
	out->cr0 |= CR0_ET;
	return consistent(out, cr4_offered, efer_offered) ? 0 : -XEN_EINVAL;
}
