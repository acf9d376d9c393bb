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

static void load_segments(struct vcpu *v, const struct leave_host *h)
{
	for (unsigned int i = 0; i < VMX_SEG_COUNT; i++)
		vmx_set_segment(v, (enum vmx_segment)i, &h->segment[i]);
	vmwriten(VMCSN_GUEST_GDTR_BASE, h->gdtr_base);
	vmwriten(VMCSN_GUEST_IDTR_BASE, h->idtr_base);
	vmwrite32(VMCS32_GUEST_GDTR_LIMIT, 0xffff);
	vmwrite32(VMCS32_GUEST_IDTR_LIMIT, 0xffff);
}

/* The processor shuts down (27.7): a triple fault of L1. */
static void vmx_abort(struct vcpu *v, uint32_t indicator)
{
	struct nested_vcpu *n = nested_of(v);

	log_warning("%s: vCPU %u: VMX abort %u", v->domain->name, v->id, indicator);
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

	reset_write_cr0(v, h->cr0);
	vmwriten(VMCSN_GUEST_CR3, h->cr3);
	reset_write_cr4(v, h->cr4);
	reset_write_efer(v, h->efer);
	vmwrite64(VMCS64_GUEST_PAT, h->pat);
	vmwrite64(VMCS64_GUEST_DEBUGCTL, 0);
	vmwriten(VMCSN_GUEST_DR7, DR7_INIT);
	vmwrite32(VMCS32_GUEST_SYSENTER_CS, (uint32_t)h->sysenter_cs);
	vmwriten(VMCSN_GUEST_SYSENTER_ESP, h->sysenter_esp);
	vmwriten(VMCSN_GUEST_SYSENTER_EIP, h->sysenter_eip);
	load_segments(v, h);
	vmx_set_rip(v, h->rip);
	vmwriten(VMCSN_GUEST_RSP, h->rsp);
	vmx_set_rflags(v, RFLAGS_FIXED);
	vmwriten(VMCSN_GUEST_PENDING_DBG, 0);
	if ((h->cr0 & CR0_PG) && (h->cr4 & CR4_PAE) && !(h->efer & EFER_LMA) &&
	    !reset_load_pdptes(v, h->cr3)) {
		vmx_abort(v, VMX_ABORT_PDPTE);
		return;
	}
	if (nested_msrs_load(v, v12->exit_msr_load, (uint32_t)v12->exit_msr_loads))
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

	*x = (struct leave_exit){
		.reason = vmread32(VMCS32_EXIT_REASON),
		.qualification = vmx_get_qualification(v),
		.intr_info = vmread32(VMCS32_EXIT_INTR_INFO),
		.intr_error = vmread32(VMCS32_EXIT_INTR_ERROR),
		.insn_length = vmread32(VMCS32_EXIT_INSN_LENGTH),
		.insn_info = vmread32(VMCS32_EXIT_INSN_INFO),
		.linear = vmreadn(VMCSN_GUEST_LINEAR),
		.physical = vmread64(VMCS64_GUEST_PHYSICAL),
	};
	if (!(vectoring & INTR_VALID))
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

/* VMCS02 gives way to VMCS01, with the host state of vmcs12. */
static void to_l1(struct vcpu *v, const struct leave_exit *x)
{
	struct nested_vcpu *n = nested_of(v);

	(n->host_known ? leave_load_again : leave_load)(n->vmcs12, vmx_get_cr0(v), vmx_get_efer(v),
							vmx_get_pat(v), &n->host);
	n->host_known = true;
	nested_switch(v);
	n->entering = false;
	n->halted = false;
	n->waits_sipi = false;
	store_relaxed(&v->lapic->wait_sipi, false);
	vmx_set_interruptibility(v, interruptibility_after(v, x, vmx_get_interruptibility(v)));
	if (n->tsc_written)
		vmx_set_tsc_offset(v, v->vmx->msr.tsc_offset);
	hw_shadow_fill(v);
	flush_tags(v);
	speculation_leave_l2();
	load_host(v, &n->host);
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
	if (nested_msrs_store(v, v12->exit_msr_store, (uint32_t)v12->exit_msr_stores)) {
		vmx_abort(v, VMX_ABORT_STORE);
		return;
	}
	to_l1(v, x);
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
		to_l1(v, &x);
		return;
	}
	leave_load(n->vmcs12, vmx_get_cr0(v), vmx_get_efer(v), vmx_get_pat(v), &h);
	vmx_set_interruptibility(v, vmx_get_interruptibility(v) & VMX_BLOCKED_BY_NMI);
	hw_shadow_fill(v);
	load_host(v, &h);
}

void nested_refused(struct vcpu *v, uint32_t error)
{
	struct nested_vcpu *n = nested_of(v);

	/* A check that entry_check() has not: the processor's word counts. */
	log_warning("%s: vCPU %u: L2 refused with VM-instruction error %u", v->domain->name, v->id,
		    error);
	v->vmx->entry_info = 0;
	n->entering = false;
	nested_switch(v);
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
	struct route_args a = {
		.v = n->vmcs12,
		.reason = reason,
		.qualification = vmx_get_qualification(v),
		.operand = operand(v, reason),
		.timer_over = n->timer_end && clock_ticks() >= n->timer_end,
		.read = nested_read_memory,
		.opaque = v,
	};

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
