// SPDX-License-Identifier: MIT
/*
 * Nested VMX: a guest (L1) that runs guests of its own (L2). The only header of this directory that
 * the rest of the tree includes.
 *
 * What decides is pure, a file each: capability MSRs (caps.c), the VMCS that L1 works on
 * (vmcs12.c), the checks of a VM entry (entry_*.c), who gets an exit (route.c), the VMCS that L2
 * really runs on (merge.c), what an exit to L1 records and loads (leave.c), L1's extended page
 * tables (ept12.c), faults and operands of VMX instructions (instruction.c, operand.c,
 * invalidate12.c).
 *
 * What acts, on the struct of state.h: L1's VMX instructions (vmx_instructions.c), the way into L2
 * (enter.c) and out of it (exit.c), what interrupts it (event.c), EPT02 (ept.c). A vCPU's part is
 * there when its guest has nestedhvm=1: v->vmx->nested, else NULL.
 *
 * Sections of the SDM (vol. 3) are cited as in the rest of the tree: 24 VMCS, 25 non-root
 * operation, 26 VM entries, 27 VM exits, 28 EPT and VPID, 30 instructions. Recent editions add one.
 */
#ifndef ARCH_X86_NESTED_NESTED_H
#define ARCH_X86_NESTED_NESTED_H

#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/caps.h"

#define NESTED_CAP_MSRS (MSR_VMX_VMFUNC - MSR_VMX_BASIC + 1)

/* What VMX of L1 looks like. Per domain, constant once it is built. */
struct nested_caps {
	uint64_t msr[NESTED_CAP_MSRS]; /* IA32_VMX_BASIC and those after it */
	uint64_t efer;                 /* bits that a guest may set in IA32_EFER */
	uint64_t debugctl;             /* ... in IA32_DEBUGCTL */
	uint32_t fields;               /* which VMCS fields exist, by enum vmcs12_exists */
	unsigned int phys_bits;        /* width of L1's physical addresses */
};

/* What else the offer depends on: the virtual machine as CPUID shows it to L1. */
struct nested_shape {
	uint64_t cr4; /* bits that L1 may set, CR4.VMXE among them */
	uint64_t efer, debugctl;
	uint32_t proc2_hidden; /* secondary controls that belong to features not shown */
	unsigned int phys_bits;
};

/* One of IA32_VMX_*, as read. */
static inline uint64_t nested_cap(const struct nested_caps *caps, uint32_t msr)
{
	return caps->msr[msr - MSR_VMX_BASIC];
}

/* Pure: from what the machine has and L1 may know to what L1's capability MSRs say. */
void nested_caps_build(const struct vmx_capabilities *machine, const struct nested_shape *shape,
		       struct nested_caps *out);

/* RDMSR of IA32_VMX_BASIC .. IA32_VMX_VMFUNC; false means #GP (appendix A). Pure. */
bool nested_caps_read(const struct nested_caps *caps, uint32_t msr, uint64_t *value) must_check;

/* ---- What acts (own core, vCPU loaded, outside sections, unless it says otherwise) ---- */

struct domain;
struct vcpu;

/*
 * nested.c: the parts of a domain with nestedhvm=1, after its CPUID policy was built, and of a vCPU.
 * ERR_NOMEM; ERR_UNSUPPORTED. The vCPU is not loaded. Destroying what was not created is harmless.
 */
enum status nested_domain_create(struct domain *d) must_check;
void nested_domain_destroy(struct domain *d);
enum status nested_vcpu_create(struct vcpu *v) must_check;
void nested_vcpu_destroy(struct vcpu *v);
/* INIT, or a new start: the vCPU is in no VMX operation from now on. VMCS01 is in use and current;
 * the vCPU may be another one than that which runs here. */
void nested_reset(struct vcpu *v);
/* RDMSR of IA32_FEATURE_CONTROL and IA32_VMX_*: false means #GP, or that the guest has no VMX. */
bool nested_read_msr(struct vcpu *v, uint32_t msr, uint64_t *value) must_check;

/* Whether VMX operation lets L1 have this CR0 or CR4 (23.8); else #GP. */
bool nested_cr0_ok(const struct vcpu *v, uint64_t cr0) must_check;
bool nested_cr4_ok(const struct vcpu *v, uint64_t cr4) must_check;
/* Whether VMX operation keeps an INIT from L1 (23.8): until VMXOFF, or *taken: L1 got it as an exit
 * of L2. */
bool nested_blocks_init(struct vcpu *v, bool *taken) must_check;

/* vmx_instructions.c: L1 executed a VMX instruction; the exit reason says which. Any guest's. */
void exit_vmx_instruction(struct vcpu *v);

/* exit.c: an exit of L2, by its whole reason. */
void nested_exit(struct vcpu *v, uint32_t reason);

/*
 * event.c, all of them while L2 runs (v->vmx->in_l2).
 *
 * An exception that Xenith raises in L2, CR2 written for #PF: true when L1 has it as an exit.
 */
bool nested_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error) must_check;
/* The same for a triple fault: L1 always has it. */
void nested_triple_fault(struct vcpu *v);
/* inject_prepare(). */
void nested_prepare(struct vcpu *v, int upcall);
/* INIT for L1 while L2 runs: L1 gets it as an exit. */
void nested_init_signal(struct vcpu *v);
/* A SIPI: L1 gets it as an exit of an L2 that waits for one. */
void nested_sipi(struct vcpu *v, uint8_t page);
/* Where the preemption timer has to end L2's run, the slice's end being given. */
uint64_t nested_timer_end(struct vcpu *v, uint64_t slice_end);

/* Processor-based controls that L1 has set for L2. */
uint64_t nested_wishes(const struct vcpu *v);
/* L2 has written the TSC; its vCPU's offset is the new one. */
void nested_tsc_written(struct vcpu *v);
/* The hardware has refused to enter L2 with this VM-instruction error. */
void nested_refused(struct vcpu *v, uint32_t error);

/*
 * ept.c: how L2's paging goes on with L1's tables where it has such, and what to do about a walk
 * that they did not let through: true: L1 has an exit for it, or the instruction starts again.
 */
struct guest_paging;
struct gwalk_fault;
void nested_paging(struct vcpu *v, struct guest_paging *out);
bool nested_walk_fault(struct vcpu *v, const struct gwalk_fault *fault) must_check;

/* monitor.c: a line on the VMX operation of a vCPU that has v->vmx->nested; any core. */
void nested_dump(const struct vcpu *v, void (*print)(const char *fmt, ...));

/* switch.c: the entry to L2 has seen that the physmap is at another generation. */
void nested_catch_up(struct vcpu *v, uint64_t gen, bool locked);
/* The vCPU leaves its core, its VMCS in use still current / has come to one, VMCS in use current. */
void nested_save(struct vcpu *v);
void nested_load(struct vcpu *v);

#endif
