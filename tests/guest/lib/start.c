// SPDX-License-Identifier: MIT
/* From entry.asm to test_main(). */
#include "tests/guest/lib/guest.h"

const struct hvm_start_info *start_info;
bool on_xen;

void guest_start(void);

const char *command_line(void)
{
	uint64_t at = start_info->cmdline_paddr;

	return at && at < (1ULL << 32) ? (const char *)(uintptr_t)at : "";
}

static bool find_xen(void)
{
	struct regs4 r = cpuid(0x40000000, 0);

	return r.b == 0x566e6558 && r.c == 0x65584d4d && r.d == 0x4d4d566e;
}

void guest_start(void)
{
	start_info = (const struct hvm_start_info *)(uintptr_t)entry_state.ebx;
	on_xen = find_xen();
	traps_init();
	console_init();
	test_main();
	finish(SHUTDOWN_poweroff);
}
