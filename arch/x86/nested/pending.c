// SPDX-License-Identifier: MIT
/* Until there is an L2: no control that L1 could choose is good enough to enter one. */
#include "arch/x86/nested/state.h"

void nested_enter(struct vcpu *v)
{
	nested_instruction_done(v, VMFAIL_ENTRY_CONTROLS);
}

bool nested_init_signal(struct vcpu *v)
{
	(void)v;
	return false;
}

void nested_ept_invalidate(struct vcpu *v, bool all, uint64_t eptp12)
{
	(void)v;
	(void)all;
	(void)eptp12;
}
