// SPDX-License-Identifier: MIT
/*
 * Guest frames that a VMCS refers to, through the hardware kind of cache: the APIC-access page, the
 * virtual-APIC page and the posted-interrupt descriptor. A page that is not there is replaced by a
 * private one that reads as ones and keeps nothing written to it.
 *
 * In debug builds an ordinary vCPU may have the first two, for tests (vcpu_arch_hw_page()).
 */
#ifndef ARCH_X86_VMX_HW_PAGES_H
#define ARCH_X86_VMX_HW_PAGES_H

#include "arch/x86/vmx/vmx.h"
#include "mm/gpc_hw.h"

struct hw_pages {
	struct gpc_hw hw;
	bool armed;           /* its vCPU compares hw.gen; set once, by the vCPU itself */
	uint8_t *none;        /* own page, in place of what is not there */
	uint64_t apic_access; /* as in the VMCS; 0: the control is off */
	uint32_t proc2;       /* as in the VMCS */
};

/* ERR_NOMEM. At the vCPU's creation. */
enum status hw_pages_create(struct vcpu *v) must_check;
void hw_pages_destroy(struct vcpu *v);

/* The vCPU's entries compare its own generation from now on, which stands for this core's as well.
 * After tags_load(). */
void hw_pages_load(struct vcpu *v);
/* Before an entry: put the frames of this generation into the VMCS. The core's tag was flushed for
 * it. `locked`: physmap.lock is held. */
void hw_pages_resolve(struct vcpu *v, uint64_t gen, bool locked);

/* Debug builds, `run` odd: panic when the VMCS holds other tags than tags_check() looks at, or a frame
 * that is not (or no longer) the guest's, unless the change is still waiting for this core. */
void hw_pages_check(const struct vcpu *v);

#endif
