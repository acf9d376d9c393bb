// SPDX-License-Identifier: MIT
/*
 * L1's capability MSRs (SDM vol. 3, appendix A). Offered is what is emulated here and what the
 * machine has as well: so L1 sees the same features as without a hypervisor below it, and its
 * controls can go into the VMCS that L2 runs on.
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/vmcs12.h"
#include "core/lib/string.h"

/* Controls that are 1 in a VMM that knows only the first capability MSRs, and that must be 1. */
#define PIN_DEFAULT1   0x00000016U
#define PROC_DEFAULT1  0x0401e172U
#define EXIT_DEFAULT1  0x00036dffU
#define ENTRY_DEFAULT1 0x000011ffU
#define PROC_MAY_BE_0  (PROC_CR3_LOAD | PROC_CR3_STORE)
#define EXIT_MAY_BE_0  EXIT_SAVE_DEBUG
#define ENTRY_MAY_BE_0 ENTRY_LOAD_DEBUG

#define PIN_EMULATED                                                                               \
	(PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI | PIN_PREEMPTION_TIMER |               \
	 PIN_POSTED_INTERRUPTS)
#define PROC_EMULATED                                                                              \
	(PROC_INTERRUPT_WINDOW | PROC_TSC_OFFSET | PROC_HLT | PROC_INVLPG | PROC_MWAIT |           \
	 PROC_RDPMC | PROC_RDTSC | PROC_CR3_LOAD | PROC_CR3_STORE | PROC_CR8_LOAD |                \
	 PROC_CR8_STORE | PROC_TPR_SHADOW | PROC_NMI_WINDOW | PROC_MOV_DR | PROC_UNCOND_IO |       \
	 PROC_IO_BITMAPS | PROC_TRAP_FLAG | PROC_MSR_BITMAPS | PROC_MONITOR | PROC_PAUSE |         \
	 PROC_SECONDARY)
/* Not ENCLS, EPT violations as #VE, concealing of PT, and what came later. */
#define PROC2_EMULATED                                                                             \
	(PROC2_APIC_ACCESS | PROC2_EPT | PROC2_DESC_TABLE | PROC2_RDTSCP | PROC2_X2APIC |          \
	 PROC2_VPID | PROC2_WBINVD | PROC2_UNRESTRICTED | PROC2_APIC_REGISTER |                    \
	 PROC2_VIRTUAL_INTERRUPT | PROC2_PAUSE_LOOP | PROC2_RDRAND | PROC2_INVPCID |               \
	 PROC2_VMFUNC | PROC2_SHADOW_VMCS | PROC2_RDSEED | PROC2_PML | PROC2_XSAVES |              \
	 PROC2_TSC_SCALING)
/* No performance counters, bound registers, PT, CET or protection keys for supervisors. */
#define EXIT_EMULATED                                                                              \
	(EXIT_SAVE_DEBUG | EXIT_HOST_64BIT | EXIT_ACK_INTERRUPT | EXIT_SAVE_PAT | EXIT_LOAD_PAT |  \
	 EXIT_SAVE_EFER | EXIT_LOAD_EFER | EXIT_SAVE_TIMER)
#define ENTRY_EMULATED (ENTRY_LOAD_DEBUG | ENTRY_IA32E | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER)

/* The shutdown state (bit 7) is not offered: nobody has found a use for it. */
#define VMX_MISC_ACTIVITY_SIPI BIT(8)
#define MISC_OF_MACHINE        (VMX_MISC_TIMER_SHIFT | VMX_MISC_WRITE_ANY | VMX_MISC_ZERO_LENGTH)
#define CR3_TARGETS            4ULL

#define EPT_OF_MACHINE                                                                             \
	(EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_UC | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_1G |   \
	 EPT_CAP_AD | EPT_CAP_ADVANCED_EXIT)
/* Emulated, so all forms whatever the machine has. */
#define EPT_INVALIDATION (EPT_CAP_INVEPT | EPT_CAP_INVEPT_SINGLE | EPT_CAP_INVEPT_ALL)
#define VPID_INVALIDATION                                                                          \
	(VPID_CAP_INVVPID | VPID_CAP_ADDRESS | VPID_CAP_SINGLE | VPID_CAP_ALL |                    \
	 VPID_CAP_SINGLE_GLOBALS)
#define VMFUNC_EPTP_SWITCHING BIT(0)

static uint64_t *msr_of(struct nested_caps *caps, uint32_t msr)
{
	return &caps->msr[msr - MSR_VMX_BASIC];
}

static bool may(const struct nested_caps *caps, uint32_t msr, uint64_t control)
{
	return nested_cap(caps, msr) >> 32 & control;
}

static uint64_t allowed(uint64_t machine, uint64_t emulated, uint32_t must)
{
	return ((machine >> 32 & emulated) | must) << 32 | must;
}

/*
 * One kind of controls: the MSR that says what may really be 0 and its older form, in which the
 * default-1 controls must be 1. What may be 1 is the same in both.
 */
static void offer(struct nested_caps *c, uint32_t msr, uint32_t true_msr, uint64_t machine,
		  uint64_t emulated, uint32_t default1, uint64_t may_be_0)
{
	*msr_of(c, msr) = allowed(machine, emulated, default1);
	*msr_of(c, true_msr) = *msr_of(c, msr) & ~may_be_0;
}

/* A control without the one that it needs at every VM entry (26.2.1.1) would be of no use. */
static uint64_t consistent(const struct nested_caps *c, uint64_t proc2)
{
	if (!may(c, MSR_VMX_PROCBASED_CTLS, PROC_SECONDARY))
		return 0;
	if (!(proc2 & PROC2_EPT))
		proc2 &= ~(PROC2_UNRESTRICTED | PROC2_PML | PROC2_VMFUNC);
	if (!may(c, MSR_VMX_PROCBASED_CTLS, PROC_TPR_SHADOW))
		proc2 &= ~(PROC2_X2APIC | PROC2_APIC_REGISTER | PROC2_VIRTUAL_INTERRUPT);
	return proc2;
}

static void offer_controls(const struct vmx_capabilities *m, const struct nested_shape *shape,
			   struct nested_caps *c)
{
	uint64_t proc2, pin = PIN_EMULATED, exit = EXIT_EMULATED;

	offer(c, MSR_VMX_PROCBASED_CTLS, MSR_VMX_TRUE_PROCBASED_CTLS, m->proc, PROC_EMULATED,
	      PROC_DEFAULT1, PROC_MAY_BE_0);
	proc2 = consistent(c, m->proc2 >> 32 & PROC2_EMULATED & ~shape->proc2_hidden);
	*msr_of(c, MSR_VMX_PROCBASED_CTLS2) = proc2 << 32;
	if (!(proc2 & PROC2_VIRTUAL_INTERRUPT))
		pin &= ~PIN_POSTED_INTERRUPTS;
	offer(c, MSR_VMX_PINBASED_CTLS, MSR_VMX_TRUE_PINBASED_CTLS, m->pin, pin, PIN_DEFAULT1, 0);
	if (!may(c, MSR_VMX_PINBASED_CTLS, PIN_PREEMPTION_TIMER))
		exit &= ~EXIT_SAVE_TIMER;
	offer(c, MSR_VMX_EXIT_CTLS, MSR_VMX_TRUE_EXIT_CTLS, m->exit, exit, EXIT_DEFAULT1,
	      EXIT_MAY_BE_0);
	offer(c, MSR_VMX_ENTRY_CTLS, MSR_VMX_TRUE_ENTRY_CTLS, m->entry, ENTRY_EMULATED,
	      ENTRY_DEFAULT1, ENTRY_MAY_BE_0);
}

static void offer_paging(const struct vmx_capabilities *m, struct nested_caps *c)
{
	uint64_t cap = 0;

	if (may(c, MSR_VMX_PROCBASED_CTLS2, PROC2_EPT))
		cap |= (m->ept_vpid & EPT_OF_MACHINE) | EPT_INVALIDATION;
	if (may(c, MSR_VMX_PROCBASED_CTLS2, PROC2_VPID))
		cap |= VPID_INVALIDATION;
	*msr_of(c, MSR_VMX_EPT_VPID_CAP) = cap;
	if (may(c, MSR_VMX_PROCBASED_CTLS2, PROC2_VMFUNC))
		*msr_of(c, MSR_VMX_VMFUNC) = VMFUNC_EPTP_SWITCHING;
}

/* Which control brings which fields (24.3 to 24.9). */
static uint32_t fields_of(const struct nested_caps *c)
{
	static const struct {
		uint16_t msr;
		uint8_t exists;
		uint64_t control;
	} with[] = {
		{ MSR_VMX_PROCBASED_CTLS, VMCS12_SECONDARY, PROC_SECONDARY },
		{ MSR_VMX_PROCBASED_CTLS, VMCS12_MSR_BITMAP, PROC_MSR_BITMAPS },
		{ MSR_VMX_PROCBASED_CTLS, VMCS12_TPR_SHADOW, PROC_TPR_SHADOW },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_VPID, PROC2_VPID },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_EPT, PROC2_EPT },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_PML, PROC2_PML },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_VMFUNC, PROC2_VMFUNC },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_EPTP_SWITCHING, PROC2_VMFUNC },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_SHADOW_VMCS, PROC2_SHADOW_VMCS },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_APIC_ACCESS, PROC2_APIC_ACCESS },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_VIRTUAL_INTERRUPT, PROC2_VIRTUAL_INTERRUPT },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_PAUSE_LOOP, PROC2_PAUSE_LOOP },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_XSAVES, PROC2_XSAVES },
		{ MSR_VMX_PROCBASED_CTLS2, VMCS12_TSC_SCALING, PROC2_TSC_SCALING },
		{ MSR_VMX_PINBASED_CTLS, VMCS12_POSTED, PIN_POSTED_INTERRUPTS },
		{ MSR_VMX_PINBASED_CTLS, VMCS12_PREEMPTION_TIMER, PIN_PREEMPTION_TIMER },
		{ MSR_VMX_ENTRY_CTLS, VMCS12_PAT, ENTRY_LOAD_PAT },
		{ MSR_VMX_ENTRY_CTLS, VMCS12_EFER, ENTRY_LOAD_EFER },
	};
	uint32_t fields = 1U << VMCS12_ALWAYS;

	for (size_t i = 0; i < array_size(with); i++)
		if (may(c, with[i].msr, with[i].control))
			fields |= 1U << with[i].exists;
	return fields;
}

void nested_caps_build(const struct vmx_capabilities *machine, const struct nested_shape *shape,
		       struct nested_caps *out)
{
	memset(out, 0, sizeof(*out));
	out->phys_bits = shape->phys_bits;
	out->efer = shape->efer;
	out->debugctl = shape->debugctl;
	offer_controls(machine, shape, out);
	offer_paging(machine, out);
	out->fields = fields_of(out);
	*msr_of(out, MSR_VMX_BASIC) = VMCS12_REVISION | PAGE_SIZE << 32 | VMX_BASIC_MEMORY_TYPE_WB |
				      VMX_BASIC_TRUE_CONTROLS |
				      (machine->basic & VMX_BASIC_INS_OUTS);
	*msr_of(out, MSR_VMX_MISC) = (machine->misc & MISC_OF_MACHINE) | VMX_MISC_STORE_LMA |
				     VMX_MISC_ACTIVITY_HLT | VMX_MISC_ACTIVITY_SIPI |
				     CR3_TARGETS << 16;
	*msr_of(out, MSR_VMX_CR0_FIXED0) = CR0_PE | CR0_NE | CR0_PG;
	*msr_of(out, MSR_VMX_CR0_FIXED1) = 0xffffffff;
	*msr_of(out, MSR_VMX_CR4_FIXED0) = CR4_VMXE;
	*msr_of(out, MSR_VMX_CR4_FIXED1) = shape->cr4 | CR4_VMXE;
	*msr_of(out, MSR_VMX_VMCS_ENUM) = vmcs12_enum(out->fields);
}

bool nested_caps_read(const struct nested_caps *caps, uint32_t msr, uint64_t *value)
{
	if (msr < MSR_VMX_BASIC || msr > MSR_VMX_VMFUNC)
		return false;
	*value = nested_cap(caps, msr);
	switch (msr) {
	case MSR_VMX_PROCBASED_CTLS2: return may(caps, MSR_VMX_PROCBASED_CTLS, PROC_SECONDARY);
	case MSR_VMX_EPT_VPID_CAP:
		return may(caps, MSR_VMX_PROCBASED_CTLS2, PROC2_EPT | PROC2_VPID);
	case MSR_VMX_VMFUNC: return may(caps, MSR_VMX_PROCBASED_CTLS2, PROC2_VMFUNC);
	default: return true;
	}
}
