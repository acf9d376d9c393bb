// SPDX-License-Identifier: MIT
/*
 * VMCS02, the VMCS that L2 really runs on, from what Xenith uses for L1 (VMCS01) and what L1 wrote
 * (vmcs12). Exits that either wants happen; features that L1 did not turn on for L2 are off. Pure.
 */
#ifndef ARCH_X86_NESTED_MERGE_H
#define ARCH_X86_NESTED_MERGE_H

#include "arch/x86/nested/vmcs12.h"

/* Of VMCS01, as L1 executed VMLAUNCH or VMRESUME. */
struct merge_l1 {
	uint32_t pin, proc, proc2, exit, entry;
	uint32_t exceptions; /* exception bitmap */
	uint64_t tsc_offset;
	uint64_t efer, pat, debugctl, dr7; /* of L1, which L2 keeps where nothing loads its own */
	uint64_t cr0;                      /* for the bits that an entry leaves alone */
};

struct merge_l2 {
	uint32_t pin, proc, proc2, exit, entry;
	uint32_t exceptions, pf_mask, pf_match;
	uint64_t tsc_offset, tsc_multiplier;
	uint64_t efer, pat, debugctl, dr7;
};

/*
 * The controls and what they load. Left to the caller, for each entry: the windows that Xenith
 * itself wants, the preemption timer's value, addresses of pages (MSR bitmap, virtual-APIC,
 * APIC-access), EPT and VPID of its own. No I/O bitmaps, MSR lists, PML or shadow VMCS: these are
 * done in software, as are posted interrupts, and VMFUNC always exits.
 */
void merge_controls(const struct merge_l1 *l1, const struct vmcs12 *v, struct merge_l2 *out);

/* Of these, what also an exit of L2 may have changed in vmcs12: the entry controls, EFER, PAT,
 * DEBUGCTL and DR7. */
void merge_loads(const struct merge_l1 *l1, const struct vmcs12 *v, struct merge_l2 *out);

/* A control register of L2 in VMCS02. */
struct merge_cr {
	uint64_t guest, mask, shadow;
};

/*
 * From vmcs12's field, mask and shadow, and the bits that Xenith owns with the values they really
 * have (forced, a part of owned). L2 sees L1's shadow where L1 has the mask, else its own value.
 */
struct merge_cr merge_cr(uint64_t guest12, uint64_t mask12, uint64_t shadow12, uint64_t owned,
			 uint64_t forced);
/* Back, at an exit: vmcs12's field from that of VMCS02 as the hardware left it. */
uint64_t merge_cr_back(const struct merge_cr *cr, uint64_t guest12, uint64_t mask12,
		       uint64_t owned);
/* vmcs12's field after L2 wrote a value whose exit is not L1's: bits of L1's mask stay. */
uint64_t merge_cr_written(uint64_t guest12, uint64_t mask12, uint64_t value);

/*
 * The MSR bitmap of VMCS02 (4 KiB each): what either wants exits. L1 may change its bitmap at any
 * time, so this is done at each entry; but only where Xenith's own lets something pass. These words
 * (64 MSRs each) are found once, and *out is all ones before the first merge. Where L1 virtualises
 * the x2APIC of L2, the registers that the hardware then takes from the virtual-APIC page follow L1
 * alone.
 */
#define MERGE_OPEN_MAX 32
struct merge_open {
	uint16_t word[MERGE_OPEN_MAX];
	unsigned int count;
};

/* False when there are more such words than fit. */
bool merge_msr_open(const uint64_t *own, struct merge_open *open) must_check;
void merge_msr_bitmap(const uint64_t *own, const struct merge_open *open, const uint64_t *l1,
		      const struct vmcs12 *v, uint64_t *out);

/* IA32_EFER of L1 after the exit, from that of L2 before (27.5.1). */
uint64_t merge_host_efer(const struct vmcs12 *v, uint64_t efer);

#endif
