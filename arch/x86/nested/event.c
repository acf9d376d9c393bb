// SPDX-License-Identifier: MIT
/*
 * What stops L2 before an entry: interrupts and NMIs for L1 as exits, or for L2 itself where L1
 * lets them through; L1's preemption timer; exceptions that Xenith raises in L2. An entry that L1
 * has begun comes first with its event: who has to wait for that gets the core back by an IPI, which
 * the processor takes after the event and before an instruction.
 */
#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/route.h"
#include "arch/x86/nested/state.h"
#include "core/sched.h"

uint64_t nested_wishes(const struct vcpu *v)
{
	return nested_of(v)->vmcs12->proc;
}

void nested_tsc_written(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	struct merge_l1 l1 = { .tsc_offset = v->vmx->msr.tsc_offset };
	struct merge_l2 l2;

	n->tsc_written = true;
	merge_controls(&l1, n->vmcs12, &l2);
	n->merged.tsc_offset = l2.tsc_offset;
	vmwrite64(VMCS64_TSC_OFFSET, l2.tsc_offset);
}

uint64_t nested_timer_end(struct vcpu *v, uint64_t slice_end)
{
	uint64_t end = nested_of(v)->timer_end;

	return end && end < slice_end ? end : slice_end;
}

static void leave(struct vcpu *v, uint32_t reason)
{
	struct leave_exit x = { .reason = reason };

	nested_leave(v, &x);
}

bool nested_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	struct leave_exit x = {
		.reason = EXIT_EXCEPTION_NMI,
		.intr_info = INTR_VALID | INTR_TYPE_EXCEPTION | vector,
		.qualification = vector == EXC_PF ? read_cr2() : 0,
	};

	if (!route_exception(nested_of(v)->vmcs12, vector, error))
		return false;
	if (has_error && (vmx_get_cr0(v) & CR0_PE)) {
		x.intr_info |= INTR_HAS_ERROR;
		x.intr_error = error;
	}
	nested_leave(v, &x);
	return true;
}

void nested_triple_fault(struct vcpu *v)
{
	v->vmx->entry_info = 0; /* it was part of it */
	leave(v, EXIT_TRIPLE_FAULT);
}

void nested_init_signal(struct vcpu *v)
{
	leave(v, EXIT_INIT);
}

void nested_sipi(struct vcpu *v, uint8_t page)
{
	struct leave_exit x = { .reason = EXIT_SIPI, .qualification = page };

	if (nested_of(v)->waits_sipi)
		nested_leave(v, &x);
}

static bool timer_over(const struct nested_vcpu *n)
{
	return n->timer_end && clock_ticks() >= n->timer_end;
}

static bool nmi_exits(struct vcpu *v)
{
	const struct nested_vcpu *n = nested_of(v);

	if (!v->vmx->nmi_pending || !(n->vmcs12->pin & PIN_NMI))
		return false;
	/* With virtual NMIs the blocking is of these, and NMIs are never blocked (24.6.1). */
	return (n->vmcs12->pin & PIN_VIRTUAL_NMI) || !n->nmi_blocked;
}

static bool interrupt_exits(const struct vcpu *v, int upcall, int lapic)
{
	return (upcall >= 0 || lapic >= 0) && (nested_of(v)->vmcs12->pin & PIN_EXTERNAL_INTERRUPT);
}

static void leave_for_nmi(struct vcpu *v)
{
	struct leave_exit x = {
		.reason = EXIT_EXCEPTION_NMI,
		.intr_info = INTR_VALID | INTR_TYPE_NMI | EXC_NMI,
	};

	v->vmx->nmi_pending = false;
	nested_leave(v, &x);
}

static void leave_for_interrupt(struct vcpu *v, int upcall, int lapic)
{
	struct leave_exit x = { .reason = EXIT_EXTERNAL_INTERRUPT };

	/* Else L1 takes it from its local APIC. */
	if (nested_of(v)->vmcs12->exit & EXIT_ACK_INTERRUPT) {
		x.intr_info =
			INTR_VALID | INTR_TYPE_EXTERNAL | (uint32_t)(upcall >= 0 ? upcall : lapic);
		if (upcall < 0)
			vlapic_accept(v, (uint8_t)lapic);
	}
	nested_leave(v, &x);
}

/* In the order of SDM vol. 3, table 6-2 and 25.5.1, 25.2. */
static bool leave_if_due(struct vcpu *v, int upcall, int lapic)
{
	struct nested_vcpu *n = nested_of(v);

	if (n->trap_flag && !v->vmx->entry_info)
		leave(v, EXIT_TRAP_FLAG);
	else if (timer_over(n))
		leave(v, EXIT_PREEMPTION_TIMER);
	else if (nmi_exits(v))
		leave_for_nmi(v);
	else if (interrupt_exits(v, upcall, lapic))
		leave_for_interrupt(v, upcall, lapic);
	else
		return false;
	return true;
}

/* The entry's own event, one whose delivery an exit to Xenith has interrupted, and a pending trap come
 * before anything that would end L2's run: no such exit has IDT-vectoring information. */
static bool event_first(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	return v->vmx->entry_info || (n->entering && n->vmcs12->pending_debug);
}

static bool due(struct vcpu *v, int upcall, int lapic)
{
	return nmi_exits(v) || interrupt_exits(v, upcall, lapic);
}

/* Nothing ends L2's run in the shadow of STI or MOV SS. */
static bool shadowed(struct vcpu *v)
{
	return vmx_get_interruptibility(v) & (VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS);
}

/* One that the processor would deliver (29.2.1): its class is above those of VTPR and SVI. */
static bool virtual_interrupt(struct vcpu *v)
{
	const struct vmcs12 *v12 = nested_of(v)->vmcs12;
	uint16_t status;
	uint8_t vtpr;

	if (!(vmcs12_proc2(v12) & PROC2_VIRTUAL_INTERRUPT))
		return false;
	nested_read_memory(v, v12->virtual_apic + VAPIC_TPR, &vtpr, 1);
	status = vmread16(VMCS16_INTERRUPT_STATUS);
	return (status & 0xf0) > max_u64(vtpr, status >> 8) >> 4 << 4;
}

/* Whether L2, which halts, goes on. */
static bool wakes(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);
	uint64_t proc = n->vmcs12->proc, rflags = vmx_get_rflags(v);
	int upcall = xen_upcall_vector(v), lapic = vlapic_pending(v);

	if (v->vmx->entry_info || n->trap_flag || due(v, upcall, lapic) ||
	    vmreadn(VMCSN_GUEST_PENDING_DBG) & (PENDING_ENABLED | PENDING_BS))
		return true;
	if (((proc & PROC_NMI_WINDOW) || (v->vmx->nmi_pending && !(n->vmcs12->pin & PIN_NMI))) &&
	    !(vmx_get_interruptibility(v) & VMX_BLOCKED_BY_NMI))
		return true;
	return (rflags & RFLAGS_IF) && ((proc & PROC_INTERRUPT_WINDOW) || upcall >= 0 ||
					lapic >= 0 || v->vmx->requeued || virtual_interrupt(v));
}

void nested_wake(struct timer *t)
{
	vcpu_request(container_of(t, struct nested_vcpu, wake)->vcpu, ATTN_TIMER);
}

/* L2 does not run while it halts. L1's timer goes on (25.5.1). */
static void halt(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	/* It ran out since leave_if_due() looked: the exit is from the HLT state all the same. */
	if (timer_over(n)) {
		leave(v, EXIT_PREEMPTION_TIMER);
		inject_prepare_slow(v, xen_upcall_vector(v));
		return;
	}
	if (wakes(v)) {
		n->halted = false;
		return;
	}
	if (n->timer_end)
		timer_set(&n->wake, n->timer_end, this_cpu()->id);
	sched_block(v);
}

/* Nothing that a turn of the entry path would have to look at. */
static inline bool quiet(const struct vcpu *v, int upcall, int lapic)
{
	const struct nested_vcpu *n = nested_of(v);

	return upcall < 0 && lapic < 0 && !v->vmx->nmi_pending && !v->vmx->requeued &&
	       !n->timer_end && !n->trap_flag && !n->halted && !n->waits_sipi;
}

void nested_prepare(struct vcpu *v, int upcall)
{
	const uint32_t windows = (uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);
	struct nested_vcpu *n = nested_of(v);
	uint32_t wished = (uint32_t)n->vmcs12->proc & windows;
	int lapic = vlapic_pending(v);
	bool exits;

	if (likely(quiet(v, upcall, lapic))) {
		vmx_set_proc_controls(v, (v->vmx->proc_controls & ~windows) | wished);
		return;
	}
	if (n->waits_sipi) {
		sched_block(v); /* and nothing but an exit ends that */
		return;
	}
	if (nested_posted(v, lapic)) {
		n->halted = false;
		lapic = vlapic_pending(v);
		/* Posted again meanwhile: others may do so for ever, but L2 runs in between. */
		if (lapic >= 0 && (uint64_t)lapic == n->vmcs12->posted_vector) {
			apic_send_kick(this_cpu()->id);
			lapic = -1;
		}
	}
	if (event_first(v) || (due(v, upcall, lapic) && shadowed(v))) {
		if (due(v, upcall, lapic))
			apic_send_kick(this_cpu()->id);
	} else if (leave_if_due(v, upcall, lapic)) {
		inject_prepare_slow(v, xen_upcall_vector(v));
		return;
	}
	/* An NMI that is blocked without virtual NMIs stays so until L1 runs. */
	if (nmi_exits(v))
		wished |= (uint32_t)PROC_NMI_WINDOW;
	/* What L1 does not want is for L2. */
	exits = n->vmcs12->pin & PIN_EXTERNAL_INTERRUPT;
	inject_these(v, exits ? -1 : upcall, exits ? -1 : lapic, !(n->vmcs12->pin & PIN_NMI),
		     wished);
	v->vmx->inject_again = true;
	if (n->halted)
		halt(v);
}
