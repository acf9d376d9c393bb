// SPDX-License-Identifier: MIT
// variants: 64 32
// solo
// expect: crash
//
// A watchdog that nobody feeds ends the guest as a crash of its own. On every machine: it ends.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	struct sched_watchdog w = { .id = 0, .timeout = 1 };

	ok_eq((uint64_t)sched_op(SCHEDOP_watchdog, &w), 1, "a watchdog of one second");
	plan(1);
	console_flush();
	for (;;)
		cpu_pause();
}
