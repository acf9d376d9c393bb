// SPDX-License-Identifier: MIT
/* own_alloc() on the host's heap, whose sanitizer sees every byte out of bounds. */
#ifndef TESTS_UNIT_FAKES_OWN_HEAP_H
#define TESTS_UNIT_FAKES_OWN_HEAP_H

#include "core/lib/types.h"

extern uint64_t own_heap_used;  /* bytes not freed yet */
extern int own_heap_fail_after; /* let the nth allocation from now fail, once; -1: none */

#endif
