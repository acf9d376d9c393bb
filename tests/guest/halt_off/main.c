// SPDX-License-Identifier: MIT
// variants: 64 32
//
// The last vCPU that halts with interrupts off ends the guest as a power-off. On every machine: it
// ends.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	ok(true, "about to halt for good");
	plan(1);
	console_flush();
	__asm__ volatile("cli; hlt");
	ok(false, "still here");
}
