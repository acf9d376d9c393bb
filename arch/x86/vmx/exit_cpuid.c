// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/exits.h"

void exit_cpuid(struct vcpu *v)
{
	struct vcpu_regs *r = &v->regs;
	struct cpuid_regs out;

	cpuid_policy_guest(v, (uint32_t)r->rax, (uint32_t)r->rcx, &out);
	r->rax = out.eax;
	r->rbx = out.ebx;
	r->rcx = out.ecx;
	r->rdx = out.edx;
	exits_skip(v, vmread32(VMCS32_EXIT_INSN_LENGTH));
}
