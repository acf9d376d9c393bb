// SPDX-License-Identifier: MIT
/* Host tests: the frame table is an array of the test's own. */
#ifndef TESTS_HOST_PAGING_H
#define TESTS_HOST_PAGING_H

#include_next "arch/x86/cpu/paging.h"

extern uint8_t host_frame_table[];

#undef FRAMES_BASE
#define FRAMES_BASE ((uint64_t)host_frame_table)

#endif
