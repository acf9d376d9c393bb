// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/hw_pages.h"

#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/lib/string.h"
#include "mm/own.h"

#define CR8_EXITS ((uint32_t)(PROC_CR8_LOAD | PROC_CR8_STORE))

enum status hw_pages_create(struct vcpu *v)
{
	static const char *const names[GPC_HW_PAGES] = {
		[VCPU_HW_APIC_ACCESS] = "APIC access",
		[VCPU_HW_VIRTUAL_APIC] = "virtual APIC",
		[VCPU_HW_POSTED] = "posted interrupts",
	};
	struct hw_pages *p = own_alloc(sizeof(*p));

	if (!p)
		return ERR_NOMEM;
	v->vmx->hw_pages = p;
	p->none = own_alloc_pages(0);
	if (!p->none)
		return ERR_NOMEM;
	p->proc2 = vmx_controls.proc2;
	gpc_hw_init(&p->hw, &v->domain->physmap, v, names);
	return OK;
}

void hw_pages_destroy(struct vcpu *v)
{
	struct hw_pages *p = v->vmx->hw_pages;

	if (!p)
		return;
	if (p->none)
		own_free_pages(p->none, 0);
	own_free(p, sizeof(*p));
	v->vmx->hw_pages = NULL;
}

void hw_pages_load(struct vcpu *v)
{
	struct hw_pages *p = v->vmx->hw_pages;

	if (!p->armed)
		return;
	/* Compared alone, it must not pass where this core's tag is older or was flushed for a later
	 * map: from here on the two move together. */
	if (load_relaxed(&p->hw.gen) != *v->vmx->seen_gen)
		store_relaxed(&p->hw.gen, 0);
	v->vmx->seen_gen = &p->hw.gen;
}

static uint64_t field_value(const struct hw_pages *p, unsigned int page)
{
	pfn_t pfn = p->hw.frame[page].pfn;

	return pfn_valid(pfn) ? pfn_hpa(pfn).a : own_hpa(p->none).a;
}

static void write_virtual_apic(struct vcpu *v)
{
	const struct hw_pages *p = v->vmx->hw_pages;
	uint32_t controls = v->vmx->proc_controls;

	if (p->hw.frame[VCPU_HW_VIRTUAL_APIC].used) {
		vmwrite64(VMCS64_VIRTUAL_APIC, field_value(p, VCPU_HW_VIRTUAL_APIC));
		vmwrite32(VMCS32_TPR_THRESHOLD, 0);
		controls = (controls & ~CR8_EXITS) | (uint32_t)PROC_TPR_SHADOW;
	} else {
		controls = (controls & ~(uint32_t)PROC_TPR_SHADOW) | CR8_EXITS;
	}
	vmx_set_proc_controls(v, controls);
}

/* What the processor has cached of the page that was, or will be, the APIC-access page is dropped
 * (SDM vol. 3, 29.4.6). */
static void write_apic_access(struct vcpu *v, uint64_t gen)
{
	struct hw_pages *p = v->vmx->hw_pages;
	bool used = p->hw.frame[VCPU_HW_APIC_ACCESS].used;
	uint64_t to = used ? field_value(p, VCPU_HW_APIC_ACCESS) : 0;

	if (to == p->apic_access)
		return;
	p->apic_access = to;
	p->proc2 = vmx_controls.proc2 | (used ? (uint32_t)PROC2_APIC_ACCESS : 0);
	if (used)
		vmwrite64(VMCS64_APIC_ACCESS, to);
	vmwrite32(VMCS32_PROC2_CONTROLS, p->proc2);
	tags_flush_physmap(&v->domain->physmap, gen);
}

void hw_pages_resolve(struct vcpu *v, uint64_t gen, bool locked)
{
	struct hw_pages *p = v->vmx->hw_pages;

	gpc_hw_resolve(&p->hw, gen, locked);
	memset(p->none, 0xff, PAGE_SIZE);
	write_virtual_apic(v);
	write_apic_access(v, gen);
}

/* The frame that the VMCS should hold now. Not under the lock: see hw_pages_check(). */
static bool right(const struct hw_pages *p, unsigned int page, bool used, uint64_t in_vmcs)
{
	const struct gpc *g = &p->hw.page[page];
	bool valid = load_acquire(&g->valid);

	if (!used)
		return !load_relaxed(&g->active);
	return load_relaxed(&g->active) &&
	       in_vmcs == (valid ? load_relaxed(&g->pfn.n) << PAGE_SHIFT : own_hpa(p->none).a);
}

void hw_pages_check(const struct vcpu *v)
{
	const struct hw_pages *p = v->vmx->hw_pages;
	bool tpr_shadow = vmread32(VMCS32_PROC_CONTROLS) & PROC_TPR_SHADOW;
	bool access = vmread32(VMCS32_PROC2_CONTROLS) & PROC2_APIC_ACCESS;
	bool all_right;

	ASSERT(vmread64(VMCS64_EPTP) == v->domain->physmap.eptp);
	ASSERT(!(vmx_controls.proc2 & PROC2_VPID) || vmread16(VMCS16_VPID) == v->vmx->vpid);
	if (!p->armed) {
		ASSERT(!tpr_shadow && !access);
		return;
	}
	all_right = right(p, VCPU_HW_VIRTUAL_APIC, tpr_shadow, vmread64(VMCS64_VIRTUAL_APIC)) &&
		    right(p, VCPU_HW_APIC_ACCESS, access, vmread64(VMCS64_APIC_ACCESS));
	/* Who changed a cache after this core's last look at the generation sees it in the guest, and
	 * keeps the lock until it has left. */
	ASSERT(all_right || spin_is_locked(&v->domain->physmap.lock));
}

/* The test's hypercall. Without the capabilities there is nothing to test. */
static bool offered(enum vcpu_hw_page page)
{
	struct vmx_capabilities cap;

	vmx_capabilities_read(&cap);
	return (cap.proc >> 32 & PROC_TPR_SHADOW) &&
	       (page == VCPU_HW_VIRTUAL_APIC ||
		(page == VCPU_HW_APIC_ACCESS && (cap.proc2 >> 32 & PROC2_APIC_ACCESS)));
}

enum status vcpu_arch_hw_page(struct vcpu *v, enum vcpu_hw_page page, gfn_t gfn)
{
	struct hw_pages *p = v->vmx->hw_pages;

	if (!offered(page))
		return ERR_UNSUPPORTED;
	if (v == this_cpu()->vcpu && !p->armed) {
		store_release(&p->armed, true);
		hw_pages_load(v);
	}
	if (!load_acquire(&p->armed))
		return ERR_INVALID;
	if (gfn.n != INVALID_FRAME)
		return gpc_activate(&p->hw.page[page], gfn);
	gpc_deactivate(&p->hw.page[page]);
	return OK;
}

const struct gpc *vcpu_arch_hw_gpc(const struct vcpu *v, enum vcpu_hw_page page)
{
	return &v->vmx->hw_pages->hw.page[page];
}
