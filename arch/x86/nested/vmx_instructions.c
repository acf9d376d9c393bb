// SPDX-License-Identifier: MIT
/*
 * L1's VMX instructions (SDM vol. 3, 30.3) but for VMREAD and VMWRITE. They exit before the
 * privilege level is looked at (25.1.1), and whatever L1's CR4.VMXE is, which hardware has always
 * set: so all their faults are raised here.
 */
#include "arch/x86/nested/instruction.h"
#include "arch/x86/nested/invalidate12.h"
#include "arch/x86/nested/operand.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"

#define STATE_START offsetof(struct vmcs12, launched) /* the words before are L1's own */

bool nested_instruction_faults(struct vcpu *v, bool vmxon)
{
	struct instruction_state s;
	int fault;

	/* Then VMXE, too, is set. */
	if (likely(nested_of(v)->vmx_on && vcpu_arch_kernel_64(v)))
		return false;
	s = (struct instruction_state){
		.cr0 = vmx_get_cr0(v),
		.cr4 = vmx_get_cr4(v),
		.efer = vmx_get_efer(v),
		.rflags = vmx_get_rflags(v),
		.cs_long = vmx_get_cs_rights(v) & VMX_RIGHTS_L,
		.cpl = vcpu_arch_cpl(v),
		.vmx_on = nested_of(v)->vmx_on,
		.feature_ctl = FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX,
	};
	fault = vmxon ? instruction_vmxon_fault(&s, nested_caps_of(v)) : instruction_fault(&s);
	if (fault)
		vmx_inject_exception(v, (uint8_t)fault, fault == EXC_GP, 0);
	return fault;
}

void nested_instruction_done(struct vcpu *v, int error)
{
	struct nested_vcpu *n = nested_of(v);
	bool has_current = n->current != NESTED_NO_VMCS;
	uint64_t rflags = vmx_get_rflags(v), after = instruction_flags(rflags, error, has_current);

	if (error > 0 && has_current)
		n->vmcs12->insn_error = (uint64_t)error;
	if (after != rflags)
		vmx_set_rflags(v, after);
	vmx_skip_instruction(v);
}

/* A pointer is 64 bits of memory in every mode. */
static bool read_pointer(struct vcpu *v, uint64_t *pointer)
{
	return memory_operand_read(v, vmread32(VMCS32_EXIT_INSN_INFO), pointer, sizeof(*pointer));
}

/* ---- VMX operation ---- */

/* PE and PG have to stay set (23.8), so MOV to CR0 exits for them, too. */
static void guard_cr0(struct vcpu *v, bool on)
{
	uint64_t cr0 = vmx_get_cr0(v);

	vmwriten(VMCSN_CR0_MASK, vmx_cr0_owned() | (on ? CR0_PE | CR0_PG : 0));
	vmwriten(VMCSN_CR0_SHADOW, cr0);
}

static void enter_operation(struct vcpu *v, uint64_t region)
{
	struct nested_vcpu *n = nested_of(v);

	n->vmx_on = true;
	n->vmxon = region;
	n->current = NESTED_NO_VMCS;
	guard_cr0(v, true);
	hw_shadow_use(v, true);
}

static void do_vmxon(struct vcpu *v)
{
	const struct nested_caps *caps = nested_caps_of(v);
	uint64_t region;
	uint32_t word;

	if (nested_of(v)->vmx_on) {
		nested_instruction_done(v, VMFAIL_VMXON_IN_ROOT);
		return;
	}
	if (!read_pointer(v, &region))
		return;
	if (nested_page_ok(caps, region)) {
		nested_read_memory(v, region, &word, sizeof(word));
		if (instruction_vmxon_region_ok(caps, word)) {
			enter_operation(v, region);
			nested_instruction_done(v, VMFAIL_NONE);
			return;
		}
	}
	nested_instruction_done(v, INSTRUCTION_INVALID);
}

/* ---- The current VMCS ---- */

/* Our copy goes back to its page. */
static void write_back(struct vcpu *v)
{
	const struct nested_vcpu *n = nested_of(v);

	nested_read_rare(v);
	hw_shadow_take(v);
	if (n->current != NESTED_NO_VMCS)
		nested_write_memory(v, n->current + STATE_START, &n->vmcs12->launched,
				    sizeof(*n->vmcs12) - STATE_START);
}

static void do_vmxoff(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	write_back(v);
	n->current = NESTED_NO_VMCS;
	n->vmx_on = false;
	guard_cr0(v, false);
	hw_shadow_use(v, false);
	vcpu_request(v, ATTN_LAPIC); /* an INIT may have waited */
	nested_instruction_done(v, VMFAIL_NONE);
}

static enum vmfail clear(struct vcpu *v, uint64_t gpa)
{
	static const uint64_t clear_state;
	struct nested_vcpu *n = nested_of(v);
	enum vmfail error = instruction_pointer(nested_caps_of(v), gpa, n->vmxon, false);

	if (error != VMFAIL_NONE)
		return error;
	if (gpa == n->current) {
		n->vmcs12->launched = clear_state;
		write_back(v);
		n->current = NESTED_NO_VMCS;
		hw_shadow_fill(v);
	} else {
		nested_write_memory(v, gpa + STATE_START, &clear_state, sizeof(clear_state));
	}
	return VMFAIL_NONE;
}

/* L1 may change the page at any time: each word is read once, but for the first, which is kept as
 * it was checked. */
static enum vmfail load(struct vcpu *v, uint64_t gpa)
{
	const struct nested_caps *caps = nested_caps_of(v);
	struct nested_vcpu *n = nested_of(v);
	enum vmfail error = instruction_pointer(caps, gpa, n->vmxon, true);
	uint32_t word;

	if (error != VMFAIL_NONE)
		return error;
	nested_read_memory(v, gpa, &word, sizeof(word));
	if (!vmcs12_revision_ok(caps, word))
		return VMFAIL_VMPTRLD_REVISION;
	if (gpa == n->current)
		return VMFAIL_NONE;
	write_back(v);
	nested_read_memory(v, gpa, n->vmcs12, sizeof(*n->vmcs12));
	n->vmcs12->revision = word;
	vmcs12_trim(caps, n->vmcs12);
	n->current = gpa;
	n->groups = VMCS12_GROUPS_ALL;
	hw_shadow_fill(v);
	return VMFAIL_NONE;
}

static void do_vmclear(struct vcpu *v)
{
	uint64_t gpa;

	if (read_pointer(v, &gpa))
		nested_instruction_done(v, (int)clear(v, gpa));
}

static void do_vmptrld(struct vcpu *v)
{
	uint64_t gpa;

	if (read_pointer(v, &gpa))
		nested_instruction_done(v, (int)load(v, gpa));
}

static void do_vmptrst(struct vcpu *v)
{
	if (memory_operand_write(v, vmread32(VMCS32_EXIT_INSN_INFO), &nested_of(v)->current,
				 sizeof(uint64_t)))
		nested_instruction_done(v, VMFAIL_NONE);
}

static void do_entry(struct vcpu *v, bool launch)
{
	const struct nested_vcpu *n = nested_of(v);
	bool mov_ss = vmx_get_interruptibility(v) & VMX_BLOCKED_BY_MOV_SS;
	int error = INSTRUCTION_INVALID;

	if (n->current != NESTED_NO_VMCS && !(n->vmcs12->revision & VMCS12_SHADOW))
		error = (int)vmcs12_launch_ok(n->vmcs12, launch, mov_ss);
	if (error)
		nested_instruction_done(v, error);
	else
		nested_enter(v);
}

/* ---- Invalidation ---- */

static uint64_t invalidation_type(struct vcpu *v, uint32_t info)
{
	uint64_t type = vmx_get_register(v, operand_reg2(info));

	return vcpu_arch_mode(v) == VCPU_MODE_64 ? type : (uint32_t)type;
}

static void do_invept(struct vcpu *v)
{
	const struct nested_caps *caps = nested_caps_of(v);
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO);
	uint64_t type = invalidation_type(v, info);
	enum vmfail error = VMFAIL_INVALIDATE_OPERAND;
	struct invalidate12 d;

	if (invalidate12_ept_type_ok(caps, type)) {
		if (!memory_operand_read(v, info, &d, sizeof(d)))
			return;
		if (invalidate12_ept_ok(caps, type, &d)) {
			nested_ept_invalidate(v, type == INVEPT12_ALL, d.low);
			error = VMFAIL_NONE;
		}
	}
	nested_instruction_done(v, (int)error);
}

/*
 * All VPIDs of L1's guests are one of ours at a time: nothing finer is kept apart. The next entry to
 * L2 flushes it, on whichever core that is: another than this one may remember L2, too.
 */
static void do_invvpid(struct vcpu *v)
{
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO);
	uint64_t type = invalidation_type(v, info);
	enum vmfail error = VMFAIL_INVALIDATE_OPERAND;
	struct invalidate12 d;

	if (invalidate12_vpid_type_ok(nested_caps_of(v), type)) {
		if (!memory_operand_read(v, info, &d, sizeof(d)))
			return;
		if (invalidate12_vpid_ok(type, &d)) {
			nested_of(v)->other.last_core = VMX_NO_CORE;
			error = VMFAIL_NONE;
		}
	}
	nested_instruction_done(v, (int)error);
}

/* ---- Which ---- */

static bool is_there(const struct vcpu *v, uint32_t reason)
{
	if (!nested_of(v))
		return false;
	if (reason == EXIT_INVEPT)
		return invalidate12_has_invept(nested_caps_of(v));
	if (reason == EXIT_INVVPID)
		return invalidate12_has_invvpid(nested_caps_of(v));
	return true;
}

void exit_vmx_instruction(struct vcpu *v)
{
	uint32_t reason = vmread32(VMCS32_EXIT_REASON);

	if (!is_there(v, reason)) {
		exit_undefined(v);
		return;
	}
	if (nested_instruction_faults(v, reason == EXIT_VMXON))
		return;
	switch (reason) {
	case EXIT_VMREAD: access_current(v, false); break;
	case EXIT_VMWRITE: access_current(v, true); break;
	case EXIT_VMLAUNCH: do_entry(v, true); break;
	case EXIT_VMRESUME: do_entry(v, false); break;
	case EXIT_VMCLEAR: do_vmclear(v); break;
	case EXIT_VMPTRLD: do_vmptrld(v); break;
	case EXIT_VMPTRST: do_vmptrst(v); break;
	case EXIT_INVEPT: do_invept(v); break;
	case EXIT_INVVPID: do_invvpid(v); break;
	case EXIT_VMXON: do_vmxon(v); break;
	default: do_vmxoff(v); break;
	}
}
