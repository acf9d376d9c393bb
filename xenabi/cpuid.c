// SPDX-License-Identifier: MIT
/* CPUID leaves 0x40000000.. (xen/arch-x86/cpuid.h). */
#include "arch/x86/cpu/asm.h"
#include "core/lib/bits.h"
#include "xenabi/domain.h"
#include "xenabi/xen.h"

#include <xen/arch-x86/cpuid.h>

#define MSR_HYPERCALL_PAGE 0x40000000U
#define LAST_LEAF          XEN_CPUID_LEAF(4)

/* Leaf 3 (time), subleaf 0: EAX bit 0 the TSC is emulated, bit 1 reliable; EBX the tsc_mode. */
#define TSC_RELIABLE           2U
#define TSC_MODE_DEFAULT       0U
#define TSC_MODE_NEVER_EMULATE 2U

static void leaf_time(uint32_t subleaf, struct cpuid_regs *out)
{
	switch (subleaf) {
	case 0:
		/* Never emulated: with mode 2 and an invariant TSC Linux uses the TSC directly. */
		out->eax = tsc_stable ? TSC_RELIABLE : 0;
		out->ebx = tsc_stable ? TSC_MODE_NEVER_EMULATE : TSC_MODE_DEFAULT;
		out->ecx = (uint32_t)tsc_khz;
		break;
	case 1:
		/* The guest's TSC runs from the machine's zero. */
		out->ecx = tsc_scale.mul;
		out->edx = (uint32_t)tsc_scale.shift;
		break;
	case 2: out->eax = (uint32_t)tsc_khz; break;
	default: break;
	}
}

static void leaf_hvm(const struct vcpu *v, struct cpuid_regs *out)
{
	/* Not XEN_HVM_CPUID_UPCALL_VECTOR: with it Linux takes the local APIC's way (op 23), which
	 * costs an EOI a callback does not need. */
	out->eax = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT;
	out->ebx = v->id;
	out->ecx = v->domain->id;
}

bool xen_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *out)
{
	/* All 256 are ours; what is beyond the last reads as zeros. */
	if (leaf - XEN_CPUID_FIRST_LEAF > 0xff)
		return false;
	*out = (struct cpuid_regs){ 0 };
	switch (leaf) {
	case XEN_CPUID_LEAF(0):
		out->eax = LAST_LEAF;
		out->ebx = XEN_CPUID_SIGNATURE_EBX;
		out->ecx = XEN_CPUID_SIGNATURE_ECX;
		out->edx = XEN_CPUID_SIGNATURE_EDX;
		break;
	case XEN_CPUID_LEAF(1): out->eax = XENABI_MAJOR << 16 | XENABI_MINOR; break;
	case XEN_CPUID_LEAF(2):
		out->eax = 1; /* one page, through this MSR */
		out->ebx = MSR_HYPERCALL_PAGE;
		break;
	case XEN_CPUID_LEAF(3): leaf_time(subleaf, out); break;
	case XEN_CPUID_LEAF(4):
		if (subleaf == 0)
			leaf_hvm(v, out);
		break;
	default: break;
	}
	return true;
}
