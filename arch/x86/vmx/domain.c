// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/vmx.h"
#include "core/hooks.h"
#include "mm/own.h"

static void build_cpuid(struct domain *d)
{
	struct cpuid_params params = {
		.vcpus = d->vcpu_count,
		.tsc_khz = tsc_khz,
		.tsc_stable = tsc_stable,
		.xcr0 = fpu_xcr0_mask,
		.rdtscp = vmx_controls.proc2 & PROC2_RDTSCP,
		.invpcid = vmx_controls.proc2 & PROC2_INVPCID,
		.xsaves = vmx_controls.proc2 & PROC2_XSAVES,
		.nested = d->nestedhvm,
	};

	cpuid_policy_build(&vmx_cpuid_host, &params, &d->vmx->cpuid);
}

enum status vmx_domain_create(struct domain *d)
{
	struct vmx_domain *x = own_alloc(sizeof(*x));

	if (!x)
		return ERR_NOMEM;
	d->vmx = x;
	x->msr_bitmap = own_alloc_pages(0);
	if (!x->msr_bitmap) {
		vmx_domain_destroy(d);
		return ERR_NOMEM;
	}
	build_cpuid(d);
	msr_policy_fill_bitmap(d, x->msr_bitmap);
	if (d->nestedhvm && nested_domain_create(d) != OK) {
		vmx_domain_destroy(d);
		return ERR_NOMEM;
	}
	return OK;
}

void vmx_domain_destroy(struct domain *d)
{
	nested_domain_destroy(d);
	if (d->vmx->msr_bitmap)
		own_free_pages(d->vmx->msr_bitmap, 0);
	own_free(d->vmx, sizeof(*d->vmx));
	d->vmx = NULL;
}
