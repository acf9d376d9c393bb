// SPDX-License-Identifier: MIT
/* Lists of MSRs that entries and exits load and store (SDM vol. 3, 24.7.2, 24.8.2, 26.4, 27.4). */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/state.h"

#define SPECULATION     (BIT(26) | BIT(27) | BIT(31)) /* CPUID leaf 7 EDX: IA32_SPEC_CTRL exists */
#define LEAF7_ECX_RDPID BIT(22)
#define EXT1_EDX_RDTSCP BIT(27)

/* MSRs that are the guest's own, in the registers: msr_policy.c never sees them. */
static bool in_register(const struct vcpu *v, uint32_t msr)
{
	const struct cpuid_policy *p = &v->domain->vmx->cpuid;

	switch (msr) {
	case MSR_STAR:
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_SFMASK:
	case MSR_KERNEL_GS_BASE: return true;
	case MSR_TSC_AUX:
		return (p->ext[1].edx & EXT1_EDX_RDTSCP) || (p->feature[0].ecx & LEAF7_ECX_RDPID);
	case MSR_SPEC_CTRL: return p->feature[0].edx & SPECULATION;
	default: return false;
	}
}

/* The same in the VMCS in use. */
static bool write_sysenter(uint32_t msr, uint64_t value)
{
	if (msr != MSR_SYSENTER_CS && !entry_canonical(value))
		return false;
	if (msr == MSR_SYSENTER_CS)
		vmwrite32(VMCS32_GUEST_SYSENTER_CS, (uint32_t)value);
	else
		vmwriten(msr == MSR_SYSENTER_ESP ? VMCSN_GUEST_SYSENTER_ESP
						 : VMCSN_GUEST_SYSENTER_EIP,
			 value);
	return true;
}

static uint64_t read_sysenter(uint32_t msr)
{
	if (msr == MSR_SYSENTER_CS)
		return vmread32(VMCS32_GUEST_SYSENTER_CS);
	return vmreadn(msr == MSR_SYSENTER_ESP ? VMCSN_GUEST_SYSENTER_ESP
					       : VMCSN_GUEST_SYSENTER_EIP);
}

static bool load_one(struct vcpu *v, const struct entry_msr *m)
{
	if (!entry_msr_load_ok(m))
		return false;
	if (m->index >= MSR_SYSENTER_CS && m->index <= MSR_SYSENTER_EIP)
		return write_sysenter(m->index, m->value);
	if (in_register(v, m->index))
		return wrmsr_safe(m->index, m->value);
	return msr_policy_write(v, m->index, m->value);
}

static bool store_one(struct vcpu *v, struct entry_msr *m)
{
	if (!entry_msr_store_ok(m))
		return false;
	if (m->index >= MSR_SYSENTER_CS && m->index <= MSR_SYSENTER_EIP)
		m->value = read_sysenter(m->index);
	else if (m->index == MSR_FS_BASE)
		m->value = vmreadn(VMCSN_GUEST_BASE(VMX_SEG_FS));
	else if (m->index == MSR_GS_BASE)
		m->value = vmreadn(VMCSN_GUEST_BASE(VMX_SEG_GS));
	else if (in_register(v, m->index))
		m->value = rdmsr(m->index);
	else
		return msr_policy_read(v, m->index, &m->value);
	return true;
}

uint32_t nested_msrs_load(struct vcpu *v, uint64_t gpa, uint32_t count)
{
	struct entry_msr m;

	for (uint32_t i = 0; i < count; i++) {
		nested_read_memory(v, gpa + i * sizeof(m), &m, sizeof(m));
		if (i == ENTRY_MSRS_MAX || !load_one(v, &m))
			return i + 1;
	}
	return 0;
}

uint32_t nested_msrs_store(struct vcpu *v, uint64_t gpa, uint32_t count)
{
	struct entry_msr m;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = gpa + i * sizeof(m);

		nested_read_memory(v, at, &m, sizeof(m));
		if (i == ENTRY_MSRS_MAX || !store_one(v, &m))
			return i + 1;
		nested_write_memory(v, at + offsetof(struct entry_msr, value), &m.value,
				    sizeof(m.value));
	}
	return 0;
}
