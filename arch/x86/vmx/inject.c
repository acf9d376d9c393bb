// SPDX-License-Identifier: MIT
/*
 * What the guest gets at its next entry (SDM vol. 3, 24.8.3): one event. In this order: an event
 * that an exit interrupted, an exception that an exit raised, an NMI, the Xen upcall by callback
 * type 2 (level: asked for before every entry), the local APIC. Who has to wait gets a window.
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "xenabi/xen.h"

#define SHADOWED (VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS)
#define WINDOWS  ((uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW))

static bool prepared(const struct vmx_vcpu *x)
{
	return x->entry_info & INTR_VALID;
}

static void prepare(struct vcpu *v, uint32_t info, uint32_t error)
{
	v->vmx->entry_info = info | INTR_VALID;
	vmwrite32(VMCS32_ENTRY_INTR_INFO, info | INTR_VALID);
	if (info & INTR_HAS_ERROR)
		vmwrite32(VMCS32_ENTRY_ERROR_CODE, error);
}

/* SDM vol. 3, table 6-4. */
static bool contributory(uint8_t vector)
{
	return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

static bool makes_double_fault(uint8_t first, uint8_t second)
{
	if (first == EXC_PF)
		return second == EXC_PF || contributory(second);
	return contributory(first) && contributory(second);
}

/*
 * An exception meets an event on its way. Two faults may make a double fault; an interrupt or NMI
 * is kept until the exception has been delivered; a software event happens again with its
 * instruction. False: a third fault.
 */
static bool merge(struct vcpu *v, uint8_t *vector, bool *has_error, uint32_t *error)
{
	struct vmx_vcpu *x = v->vmx;
	uint8_t first = (uint8_t)x->entry_info;

	switch (x->entry_info & INTR_TYPE) {
	case INTR_TYPE_EXTERNAL:
		x->requeued = x->entry_info;
		x->inject_again = true;
		return true;
	case INTR_TYPE_NMI: inject_nmi(v); return true;
	case INTR_TYPE_EXCEPTION: break;
	default: return true;
	}
	if (first == EXC_DF && (contributory(*vector) || *vector == EXC_PF))
		return false;
	if (makes_double_fault(first, *vector)) {
		*vector = EXC_DF;
		*has_error = true;
		*error = 0;
	}
	return true;
}

void vmx_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	uint32_t info = INTR_TYPE_EXCEPTION;

	if (prepared(v->vmx) && !merge(v, &vector, &has_error, &error)) {
		exit_triple_fault(v);
		return;
	}
	if (unlikely(v->vmx->in_l2) && nested_exception(v, vector, has_error, error))
		return;
	/* Real mode pushes no error code, and a VM entry insists on that (26.2.1.3). */
	if (has_error && (vmx_get_cr0(v) & CR0_PE))
		info |= INTR_HAS_ERROR;
	prepare(v, info | vector, error);
}

void vmx_inject_page_fault(struct vcpu *v, uint64_t linear, uint32_t error)
{
	const uint64_t before = read_cr2();
	const bool in_l2 = v->vmx->in_l2;

	write_cr2(linear);
	vmx_inject_exception(v, EXC_PF, true, error);
	/* L1 has the address in an exit's qualification, and CR2 stays (27.1). */
	if (unlikely(in_l2 && !v->vmx->in_l2))
		write_cr2(before);
}

void exits_skip_slow(struct vcpu *v, uint64_t rip)
{
	uint32_t state = vmx_get_interruptibility(v);

	if (vcpu_arch_mode(v) != VCPU_MODE_64)
		vmx_set_rip(v, (uint32_t)rip); /* EIP wraps */
	if (state & SHADOWED)
		vmx_set_interruptibility(v, state & ~SHADOWED);
	if (vmx_get_rflags(v) & RFLAGS_TF)
		debug_regs_single_step();
}

void vmx_skip_instruction(struct vcpu *v)
{
	exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
}

void vmx_skip_bytes(struct vcpu *v, uint32_t length)
{
	exits_skip(v, length);
}

void inject_restore_vectoring(struct vcpu *v)
{
	uint32_t info = vmread32(VMCS32_IDT_VECTORING_INFO);
	uint32_t type = info & INTR_TYPE;

	if (likely(!(info & INTR_VALID)))
		return;
	/* Bit 12 is undefined here and reserved there. */
	info &= INTR_VECTOR | INTR_TYPE | INTR_HAS_ERROR;
	if (type == INTR_TYPE_SOFTWARE || type == INTR_TYPE_ICEBP || type == INTR_TYPE_SOFT_EXC)
		vmwrite32(VMCS32_ENTRY_INSN_LENGTH, vmread32(VMCS32_EXIT_INSN_LENGTH));
	/* The NMI's delivery had begun to block NMIs; its injection does that itself. */
	if (type == INTR_TYPE_NMI)
		vmx_set_interruptibility(v, vmx_get_interruptibility(v) & ~VMX_BLOCKED_BY_NMI);
	prepare(v, info, info & INTR_HAS_ERROR ? vmread32(VMCS32_IDT_VECTORING_ERROR) : 0);
}

void inject_software_breakpoint(struct vcpu *v)
{
	vmwrite32(VMCS32_ENTRY_INSN_LENGTH, vmread32(VMCS32_EXIT_INSN_LENGTH));
	prepare(v, INTR_TYPE_ICEBP | EXC_DB, 0);
}

static void prepare_nmi(struct vcpu *v, uint32_t *windows)
{
	struct vmx_vcpu *x = v->vmx;
	uint32_t blocked = vmx_get_interruptibility(v);

	if (!prepared(x) && !(blocked & (SHADOWED | VMX_BLOCKED_BY_NMI))) {
		x->nmi_pending = false;
		prepare(v, INTR_TYPE_NMI | EXC_NMI, 0);
	} else if (blocked & VMX_BLOCKED_BY_STI) {
		/* An NMI window may open at once in the shadow of STI; an interrupt window does
		 * not, and IF is set there. */
		*windows |= PROC_INTERRUPT_WINDOW;
	} else {
		*windows |= PROC_NMI_WINDOW;
	}
}

static inline bool interrupts_open(const struct vmx_vcpu *x)
{
	return !prepared(x) && (vmreadn(VMCSN_GUEST_RFLAGS) & RFLAGS_IF) &&
	       !(vmread32(VMCS32_INTERRUPTIBILITY) & SHADOWED);
}

/* Interrupts are open: the most urgent one goes. */
static void prepare_interrupt(struct vcpu *v, int upcall, int lapic, uint32_t *windows)
{
	struct vmx_vcpu *x = v->vmx;

	if (x->requeued) {
		prepare(v, x->requeued & (INTR_TYPE | INTR_VECTOR), 0);
		x->requeued = 0;
	} else if (upcall >= 0) {
		prepare(v, INTR_TYPE_EXTERNAL | (uint32_t)upcall, 0);
	} else {
		prepare(v, INTR_TYPE_EXTERNAL | (uint32_t)lapic, 0);
		vlapic_accept(v, (uint8_t)lapic);
		lapic = vlapic_pending(v);
	}
	/* Level: a handler that does not take the upcall back gets it again after its IRET. */
	if (upcall >= 0 || lapic >= 0)
		*windows |= PROC_INTERRUPT_WINDOW;
}

void inject_nmi(struct vcpu *v)
{
	v->vmx->nmi_pending = true;
	v->vmx->inject_again = true;
}

static inline void ask_windows(struct vmx_vcpu *x, uint32_t windows)
{
	uint32_t controls = (x->proc_controls & ~WINDOWS) | windows;

	x->inject_again = windows;
	if (x->proc_controls != controls) {
		x->proc_controls = controls;
		vmwrite32(VMCS32_PROC_CONTROLS, controls);
	}
}

void inject_these(struct vcpu *v, int upcall, int lapic, bool nmi, uint32_t windows)
{
	struct vmx_vcpu *x = v->vmx;

	if (x->nmi_pending && nmi)
		prepare_nmi(v, &windows);
	if (x->requeued || upcall >= 0 || lapic >= 0) {
		if (interrupts_open(x))
			prepare_interrupt(v, upcall, lapic, &windows);
		else
			windows |= PROC_INTERRUPT_WINDOW;
	}
	ask_windows(x, windows);
}

void inject_prepare_slow(struct vcpu *v, int upcall)
{
	struct vmx_vcpu *x = v->vmx;

	if (unlikely(x->in_l2)) {
		nested_prepare(v, upcall);
		return;
	}

	if (unlikely(x->nmi_pending || x->requeued || load_relaxed(&v->lapic->irr_words))) {
		inject_these(v, upcall, vlapic_pending(v), true, 0);
		return;
	}
	/* inject_these() for an upcall and nothing else, or for nothing at all any more. */
	if (upcall >= 0 && interrupts_open(x))
		prepare(v, INTR_TYPE_EXTERNAL | (uint32_t)upcall, 0);
	ask_windows(x, upcall >= 0 ? PROC_INTERRUPT_WINDOW : 0);
}

void inject_reset(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	if (prepared(x))
		vmwrite32(VMCS32_ENTRY_INTR_INFO, 0);
	x->entry_info = 0;
	x->requeued = 0;
	x->nmi_pending = false;
}

bool inject_wakes(struct vcpu *v)
{
	struct vmx_vcpu *x = v->vmx;

	if (x->nmi_pending || prepared(x))
		return true;
	/* With interrupts off only an NMI ends a HLT. */
	return (vmx_get_rflags(v) & RFLAGS_IF) &&
	       (x->requeued || vlapic_pending(v) >= 0 || xen_event_pending(v));
}
