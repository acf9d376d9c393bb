// SPDX-License-Identifier: MIT
/* Host tests: the TLBs are the test's (tests/unit/fakes/tlb.c). */
#ifndef TESTS_HOST_INVALIDATE_H
#define TESTS_HOST_INVALIDATE_H

#include "core/lib/types.h"

enum { INVEPT_SINGLE = 1, INVEPT_ALL = 2 };
enum { INVVPID_SINGLE = 1, INVVPID_ALL = 2 };

bool invept(uint64_t type, uint64_t eptp);
bool invvpid(uint64_t type, uint16_t vpid);

#endif
