// SPDX-License-Identifier: MIT
/* A vCPU's VMCS and the state that is switched with it. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/hw_pages.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/reset.h"
#include "arch/x86/vmx/speculation.h"
#include "arch/x86/vmx/tags.h"
#include "core/hooks.h"
#include "core/lib/string.h"
#include "core/sched.h"
#include "mm/own.h"

/* VMCS that is current on each core; only the core itself looks. */
static struct vcpu *current_vmcs[MAX_CORES];

static void make_current(struct vcpu *v)
{
	bool ok;

	count_insn(COUNT_VMPTRLD);
	ok = vmptrld(own_hpa(v->vmx->vmcs));
	ASSERT(ok);
	current_vmcs[this_cpu()->id] = v;
	v->vmx->have = 0;
}

void vcpu_vmcs_changed(struct vcpu *v)
{
	make_current(v);
}

/* After VMCLEAR the VMCS is wholly in memory and any core may load it. */
static void make_clear(struct vcpu *v)
{
	bool ok;

	count_insn(COUNT_VMPTRLD);
	ok = vmclear(own_hpa(v->vmx->vmcs));
	ASSERT(ok);
	v->vmx->launched = false;
	if (current_vmcs[this_cpu()->id] == v)
		current_vmcs[this_cpu()->id] = NULL;
}

void vcpu_vmcs_borrow(struct vcpu *v)
{
	if (current_vmcs[this_cpu()->id] != v) {
		ASSERT(!v->vmx->loaded);
		make_current(v);
	}
}

void vcpu_vmcs_return(struct vcpu *v)
{
	struct vcpu *own = this_cpu()->vcpu;

	if (own == v)
		return;
	make_clear(v);
	if (own)
		make_current(own);
}

void vcpu_vmcs_constants(struct vcpu *v, const void *msr_bitmap)
{
	host_write_common_state(v);
	vmwrite32(VMCS32_CR3_TARGET_COUNT, 0);
	vmwrite32(VMCS32_EXIT_MSR_STORES, 0);
	vmwrite32(VMCS32_EXIT_MSR_LOADS, 0);
	vmwrite32(VMCS32_ENTRY_MSR_LOADS, 0);
	vmwrite64(VMCS64_MSR_BITMAP, own_hpa(msr_bitmap).a);
	vmwrite64(VMCS64_LINK_POINTER, VMCS_NO_LINK);
	if (vmx_controls.proc2 & PROC2_VPID)
		vmwrite16(VMCS16_VPID, v->vmx->vpid);
	if (vmx_controls.proc2 & PROC2_ENCLS)
		vmwrite64(VMCS64_ENCLS, ~0ULL);
}

static void write_controls(struct vcpu *v)
{
	const struct vmx_controls *c = &vmx_controls;

	vmwrite32(VMCS32_PIN_CONTROLS, c->pin);
	vmwrite32(VMCS32_PROC_CONTROLS, c->proc);
	v->vmx->proc_controls = c->proc;
	vmwrite32(VMCS32_PROC2_CONTROLS, c->proc2);
	vmwrite32(VMCS32_EXIT_CONTROLS, c->exit);
	vmwrite32(VMCS32_ENTRY_CONTROLS, c->entry);
	vmwrite32(VMCS32_EXCEPTION_BITMAP, EXCEPTIONS_EXITING);
	vmwrite32(VMCS32_PF_ERROR_MASK, 0);
	vmwrite32(VMCS32_PF_ERROR_MATCH, 0);
	vmwrite32(VMCS32_ENTRY_INTR_INFO, 0);
	vmwrite64(VMCS64_TSC_OFFSET, 0);
	vmwrite64(VMCS64_EPTP, v->domain->physmap.eptp);
	vmwriten(VMCSN_CR0_MASK, vmx_cr0_owned());
	vmwriten(VMCSN_CR4_MASK, ~v->domain->vmx->cpuid.cr4 | c->cr4_fixed);
}

static void write_optional_controls(void)
{
	if (vmx_controls.proc2 & PROC2_PAUSE_LOOP) {
		vmwrite32(VMCS32_PLE_GAP, PLE_GAP_TICKS);
		vmwrite32(VMCS32_PLE_WINDOW, PLE_WINDOW_TICKS);
	}
	if (vmx_controls.proc2 & PROC2_XSAVES)
		vmwrite64(VMCS64_XSS_EXITING, 0);
}

static enum status alloc_parts(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	x->vmcs = own_alloc_pages(0);
	x->fpu = own_alloc(fpu_area_size);
	if (!x->vmcs || !x->fpu)
		return ERR_NOMEM;
	*(uint32_t *)x->vmcs = vmx_controls.revision;
	fpu_area_init(x->fpu);
	if (XENITH_DEBUG && hw_pages_create(v) != OK)
		return ERR_NOMEM;
	if (v->domain->nestedhvm && nested_vcpu_create(v) != OK)
		return ERR_NOMEM;
	return vlapic_create(v);
}

static void free_parts(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	if (XENITH_DEBUG)
		hw_pages_destroy(v);
	nested_vcpu_destroy(v);
	if (x->vmcs)
		own_free_pages(x->vmcs, 0);
	if (x->fpu)
		own_free(x->fpu, fpu_area_size);
	own_free(x, sizeof(*x));
	v->vmx = NULL;
}

enum status vmx_vcpu_create(struct vcpu *v)
{
	struct vmx_vcpu *x = own_alloc(sizeof(*x));

	if (!x)
		return ERR_NOMEM;
	v->vmx = x;
	x->last_core = VMX_NO_CORE;
	x->host_core = VMX_NO_CORE;
	x->vpid = tags_vpid(v->domain->slot, v->id);
	msr_state_init(&x->msr);
	if (alloc_parts(v) != OK) {
		free_parts(v);
		return ERR_NOMEM;
	}
	make_clear(v); /* what was in the page before is no VMCS */
	vcpu_vmcs_borrow(v);
	write_controls(v);
	write_optional_controls();
	vcpu_vmcs_constants(v, v->domain->vmx->msr_bitmap);
	reset_power_up(v);
	vcpu_vmcs_return(v);
	return OK;
}

void vmx_vcpu_destroy(struct vcpu *v)
{
	ASSERT(!v->vmx->loaded);
	vlapic_destroy(v);
	free_parts(v);
}

/* MSRs that VM entries and exits leave alone and the hypervisor does not use. */
static void load_msrs(const struct vmx_vcpu *x)
{
	wrmsr(MSR_STAR, x->star);
	wrmsr(MSR_LSTAR, x->lstar);
	wrmsr(MSR_CSTAR, x->cstar);
	wrmsr(MSR_SFMASK, x->sfmask);
	wrmsr(MSR_KERNEL_GS_BASE, x->kernel_gs_base);
	if (vmx_controls.proc2 & PROC2_RDTSCP)
		wrmsr(MSR_TSC_AUX, x->tsc_aux);
}

static void save_msrs(struct vmx_vcpu *x)
{
	x->star = rdmsr(MSR_STAR);
	x->lstar = rdmsr(MSR_LSTAR);
	x->cstar = rdmsr(MSR_CSTAR);
	x->sfmask = rdmsr(MSR_SFMASK);
	x->kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	if (vmx_controls.proc2 & PROC2_RDTSCP)
		x->tsc_aux = rdmsr(MSR_TSC_AUX);
}

void vcpu_arch_load(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	make_current(v);
	x->loaded = true;
	tags_load(v);
	if (XENITH_DEBUG)
		hw_pages_load(v);
	if (x->nested)
		nested_load(v);
	if (x->host_core != this_cpu()->id)
		host_write_core_state(v);
	fpu_restore(x->fpu, x->xcr0, x->xss);
	load_msrs(x);
	speculation_load(v);
	write_cr2(x->cr2);
	debug_regs_restore(v);
}

void vcpu_arch_save(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	fpu_save(x->fpu, x->xcr0, x->xss);
	save_msrs(x);
	speculation_save(v);
	x->cr2 = read_cr2();
	debug_regs_save(v);
	if (x->nested)
		nested_save(v);
	make_clear(v);
	x->loaded = false;
}
