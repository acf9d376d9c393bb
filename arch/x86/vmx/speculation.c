// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/speculation.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/vmx.h"

/* CPUID leaf 7 EDX. */
#define HAS_IBRS      (1U << 26) /* and IA32_PRED_CMD */
#define HAS_STIBP     (1U << 27)
#define HAS_SSBD      (1U << 31)
#define HAS_SPEC_CTRL (HAS_IBRS | HAS_STIBP | HAS_SSBD)
#define PRED_CMD_IBPB 1U

/* Domain that ran last on each core, by id; those are not reused. Only the core itself looks. */
static uint16_t last_domain[MAX_CORES];

void speculation_load(struct vcpu *v)
{
	uint32_t has = vmx_cpuid_host.feature[0].edx, core = this_cpu()->id;

	if ((has & HAS_IBRS) && last_domain[core] != v->domain->id) {
		last_domain[core] = v->domain->id;
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	}
	if (has & HAS_SPEC_CTRL)
		wrmsr(MSR_SPEC_CTRL, v->vmx->msr.spec_ctrl);
}

void speculation_save(struct vcpu *v)
{
	if (!(vmx_cpuid_host.feature[0].edx & HAS_SPEC_CTRL))
		return;
	v->vmx->msr.spec_ctrl = rdmsr(MSR_SPEC_CTRL);
	if (v->vmx->msr.spec_ctrl)
		wrmsr(MSR_SPEC_CTRL, 0);
}

void speculation_leave_l2(void)
{
	if (vmx_cpuid_host.feature[0].edx & HAS_IBRS)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}
