// SPDX-License-Identifier: MIT
/* The fields of VMCS02: written for an entry from vmcs12 and VMCS01, read back for an exit to L1. */
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/reset.h"
#include "core/lib/string.h"
#include "mm/own.h"
#include "mm/section.h"

#define VMCS64_EOI_BITMAP(n)  VMCS64(0x201cU + 2U * (uint32_t)(n))
#define VMCS64_TSC_MULTIPLIER VMCS64(0x2032)
#define DR7_ENABLED           0xffULL
#define MERGE_GROUPS                                                                               \
	(1U << VMCS12_GROUP_CONTROL | 1U << VMCS12_GROUP_REGISTER | 1U << VMCS12_GROUP_MERGED)

uint64_t nested_cr4_owned(const struct vcpu *v)
{
	return ~v->domain->vmx->cpuid.cr4 | vmx_controls.cr4_fixed;
}

/* Only what VMCS02 does not hold already is written, here and below: L1 changes little from exit to
 * entry. */
static void write_cr(struct merge_cr *there, const struct merge_cr *cr, struct vmcsn guest,
		     struct vmcsn mask, struct vmcsn shadow)
{
	if (there->guest != cr->guest)
		vmwriten(guest, cr->guest);
	if (there->mask != cr->mask)
		vmwriten(mask, cr->mask);
	if (there->shadow != cr->shadow)
		vmwriten(shadow, cr->shadow);
	*there = *cr;
}

void nested_write_cr0(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	const struct vmcs12 *v12 = n->vmcs12;
	struct merge_cr cr = merge_cr(v12->guest_cr0, v12->cr0_mask, v12->cr0_shadow,
				      vmx_cr0_owned(), vmx_controls.cr0_fixed);

	write_cr(&n->cr0, &cr, VMCSN_GUEST_CR0, VMCSN_CR0_MASK, VMCSN_CR0_SHADOW);
	v->vmx->have &= ~(uint32_t)VMX_HAVE_CR0;
}

void nested_write_cr4(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	const struct vmcs12 *v12 = n->vmcs12;
	struct merge_cr cr = merge_cr(v12->guest_cr4, v12->cr4_mask, v12->cr4_shadow,
				      nested_cr4_owned(v), vmx_controls.cr4_fixed);

	write_cr(&n->cr4, &cr, VMCSN_GUEST_CR4, VMCSN_CR4_MASK, VMCSN_CR4_SHADOW);
	v->vmx->have &= ~(uint32_t)VMX_HAVE_CR4;
}

/*
 * Segments, descriptor tables and SYSENTER: read back only when L1 asks for them, so VMCS02 may be
 * ahead of vmcs12 in these. Only then has L1 written none of them either.
 */
static void write_rare(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++) {
		vmwrite16(VMCS16_GUEST_SELECTOR(i), (uint16_t)v12->guest_selector[i]);
		vmwrite32(VMCS32_GUEST_LIMIT(i), (uint32_t)v12->guest_limit[i]);
		vmwrite32(VMCS32_GUEST_RIGHTS(i), (uint32_t)v12->guest_rights[i]);
		vmwriten(VMCSN_GUEST_BASE(i), v12->guest_base[i]);
	}
	vmwriten(VMCSN_GUEST_GDTR_BASE, v12->guest_gdtr_base);
	vmwriten(VMCSN_GUEST_IDTR_BASE, v12->guest_idtr_base);
	vmwrite32(VMCS32_GUEST_GDTR_LIMIT, (uint32_t)v12->guest_gdtr_limit);
	vmwrite32(VMCS32_GUEST_IDTR_LIMIT, (uint32_t)v12->guest_idtr_limit);
	vmwrite32(VMCS32_GUEST_SYSENTER_CS, (uint32_t)v12->guest_sysenter_cs);
	vmwriten(VMCSN_GUEST_SYSENTER_ESP, v12->guest_sysenter_esp);
	vmwriten(VMCSN_GUEST_SYSENTER_EIP, v12->guest_sysenter_eip);
}

static bool pae_paging(const struct vmcs12 *v12)
{
	return unlikely(!(v12->entry & ENTRY_IA32E)) && (v12->guest_cr0 & CR0_PG) &&
	       (v12->guest_cr4 & CR4_PAE);
}

static void write_pdptes(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	/* Without EPT they are loaded from memory, and the entry has found them good. */
	if (vmcs12_proc2(v12) & PROC2_EPT)
		reset_write_pdptes(v12->guest_pdpte);
	else
		(void)!reset_load_pdptes(v, v12->guest_cr3);
}

/* What of L2's own state an entry loads from elsewhere, if L1 says so. */
static void write_loads(const struct merge_l2 *m)
{
	vmwrite32(VMCS32_ENTRY_CONTROLS, m->entry);
	vmwriten(VMCSN_GUEST_DR7, m->dr7);
	vmwrite64(VMCS64_GUEST_DEBUGCTL, m->debugctl);
	vmwrite64(VMCS64_GUEST_EFER, m->efer);
	vmwrite64(VMCS64_GUEST_PAT, m->pat);
}

/* What nearly every exit and L1 change, and what has no group. */
static void write_always(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	vmwrite_from(VMCSN_GUEST_RIP.encoding, &v12->guest_rip);
	vmwrite_from(VMCSN_GUEST_RSP.encoding, &v12->guest_rsp);
	vmwrite_from(VMCS32_INTERRUPTIBILITY.encoding, &v12->interruptibility);
	vmwrite_from(VMCSN_GUEST_PENDING_DBG.encoding, &v12->pending_debug);
	if (pae_paging(v12))
		write_pdptes(v);
}

static void write_event(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;
	uint32_t info = (uint32_t)v12->entry_intr_info;

	if (!(info & INTR_VALID))
		info = 0;
	vmwrite32(VMCS32_ENTRY_INTR_INFO, info);
	v->vmx->entry_info = info;
	if (!info)
		return;
	/* VMCS02 has virtual NMIs, with which an NMI is not injected while they are blocked. */
	if ((info & INTR_TYPE) == INTR_TYPE_NMI)
		vmx_set_interruptibility(v, (uint32_t)v12->interruptibility & ~VMX_BLOCKED_BY_NMI);
	vmwrite32(VMCS32_ENTRY_ERROR_CODE, (uint32_t)v12->entry_error_code);
	vmwrite32(VMCS32_ENTRY_INSN_LENGTH, (uint32_t)v12->entry_insn_length);
}

/* False: the page is missed. */
static bool merge_l1_bitmap(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	bool there = false;
	const void *page;

	section_begin();
	page = gpc_page(&n->msr_page);
	if (page) {
		there = true;
		merge_msr_bitmap((const void *)v->domain->vmx->msr_bitmap, &n->msr_open, page,
				 n->vmcs12, n->msr_bitmap);
	}
	section_end();
	return there;
}

/* What lets no MSR pass that either wants. L1 may write to its bitmap at any time. */
static void write_msr_bitmap(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	gfn_t gfn = gpa_gfn(to_gpa(n->vmcs12->msr_bitmap));
	struct gpc *g = &n->msr_page;
	enum status st = OK;

	if (!g->active || g->gfn.n != gfn.n)
		st = gpc_activate(g, gfn);
	for (unsigned int tries = 0; st == OK && tries < 2; tries++) {
		if (merge_l1_bitmap(v))
			return;
		st = gpc_refresh(g);
	}
	memset(n->msr_bitmap, 0xff, PAGE_SIZE);
}

/* Pages that the processor uses by itself, and what goes with them. */
static void use_pages(struct vcpu *v, const struct merge_l2 *m)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	nested_use_page(v, NESTED_VIRTUAL_APIC, m->proc & PROC_TPR_SHADOW, v12->virtual_apic);
	nested_use_page(v, NESTED_APIC_ACCESS, m->proc2 & PROC2_APIC_ACCESS, v12->apic_access);
	if (!(m->proc2 & PROC2_VIRTUAL_INTERRUPT))
		return;
	for (unsigned int i = 0; i < array_size(v12->eoi_bitmap); i++)
		vmwrite64(VMCS64_EOI_BITMAP(i), v12->eoi_bitmap[i]);
}

/* The registers beside them. */
static void write_apic(const struct vmcs12 *v12, const struct merge_l2 *m)
{
	vmwrite_from(VMCS32_TPR_THRESHOLD.encoding, &v12->tpr_threshold);
	if (m->proc2 & PROC2_VIRTUAL_INTERRUPT)
		vmwrite_from(VMCS16_INTERRUPT_STATUS.encoding, &v12->guest_interrupt_status);
}

static void write_controls(struct vcpu *v, const struct merge_l2 *m)
{
	struct merge_l2 *there = &nested_of(v)->merged;

	vmx_set_proc_controls(v, m->proc);
	if (there->pin != m->pin)
		vmwrite32(VMCS32_PIN_CONTROLS, m->pin);
	if (there->proc2 != m->proc2)
		vmwrite32(VMCS32_PROC2_CONTROLS, m->proc2);
	if (there->exit != m->exit)
		vmwrite32(VMCS32_EXIT_CONTROLS, m->exit);
	if (there->exceptions != m->exceptions)
		vmwrite32(VMCS32_EXCEPTION_BITMAP, m->exceptions);
	if (there->pf_mask != m->pf_mask)
		vmwrite32(VMCS32_PF_ERROR_MASK, m->pf_mask);
	if (there->pf_match != m->pf_match)
		vmwrite32(VMCS32_PF_ERROR_MATCH, m->pf_match);
	if (there->tsc_offset != m->tsc_offset)
		vmwrite64(VMCS64_TSC_OFFSET, m->tsc_offset);
	*there = *m;
}

static void write_optional_controls(const struct vmcs12 *v12, const struct merge_l2 *m)
{
	bool loops = vmcs12_proc2(v12) & PROC2_PAUSE_LOOP;

	if (m->proc2 & PROC2_TSC_SCALING)
		vmwrite64(VMCS64_TSC_MULTIPLIER, m->tsc_multiplier);
	if (m->proc2 & PROC2_XSAVES)
		vmwrite64(VMCS64_XSS_EXITING, v12->xss_exiting);
	if (m->proc2 & PROC2_PAUSE_LOOP) {
		vmwrite32(VMCS32_PLE_GAP, loops ? (uint32_t)v12->ple_gap : PLE_GAP_TICKS);
		vmwrite32(VMCS32_PLE_WINDOW, loops ? (uint32_t)v12->ple_window : PLE_WINDOW_TICKS);
	}
}

/* What is not the same for every vCPU. */
static bool same_l1(const struct merge_l1 *a, const struct merge_l1 *b)
{
	return a->proc == b->proc && a->tsc_offset == b->tsc_offset && a->efer == b->efer &&
	       a->pat == b->pat && a->debugctl == b->debugctl && a->dr7 == b->dr7 &&
	       a->cr0 == b->cr0;
}

/* What both have to say about L2. */
static void write_merged(struct vcpu *v, const struct merge_l1 *l1)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;
	struct merge_l2 m;

	merge_controls(l1, v12, &m);
	write_controls(v, &m);
	write_optional_controls(v12, &m);
	if (!(vmcs12_proc2(v12) & PROC2_EPT))
		vmwrite64(VMCS64_EPTP, v->domain->physmap.eptp);
	n->merged_l1 = *l1;
	v12->guest_cr0 = leave_cr0(v12->guest_cr0, l1->cr0);
	nested_write_cr0(v);
	vmwriten(VMCSN_GUEST_CR3, v12->guest_cr3);
	nested_write_cr4(v);
	vmwriten(VMCSN_GUEST_RFLAGS, v12->guest_rflags);
	write_loads(&m);
	use_pages(v, &m);
}

void nested_write_fields(struct vcpu *v, const struct merge_l1 *l1)
{
	struct nested_vcpu *n = nested_of(v);
	const struct vmcs12 *v12 = n->vmcs12;
	const struct merge_l2 *m = &n->merged;

	/* VMCS02 is as the last exit left it: the rest is there. */
	if (unlikely((n->groups & MERGE_GROUPS) || !same_l1(l1, &n->merged_l1))) {
		write_merged(v, l1);
	} else if (unlikely(!n->loads_kept)) {
		merge_loads(l1, v12, &n->merged);
		write_loads(m);
	}
	n->loads_kept = false;
	if (vmcs12_proc2(v12) & PROC2_EPT)
		vmwrite64(VMCS64_EPTP, nested_ept_pointer(v));
	if (!n->rare_stale)
		write_rare(v);
	write_always(v);
	write_event(v);
	if (m->proc & PROC_TPR_SHADOW)
		write_apic(v12, m);
	if (m->proc & PROC_MSR_BITMAPS)
		write_msr_bitmap(v);
	/* DR7 may arm what L1 has put into DR0-3. */
	if (unlikely(m->dr7 & DR7_ENABLED) && !v->vmx->debug_loaded)
		debug_regs_load(v);
}

bool nested_rare(uint64_t encoding)
{
	return (encoding >= 0x0800 && encoding <= 0x080e) || /* selectors */
	       (encoding >= 0x4800 && encoding <= 0x4822) || /* limits and rights */
	       encoding == 0x482a ||                         /* SYSENTER_CS */
	       (encoding >= 0x6806 && encoding <= 0x6818) || /* bases */
	       encoding == 0x6824 || encoding == 0x6826;     /* SYSENTER_ESP, SYSENTER_EIP */
}

static void read_rare(struct vmcs12 *v12)
{
	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++) {
		v12->guest_selector[i] = vmread16(VMCS16_GUEST_SELECTOR(i));
		v12->guest_limit[i] = vmread32(VMCS32_GUEST_LIMIT(i));
		v12->guest_rights[i] = vmread32(VMCS32_GUEST_RIGHTS(i));
		v12->guest_base[i] = vmreadn(VMCSN_GUEST_BASE(i));
	}
	v12->guest_gdtr_base = vmreadn(VMCSN_GUEST_GDTR_BASE);
	v12->guest_idtr_base = vmreadn(VMCSN_GUEST_IDTR_BASE);
	v12->guest_gdtr_limit = vmread32(VMCS32_GUEST_GDTR_LIMIT);
	v12->guest_idtr_limit = vmread32(VMCS32_GUEST_IDTR_LIMIT);
	v12->guest_sysenter_cs = vmread32(VMCS32_GUEST_SYSENTER_CS);
	v12->guest_sysenter_esp = vmreadn(VMCSN_GUEST_SYSENTER_ESP);
	v12->guest_sysenter_eip = vmreadn(VMCSN_GUEST_SYSENTER_EIP);
}

void nested_read_rare(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	bool ok;

	if (!n->rare_stale)
		return;
	n->rare_stale = false;
	ok = vmptrld(own_hpa(n->other.vmcs));
	ASSERT(ok);
	read_rare(n->vmcs12);
	ok = vmptrld(own_hpa(v->vmx->vmcs));
	ASSERT(ok);
}

static void read_control_registers(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;

	n->cr0.guest = vmreadn(VMCSN_GUEST_CR0);
	n->cr4.guest = vmreadn(VMCSN_GUEST_CR4);
	v12->guest_cr0 = merge_cr_back(&n->cr0, v12->guest_cr0, v12->cr0_mask, vmx_cr0_owned());
	v12->guest_cr4 = merge_cr_back(&n->cr4, v12->guest_cr4, v12->cr4_mask, nested_cr4_owned(v));
	v12->guest_cr3 = vmreadn(VMCSN_GUEST_CR3);
	if ((vmcs12_proc2(v12) & PROC2_EPT) && (v12->guest_cr4 & CR4_PAE) &&
	    !vcpu_arch_long_mode(v))
		for (unsigned int i = 0; i < array_size(v12->guest_pdpte); i++)
			v12->guest_pdpte[i] = vmread64(VMCS64_GUEST_PDPTE(i));
}

static uint64_t timer_left(const struct nested_vcpu *n)
{
	uint64_t now = clock_ticks();

	return n->timer_end > now ? (n->timer_end - now) >> vmx_controls.timer_shift : 0;
}

/* Registers of which vmcs12 gets those that L1 asks for, and whether the next entry would load just
 * these. */
static void read_loads(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct leave_guest *saved = &n->saved;
	const struct merge_l2 *m = &n->merged;

	saved->efer = vmx_get_efer(v);
	saved->pat = vmx_get_pat(v);
	saved->debugctl = vmx_get_debugctl(v);
	saved->dr7 = vmreadn(VMCSN_GUEST_DR7);
	n->loads_kept = saved->efer == m->efer && saved->pat == m->pat &&
			saved->debugctl == m->debugctl && saved->dr7 == m->dr7;
	/* What an entry makes of L1's EFER depends on L2's CR0.PG, too. */
	if (unlikely(!(saved->efer & EFER_LMA)) && !(n->vmcs12->entry & ENTRY_LOAD_EFER))
		n->loads_kept = false;
	leave_save(n->vmcs12, saved);
}

void nested_read_fields(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;

	/* These two L1 asks for after many an exit: mode and CPL. */
	v12->guest_rights[VMX_SEG_CS] = vmx_get_cs_rights(v);
	v12->guest_rights[VMX_SEG_SS] = vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_SS));
	n->rare_stale = true;
	read_control_registers(v);
	v12->guest_rip = vmx_get_rip(v);
	v12->guest_rsp = vmreadn(VMCSN_GUEST_RSP);
	v12->guest_rflags = vmx_get_rflags(v);
	v12->interruptibility = vmx_get_interruptibility(v);
	/* With NMI exiting alone L2's IRET does not end the blocking (25.3). */
	if ((v12->pin & (PIN_NMI | PIN_VIRTUAL_NMI)) == PIN_NMI && n->nmi_blocked)
		v12->interruptibility |= VMX_BLOCKED_BY_NMI;
	v12->pending_debug = vmreadn(VMCSN_GUEST_PENDING_DBG);
	v12->activity = n->waits_sipi ? NESTED_WAIT_SIPI : n->halted ? NESTED_HLT : 0;
	if (vmcs12_proc2(v12) & PROC2_VIRTUAL_INTERRUPT)
		v12->guest_interrupt_status = vmread16(VMCS16_INTERRUPT_STATUS);
	if (v12->exit & EXIT_SAVE_TIMER)
		v12->preemption_timer = timer_left(n);
	read_loads(v);
}
