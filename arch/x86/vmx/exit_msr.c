// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/exits.h"
#include "core/lib/bits.h"

void exit_rdmsr(struct vcpu *v)
{
	uint64_t value;

	if (!msr_policy_read(v, (uint32_t)v->regs.rcx, &value)) {
		exit_general_protection(v);
		return;
	}
	v->regs.rax = low32(value);
	v->regs.rdx = high32(value);
	exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
}

void exit_wrmsr(struct vcpu *v)
{
	uint64_t value = (v->regs.rdx << 32) | low32(v->regs.rax);

	if (!msr_policy_write(v, (uint32_t)v->regs.rcx, value)) {
		exit_general_protection(v);
		return;
	}
	exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
}
