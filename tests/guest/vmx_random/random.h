// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_RANDOM_H
#define TESTS_GUEST_VMX_RANDOM_H

#include "tests/guest/lib/vmx.h"

uint64_t random_next(void);
unsigned int random_below(unsigned int n);
/* Good values for the addresses that controls make matter. */
void random_addresses(void);
/* Change some fields of the current VMCS, some for the better; what was done, as text. */
void random_changes(char *text, size_t size);

#endif
