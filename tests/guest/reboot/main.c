// SPDX-License-Identifier: MIT
// variants: 64 32
// expect: reboot
//
// The guest asks for SHUTDOWN_reboot. On every machine: the guest ends, and is said to have done so.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	ok(true, "about to end");
	finish(SHUTDOWN_reboot);
}
