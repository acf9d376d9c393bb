// SPDX-License-Identifier: MIT
/* The way into L2: VMLAUNCH and VMRESUME of L1 (SDM vol. 3 ch. 26). */
#include "arch/x86/cpu/clock.h"
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"

/* What L2 inherits of VMCS01, which is current. */
static always_inline void gather_l1(struct vcpu *v, struct merge_l1 *l1)
{
	const uint32_t windows = (uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);

	l1->pin = vmx_controls.pin;
	l1->proc = v->vmx->proc_controls & ~windows;
	l1->proc2 = vmx_controls.proc2;
	l1->exit = vmx_controls.exit;
	l1->entry = vmx_controls.entry;
	l1->exceptions = EXCEPTIONS_EXITING;
	l1->tsc_offset = v->vmx->msr.tsc_offset;
	l1->efer = vmx_get_efer(v);
	l1->pat = vmx_get_pat(v);
	l1->debugctl = vmx_get_debugctl(v);
	l1->dr7 = vmreadn(VMCSN_GUEST_DR7);
	/* CD and NW are Xenith's, so L1's are in the shadow; and there is ET. */
	l1->cr0 = (vmreadn(VMCSN_CR0_SHADOW) & (CR0_CD | CR0_NW)) | CR0_ET;
}

/* A VM entry without VPIDs forgets all linear translations of L1 and L2, and those of another VPID
 * of L1's are not of this one. */
static void flush_tags(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	uint64_t vpid = vmcs12_proc2(n->vmcs12) & PROC2_VPID ? n->vmcs12->vpid : 0;

	if (!vpid || vpid != n->vpid12)
		tags_flush_vcpu(v);
	n->vpid12 = vpid;
}

static void arm_timer(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	n->timer_end = 0;
	if (n->vmcs12->pin & PIN_PREEMPTION_TIMER)
		n->timer_end =
			clock_ticks() + (n->vmcs12->preemption_timer << vmx_controls.timer_shift);
}

void nested_enter(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;
	struct entry_args a = {
		.caps = nested_caps_of(v),
		.v = v12,
		.read = nested_read_memory,
		.opaque = v,
		.current = n->current,
		.long_mode = vcpu_arch_long_mode(v),
	};
	enum entry_row row;
	struct merge_l1 l1;
	uint64_t qualification;
	uint32_t bad;

	hw_shadow_take(v);
	/* Which are checked, too; and an entry that fails at its list leaves them as they are. */
	if ((n->groups & VMCS12_GROUPS_CHECKED) || unlikely(v12->entry_msr_loads))
		nested_read_rare(v);
	row = entry_check(&a, n->groups);
	if (row) {
		enum vmfail error = entry_row_error(row, &qualification);

		if (error)
			nested_instruction_done(v, (int)error);
		else
			nested_fail_entry(v, EXIT_ENTRY_GUEST_STATE, qualification);
		return;
	}
	gather_l1(v, &l1);
	nested_switch(v);
	nested_write_fields(v, &l1);
	if (n->groups & (1U << VMCS12_GROUP_CONTROL | 1U << VMCS12_GROUP_HOST))
		n->host_known = false;
	n->groups = 0;
	n->tsc_written = false;
	n->trap_flag = false;
	bad = 0;
	if (unlikely(v12->entry_msr_loads))
		bad = nested_msrs_load(v, v12->entry_msr_load, (uint32_t)v12->entry_msr_loads);
	if (bad) {
		nested_fail_entry(v, EXIT_ENTRY_MSR_LOAD, bad);
		return;
	}
	n->entering = true;
	n->halted = v12->activity == NESTED_HLT && !(v12->entry_intr_info & INTR_VALID);
	n->nmi_blocked =
		(v12->interruptibility & VMX_BLOCKED_BY_NMI) ||
		(v12->entry_intr_info & (INTR_VALID | INTR_TYPE)) == (INTR_VALID | INTR_TYPE_NMI);
	n->waits_sipi = v12->activity == NESTED_WAIT_SIPI;
	store_relaxed(&v->lapic->wait_sipi, n->waits_sipi); /* its senders look */
	flush_tags(v);
	arm_timer(v);
	v->vmx->inject_again = true; /* nested_prepare() looks before every entry */
	if (unlikely(load_relaxed(&v->lapic->events)))
		vcpu_request(v, ATTN_LAPIC); /* an INIT that L1 was kept from */
}
