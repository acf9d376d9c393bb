// SPDX-License-Identifier: MIT
#include "arch/x86/nested/nested.h"

#include "arch/x86/nested/instruction.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "core/lib/string.h"
#include "mm/own.h"

#define DEBUGCTL_OFFERED BITS(1, 0) /* LBR, BTF: msr_policy.c */

/* ---- What is offered ---- */

/* Secondary controls of instructions that CPUID does not show. */
static uint32_t hidden_controls(const struct cpuid_policy *p)
{
	uint64_t hidden;

	hidden = p->ext[1].edx & BIT(27) ? 0 : PROC2_RDTSCP;
	hidden |= p->feature[0].ebx & BIT(10) ? 0 : PROC2_INVPCID;
	hidden |= p->basic[1].ecx & BIT(30) ? 0 : PROC2_RDRAND;
	hidden |= p->feature[0].ebx & BIT(18) ? 0 : PROC2_RDSEED;
	hidden |= p->xstate[1].eax & BIT(3) ? 0 : PROC2_XSAVES;
	return (uint32_t)hidden;
}

enum status nested_domain_create(struct domain *d)
{
	const struct cpuid_policy *p = &d->vmx->cpuid;
	struct nested_shape shape = {
		.cr4 = p->cr4,
		.efer = p->efer,
		.debugctl = DEBUGCTL_OFFERED,
		.proc2_hidden = hidden_controls(p),
		.phys_bits = p->phys_bits,
	};

	d->vmx->nested_caps = own_alloc(sizeof(*d->vmx->nested_caps));
	if (!d->vmx->nested_caps)
		return ERR_NOMEM;
	nested_caps_build(&vmx_machine, &shape, d->vmx->nested_caps);
	return OK;
}

void nested_domain_destroy(struct domain *d)
{
	if (d->vmx->nested_caps)
		own_free(d->vmx->nested_caps, sizeof(*d->vmx->nested_caps));
	d->vmx->nested_caps = NULL;
}

bool nested_read_msr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	const struct nested_caps *caps = nested_caps_of(v);

	if (!caps)
		return false;
	if (msr == MSR_FEATURE_CONTROL) {
		*value = FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;
		return true;
	}
	return nested_caps_read(caps, msr, value);
}

/* ---- A vCPU's part ---- */

enum status nested_vcpu_create(struct vcpu *v)
{
	struct nested_vcpu *n = own_alloc(sizeof(*n));

	if (!n)
		return ERR_NOMEM;
	v->vmx->nested = n;
	n->current = NESTED_NO_VMCS;
	if (nested_vmcs02_create(v) != OK || hw_shadow_create(v) != OK ||
	    nested_ept_create(v) != OK)
		return ERR_NOMEM;
	n->vmcs12 = own_alloc_pages(0);
	return n->vmcs12 ? OK : ERR_NOMEM;
}

void nested_vcpu_destroy(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	if (!n)
		return;
	nested_vmcs02_destroy(v);
	hw_shadow_destroy(v);
	nested_ept_destroy(v);
	if (n->vmcs12)
		own_free_pages(n->vmcs12, 0);
	own_free(n, sizeof(*n));
	v->vmx->nested = NULL;
}

void nested_reset(struct vcpu *v)
{
	struct nested_vcpu *n = nested_of(v);

	if (!n)
		return;
	n->vmx_on = false;
	n->current = NESTED_NO_VMCS;
	hw_shadow_use(v, false);
	vmwriten(VMCSN_CR0_MASK, vmx_cr0_owned());
}

/* ---- What VMX operation keeps L1 from ---- */

bool nested_cr0_ok(const struct vcpu *v, uint64_t cr0)
{
	return !nested_of(v) || !nested_of(v)->vmx_on ||
	       instruction_fixed_ok(nested_caps_of(v), MSR_VMX_CR0_FIXED0, cr0);
}

bool nested_cr4_ok(const struct vcpu *v, uint64_t cr4)
{
	return !nested_of(v) || !nested_of(v)->vmx_on ||
	       instruction_fixed_ok(nested_caps_of(v), MSR_VMX_CR4_FIXED0, cr4);
}

bool nested_blocks_init(struct vcpu *v, bool *taken)
{
	*taken = false;
	if (!nested_of(v) || !nested_of(v)->vmx_on)
		return false;
	/* In the wait-for-SIPI state it waits on (25.2). */
	*taken = v->vmx->in_l2 && !nested_of(v)->waits_sipi;
	if (*taken)
		nested_init_signal(v);
	return true;
}

void nested_read_memory(void *opaque, uint64_t gpa, void *dst, size_t len)
{
	const struct vcpu *v = opaque;

	if (physmap_read(&v->domain->physmap, to_gpa(gpa), dst, len) != OK)
		memset(dst, 0xff, len);
}

void nested_write_memory(struct vcpu *v, uint64_t gpa, const void *src, size_t len)
{
	enum status st = physmap_write(&v->domain->physmap, to_gpa(gpa), src, len);

	(void)st;
}
