// SPDX-License-Identifier: MIT
// variants: 64 32
// expect: reboot
//
// A triple fault ends the guest as a reboot. On every machine: the guest ends, nothing else does.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	struct {
		uint16_t limit;
		uintptr_t base;
	} __attribute__((packed)) none = { 0, 0 };

	ok(true, "about to fault three times");
	plan(1);
	console_flush();
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	ok(false, "still here");
}
