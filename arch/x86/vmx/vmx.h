// SPDX-License-Identifier: MIT
/*
 * The processor virtualisation's own interface: what its files, and the virtual platform beside
 * them (local APIC, CPUID and MSR policy, MMIO), use of each other. The layers below see
 * core/vcpu_arch.h and core/hooks.h instead.
 *
 * Unless it says otherwise a function here works on the vCPU that is loaded on the calling core.
 */
#ifndef ARCH_X86_VMX_VMX_H
#define ARCH_X86_VMX_VMX_H

#include "arch/x86/vmx/cpuid_policy.h"
#include "arch/x86/vmx/msr_policy.h"
#include "arch/x86/vmx/vlapic.h"
#include "arch/x86/vmx/vmcs.h"
#include "core/domain.h"
#include "core/vcpu_arch.h"

/* By VMCS encoding order; the first six also in the order of instruction encodings. */
enum vmx_segment {
	VMX_SEG_ES,
	VMX_SEG_CS,
	VMX_SEG_SS,
	VMX_SEG_DS,
	VMX_SEG_FS,
	VMX_SEG_GS,
	VMX_SEG_LDTR,
	VMX_SEG_TR,
	VMX_SEG_COUNT
};

/* Access rights as the VMCS has them (SDM vol. 3, table 24-2). */
#define VMX_RIGHTS_TYPE     0xfU
#define VMX_RIGHTS_S        (1U << 4)
#define VMX_RIGHTS_DPL      (3U << 5)
#define VMX_RIGHTS_P        (1U << 7)
#define VMX_RIGHTS_AVL      (1U << 12)
#define VMX_RIGHTS_L        (1U << 13)
#define VMX_RIGHTS_DB       (1U << 14)
#define VMX_RIGHTS_G        (1U << 15)
#define VMX_RIGHTS_UNUSABLE (1U << 16)

struct vmx_segment_state {
	uint64_t base;
	uint32_t limit;
	uint32_t rights;
	uint16_t selector;
};

/* Exception vectors that are raised in guests. */
enum {
	EXC_DB = 1,
	EXC_UD = 6,
	EXC_NM = 7,
	EXC_DF = 8,
	EXC_TS = 10,
	EXC_NP = 11,
	EXC_SS = 12,
	EXC_GP = 13,
	EXC_PF = 14,
	EXC_AC = 17,
	EXC_MC = 18,
};

/* Guest fields kept from their first read in an exit until the next entry. */
enum {
	VMX_HAVE_RIP = 1 << 0,
	VMX_HAVE_RFLAGS = 1 << 1,
	VMX_HAVE_RSP = 1 << 2,
	VMX_HAVE_CS_RIGHTS = 1 << 3,
	VMX_HAVE_CR0 = 1 << 4,
	VMX_HAVE_CR4 = 1 << 5,
	VMX_HAVE_EFER = 1 << 6,
	VMX_HAVE_QUALIFICATION = 1 << 7,
	VMX_HAVE_INTERRUPTIBILITY = 1 << 8,
};

#define VMX_EXIT_REASONS 80 /* beyond the highest basic exit reason that is counted */

struct vmx_vcpu {
	/* Valid while the `have` bit is set. Only the setters below change them. */
	uint32_t have;
	uint32_t interruptibility;
	uint32_t cs_rights;
	uint64_t rip, rflags, rsp, cr0, cr4, efer, qualification;

	/* What stands in the VMCS: written only when it changes. */
	uint32_t entry_info; /* event of the next entry; bit 31 of it: there is one */
	uint32_t proc_controls;
	bool launched;     /* VMRESUME, not VMLAUNCH; false after each VMCLEAR (used in assembly) */
	bool loaded;       /* this VMCS is current on vcpu.core */
	bool nmi_pending;  /* one NMI waits to be injected */
	bool debug_loaded; /* the guest's DR0-3 and DR6 are in the registers */
	bool wait_for_sipi; /* since INIT; set and read on its own core */
	uint32_t last_core; /* on which its VPID was last used; ~0 before the first load */
	uint32_t host_core; /* for which the host-state fields stand; ~0 for none */
	uint16_t vpid;

	void *vmcs; /* own page */
	hpa_t vmcs_hpa;
	void *fpu; /* save area, fpu_area_size bytes */
	uint64_t xcr0, xss;
	uint64_t dr[4], dr6;
	uint64_t cr2;
	/* Values of MSRs that stay in the registers while the vCPU is loaded. */
	uint64_t star, lstar, cstar, fmask, kernel_gs_base, tsc_aux;

	struct msr_state msr; /* msr_policy.c's */

	uint64_t tag_epoch; /* debug builds: counts the flushes that its VPID has needed */
	uint64_t exit_count[VMX_EXIT_REASONS];
};

struct vmx_domain {
	uint8_t *msr_bitmap; /* own page, filled by msr_policy_fill_bitmap() */
	struct cpuid_policy cpuid;
	struct msr_logged msr_logged;
};

/* ---- Machine and core ---- */

/*
 * What of the processor's VMX this build needs and the machine lacks, one static text each; the
 * number of them. Reads CPUID and capability MSRs only: any core, before vmx_init().
 */
unsigned int vmx_missing(const char *names[], unsigned int max);
/* Decide the controls for all vCPUs and log the optional features in use. Boot core, once. */
void vmx_init(void);
/* Turn VMX on for the calling core: FEATURE_CONTROL, CR4.VMXE, VMXON. ERR_UNSUPPORTED when firmware
 * has locked it off or the core differs from the boot core, ERR_NOMEM. */
enum status vmx_init_core(void) must_check;
/* VMXOFF (INIT is blocked in VMX operation): before the machine is reset. */
void vmx_exit_core(void);

/* ---- State of the loaded vCPU (state.c) ---- */

uint64_t vmx_get_rip(struct vcpu *v);
void vmx_set_rip(struct vcpu *v, uint64_t rip);
uint64_t vmx_get_rflags(struct vcpu *v);
void vmx_set_rflags(struct vcpu *v, uint64_t rflags);
uint64_t vmx_get_cr0(struct vcpu *v); /* as the guest sees it */
uint64_t vmx_get_cr3(struct vcpu *v);
uint64_t vmx_get_cr4(struct vcpu *v); /* as the guest sees it */
uint64_t vmx_get_efer(struct vcpu *v);
/* The guest's WRMSR of EFER: false means #GP. */
bool vmx_write_efer(struct vcpu *v, uint64_t efer) must_check;
uint64_t vmx_get_pat(struct vcpu *v);
/* False means #GP (a reserved memory type). */
bool vmx_write_pat(struct vcpu *v, uint64_t pat) must_check;
uint64_t vmx_get_debugctl(struct vcpu *v);
void vmx_set_debugctl(struct vcpu *v, uint64_t debugctl);        /* LBR and BTF at most */
uint64_t vmx_get_msr_base(struct vcpu *v, enum vmx_segment seg); /* IA32_FS_BASE, IA32_GS_BASE */
void vmx_set_msr_base(struct vcpu *v, enum vmx_segment seg, uint64_t base);
/* Guest TSC = machine's TSC + offset; 0 after creation. */
void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset);
void vmx_get_segment(struct vcpu *v, enum vmx_segment seg, struct vmx_segment_state *out);
/* A general register by its encoding 0..15, RSP included, all 64 bits. */
uint64_t vmx_get_register(struct vcpu *v, unsigned int reg);
void vmx_set_register(struct vcpu *v, unsigned int reg, uint64_t value);
uint64_t vmx_get_qualification(struct vcpu *v);
/* Length in bytes of the instruction that exited; valid for instruction exits and, on what we
 * support, for EPT violations by data accesses of instructions only when not 0. */
uint32_t vmx_instruction_length(struct vcpu *v);

/* ---- Events (inject.c) ---- */

/* Raise an exception at the next entry; RIP stays. Merges with an event that is already on its way
 * as the SDM says (vol. 3, table 6-5: double fault). */
void vmx_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
/* #PF with CR2. */
void vmx_inject_page_fault(struct vcpu *v, uint64_t linear, uint32_t error);
/* The emulated instruction is done: RIP moves on, STI and MOV SS shadows end, single step traps. */
void vmx_skip_instruction(struct vcpu *v);
/* The same for an instruction whose length was decoded in software. */
void vmx_skip_bytes(struct vcpu *v, uint32_t length);

/* ---- INIT and SIPI, called by vlapic_service() (reset.c) ---- */

/* The state after INIT (SDM vol. 3, table 9-1); the vCPU goes offline and waits for a SIPI. vCPU 0
 * waits for one too. */
void vmx_vcpu_reset_init(struct vcpu *v);
/* Start in real mode at vector << 12; ignored unless it waits for a SIPI. */
void vmx_vcpu_sipi(struct vcpu *v, uint8_t vector);
/* Whether a SIPI would be taken. Any core (a hint there). */
bool vmx_vcpu_waits_for_sipi(const struct vcpu *v);

#endif
