// SPDX-License-Identifier: MIT
/*
 * What RDMSR and WRMSR do in a guest: the set of MSRs that the CPUID shown implies, each with the
 * processor's own rules. Everything else is #GP, logged once per MSR and guest.
 */
#ifndef ARCH_X86_VMX_MSR_POLICY_H
#define ARCH_X86_VMX_MSR_POLICY_H

#include "arch/x86/vmx/mtrr.h"
#include "core/vcpu.h"

#define MSR_LOGGED_MAX 64

/* MSRs whose values live here. Per vCPU. */
struct msr_state {
	struct mtrr_state mtrr;
	uint64_t misc_enable;
	uint64_t tsc_offset; /* the guest's TSC less the machine's */
	uint64_t tsc_adjust; /* IA32_TSC_ADJUST */
	uint64_t spec_ctrl;  /* IA32_SPEC_CTRL while the vCPU is not loaded */
};

/* Unknown MSRs that were logged already. Per domain; a race may log one twice. */
struct msr_logged {
	uint32_t count;
	uint32_t msr[MSR_LOGGED_MAX];
};

/* State after power-up, and after INIT nothing changes. Offline vCPU. */
void msr_state_init(struct msr_state *s);

/* RDMSR, WRMSR that exited; false means #GP(0). The vCPU's own core, loaded, outside sections. */
bool msr_policy_read(struct vcpu *v, uint32_t msr, uint64_t *value) must_check;
bool msr_policy_write(struct vcpu *v, uint32_t msr, uint64_t value) must_check;

/* Fill the 4 KiB VMX MSR bitmap (SDM vol. 3, 24.6.9) of a domain: 1 exits. */
void msr_policy_fill_bitmap(struct domain *d, uint8_t *bitmap);
/* Whether that bitmap lets a WRMSR or RDMSR through: the register holds the guest's own value. */
bool msr_policy_passes(const struct domain *d, uint32_t msr, bool write);

#endif
