// SPDX-License-Identifier: MIT
/* Lists of MSRs that entries and exits load and store (SDM vol. 3, 24.7.2, 24.8.2, 26.4, 27.4). */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/state.h"

/* SYSENTER_* are the guest's own too, but in the VMCS in use. */
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
	if (msr_policy_passes(v->domain, m->index, true))
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
	else if (msr_policy_passes(v->domain, m->index, false) &&
		 msr_policy_passes(v->domain, m->index, true)) /* not the TSC: it has an offset */
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
