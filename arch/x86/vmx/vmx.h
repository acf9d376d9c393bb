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
#include "arch/x86/vmx/mmio.h"
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

/* Interruptibility state (24.4.2). */
#define VMX_BLOCKED_BY_STI    (1U << 0)
#define VMX_BLOCKED_BY_MOV_SS (1U << 1)
#define VMX_BLOCKED_BY_NMI    (1U << 3)

/* Guest fields kept from their first read in an exit until the next entry. */
enum {
	VMX_HAVE_RIP = 1 << 0,
	VMX_HAVE_RFLAGS = 1 << 1,
	VMX_HAVE_CS_RIGHTS = 1 << 2,
	VMX_HAVE_CR0 = 1 << 3,
	VMX_HAVE_CR4 = 1 << 4,
	VMX_HAVE_EFER = 1 << 5,
	VMX_HAVE_QUALIFICATION = 1 << 6,
	VMX_HAVE_INTERRUPTIBILITY = 1 << 7,
};

#define VMX_NO_CORE      (~0U) /* in last_core and host_core */
#define VMX_EXIT_REASONS 80    /* beyond the highest basic exit reason that is counted */

struct vmx_vcpu {
	union {
		uint64_t exit_start; /* an exit begins with both at 0 */
		struct {
			uint32_t have;       /* which of the fields below are valid */
			uint32_t entry_info; /* event of the next entry; bit 31: there is one */
		};
	};
	/* Valid while the `have` bit is set. The accessors below keep them. */
	uint32_t interruptibility;
	uint32_t cs_rights;
	uint32_t proc_controls; /* as in the VMCS: written only when it changes */
	uint32_t requeued;      /* an interrupt that has to wait for an exception; 0: none */
	uint64_t rip, rflags, cr0, cr4, efer, qualification;

	uint64_t *seen_gen; /* map generation that an entry stands for: of its physmap in the core's
			     * pcpu.seen_gen, or its own hw_pages' */
	struct hw_pages *hw_pages;  /* debug builds: hw_pages.c */
	struct nested_vcpu *nested; /* arch/x86/nested; NULL: the guest is no hypervisor */
	uint64_t timer_end;         /* slice end (TSC) for which the preemption timer was armed */
	bool launched;              /* VMRESUME, not VMLAUNCH; false after each VMCLEAR */
	bool loaded;                /* this VMCS is current on vcpu.core */
	bool in_l2;                 /* it is VMCS02: the guest's own guest runs */
	bool nmi_pending;           /* one NMI waits to be injected */
	bool inject_again;          /* something waits for a window: looked at before each entry */
	bool debug_loaded;          /* the guest's DR0-3 and DR6 are in the registers */
	uint16_t vpid;
	uint32_t last_core; /* on which its VPID was last used; ~0 before the first load */
	uint32_t host_core; /* for which the host-state fields stand; ~0 for none */

	void *vmcs; /* own page */
	void *fpu;  /* save area, fpu_area_size bytes */
	uint64_t xcr0, xss;
	uint64_t dr[4], dr6;
	uint64_t cr2; /* while not loaded */
	/* Values of MSRs that stay in the registers while the vCPU is loaded. */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base, tsc_aux;
	struct msr_state msr;                      /* msr_policy.c's */
	struct mmio_decoded decoded[MMIO_DECODED]; /* mmio.c's */

	uint64_t tag_epoch; /* debug builds: which flush its VPID needs */
	uint64_t exit_count[VMX_EXIT_REASONS];
};

struct vmx_domain {
	uint8_t *msr_bitmap; /* own page, filled by msr_policy_fill_bitmap() */
	struct cpuid_policy cpuid;
	struct msr_logged msr_logged;
	struct nested_caps *nested_caps; /* arch/x86/nested; NULL: VMX is not offered */
};

/* ---- Machine and core (machine.c) ---- */

/*
 * What of the processor's VMX this build needs and the machine lacks, one static text each; returns
 * how many. Reads CPUID and capability MSRs only: any core, before vmx_init().
 */
unsigned int vmx_missing(const char *names[], unsigned int max);
/* Decide the controls for all vCPUs and log the optional features in use. Boot core, once. */
void vmx_init(void);
/* Turn VMX on for the calling core: FEATURE_CONTROL, CR0, CR4, VMXON. ERR_UNSUPPORTED when firmware
 * has locked it off or the core differs from the boot core, ERR_NOMEM. */
enum status vmx_init_core(void) must_check;
/* VMXOFF (INIT is blocked in VMX operation): before the machine is reset. */
void vmx_exit_core(void);

/* ---- State of the loaded vCPU (here and in state.c) ---- */

#define VMX_CACHED(bit, field, read)                                                               \
	({                                                                                         \
		struct vmx_vcpu *x_ = v->vmx;                                                      \
                                                                                                   \
		if (!(x_->have & (bit))) {                                                         \
			x_->field = (read);                                                        \
			x_->have |= (bit);                                                         \
		}                                                                                  \
		x_->field;                                                                         \
	})

static inline uint64_t vmx_get_rip(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_RIP, rip, vmreadn(VMCSN_GUEST_RIP));
}

static inline uint64_t vmx_get_rflags(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_RFLAGS, rflags, vmreadn(VMCSN_GUEST_RFLAGS));
}

static inline uint64_t vmx_get_efer(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_EFER, efer, vmread64(VMCS64_GUEST_EFER));
}

static inline uint64_t vmx_get_qualification(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_QUALIFICATION, qualification, vmreadn(VMCSN_EXIT_QUALIFICATION));
}

static inline uint32_t vmx_get_interruptibility(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_INTERRUPTIBILITY, interruptibility,
			  vmread32(VMCS32_INTERRUPTIBILITY));
}

static inline uint32_t vmx_get_cs_rights(struct vcpu *v)
{
	return VMX_CACHED(VMX_HAVE_CS_RIGHTS, cs_rights, vmread32(VMCS32_GUEST_RIGHTS(VMX_SEG_CS)));
}

static inline void vmx_set_rip(struct vcpu *v, uint64_t rip)
{
	v->vmx->rip = rip;
	v->vmx->have |= VMX_HAVE_RIP;
	vmwriten(VMCSN_GUEST_RIP, rip);
}

static inline void vmx_set_rflags(struct vcpu *v, uint64_t rflags)
{
	v->vmx->rflags = rflags;
	v->vmx->have |= VMX_HAVE_RFLAGS;
	vmwriten(VMCSN_GUEST_RFLAGS, rflags);
}

static inline void vmx_set_interruptibility(struct vcpu *v, uint32_t state)
{
	v->vmx->interruptibility = state;
	v->vmx->have |= VMX_HAVE_INTERRUPTIBILITY;
	vmwrite32(VMCS32_INTERRUPTIBILITY, state);
}

static inline void vmx_set_proc_controls(struct vcpu *v, uint32_t controls)
{
	if (v->vmx->proc_controls == controls)
		return;
	v->vmx->proc_controls = controls;
	vmwrite32(VMCS32_PROC_CONTROLS, controls);
}

uint64_t vmx_get_cr0(struct vcpu *v); /* as the guest sees it */
uint64_t vmx_get_cr3(struct vcpu *v);
uint64_t vmx_get_cr4(struct vcpu *v); /* as the guest sees it */
/* The guest's WRMSR of EFER: false means #GP. */
bool vmx_write_efer(struct vcpu *v, uint64_t efer) must_check;
uint64_t vmx_get_pat(struct vcpu *v);
/* False means #GP (a reserved memory type). */
bool vmx_write_pat(struct vcpu *v, uint64_t pat) must_check;
uint64_t vmx_get_debugctl(struct vcpu *v);
void vmx_set_debugctl(struct vcpu *v, uint64_t debugctl); /* LBR and BTF at most */
/* Guest TSC = machine's TSC + offset; 0 after creation. The caller keeps msr_state.tsc_offset. */
void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset);
void vmx_get_segment(struct vcpu *v, enum vmx_segment seg, struct vmx_segment_state *out);
void vmx_set_segment(struct vcpu *v, enum vmx_segment seg, const struct vmx_segment_state *s);
/* A general register by its encoding 0..15, RSP included, all 64 bits. */
uint64_t vmx_get_register(struct vcpu *v, unsigned int reg);
void vmx_set_register(struct vcpu *v, unsigned int reg, uint64_t value);
/* Length in bytes of the instruction that exited; for EPT violations not reliable. */
uint32_t vmx_instruction_length(struct vcpu *v);

/* ---- Events (inject.c) ---- */

/*
 * Raise an exception at the next entry; RIP stays. An event that was on its way when the guest
 * exited merges with it as the SDM says (vol. 3, table 6-5: double fault). has_error is ignored in
 * real mode, where nothing is pushed.
 */
void vmx_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
/* #PF with CR2. */
void vmx_inject_page_fault(struct vcpu *v, uint64_t linear, uint32_t error);
/* The emulated instruction is done: RIP moves on, STI and MOV SS shadows end, single step traps. */
void vmx_skip_instruction(struct vcpu *v);
/* The same for an instruction whose length was decoded in software. */
void vmx_skip_bytes(struct vcpu *v, uint32_t length);

/* ---- Start, INIT and SIPI (reset.c) ---- */

/* Called by vlapic_service(): the state after INIT (SDM vol. 3, table 9-1). The caller decides
 * whether the vCPU goes offline until its SIPI. */
void vmx_vcpu_reset_init(struct vcpu *v);
/* Called by vlapic_service(): the real-mode start at vector << 12 after INIT. */
void vmx_vcpu_sipi(struct vcpu *v, uint8_t vector);

#endif
