// SPDX-License-Identifier: MIT
// variants: 64 32
// expect: crash
//
// The guest asks for SHUTDOWN_crash. On every machine: the guest ends, and is said to have done so.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	ok(true, "about to end");
	finish(SHUTDOWN_crash);
}
