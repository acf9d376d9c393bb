// SPDX-License-Identifier: MIT
#include "arch/x86/nested/route.h"

#include "arch/x86/cpu/cr.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/qualification.h"

enum rule {
	RULE_L0, /* also of every reason that is not named: the dispatcher crashes the guest */
	RULE_L1,
	RULE_HERE,
	/* L1's if its control, by number, is 1; else ours (as when we had asked for it), or here. */
	RULE_PROC_OR_L0,
	RULE_PROC,
	RULE_PROC2_OR_L0,
	RULE_PROC2,
	/* Something decides that is more than one bit. */
	RULE_EXCEPTION,
	RULE_CR,
	RULE_IO,
	RULE_RDMSR,
	RULE_WRMSR,
	RULE_PAUSE,
	RULE_INVPCID,
	RULE_APIC_WRITE,
	RULE_TIMER,
	RULE_VMREAD,
	RULE_VMWRITE,
	RULE_XSAVES,
};

/* The number of a control's bit, at compile time. */
#define N(control) __builtin_ctzll(control)

static const struct {
	uint8_t rule, bit;
} rules[] = {
	[EXIT_EXCEPTION_NMI] = { RULE_EXCEPTION, 0 },
	[EXIT_TRIPLE_FAULT] = { RULE_L1, 0 },
	[EXIT_INTERRUPT_WINDOW] = { RULE_PROC_OR_L0, N(PROC_INTERRUPT_WINDOW) },
	[EXIT_NMI_WINDOW] = { RULE_PROC_OR_L0, N(PROC_NMI_WINDOW) },
	[EXIT_TASK_SWITCH] = { RULE_L1, 0 },
	[EXIT_CPUID] = { RULE_L1, 0 },
	[EXIT_GETSEC] = { RULE_L1, 0 },
	[EXIT_HLT] = { RULE_PROC, N(PROC_HLT) },
	[EXIT_INVD] = { RULE_L1, 0 },
	[EXIT_INVLPG] = { RULE_PROC, N(PROC_INVLPG) },
	[EXIT_RDPMC] = { RULE_PROC, N(PROC_RDPMC) },
	[EXIT_RDTSC] = { RULE_PROC, N(PROC_RDTSC) },
	[EXIT_RSM] = { RULE_L1, 0 },
	[EXIT_VMCALL] = { RULE_L1, 0 },
	[EXIT_VMCLEAR] = { RULE_L1, 0 },
	[EXIT_VMLAUNCH] = { RULE_L1, 0 },
	[EXIT_VMPTRLD] = { RULE_L1, 0 },
	[EXIT_VMPTRST] = { RULE_L1, 0 },
	[EXIT_VMREAD] = { RULE_VMREAD, 0 },
	[EXIT_VMRESUME] = { RULE_L1, 0 },
	[EXIT_VMWRITE] = { RULE_VMWRITE, 0 },
	[EXIT_VMXOFF] = { RULE_L1, 0 },
	[EXIT_VMXON] = { RULE_L1, 0 },
	[EXIT_CR_ACCESS] = { RULE_CR, 0 },
	[EXIT_DR_ACCESS] = { RULE_PROC, N(PROC_MOV_DR) },
	[EXIT_IO] = { RULE_IO, 0 },
	[EXIT_RDMSR] = { RULE_RDMSR, 0 },
	[EXIT_WRMSR] = { RULE_WRMSR, 0 },
	[EXIT_ENTRY_GUEST_STATE] = { RULE_L1, 0 },
	[EXIT_MWAIT] = { RULE_PROC, N(PROC_MWAIT) },
	[EXIT_TRAP_FLAG] = { RULE_PROC_OR_L0, N(PROC_TRAP_FLAG) },
	[EXIT_MONITOR] = { RULE_PROC, N(PROC_MONITOR) },
	[EXIT_PAUSE] = { RULE_PAUSE, 0 },
	[EXIT_TPR_THRESHOLD] = { RULE_PROC_OR_L0, N(PROC_TPR_SHADOW) },
	[EXIT_APIC_ACCESS] = { RULE_PROC2_OR_L0, N(PROC2_APIC_ACCESS) },
	[EXIT_VIRTUAL_EOI] = { RULE_PROC2_OR_L0, N(PROC2_VIRTUAL_INTERRUPT) },
	[EXIT_GDTR_IDTR] = { RULE_PROC2, N(PROC2_DESC_TABLE) },
	[EXIT_LDTR_TR] = { RULE_PROC2, N(PROC2_DESC_TABLE) },
	[EXIT_INVEPT] = { RULE_L1, 0 },
	[EXIT_RDTSCP] = { RULE_PROC, N(PROC_RDTSC) },
	[EXIT_PREEMPTION_TIMER] = { RULE_TIMER, 0 },
	[EXIT_INVVPID] = { RULE_L1, 0 },
	[EXIT_WBINVD] = { RULE_PROC2, N(PROC2_WBINVD) },
	[EXIT_XSETBV] = { RULE_L1, 0 },
	[EXIT_APIC_WRITE] = { RULE_APIC_WRITE, 0 },
	[EXIT_RDRAND] = { RULE_PROC2, N(PROC2_RDRAND) },
	[EXIT_INVPCID] = { RULE_INVPCID, 0 },
	[EXIT_VMFUNC] = { RULE_HERE,
			  0 }, /* ours to do: which function, and so whether L1 gets it */
	[EXIT_ENCLS] = { RULE_HERE, 0 },
	[EXIT_RDSEED] = { RULE_PROC2, N(PROC2_RDSEED) },
	[EXIT_XSAVES] = { RULE_XSAVES, 0 },
	[EXIT_XRSTORS] = { RULE_XSAVES, 0 },
	/*
	 * Not named, so ours: external interrupts, INIT, SIPI, SMI, machine checks, a full PML log,
	 * and EPT violations and misconfigurations: these are of EPT02, and the walk of EPT12 says
	 * whether L1 gets one.
	 */
};

static bool bit_at(const struct route_args *a, uint64_t bitmap, uint32_t bit)
{
	uint8_t byte;

	a->read(a->opaque, bitmap + bit / 8, &byte, 1);
	return byte >> (bit % 8) & 1;
}

bool route_exception(const struct vmcs12 *v, uint32_t vector, uint32_t error)
{
	bool set = v->exception_bitmap >> vector & 1;

	/* Page faults whose error code does not match do the contrary of the bit (25.2). */
	if (vector == EXC_PF)
		return set == ((error & v->pf_mask) == v->pf_match);
	return set;
}

static enum nested_route exception(const struct route_args *a)
{
	uint32_t vector = a->intr_info & INTR_VECTOR;

	if ((a->intr_info & INTR_TYPE) == INTR_TYPE_NMI || vector == EXC_MC)
		return ROUTE_L0;
	return route_exception(a->v, vector, a->intr_error) ? ROUTE_L1 : ROUTE_HERE;
}

/* LMSW can set PE and not clear it, and touches bits 3:0 only (25.1.3). */
static bool lmsw(const struct vmcs12 *v, uint64_t source)
{
	uint64_t differ = (source ^ v->cr0_shadow) & v->cr0_mask;

	return (differ & (CR0_MP | CR0_EM | CR0_TS)) || (differ & source & CR0_PE);
}

static bool cr3_target(const struct vmcs12 *v, uint64_t value)
{
	for (unsigned int i = 0; i < v->cr3_target_count && i < array_size(v->cr3_target); i++)
		if (v->cr3_target[i] == value)
			return true;
	return false;
}

static bool write_cr(const struct vmcs12 *v, unsigned int cr, uint64_t value)
{
	switch (cr) {
	case 0: return (value ^ v->cr0_shadow) & v->cr0_mask;
	case 3: return (v->proc & PROC_CR3_LOAD) && !cr3_target(v, value);
	case 4: return (value ^ v->cr4_shadow) & v->cr4_mask;
	default: return v->proc & PROC_CR8_LOAD;
	}
}

static bool control_register(const struct route_args *a)
{
	const struct vmcs12 *v = a->v;
	struct cr_access access = qualification_cr(a->qualification);

	switch (access.kind) {
	case CR_MOV_TO: return write_cr(v, access.cr, a->operand);
	case CR_MOV_FROM: return v->proc & (access.cr == 3 ? PROC_CR3_STORE : PROC_CR8_STORE);
	case CR_CLTS: return v->cr0_mask & v->cr0_shadow & CR0_TS;
	default: return lmsw(v, a->qualification >> 16 & 0xffff);
	}
}

bool route_io(const struct route_args *a, uint16_t port, unsigned int size)
{
	const struct vmcs12 *v = a->v;

	if (!(v->proc & PROC_IO_BITMAPS))
		return v->proc & PROC_UNCOND_IO;
	for (uint32_t p = port; p < port + size; p++)
		if (p > 0xffff || bit_at(a, v->io_bitmap[p >> 15], p & 0x7fff))
			return true;
	return false;
}

static bool io(const struct route_args *a)
{
	struct io_access access = qualification_io(a->qualification);

	return route_io(a, access.port, access.size);
}

static bool msr(const struct route_args *a, bool write)
{
	uint32_t index = (uint32_t)a->operand, half = index >> 31, n = index & 0x1fff;

	if (!(a->v->proc & PROC_MSR_BITMAPS) || (index != n && index != (0xc0000000 | n)))
		return true;
	return bit_at(a, a->v->msr_bitmap + (write ? 2048 : 0) + half * 1024, n);
}

static bool shadow_access(const struct route_args *a, uint64_t bitmap)
{
	return !(vmcs12_proc2(a->v) & PROC2_SHADOW_VMCS) || a->operand >> 15 ||
	       bit_at(a, bitmap, (uint32_t)a->operand);
}

static enum nested_route to_l1(bool wants)
{
	return wants ? ROUTE_L1 : ROUTE_HERE;
}

enum nested_route route_exit(const struct route_args *a)
{
	const struct vmcs12 *v = a->v;
	uint64_t proc2 = vmcs12_proc2(v);
	uint32_t reason = a->reason & EXIT_REASON_BASIC;
	uint32_t bit;

	if (reason >= array_size(rules))
		return ROUTE_L0;
	bit = rules[reason].bit;
	switch ((enum rule)rules[reason].rule) {
	case RULE_L0: return ROUTE_L0;
	case RULE_L1: return ROUTE_L1;
	case RULE_HERE: return ROUTE_HERE;
	case RULE_PROC_OR_L0: return v->proc >> bit & 1 ? ROUTE_L1 : ROUTE_L0;
	case RULE_PROC: return to_l1(v->proc >> bit & 1);
	case RULE_PROC2_OR_L0: return proc2 >> bit & 1 ? ROUTE_L1 : ROUTE_L0;
	case RULE_PROC2: return to_l1(proc2 >> bit & 1);
	case RULE_EXCEPTION: return exception(a);
	case RULE_CR: return to_l1(control_register(a));
	case RULE_IO: return to_l1(io(a));
	case RULE_RDMSR: return to_l1(msr(a, false));
	case RULE_WRMSR: return to_l1(msr(a, true));
	case RULE_PAUSE: return to_l1((v->proc & PROC_PAUSE) || (proc2 & PROC2_PAUSE_LOOP));
	case RULE_INVPCID: return to_l1((v->proc & PROC_INVLPG) && (proc2 & PROC2_INVPCID));
	case RULE_APIC_WRITE:
		return proc2 & (PROC2_APIC_REGISTER | PROC2_VIRTUAL_INTERRUPT) ? ROUTE_L1
									       : ROUTE_L0;
	case RULE_TIMER:
		return (v->pin & PIN_PREEMPTION_TIMER) && a->timer_over ? ROUTE_L1 : ROUTE_L0;
	case RULE_VMREAD: return to_l1(shadow_access(a, v->vmread_bitmap));
	case RULE_VMWRITE: return to_l1(shadow_access(a, v->vmwrite_bitmap));
	case RULE_XSAVES: return to_l1(a->operand & v->xss_exiting);
	}
	return ROUTE_L0;
}
