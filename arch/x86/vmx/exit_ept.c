// SPDX-License-Identifier: MIT
/* Accesses that the physmap does not allow. */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/mmio.h"
#include "arch/x86/vmx/qualification.h"

void exit_ept_unmapped(struct vcpu *v, gpa_t gpa, uint64_t q)
{
	if (v->vmx->entry_info) {
		domain_crash(v, "event delivery at %#lx, where there is no memory", gpa.a);
	} else if ((q & EPT_VIOLATION_LINEAR) && !(q & EPT_VIOLATION_TRANSLATED)) {
		domain_crash(v, "page table at %#lx, where there is no memory", gpa.a);
	} else if (q & EPT_VIOLATION_FETCH) {
		exit_undefined(v); /* FF FF is no instruction */
	} else if (!mmio_access(v, gpa, q)) {
		domain_crash(v,
			     "access at %#lx, where there is no memory, by an instruction that "
			     "is not emulated",
			     gpa.a);
	}
}

void exit_ept_put_back(struct vcpu *v, uint64_t q)
{
	inject_restore_vectoring(v);
	if ((q & EPT_VIOLATION_NMI_UNBLOCK) && !v->vmx->entry_info)
		vmx_set_interruptibility(v, vmx_get_interruptibility(v) | VMX_BLOCKED_BY_NMI);
}

void exit_ept_violation(struct vcpu *v)
{
	uint64_t q = vmx_get_qualification(v);
	gpa_t gpa = to_gpa(vmread64(VMCS64_GUEST_PHYSICAL));

	exit_ept_put_back(v, q);
	if (vlapic_mmio_hit(v, gpa)) {
		/* Spared the look: where RAM is put there, it does not exit. */
		exit_ept_unmapped(v, gpa, q);
		return;
	}
	switch (physmap_type_at(&v->domain->physmap, gpa_gfn(gpa))) {
	case PHYSMAP_NONE: exit_ept_unmapped(v, gpa, q); break;
	case PHYSMAP_FOREIGN_RO:
		/* As in Xen: a write through a read-only grant. Reads are a change that raced. */
		if (q & (EPT_VIOLATION_WRITE | EPT_VIOLATION_FETCH))
			exit_general_protection(v);
		break;
	default: break; /* it was mapped since: the access is made again */
	}
}

void exit_ept_misconfiguration(struct vcpu *v)
{
	domain_crash(v, "EPT misconfiguration at %#lx", vmread64(VMCS64_GUEST_PHYSICAL));
}
