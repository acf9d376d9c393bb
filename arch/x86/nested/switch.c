// SPDX-License-Identifier: MIT
/* VMCS01 and VMCS02: which one is in use, and what goes with them from core to core. */
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/lib/string.h"
#include "mm/own.h"

enum status nested_vmcs02_create(struct vcpu *v)
{
	static const char *const names[GPC_HW_PAGES] = {
		[NESTED_APIC_ACCESS] = "L2 APIC access",
		[NESTED_VIRTUAL_APIC] = "L2 virtual APIC",
		[GPC_HW_PAGES - 1] = "unused",
	};
	struct nested_vcpu *n = nested_of(v);
	bool ok;

	timer_init(&n->wake, nested_wake);
	n->vcpu = v;
	gpc_hw_init(&n->hw, &v->domain->physmap, v, names);
	gpc_init(&n->msr_page, &v->domain->physmap, GPC_HOST, "L2 MSR bitmap");
	gpc_init(&n->apic_page, &v->domain->physmap, GPC_HOST, "L2 virtual APIC, posting");
	gpc_init(&n->posted_page, &v->domain->physmap, GPC_HOST, "L2 posted interrupts");
	n->other.vmcs = own_alloc_pages(0);
	n->msr_bitmap = own_alloc_pages(0);
	n->none = own_alloc_pages(0);
	if (!n->other.vmcs || !n->msr_bitmap || !n->none)
		return ERR_NOMEM;
	n->other.vpid = tags_vpid_l2(v->domain->slot, v->id);
	n->other.host_core = VMX_NO_CORE;
	n->other.last_core = VMX_NO_CORE;
	n->ept_core = VMX_NO_CORE;
	*(uint32_t *)n->other.vmcs = vmx_controls.revision;
	memset(n->msr_bitmap, 0xff, PAGE_SIZE);
	/* What VMCS02 holds at first is not known: like nothing that could be written, or see
	 * write_first(). */
	memset(&n->merged, 0xff, sizeof(n->merged));
	memset(&n->cr0, 0xff, sizeof(n->cr0));
	memset(&n->cr4, 0xff, sizeof(n->cr4));
	ok = vmclear(own_hpa(n->other.vmcs));
	ASSERT(ok);
	ok = merge_msr_open((const void *)v->domain->vmx->msr_bitmap, &n->msr_open);
	ASSERT(ok);
	return OK;
}

static void exchange(struct vmx_vcpu *x, struct nested_vmcs *other)
{
	struct nested_vmcs now = {
		.vmcs = x->vmcs,
		.launched = x->launched,
		.vpid = x->vpid,
		.host_core = x->host_core,
		.last_core = x->last_core,
		.proc_controls = x->proc_controls,
		.tag_epoch = XENITH_DEBUG ? x->tag_epoch : 0,
	};

	x->vmcs = other->vmcs;
	x->launched = other->launched;
	x->vpid = other->vpid;
	x->host_core = other->host_core;
	x->last_core = other->last_core;
	x->proc_controls = other->proc_controls;
	if (XENITH_DEBUG)
		x->tag_epoch = other->tag_epoch;
	x->in_l2 = !x->in_l2;
	*other = now;
}

void nested_vmcs02_destroy(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	if (v->vmx->in_l2)
		exchange(v->vmx, &n->other);
	timer_cancel(&n->wake);
	for (unsigned int i = 0; i < GPC_HW_PAGES; i++)
		gpc_deactivate(&n->hw.page[i]);
	gpc_deactivate(&n->msr_page);
	gpc_deactivate(&n->apic_page);
	gpc_deactivate(&n->posted_page);
	if (n->other.vmcs)
		own_free_pages(n->other.vmcs, 0);
	if (n->msr_bitmap)
		own_free_pages(n->msr_bitmap, 0);
	if (n->none)
		own_free_pages(n->none, 0);
}

/* What `merged`, `cr0` and `cr4` say of a new VMCS02, for fields in which L1 may want just that. */
static void write_first(void)
{
	vmwrite32(VMCS32_EXCEPTION_BITMAP, ~0U);
	vmwrite32(VMCS32_PF_ERROR_MASK, ~0U);
	vmwrite32(VMCS32_PF_ERROR_MATCH, ~0U);
	vmwrite64(VMCS64_TSC_OFFSET, ~0ULL);
	vmwriten(VMCSN_CR0_MASK, ~0ULL);
	vmwriten(VMCSN_CR0_SHADOW, ~0ULL);
	vmwriten(VMCSN_CR4_MASK, ~0ULL);
	vmwriten(VMCSN_CR4_SHADOW, ~0ULL);
}

/* Entries of L2 stand for a generation of their own, which never passes for one that this core's tag
 * of the physmap has not seen. */
static void follow_core(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct pcpu *cpu = this_cpu();

	if (n->ept_core != cpu->id) {
		n->ept_core = cpu->id;
		nested_ept_new_core(v);
	}
	if (load_relaxed(&n->hw.gen) != cpu->seen_gen[v->domain->physmap.slot])
		store_relaxed(&n->hw.gen, 0);
	v->vmx->seen_gen = &n->hw.gen;
}

/* MOV DR goes without exits once the vCPU's debug registers are loaded. */
static void follow_debug_regs(struct vcpu *v)
{
	uint32_t controls = v->vmx->proc_controls & ~(uint32_t)PROC_MOV_DR;

	vmx_set_proc_controls(v,
			      v->vmx->debug_loaded ? controls : controls | (uint32_t)PROC_MOV_DR);
}

void nested_switch(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	exchange(x, &x->nested->other);
	vcpu_vmcs_changed(v);
	x->entry_info = 0;
	x->timer_end = 0; /* armed anew for the other one */
	if (x->host_core == VMX_NO_CORE) {
		vcpu_vmcs_constants(v, x->nested->msr_bitmap);
		vmwrite32(VMCS32_ACTIVITY, 0);
		write_first();
	}
	if (x->host_core != this_cpu()->id)
		host_write_core_state(v);
	tags_load(v);
	if (x->in_l2)
		follow_core(v);
	else
		follow_debug_regs(v);
}

void nested_save(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	bool ok = vmclear(own_hpa(n->other.vmcs));

	ASSERT(ok);
	n->other.launched = false;
	hw_shadow_save(v);
}

void nested_load(struct vcpu *v)
{
	if (v->vmx->in_l2)
		follow_core(v);
}

void nested_use_page(struct vcpu *v, enum nested_page page, bool used, uint64_t gpa)
{
	struct gpc *g = &nested_of(v)->hw.page[page];
	gfn_t gfn = gpa_gfn(to_gpa(gpa));

	if (!used && g->active)
		gpc_deactivate(g);
	if (used && !(g->active && g->gfn.n == gfn.n))
		(void)!gpc_activate(g, gfn); /* this kind takes any */
}

static uint64_t frame_address(struct nested_vcpu *n, enum nested_page page)
{
	pfn_t pfn = n->hw.frame[page].pfn;

	if (pfn_valid(pfn))
		return pfn_hpa(pfn).a;
	/* As an open bus reads. What L2 has written there is not seen by others. */
	memset(n->none, 0xff, PAGE_SIZE);
	return own_hpa(n->none).a;
}

void nested_catch_up(struct vcpu *v, uint64_t gen, bool locked)
{
	struct nested_vcpu *n = nested_of(v);
	uint64_t address;

	if (vmcs12_proc2(n->vmcs12) & PROC2_EPT)
		nested_ept_follow(v);
	gpc_hw_resolve(&n->hw, gen, locked);
	if (n->hw.frame[NESTED_VIRTUAL_APIC].used)
		vmwrite64(VMCS64_VIRTUAL_APIC, frame_address(n, NESTED_VIRTUAL_APIC));
	if (!n->hw.frame[NESTED_APIC_ACCESS].used)
		return;
	address = frame_address(n, NESTED_APIC_ACCESS);
	if (vmread64(VMCS64_APIC_ACCESS) == address)
		return;
	vmwrite64(VMCS64_APIC_ACCESS, address);
	/* What the processor has cached of either frame knows nothing of it (29.4.6). */
	tags_flush_vcpu(v);
	nested_ept_new_core(v);
}
