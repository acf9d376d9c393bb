// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/count.h"
#include "xenabi/ops.h"

int64_t debug_hypercall(struct hypercall *h)
{
	if (XENITH_COUNT && h->arg[0] == HYPERCALL_DEBUG_COUNT && h->arg[1] < COUNT_KINDS)
		return (int64_t)count_read((uint32_t)h->arg[1]);
	return -XEN_ENOSYS;
}
