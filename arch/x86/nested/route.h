// SPDX-License-Identifier: MIT
/* Who gets an exit of L2 (SDM vol. 3 ch. 25): a table, and a few functions of what L1 asked for. */
#ifndef ARCH_X86_NESTED_ROUTE_H
#define ARCH_X86_NESTED_ROUTE_H

#include "arch/x86/nested/vmcs12.h"

enum nested_route {
	ROUTE_L0,   /* ours: L1 cannot have asked for it, or only what we look up next decides */
	ROUTE_L1,   /* L1 asked for it: leave L2 */
	ROUTE_HERE, /* L1 did not: do for L2 what is done for L1 on such an exit */
};

struct route_args {
	const struct vmcs12 *v;
	uint32_t reason;    /* the whole field */
	uint32_t intr_info; /* of an exception: interruption information and error code */
	uint32_t intr_error;
	uint64_t qualification;
	/*
	 * What the instruction works with: the value of MOV to CR; ECX of RDMSR and WRMSR; the
	 * encoding of VMREAD and VMWRITE; EDX:EAX AND IA32_XSS of XSAVES and XRSTORS.
	 */
	uint64_t operand;
	bool timer_over; /* L1's preemption timer, and not our time slice, has run out */
	nested_read_fn read;
	void *opaque;
};

/* Pure, but for reading L1's bitmaps. */
enum nested_route route_exit(const struct route_args *a) must_check;

/* Whether L1 has an exception of L2 as an exit: also for one that is raised here. Pure. */
bool route_exception(const struct vmcs12 *v, uint32_t vector, uint32_t error) must_check;
/* The same for an access to `size` ports, whose exit L1 gets. */
bool route_io(const struct route_args *a, uint16_t port, unsigned int size) must_check;

#endif
