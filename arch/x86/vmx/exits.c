// SPDX-License-Identifier: MIT
/* Which handler an exit reason has. An exit that none has crashes the guest; some of these are known
 * to a guest's guest. */
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"

struct exit_entry {
	void (*handle)(struct vcpu *v);
	const char *name;
};

static const struct exit_entry exits[] = {
	[EXIT_EXCEPTION_NMI] = { exit_exception_nmi, "exception or NMI" },
	[EXIT_EXTERNAL_INTERRUPT] = { exit_external_interrupt, "external interrupt" },
	[EXIT_TRIPLE_FAULT] = { exit_triple_fault, "triple fault" },
	[EXIT_INIT] = { exit_init_signal, "INIT signal" },
	[EXIT_SIPI] = { NULL, "start-up IPI" },
	[EXIT_INTERRUPT_WINDOW] = { exit_interrupt_window, "interrupt window" },
	[EXIT_NMI_WINDOW] = { exit_nmi_window, "NMI window" },
	[EXIT_TASK_SWITCH] = { exit_task_switch, "task switch" },
	[EXIT_CPUID] = { exit_cpuid, "CPUID" },
	[EXIT_GETSEC] = { exit_undefined, "GETSEC" },
	[EXIT_HLT] = { exit_hlt, "HLT" },
	[EXIT_INVD] = { exit_invd, "INVD" },
	[EXIT_INVLPG] = { NULL, "INVLPG" },
	[EXIT_RDPMC] = { exit_general_protection, "RDPMC" },
	[EXIT_RDTSC] = { NULL, "RDTSC" },
	[EXIT_VMCALL] = { NULL, "VMCALL" }, /* run.c has it */
	[EXIT_VMCLEAR] = { exit_vmx_instruction, "VMCLEAR" },
	[EXIT_VMLAUNCH] = { exit_vmx_instruction, "VMLAUNCH" },
	[EXIT_VMPTRLD] = { exit_vmx_instruction, "VMPTRLD" },
	[EXIT_VMPTRST] = { exit_vmx_instruction, "VMPTRST" },
	[EXIT_VMREAD] = { exit_vmx_instruction, "VMREAD" },
	[EXIT_VMRESUME] = { exit_vmx_instruction, "VMRESUME" },
	[EXIT_VMWRITE] = { exit_vmx_instruction, "VMWRITE" },
	[EXIT_VMXOFF] = { exit_vmx_instruction, "VMXOFF" },
	[EXIT_VMXON] = { exit_vmx_instruction, "VMXON" },
	[EXIT_CR_ACCESS] = { exit_cr_access, "control register" },
	[EXIT_DR_ACCESS] = { exit_dr_access, "debug register" },
	[EXIT_IO] = { exit_io, "I/O" },
	[EXIT_RDMSR] = { exit_rdmsr, "RDMSR" },
	[EXIT_WRMSR] = { exit_wrmsr, "WRMSR" },
	[EXIT_ENTRY_GUEST_STATE] = { NULL, "entry with invalid guest state" },
	[EXIT_ENTRY_MSR_LOAD] = { NULL, "entry with invalid MSR" },
	[EXIT_MWAIT] = { exit_undefined, "MWAIT" },
	[EXIT_TRAP_FLAG] = { NULL, "monitor trap flag" },
	[EXIT_MONITOR] = { exit_undefined, "MONITOR" },
	[EXIT_PAUSE] = { exit_pause, "PAUSE" },
	[EXIT_ENTRY_MACHINE_CHECK] = { NULL, "machine check at entry" },
	[EXIT_TPR_THRESHOLD] = { NULL, "TPR below threshold" },
	[EXIT_APIC_ACCESS] = { NULL, "APIC access" },
	[EXIT_VIRTUAL_EOI] = { NULL, "virtualized EOI" },
	[EXIT_GDTR_IDTR] = { NULL, "GDTR or IDTR" },
	[EXIT_LDTR_TR] = { NULL, "LDTR or TR" },
	[EXIT_EPT_VIOLATION] = { exit_ept_violation, "EPT violation" },
	[EXIT_EPT_MISCONFIGURATION] = { exit_ept_misconfiguration, "EPT misconfiguration" },
	[EXIT_INVEPT] = { exit_vmx_instruction, "INVEPT" },
	[EXIT_RDTSCP] = { NULL, "RDTSCP" },
	[EXIT_PREEMPTION_TIMER] = { exit_preemption_timer, "preemption timer" },
	[EXIT_INVVPID] = { exit_vmx_instruction, "INVVPID" },
	[EXIT_WBINVD] = { exit_invd, "WBINVD" },
	[EXIT_XSETBV] = { exit_xsetbv, "XSETBV" },
	[EXIT_APIC_WRITE] = { NULL, "APIC write" },
	[EXIT_RDRAND] = { NULL, "RDRAND" },
	[EXIT_INVPCID] = { NULL, "INVPCID" },
	[EXIT_VMFUNC] = { NULL, "VMFUNC" },
	[EXIT_ENCLS] = { exit_undefined, "ENCLS" },
	[EXIT_RDSEED] = { NULL, "RDSEED" },
	[EXIT_PML_FULL] = { NULL, "full PML log" },
	[EXIT_XSAVES] = { NULL, "XSAVES" },
	[EXIT_XRSTORS] = { NULL, "XRSTORS" },
};

static_assert(array_size(exits) <= VMX_EXIT_REASONS, "exit counters");

const char *exits_name(uint32_t basic_reason)
{
	return basic_reason < array_size(exits) ? exits[basic_reason].name : NULL;
}

static void unexpected(struct vcpu *v, uint32_t reason)
{
	uint32_t basic = reason & EXIT_REASON_BASIC;
	const char *name = exits_name(basic);

	domain_crash(v, "unexpected exit %u (%s), reason field %#x, qualification %#lx", basic,
		     name ? name : "unknown", reason, vmx_get_qualification(v));
}

void exits_dispatch(struct vcpu *v, uint32_t reason)
{
	/* A VM-entry failure has bit 31 set, so it is beyond the table as well. */
	if (unlikely(reason >= array_size(exits) || !exits[reason].handle)) {
		unexpected(v, reason);
		return;
	}
	v->vmx->exit_count[reason]++;
	exits[reason].handle(v);
}
