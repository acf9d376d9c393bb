// SPDX-License-Identifier: MIT
/*
 * A vCPU of a guest that may be a hypervisor, and what the files that act on it share. Two VMCSs
 * take turns: VMCS01, which L1 runs on, and VMCS02 for L2. The vCPU is loaded on the calling core
 * unless a function says otherwise.
 */
#ifndef ARCH_X86_NESTED_STATE_H
#define ARCH_X86_NESTED_STATE_H

#include "arch/x86/nested/leave.h"
#include "arch/x86/nested/merge.h"
#include "arch/x86/nested/vmcs12.h"
#include "arch/x86/vmx/exits.h"
#include "core/timer.h"
#include "mm/gpc_hw.h"

/* Activity states (24.4.2). */
#define NESTED_HLT       1
#define NESTED_WAIT_SIPI 3

#define NESTED_NO_VMCS (~0ULL) /* also what VMPTRST stores then */

/* What struct vmx_vcpu holds for the VMCS in use; here for the other one. */
struct nested_vmcs {
	void *vmcs; /* own page */
	bool launched;
	uint16_t vpid;
	uint32_t host_core, last_core, proc_controls;
	uint64_t tag_epoch;
};

/* Pages of VMCS02 that are L1's: caches of the hardware kind. */
enum nested_page { NESTED_APIC_ACCESS, NESTED_VIRTUAL_APIC };

struct nested_ept; /* ept.c */
struct hw_shadow;  /* hw_shadow.c */

struct nested_vcpu {
	struct vcpu *vcpu;

	/* VMX operation of L1: vmx_instructions.c. */
	bool vmx_on;
	uint64_t vmxon;        /* address of its VMXON region */
	uint64_t current;      /* address of its current VMCS, or NESTED_NO_VMCS */
	struct vmcs12 *vmcs12; /* own page: copy of the current VMCS */
	uint32_t groups; /* bits of the groups of fields written since an entry last succeeded */

	/* L2: enter.c, exit.c, event.c, switch.c. */
	bool entering;   /* L1 has executed VMLAUNCH or VMRESUME, and L2 has not run yet */
	bool halted;     /* L2 is in the HLT state, which VMCS02 never is in */
	bool waits_sipi; /* L2 is in the wait-for-SIPI state */
	bool nmi_blocked; /* L2 entered with NMIs blocked, or with one: for L1 without virtual NMIs */
	bool trap_flag; /* an exit by the monitor trap flag is due: its instruction was emulated */
	bool tsc_written; /* L1's TSC offset has changed since L2 was entered */
	bool refused;     /* the processor has refused an entry that passed: said once */
	struct nested_vmcs other;
	uint64_t *msr_bitmap; /* own page: of VMCS02 */
	struct merge_open msr_open;
	struct gpc msr_page;               /* L1's bitmap */
	struct gpc apic_page, posted_page; /* posted.c */
	struct gpc_hw hw;                  /* by enum nested_page; its gen is VMCS02's seen_gen */
	void *none;                        /* own page: in place of one of L1's that is not there */
	struct merge_cr cr0, cr4;          /* as written to VMCS02 */
	struct merge_l2 merged;            /* the same of controls */
	struct merge_l1 merged_l1;         /* and what these were made of */
	bool rare_stale;                   /* VMCS02 is ahead of vmcs12: fields02.c */
	struct leave_guest saved;          /* of the last exit */
	bool loads_kept;                   /* these are still as `merged` says */
	struct leave_host host;            /* of the last exit, while host_known */
	bool host_known;
	uint32_t ept_core;        /* on which its EPT02s were last used */
	uint64_t timer_end;       /* L1's preemption timer runs out at this TSC; 0: none */
	struct timer wake;        /* for that, while L2 halts */
	uint64_t vpid12;          /* for which VMCS02's VPID was last used */
	struct nested_ept *ept;   /* EPT02s */
	struct hw_shadow *shadow; /* hw_shadow.c; NULL: the machine has none */

	/* Exits of L2 by reason, for the monitor: which Xenith handled, and which L1 got. */
	uint64_t exits_l0[VMX_EXIT_REASONS], exits_l1[VMX_EXIT_REASONS];
};

static inline struct nested_vcpu *nested_of(const struct vcpu *v)
{
	return v->vmx->nested;
}

static inline const struct nested_caps *nested_caps_of(const struct vcpu *v)
{
	return v->domain->vmx->nested_caps;
}

/* L1's physical memory as nested_read_fn: opaque is the struct vcpu. Outside sections. */
void nested_read_memory(void *opaque, uint64_t gpa, void *dst, size_t len);
/* Write to it; what is not memory, or not L1's to write, keeps nothing. */
void nested_write_memory(struct vcpu *v, uint64_t gpa, const void *src, size_t len);

/* ---- vmx_instructions.c ---- */

/* How a VMX instruction ends: RFLAGS as 30.2 says, vmcs12's error field, RIP moves on. `error`: enum
 * vmfail, or INSTRUCTION_INVALID. */
void nested_instruction_done(struct vcpu *v, int error);
/* True: an exception was injected instead of what the instruction would do. */
bool nested_instruction_faults(struct vcpu *v, bool vmxon) must_check;

/* ---- access.c ---- */

/* VMREAD, VMWRITE of L1, whose faults have been looked at. */
void access_current(struct vcpu *v, bool write);
/* An exit of L2 for VMREAD or VMWRITE that its VMREAD and VMWRITE bitmaps let go on: on the VMCS
 * that vmcs12's link pointer names. */
void nested_shadow_access(struct vcpu *v, bool write);

/* ---- memory_operand.c ---- */

/* The memory operand that the exit's instruction information, `info`, names. False: the exception
 * that the access raises was injected. */
bool memory_operand_read(struct vcpu *v, uint32_t info, void *dst, unsigned int size) must_check;
bool memory_operand_write(struct vcpu *v, uint32_t info, const void *src,
			  unsigned int size) must_check;

/* ---- hw_shadow.c: VMCS shadowing by the machine, where it has it ---- */

/* With the vCPU, which is not loaded. ERR_NOMEM. */
enum status hw_shadow_create(struct vcpu *v) must_check;
void hw_shadow_destroy(struct vcpu *v);
/* L1 enters or leaves VMX operation. VMCS01 is current, here and below. */
void hw_shadow_use(struct vcpu *v, bool on);
/* What L1 sees becomes what vmcs12 holds, or that there is none: after vmcs12 has changed otherwise
 * than by L1's VMWRITE. */
void hw_shadow_fill(struct vcpu *v);
/* The same after an exit of L2, which has changed nothing but what exits save and record. */
void hw_shadow_exited(struct vcpu *v);
/* L1's VMWRITE exited and was done: where L1's VMREAD of the field does not exit it sees the value. */
void hw_shadow_written(struct vcpu *v, uint64_t encoding);
/* The vCPU leaves its core, which may hold some of it. */
void hw_shadow_save(struct vcpu *v);
/* vmcs12 becomes what L1 has written: before vmcs12 is used or put away. */
void hw_shadow_take(struct vcpu *v);

/* ---- posted.c ---- */

/*
 * Posted interrupts, which the machine knows nothing of here: when the local APIC would deliver
 * L1's notification vector to L2, the descriptor is processed instead (29.6). False: it is another
 * vector.
 */
bool nested_posted(struct vcpu *v, int lapic) must_check;

/* ---- event.c ---- */

/* Of nested_vcpu.wake. */
void nested_wake(struct timer *t);

/* ---- enter.c ---- */

/* VMLAUNCH or VMRESUME of L1, whose faults and launch state have been looked at (vmcs12_launch_ok()).
 * Ends the instruction itself. */
void nested_enter(struct vcpu *v);

/* ---- fields02.c: between vmcs12 and VMCS02, which is current ---- */

/* For an entry: the guest state, and what L1's controls come to. */
void nested_write_fields(struct vcpu *v, const struct merge_l1 *l1);
/* For an exit to L1: the state of L2. */
void nested_read_fields(struct vcpu *v);
/* Which fields these are that it leaves for nested_read_rare(): before L1 reads or writes one, and
 * before vmcs12 goes elsewhere. VMCS01 is current. */
bool nested_rare(uint64_t encoding);
void nested_read_rare(struct vcpu *v);
/* CR0 and CR4 with masks and shadows, from vmcs12's values. */
void nested_write_cr0(struct vcpu *v);
void nested_write_cr4(struct vcpu *v);
/* Bits of CR4 that are Xenith's and neither L1's nor L2's. */
uint64_t nested_cr4_owned(const struct vcpu *v);

/* ---- msr_list.c ---- */

/* Load or store the list of `count` entries at `gpa` (24.7.2, 24.8.2) as the guest that runs now
 * would: 0, or the number, from 1, of the entry that cannot be. */
uint32_t nested_msrs_load(struct vcpu *v, uint64_t gpa, uint32_t count) must_check;
uint32_t nested_msrs_store(struct vcpu *v, uint64_t gpa, uint32_t count) must_check;

/* ---- exit.c ---- */

/* L2 exits to L1 with this: VMCS02 into vmcs12, L1's host state into VMCS01, which is in use after.
 * An event that Xenith was to inject becomes the event that was on its way. */
void nested_leave(struct vcpu *v, struct leave_exit *x);
/* What the exit of VMCS02 that is being handled says, for nested_leave(). */
void nested_leave_info(struct vcpu *v, struct leave_exit *x);
/* The VM entry fails after its controls were found good (26.7): reason 33 or 34. Either VMCS is in
 * use; VMCS01 is after. */
void nested_fail_entry(struct vcpu *v, uint32_t reason, uint64_t qualification);

/* ---- cr.c ---- */

/* MOV to CR0, CR3 and CR4, CLTS and LMSW of L2 that L1 does not want. */
void nested_cr_access(struct vcpu *v);

/* ---- switch.c ---- */

/* VMCS02 of a new vCPU, and what belongs to it. Before nested_vcpu has any other use. ERR_NOMEM. */
enum status nested_vmcs02_create(struct vcpu *v) must_check;
/* VMCS01 is the one in use after it. The vCPU is not loaded. */
void nested_vmcs02_destroy(struct vcpu *v);
/* VMCS01 and VMCS02 change places. */
void nested_switch(struct vcpu *v);
/* The cache of the hardware kind for one of L1's pages: `used` at this address, or not. */
void nested_use_page(struct vcpu *v, enum nested_page page, bool used, uint64_t gpa);

/* ---- ept.c: L1 with EPT for its L2 ---- */

enum status nested_ept_create(struct vcpu *v) must_check;
void nested_ept_destroy(struct vcpu *v);
/* At each entry of L1's: the EPT pointer for VMCS02 that stands for vmcs12's, which the entry has
 * checked. */
uint64_t nested_ept_pointer(struct vcpu *v);
/* Exits of L2 for its EPT02: map the page, give L1 the exit, or access the device. */
void nested_ept_violation(struct vcpu *v);
void nested_ept_misconfiguration(struct vcpu *v);
/* INVEPT of L1; INVEPT12_ALL ignores the pointer. */
void nested_ept_invalidate(struct vcpu *v, bool all, uint64_t eptp12);
/* Before an entry to L2 on a core that is new to the vCPU: what the core remembers is older. */
void nested_ept_new_core(struct vcpu *v);
/* Before an entry to L2, when the physmap has changed: EPT02 follows it. With or without its lock. */
void nested_ept_follow(struct vcpu *v);
/* Read L2-physical memory, within a page. False: L1 maps nothing there. */
bool nested_ept_read(struct vcpu *v, uint64_t gpa, void *dst, size_t len) must_check;
/* For the monitor. */
const struct ept02 *nested_ept_caches(const struct vcpu *v);
/* VMFUNC 0 of L2, which L1 lets it have: false: L1 gets the exit. */
bool nested_ept_switch(struct vcpu *v, uint32_t index) must_check;

#endif
