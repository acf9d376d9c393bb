// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/machine.h"

#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/tags.h"
#include "arch/x86/vmx/vmx.h"
#include "core/lib/log.h"
#include "core/lib/string.h"
#include "mm/own.h"

struct vmx_controls vmx_controls;
struct cpuid_host vmx_cpuid_host;
struct vmx_capabilities vmx_machine;

void vmx_capabilities_read(struct vmx_capabilities *out)
{
	bool true_controls;

	memset(out, 0, sizeof(*out));
	out->basic = rdmsr(MSR_VMX_BASIC);
	out->misc = rdmsr(MSR_VMX_MISC);
	true_controls = out->basic & VMX_BASIC_TRUE_CONTROLS;
	out->pin = rdmsr(true_controls ? MSR_VMX_TRUE_PINBASED_CTLS : MSR_VMX_PINBASED_CTLS);
	out->proc = rdmsr(true_controls ? MSR_VMX_TRUE_PROCBASED_CTLS : MSR_VMX_PROCBASED_CTLS);
	out->exit = rdmsr(true_controls ? MSR_VMX_TRUE_EXIT_CTLS : MSR_VMX_EXIT_CTLS);
	out->entry = rdmsr(true_controls ? MSR_VMX_TRUE_ENTRY_CTLS : MSR_VMX_ENTRY_CTLS);
	/* The next two exist only where the control before them may be 1 (appendix A.3.3, A.10). */
	if (out->proc >> 32 & PROC_SECONDARY)
		out->proc2 = rdmsr(MSR_VMX_PROCBASED_CTLS2);
	if (out->proc2 >> 32 & (PROC2_EPT | PROC2_VPID))
		out->ept_vpid = rdmsr(MSR_VMX_EPT_VPID_CAP);
	out->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
	out->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
	out->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
	out->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
}

static bool locked_off(void)
{
	uint64_t control = rdmsr(MSR_FEATURE_CONTROL);

	return (control & FEATURE_CONTROL_LOCK) && !(control & FEATURE_CONTROL_VMX);
}

unsigned int vmx_missing(const char *names[], unsigned int max)
{
	struct vmx_capabilities cap;
	struct vmx_controls controls;
	const char *whole = NULL;

	if (!(cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_VMX))
		whole = "VMX (Intel VT-x, CPUID.1:ECX bit 5)";
	else if (locked_off())
		whole = "VMX enabled by the firmware (IA32_FEATURE_CONTROL is locked with it off)";
	if (whole) {
		if (max)
			names[0] = whole;
		return 1;
	}
	vmx_capabilities_read(&cap);
	return vmx_controls_decide(&cap, &controls, names, max);
}

void vmx_init(void)
{
	char features[256];
	const char *missing[1];

	vmx_capabilities_read(&vmx_machine);
	if (vmx_controls_decide(&vmx_machine, &vmx_controls, missing, 1))
		panic("VMX without %s", missing[0]);
	cpuid_host_read(&vmx_cpuid_host);
	if (!fpu_compacted && (vmx_cpuid_host.xstate[1].eax & CPUID_D1_EAX_XSAVEC)) {
		vmx_cpuid_host.xstate[1].eax &=
			~(uint32_t)(CPUID_D1_EAX_XSAVEC | CPUID_D1_EAX_XSAVES);
		log_warning("XSAVEC and XSAVES are not offered: they lose registers here");
	}
	vmx_controls_describe(&vmx_controls, features, sizeof(features));
	log_info("VMX: optional features used: %s", features[0] ? features : "none");
}

/* VMXON needs these of CR0 and CR4 (SDM vol. 3, 23.8), and VM entries check them in the host
 * fields. */
static void set_fixed_bits(const struct vmx_capabilities *cap)
{
	uint64_t cr0 = read_cr0(), cr4 = read_cr4();

	write_cr0((cr0 | cap->cr0_fixed0) & cap->cr0_fixed1);
	write_cr4((cr4 | cap->cr4_fixed0 | CR4_VMXE) & cap->cr4_fixed1);
}

enum status vmx_init_core(void)
{
	struct pcpu *cpu = this_cpu();
	struct vmx_capabilities cap;
	uint64_t control = rdmsr(MSR_FEATURE_CONTROL);
	uint32_t *region;

	if (locked_off())
		return ERR_UNSUPPORTED;
	if (!(control & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_FEATURE_CONTROL, control | FEATURE_CONTROL_VMX | FEATURE_CONTROL_LOCK);
	vmx_capabilities_read(&cap);
	if (memcmp(&cap, &vmx_machine, sizeof(cap)))
		return ERR_UNSUPPORTED;

	region = own_alloc_pages(0);
	if (!region)
		return ERR_NOMEM;
	*region = vmx_controls.revision;
	set_fixed_bits(&cap);
	cpu->vmxon_region = region;
	if (!vmxon(own_hpa(region)))
		return ERR_UNSUPPORTED;
	return tags_init_core();
}

void vmx_exit_core(void)
{
	if (!this_cpu()->vmxon_region)
		return;
	vmxoff();
	this_cpu()->vmxon_region = NULL;
}
