// SPDX-License-Identifier: MIT
/* A domain without a processor: what the virtual platform asks of the VMX part and of the layers
 * below is recorded here. */
#ifndef TESTS_UNIT_FAKES_PLATFORM_H
#define TESTS_UNIT_FAKES_PLATFORM_H

#include "arch/x86/vmx/vmx.h"
#include "tests/unit/fakes/cpu.h"

#define FAKE_VCPUS 40

struct fake_vcpu {
	struct vcpu v;
	struct vmx_vcpu vmx;
	uint64_t cr4, pat, debugctl, hw_tsc_offset;
	bool long_mode;
	bool init_blocked, init_taken; /* what nested_blocks_init() says */
	unsigned int nested_sipis, nmis, resets, sipis, onlines, offlines, lapic_enabled;
	uint8_t sipi_page;
	bool offline; /* the last of sched_offline() and sched_online() */
};

struct fake_machine {
	struct domain domain;
	struct vmx_domain vmx;
	struct fake_vcpu cpu[FAKE_VCPUS];
	unsigned int log_lines;
	uint64_t field[0x8000]; /* the VMCS, by encoding */
	bool online_races;      /* sched_offline() finds that a SIPI came just before */
	bool nested;            /* the guest has VMX */
};

extern struct fake_machine machine;

/* A domain with n vCPUs, with virtual APICs when `lapics`; core 0 runs vCPU 0. */
void fake_machine_start(uint32_t n, bool lapics);
void fake_machine_stop(void);

static inline struct vcpu *vcpu_n(uint32_t i)
{
	return &machine.cpu[i].v;
}

#endif
