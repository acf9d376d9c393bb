// SPDX-License-Identifier: MIT
/* Until there are EPT02s, which are not offered. */
#include "arch/x86/nested/nested.h"
#include "arch/x86/nested/state.h"
#include "core/lib/assert.h"

void nested_ept_invalidate(struct vcpu *v, bool all, uint64_t eptp12)
{
	(void)v;
	(void)all;
	(void)eptp12;
}

uint64_t nested_ept_pointer(struct vcpu *v)
{
	return v->domain->physmap.eptp;
}

void nested_ept_violation(struct vcpu *v)
{
	exits_dispatch(v, EXIT_EPT_VIOLATION);
}

void nested_ept_misconfiguration(struct vcpu *v)
{
	exits_dispatch(v, EXIT_EPT_MISCONFIGURATION);
}

void nested_ept_new_core(struct vcpu *v)
{
	(void)v;
}

void nested_ept_follow(struct vcpu *v, uint64_t gen, bool locked)
{
	(void)v;
	(void)gen;
	(void)locked;
}

bool nested_ept_switch(struct vcpu *v, uint32_t index)
{
	(void)v;
	(void)index;
	return false;
}

bool nested_ept_read(struct vcpu *v, uint64_t gpa, void *dst, size_t len)
{
	(void)v;
	(void)gpa;
	(void)dst;
	(void)len;
	return false;
}
