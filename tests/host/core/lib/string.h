// SPDX-License-Identifier: MIT
/* Host tests: another core may run before a copy, which goes to or from a guest. */
#ifndef TESTS_HOST_STRING_H
#define TESTS_HOST_STRING_H

#include "core/lib/atomic.h"
#include_next "core/lib/string.h"

/* The test of memcpy() itself has given it another name already. */
#ifndef memcpy
#include <string.h>
#define memcpy(to, from, size) (host_access(), memcpy((to), (from), (size)))
#endif

#endif
