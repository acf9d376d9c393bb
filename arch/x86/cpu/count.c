// SPDX-License-Identifier: MIT
#include "arch/x86/cpu/count.h"

uint64_t count_insns[COUNT_KINDS];

uint64_t count_read(uint32_t kind)
{
	return kind < COUNT_KINDS ? load_relaxed(&count_insns[kind]) : 0;
}
