// SPDX-License-Identifier: MIT
/* What the files of the entry and exit path share among themselves. */
#ifndef ARCH_X86_VMX_EXITS_H
#define ARCH_X86_VMX_EXITS_H

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/vmx.h"
#include "xenabi/xen.h"

/* Basic exit reasons (SDM vol. 3, appendix C). */
enum exit_reason {
	EXIT_EXCEPTION_NMI = 0,
	EXIT_EXTERNAL_INTERRUPT = 1,
	EXIT_TRIPLE_FAULT = 2,
	EXIT_INIT = 3,
	EXIT_SIPI = 4,
	EXIT_INTERRUPT_WINDOW = 7,
	EXIT_NMI_WINDOW = 8,
	EXIT_TASK_SWITCH = 9,
	EXIT_CPUID = 10,
	EXIT_GETSEC = 11,
	EXIT_HLT = 12,
	EXIT_INVD = 13,
	EXIT_INVLPG = 14,
	EXIT_RDPMC = 15,
	EXIT_RDTSC = 16,
	EXIT_RSM = 17,
	EXIT_VMCALL = 18,
	EXIT_VMCLEAR = 19,
	EXIT_VMLAUNCH = 20,
	EXIT_VMPTRLD = 21,
	EXIT_VMPTRST = 22,
	EXIT_VMREAD = 23,
	EXIT_VMRESUME = 24,
	EXIT_VMWRITE = 25,
	EXIT_VMXOFF = 26,
	EXIT_VMXON = 27,
	EXIT_CR_ACCESS = 28,
	EXIT_DR_ACCESS = 29,
	EXIT_IO = 30,
	EXIT_RDMSR = 31,
	EXIT_WRMSR = 32,
	EXIT_ENTRY_GUEST_STATE = 33,
	EXIT_ENTRY_MSR_LOAD = 34,
	EXIT_MWAIT = 36,
	EXIT_TRAP_FLAG = 37,
	EXIT_MONITOR = 39,
	EXIT_PAUSE = 40,
	EXIT_ENTRY_MACHINE_CHECK = 41,
	EXIT_TPR_THRESHOLD = 43,
	EXIT_APIC_ACCESS = 44,
	EXIT_VIRTUAL_EOI = 45,
	EXIT_GDTR_IDTR = 46,
	EXIT_LDTR_TR = 47,
	EXIT_EPT_VIOLATION = 48,
	EXIT_EPT_MISCONFIGURATION = 49,
	EXIT_INVEPT = 50,
	EXIT_RDTSCP = 51,
	EXIT_PREEMPTION_TIMER = 52,
	EXIT_INVVPID = 53,
	EXIT_WBINVD = 54,
	EXIT_XSETBV = 55,
	EXIT_APIC_WRITE = 56,
	EXIT_RDRAND = 57,
	EXIT_INVPCID = 58,
	EXIT_VMFUNC = 59,
	EXIT_ENCLS = 60,
	EXIT_RDSEED = 61,
	EXIT_PML_FULL = 62,
	EXIT_XSAVES = 63,
	EXIT_XRSTORS = 64,
};

#define EXIT_REASON_BASIC        0xffffU
#define EXIT_REASON_ENTRY_FAILED (1U << 31)

/* Interruption information (24.8.3, 24.9.2, 24.9.3): vector in the low byte. */
#define INTR_TYPE_EXTERNAL  (0U << 8)
#define INTR_TYPE_NMI       (2U << 8)
#define INTR_TYPE_EXCEPTION (3U << 8)
#define INTR_TYPE_SOFTWARE  (4U << 8) /* INT n */
#define INTR_TYPE_ICEBP     (5U << 8)
#define INTR_TYPE_SOFT_EXC  (6U << 8) /* INT3, INTO */
#define INTR_TYPE_OTHER     (7U << 8) /* a pending MTF exit */
#define INTR_TYPE           (7U << 8)
#define INTR_HAS_ERROR      (1U << 11)
#define INTR_NMI_UNBLOCKING (1U << 12) /* exits: an IRET had ended NMI blocking before the fault */
#define INTR_VALID          (1U << 31)
#define INTR_VECTOR         0xffU

/* #DB and #AC can be raised for ever by their own delivery, with no instruction boundary between
 * for an interrupt or the timer to exit at; #MC is the machine's. */
#define EXCEPTIONS_EXITING (BIT(EXC_DB) | BIT(EXC_AC) | BIT(EXC_MC))
#define PLE_GAP_TICKS      128
#define PLE_WINDOW_TICKS   4096

/* ---- one file per family ---- */

void exit_cpuid(struct vcpu *v);
void exit_cr_access(struct vcpu *v);
void exit_dr_access(struct vcpu *v);
void exit_rdmsr(struct vcpu *v);
void exit_wrmsr(struct vcpu *v);
void exit_io(struct vcpu *v);
void exit_ept_violation(struct vcpu *v);
void exit_ept_misconfiguration(struct vcpu *v);
/* The parts of a violation, by its qualification: the event and the blocking of NMIs that it undid;
 * the access where nothing is mapped: to a device or the open bus. */
void exit_ept_put_back(struct vcpu *v, uint64_t q);
void exit_ept_unmapped(struct vcpu *v, gpa_t gpa, uint64_t q);
void exit_exception_nmi(struct vcpu *v);
void exit_external_interrupt(struct vcpu *v);
void exit_interrupt_window(struct vcpu *v);
void exit_nmi_window(struct vcpu *v);
void exit_preemption_timer(struct vcpu *v);
void exit_hlt(struct vcpu *v);
void exit_pause(struct vcpu *v);
void exit_xsetbv(struct vcpu *v);
void exit_invd(struct vcpu *v); /* and WBINVD */
void exit_general_protection(struct vcpu *v);
void exit_undefined(struct vcpu *v);
void exit_triple_fault(struct vcpu *v);
void exit_init_signal(struct vcpu *v);
void exit_task_switch(struct vcpu *v);
void exit_entry_failed(struct vcpu *v, uint32_t reason);

/* ---- inject.c ---- */

/* An exit that may have interrupted the delivery of an event: put that event back. */
void inject_restore_vectoring(struct vcpu *v);
/* INT1 was intercepted: it goes on its way. */
void inject_software_breakpoint(struct vcpu *v);
/*
 * Decide what is injected at the next entry, and which windows are asked for. Once for each turn of
 * the entry path, and cheap when there is nothing.
 */
void inject_prepare_slow(struct vcpu *v, int upcall);
static inline void inject_prepare(struct vcpu *v)
{
	int upcall = xen_upcall_vector(v);

	if (unlikely(upcall >= 0 || v->vmx->inject_again || load_acquire(&v->lapic->irr_words)))
		inject_prepare_slow(v, upcall);
}
/* The same for these alone, whatever else waits. `nmi`: one that is pending may be injected.
 * `windows`: processor-based controls of others, that stay. */
void inject_these(struct vcpu *v, int upcall, int lapic, bool nmi, uint32_t windows);
/* Queue an NMI. */
void inject_nmi(struct vcpu *v);
/* Forget prepared and pending events (INIT, a new start). */
void inject_reset(struct vcpu *v);
/* True when an interrupt or NMI could be delivered to a vCPU that executes HLT. */
bool inject_wakes(struct vcpu *v);

/* ---- debug_regs.c ---- */

/* The instruction that was emulated ran with TF set. */
void debug_regs_single_step(void);

/* The guest's DR0-3 and DR6 go into the registers; MOV DR exits no more. */
void debug_regs_load(struct vcpu *v);
/* The vCPU leaves the core: keep them, and exit on the next MOV DR unless breakpoints are armed. */
void debug_regs_save(struct vcpu *v);
/* The vCPU comes to a core: armed breakpoints need their registers at once. */
void debug_regs_restore(struct vcpu *v);
/* #DB was intercepted: DR6, DR7 and DEBUGCTL as its delivery would leave them. */
void debug_regs_trap(struct vcpu *v, uint64_t qualification);
/* Power-up values. VMCS of the vCPU current. */
void debug_regs_reset(struct vcpu *v);

/* ---- exits.c ---- */

/* An exit other than the commonest, by its whole reason. An unknown one crashes the guest. */
void exits_dispatch(struct vcpu *v, uint32_t reason);
/* "EPT violation" for a basic reason; NULL when it has no name. */
const char *exits_name(uint32_t basic_reason);

/* The rare half of exits_skip(): EIP wrapped around, a shadow ends, or a single step traps. */
void exits_skip_slow(struct vcpu *v, uint64_t rip);

/*
 * RIP moves on by `length`, the shadow of STI and MOV SS ends, and a single step traps after an
 * emulated instruction as after any other. Reads past the cache: most exits need none of this again.
 */
static inline void exits_skip(struct vcpu *v, uint32_t length)
{
	uint64_t rip = vmreadn(VMCSN_GUEST_RIP) + length;
	uint32_t shadow =
		vmread32(VMCS32_INTERRUPTIBILITY) & (VMX_BLOCKED_BY_STI | VMX_BLOCKED_BY_MOV_SS);
	uint64_t step = vmreadn(VMCSN_GUEST_RFLAGS) & RFLAGS_TF;

	v->vmx->have &= ~(uint32_t)VMX_HAVE_RIP;
	vmwriten(VMCSN_GUEST_RIP, rip);
	if (unlikely(shadow || step || (uint32_t)rip < length))
		exits_skip_slow(v, rip);
}

/* ---- vcpu.c ---- */

/*
 * Make the VMCS of a vCPU that no other core has loaded current on this core for a while; give the
 * core's own one back after. Harmless for the loaded vCPU itself.
 */
void vcpu_vmcs_borrow(struct vcpu *v);
void vcpu_vmcs_return(struct vcpu *v);
/* The loaded vCPU has got another VMCS: make it current. */
void vcpu_vmcs_changed(struct vcpu *v);
/* Into a new VMCS, which is current: what never changes in it. */
void vcpu_vmcs_constants(struct vcpu *v, const void *msr_bitmap);

/* ---- host.c ---- */

/* The host-state area of the current VMCS, for this core. */
void host_write_core_state(struct vcpu *v);
/* What is the same on every core. */
void host_write_common_state(struct vcpu *v);

#endif
