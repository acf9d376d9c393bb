// SPDX-License-Identifier: MIT
/* No guest is a hypervisor: nothing of nested VMX is ever called. */
#include "arch/x86/nested/nested.h"
#include "core/lib/assert.h"
#include "core/vcpu.h"

void nested_exit(struct vcpu *v, uint32_t reason)
{
	(void)v;
	panic("exit %u of an L2", reason);
}

uint64_t nested_timer_end(struct vcpu *v, uint64_t slice_end)
{
	(void)v;
	(void)slice_end;
	panic("slice of an L2");
}

void nested_catch_up(struct vcpu *v, uint64_t gen, bool locked)
{
	(void)v;
	(void)gen;
	(void)locked;
	panic("entry to an L2");
}

void nested_refused(struct vcpu *v, uint32_t error)
{
	(void)v;
	panic("L2 refused: %u", error);
}
