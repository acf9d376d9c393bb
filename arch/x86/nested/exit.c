// SPDX-License-Identifier: MIT
/* The way out of L2: whose an exit is, and what L1 sees of it (SDM vol. 3 ch. 27). */
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/instruction.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/operand.h"
#include "arch/x86/nested/route.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/qualification.h"
#include "arch/x86/vmx/reset.h"
#include "arch/x86/vmx/speculation.h"
#include "arch/x86/vmx/tags.h"
#include "core/lib/log.h"

#define VMCSN_IO_RCX VMCSN(0x6402)
#define VMCSN_IO_RSI VMCSN(0x6404)
#define VMCSN_IO_RDI VMCSN(0x6406)
#define VMCSN_IO_RIP VMCSN(0x6408)

/* ---- L1 goes on ---- */

/* Here and below each field of vmcs12 goes as it is, in two instructions: 50 are written. */
static always_inline void load_segment(const struct vmcs12 *v12, const struct leave_host *h,
				       enum vmx_segment i)
{
	vmwrite_from(VMCS16_GUEST_SELECTOR(i).encoding, &v12->host_selector[i]);
	vmwrite32(VMCS32_GUEST_LIMIT(i), 0xffffffff);
	vmwrite_from(VMCS32_GUEST_RIGHTS(i).encoding, &h->rights[i]);
	if (i == VMX_SEG_FS)
		vmwrite_from(VMCSN_GUEST_BASE(i).encoding, &v12->host_fs_base);
	else if (i == VMX_SEG_GS)
		vmwrite_from(VMCSN_GUEST_BASE(i).encoding, &v12->host_gs_base);
	else
		vmwriten(VMCSN_GUEST_BASE(i), 0);
}

static always_inline void load_segments(const struct vmcs12 *v12, const struct leave_host *h)
{
	load_segment(v12, h, VMX_SEG_ES);
	load_segment(v12, h, VMX_SEG_CS);
	load_segment(v12, h, VMX_SEG_SS);
	load_segment(v12, h, VMX_SEG_DS);
	load_segment(v12, h, VMX_SEG_FS);
	load_segment(v12, h, VMX_SEG_GS);
	/* Base and limit of an unusable LDTR are nobody's to see. */
	vmwrite16(VMCS16_GUEST_SELECTOR(VMX_SEG_LDTR), 0);
	vmwrite32(VMCS32_GUEST_RIGHTS(VMX_SEG_LDTR), VMX_RIGHTS_UNUSABLE);
	vmwrite_from(VMCS16_GUEST_SELECTOR(VMX_SEG_TR).encoding,
		     &v12->host_selector[VMX_SEG_GS + 1]);
	vmwrite32(VMCS32_GUEST_LIMIT(VMX_SEG_TR), LEAVE_TSS_LIMIT);
	vmwrite32(VMCS32_GUEST_RIGHTS(VMX_SEG_TR), LEAVE_TSS_RIGHTS);
	vmwrite_from(VMCSN_GUEST_BASE(VMX_SEG_TR).encoding, &v12->host_tr_base);
	vmwrite_from(VMCSN_GUEST_GDTR_BASE.encoding, &v12->host_gdtr_base);
	vmwrite_from(VMCSN_GUEST_IDTR_BASE.encoding, &v12->host_idtr_base);
	vmwrite32(VMCS32_GUEST_GDTR_LIMIT, 0xffff);
	vmwrite32(VMCS32_GUEST_IDTR_LIMIT, 0xffff);
}

static always_inline void load_registers(struct vcpu *v, const struct vmcs12 *v12,
					 const struct leave_host *h)
{
	reset_write_cr0(v, h->cr0);
	vmwrite_from(VMCSN_GUEST_CR3.encoding, &v12->host_cr3);
	reset_write_cr4(v, h->cr4);
	reset_write_efer(v, h->efer);
	vmwrite64(VMCS64_GUEST_PAT, h->pat);
	vmwrite64(VMCS64_GUEST_DEBUGCTL, 0);
	vmwriten(VMCSN_GUEST_DR7, DR7_INIT);
	vmwrite_from(VMCS32_GUEST_SYSENTER_CS.encoding, &v12->host_sysenter_cs);
	vmwrite_from(VMCSN_GUEST_SYSENTER_ESP.encoding, &v12->host_sysenter_esp);
	vmwrite_from(VMCSN_GUEST_SYSENTER_EIP.encoding, &v12->host_sysenter_eip);
	vmwrite_from(VMCSN_GUEST_RIP.encoding, &v12->host_rip);
	vmwrite_from(VMCSN_GUEST_RSP.encoding, &v12->host_rsp);
	vmwriten(VMCSN_GUEST_RFLAGS, RFLAGS_FIXED);
	vmwriten(VMCSN_GUEST_PENDING_DBG, 0);
	v->vmx->have &= ~(uint32_t)(VMX_HAVE_RIP | VMX_HAVE_RFLAGS | VMX_HAVE_CS_RIGHTS);
}

/* The processor shuts down (27.7): a triple fault of L1. */
static void vmx_abort(struct vcpu *v, uint32_t indicator)
{
	struct nested_vcpu *n = nested_of(v);

	log_guest_printf(LOG_WARNING, "%s: vCPU %u: VMX abort %u", v->domain->name, v->id,
			 indicator);
	n->vmcs12->abort = indicator;
	nested_write_memory(v, n->current + offsetof(struct vmcs12, abort), &indicator,
			    sizeof(indicator));
	/* A triple fault of L2 would be one more exit. */
	if (v->vmx->in_l2)
		nested_switch(v);
	exit_triple_fault(v);
}

/* VMCS01 is in use: the host state of vmcs12 becomes the state of L1 (27.5). */
static void load_host(struct vcpu *v, const struct leave_host *h)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	load_registers(v, v12, h);
	load_segments(v12, h);
	if (unlikely(!(h->efer & EFER_LMA)) && (h->cr0 & CR0_PG) && (h->cr4 & CR4_PAE) &&
	    !reset_load_pdptes(v, v12->host_cr3)) {
		vmx_abort(v, VMX_ABORT_PDPTE);
		return;
	}
	if (unlikely(v12->exit_msr_loads) &&
	    nested_msrs_load(v, v12->exit_msr_load, (uint32_t)v12->exit_msr_loads))
		vmx_abort(v, VMX_ABORT_LOAD);
}

/* An exit without VPIDs of L1's forgets L1's translations, too (28.3.3.1). */
static void flush_tags(struct vcpu *v)
{
	if (!(vmcs12_proc2(nested_of(v)->vmcs12) & PROC2_VPID))
		tags_flush_vcpu(v);
}

/* ---- L2 stops ---- */

void nested_leave_info(struct vcpu *v, struct leave_exit *x)
{
	uint32_t vectoring = vmread32(VMCS32_IDT_VECTORING_INFO);

	/* One by one: the whole would be cleared first. */
	x->reason = vmread32(VMCS32_EXIT_REASON);
	x->qualification = vmx_get_qualification(v);
	x->intr_info = vmread32(VMCS32_EXIT_INTR_INFO);
	x->intr_error = vmread32(VMCS32_EXIT_INTR_ERROR);
	x->insn_length = vmread32(VMCS32_EXIT_INSN_LENGTH);
	x->insn_info = vmread32(VMCS32_EXIT_INSN_INFO);
	x->linear = vmreadn(VMCSN_GUEST_LINEAR);
	x->physical = vmread64(VMCS64_GUEST_PHYSICAL);
	x->vectoring_info = 0;
	x->vectoring_error = 0;
	if (likely(!(vectoring & INTR_VALID)))
		return;
	x->vectoring_info = vectoring;
	if (vectoring & INTR_HAS_ERROR)
		x->vectoring_error = vmread32(VMCS32_IDT_VECTORING_ERROR);
}

/* What Xenith was about to inject has not happened, and L1 may do it again. */
static void take_event(struct vcpu *v, struct leave_exit *x)
{
	struct vmx_vcpu *vmx = v->vmx;
	uint32_t info = vmx->entry_info;

	if (!(info & INTR_VALID)) {
		info = vmx->requeued;
		vmx->requeued = 0;
	}
	vmx->entry_info = 0;
	if (!(info & INTR_VALID) || (x->vectoring_info & INTR_VALID))
		return;
	x->vectoring_info = info;
	if (info & INTR_HAS_ERROR)
		x->vectoring_error = vmread32(VMCS32_ENTRY_ERROR_CODE);
	switch (info & INTR_TYPE) {
	case INTR_TYPE_SOFTWARE:
	case INTR_TYPE_ICEBP:
	case INTR_TYPE_SOFT_EXC: x->insn_length = vmread32(VMCS32_ENTRY_INSN_LENGTH); break;
	case INTR_TYPE_NMI:
		/* Its delivery had begun to block NMIs. */
		vmx_set_interruptibility(v, vmx_get_interruptibility(v) | VMX_BLOCKED_BY_NMI);
		break;
	default: break;
	}
}

static bool is_nmi(const struct leave_exit *x)
{
	return (x->reason & EXIT_REASON_BASIC) == EXIT_EXCEPTION_NMI &&
	       (x->intr_info & (INTR_VALID | INTR_TYPE)) == (INTR_VALID | INTR_TYPE_NMI);
}

/* Blocking of NMIs in L1 after the exit (27.5.5): as it was for L2, unless that was L2's own. */
static uint32_t interruptibility_after(const struct vcpu *v, const struct leave_exit *x,
				       uint32_t l1)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;

	if (is_nmi(x))
		return VMX_BLOCKED_BY_NMI;
	if (v12->pin & PIN_VIRTUAL_NMI)
		return l1 & VMX_BLOCKED_BY_NMI;
	return (uint32_t)v12->interruptibility & VMX_BLOCKED_BY_NMI;
}

/* What L1 looks at before it goes on, beyond what is looked at in any case. */
static bool waits(const struct vmx_vcpu *x)
{
	const uint32_t windows = (uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);

	return x->nmi_pending || x->requeued || (x->proc_controls & windows);
}

/* VMCS02 gives way to VMCS01, with the host state of vmcs12. efer, pat: of L2. */
static void to_l1(struct vcpu *v, const struct leave_exit *x, uint64_t efer, uint64_t pat)
{
	struct nested_vcpu *n = nested_of(v);

	(n->host_known ? leave_load_again : leave_load)(n->vmcs12, n->vmcs12->guest_cr0, efer, pat,
							&n->host);
	n->host_known = true;
	nested_switch(v);
	n->entering = false;
	n->halted = false;
	n->waits_sipi = false;
	store_relaxed(&v->lapic->wait_sipi, false);
	vmx_set_interruptibility(v, interruptibility_after(v, x, vmx_get_interruptibility(v)));
	if (n->tsc_written)
		vmx_set_tsc_offset(v, v->vmx->msr.tsc_offset);
	hw_shadow_exited(v);
	flush_tags(v);
	speculation_leave_l2();
	load_host(v, &n->host);
	if (waits(v->vmx))
		v->vmx->inject_again = true; /* what L2 could not be given */
}

void nested_leave(struct vcpu *v, struct leave_exit *x)
{
	struct nested_vcpu *n = nested_of(v);
	struct vmcs12 *v12 = n->vmcs12;

	n->exits_l1[x->reason & EXIT_REASON_BASIC]++;
	take_event(v, x);
	nested_read_fields(v);
	leave_record(v12, x);
	if (unlikely(v12->exit_msr_stores) &&
	    nested_msrs_store(v, v12->exit_msr_store, (uint32_t)v12->exit_msr_stores)) {
		vmx_abort(v, VMX_ABORT_STORE);
		return;
	}
	to_l1(v, x, n->saved.efer, n->saved.pat);
}

void nested_fail_entry(struct vcpu *v, uint32_t reason, uint64_t qualification)
{
	struct leave_exit x = {
		.reason = reason | EXIT_REASON_ENTRY_FAILED,
		.qualification = qualification,
	};
	struct nested_vcpu *n = nested_of(v);
	struct leave_host h;

	n->exits_l1[reason]++;
	leave_record(n->vmcs12, &x);
	if (v->vmx->in_l2) {
		to_l1(v, &x, vmx_get_efer(v), vmx_get_pat(v));
		return;
	}
	leave_load(n->vmcs12, vmx_get_cr0(v), vmx_get_efer(v), vmx_get_pat(v), &h);
	vmx_set_interruptibility(v, vmx_get_interruptibility(v) & VMX_BLOCKED_BY_NMI);
	hw_shadow_exited(v);
	load_host(v, &h);
}

void nested_refused(struct vcpu *v, uint32_t error)
{
	struct nested_vcpu *n = nested_of(v);

	/* A check that entry_check() has not: the processor's word counts. L1 can make it say so as
	 * often as it likes. */
	if (!n->refused)
		log_guest_printf(LOG_WARNING,
				 "%s: vCPU %u: L2 refused with VM-instruction error %u",
				 v->domain->name, v->id, error);
	n->refused = true;
	v->vmx->entry_info = 0;
	n->entering = false;
	nested_switch(v);
	nested_save(v); /* VMCS02 may have been launched before, or not: now it is not */
	nested_instruction_done(v, (int)error);
}

/* ---- Exits of VMCS02 ---- */

/* INS, OUTS: for L1 to emulate them; and where the instruction was interrupted (27.2.3). */
static void io_fields(struct vcpu *v)
{
	struct vmcs12 *v12 = nested_of(v)->vmcs12;

	v12->io_rcx = vmreadn(VMCSN_IO_RCX);
	v12->io_rsi = vmreadn(VMCSN_IO_RSI);
	v12->io_rdi = vmreadn(VMCSN_IO_RDI);
	v12->io_rip = vmreadn(VMCSN_IO_RIP);
}

static uint64_t operand(struct vcpu *v, uint32_t reason)
{
	struct cr_access cr;

	switch (reason) {
	case EXIT_CR_ACCESS:
		cr = qualification_cr(vmx_get_qualification(v));
		if (cr.kind != CR_MOV_TO)
			return 0;
		return vcpu_arch_mode(v) == VCPU_MODE_64 ? vmx_get_register(v, cr.reg)
							 : low32(vmx_get_register(v, cr.reg));
	case EXIT_RDMSR:
	case EXIT_WRMSR: return low32(v->regs.rcx);
	case EXIT_VMREAD:
	case EXIT_VMWRITE:
		return vmx_get_register(v, operand_reg2(vmread32(VMCS32_EXIT_INSN_INFO)));
	case EXIT_XSAVES:
	case EXIT_XRSTORS: return (v->regs.rdx << 32 | low32(v->regs.rax)) & v->vmx->xss;
	default: return 0;
	}
}

static enum nested_route route(struct vcpu *v, uint32_t reason)
{
	struct nested_vcpu *n = nested_of(v);
	struct route_args a;

	a.v = n->vmcs12;
	a.reason = reason;
	a.intr_info = 0;
	a.intr_error = 0;
	a.qualification = vmx_get_qualification(v);
	a.operand = operand(v, reason);
	a.timer_over = n->timer_end && clock_ticks() >= n->timer_end;
	a.read = nested_read_memory;
	a.opaque = v;
	if (reason == EXIT_EXCEPTION_NMI) {
		a.intr_info = vmread32(VMCS32_EXIT_INTR_INFO);
		a.intr_error = vmread32(VMCS32_EXIT_INTR_ERROR);
	}
	return route_exit(&a);
}

static void reflect(struct vcpu *v)
{
	struct leave_exit x;

	nested_leave_info(v, &x);
	if (x.reason == EXIT_IO)
		io_fields(v);
	nested_leave(v, &x);
}

/* L1 has turned the function on; the index says the rest. */
static void vm_function(struct vcpu *v)
{
	if (!(vmcs12_proc2(nested_of(v)->vmcs12) & PROC2_VMFUNC))
		exit_undefined(v);
	else if (!low32(v->regs.rax) && nested_ept_switch(v, low32(v->regs.rcx)))
		vmx_skip_instruction(v);
	else
		reflect(v);
}

/* As on such an exit of L1, but for what is in the VMCS or of L1's wishes. */
static void here(struct vcpu *v, uint32_t reason)
{
	switch (reason) {
	case EXIT_CR_ACCESS:
		if ((vmx_get_qualification(v) & 0xf) != 8)
			nested_cr_access(v);
		else
			exits_dispatch(v, reason);
		break;
	case EXIT_HLT:
		/* nested_prepare() looks whether it really halts. */
		vmx_skip_instruction(v);
		nested_of(v)->halted = true;
		break;
	case EXIT_VMFUNC: vm_function(v); break;
	case EXIT_VMREAD: nested_shadow_access(v, false); break;
	case EXIT_VMWRITE: nested_shadow_access(v, true); break;
	default: exits_dispatch(v, reason); break;
	}
}

static void ours(struct vcpu *v, uint32_t reason)
{
	bool ept = vmcs12_proc2(nested_of(v)->vmcs12) & PROC2_EPT;

	if (reason == EXIT_EPT_VIOLATION && ept)
		nested_ept_violation(v);
	else if (reason == EXIT_EPT_MISCONFIGURATION && ept)
		nested_ept_misconfiguration(v);
	else if (reason == EXIT_PREEMPTION_TIMER)
		v->vmx->timer_end = 0; /* armed anew, unless the slice is over */
	else
		exits_dispatch(v, reason);
}

/* An instruction of L2 that was emulated while the monitor trap flag is set is at its end. */
static void trap_flag(struct vcpu *v, uint64_t rip)
{
	struct nested_vcpu *n = nested_of(v);

	if (v->vmx->in_l2 && (n->vmcs12->proc & PROC_TRAP_FLAG) && vmx_get_rip(v) != rip)
		n->trap_flag = true;
}

void nested_exit(struct vcpu *v, uint32_t reason)
{
	struct nested_vcpu *n = nested_of(v);
	uint64_t rip = vmx_get_rip(v);
	enum nested_route to;

	n->entering = false;
	if (reason & EXIT_REASON_ENTRY_FAILED) {
		/* A check that entry_check() has not: the processor's word counts. */
		nested_fail_entry(v, reason & EXIT_REASON_BASIC, vmx_get_qualification(v));
		nested_save(v); /* VMLAUNCH has not launched VMCS02 then */
		return;
	}
	to = route(v, reason);
	if (to == ROUTE_L1) {
		reflect(v);
		return;
	}
	if (to == ROUTE_HERE)
		here(v, reason);
	else
		ours(v, reason);
	/* Else L1 has got an exit after all, and that was counted. */
	if (v->vmx->in_l2 && reason < VMX_EXIT_REASONS)
		n->exits_l0[reason]++;
	trap_flag(v, rip);
}
