// SPDX-License-Identifier: MIT
/*
 * Processors that run guests, beneath the real arch/x86/vmx/run.c: VM entries and exits, kicks and
 * NMIs, with the fake TLB. What stands above run.c does nothing, or calls the test.
 */
#ifndef TESTS_UNIT_FAKES_PROCESSOR_H
#define TESTS_UNIT_FAKES_PROCESSOR_H

#include "arch/x86/vmx/vmx.h"
#include "tests/unit/fakes/cpu.h"

#define PROCESSORS 4 /* and as many vCPUs */

struct processor {
	struct vcpu *vcpu; /* in the guest: the one that runs; else NULL */
	bool kick, nmi;    /* have arrived */
	bool nmi_blocked;
	bool deaf;            /* takes no external interrupt in the guest */
	uint32_t exit_reason; /* of the last exit */
	uint64_t entries;
};

/* What of a vCPU's VMCS matters here. */
struct processor_vmcs {
	uint64_t virtual_apic, apic_access; /* host-physical */
	uint32_t controls, controls2;
	uint32_t virtual_apic_life, apic_access_life; /* of the frame, at the entry */
};

extern struct processor processors[PROCESSORS];
extern struct domain processor_domain; /* whose physmap it all is about */

/* Start over; the domain's physmap is set up, in this slot, and empty. VPIDs, or none. */
void processor_reset(uint16_t slot, bool vpids);
/* The physmap goes; no vCPU may be in the guest. */
void processor_end(void);
struct vcpu *processor_vcpu(uint32_t id);
struct processor_vmcs *processor_vmcs(uint32_t id);

/* The calling core runs this vCPU until it halts. */
void processor_run(struct vcpu *v);
/*
 * The guest. Called over and over while the vCPU is in the guest: returns an exit reason, or ~0 to
 * stay. Interrupts are looked at after each call.
 */
extern uint32_t (*processor_guest)(struct vcpu *v);
#define PROCESSOR_STAY ~0U
/* It executed VMCALL. */
extern void (*processor_vmcall)(struct vcpu *v);
/* ATTN_SHADOW was asked for: the event sender's refresh. */
extern void (*processor_shadow)(struct vcpu *v);

/* What the guest on this core does by hardware alone: it touches these pages, and those of its VMCS.
 * Any thread. */
void processor_touch(uint32_t core, const uint64_t *gfns, unsigned int count);

#endif
