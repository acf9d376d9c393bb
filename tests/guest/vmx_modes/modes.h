// SPDX-License-Identifier: MIT
#ifndef TESTS_GUEST_VMX_MODES_H
#define TESTS_GUEST_VMX_MODES_H

#include "tests/guest/lib/vmx.h"

#define CALL "exit 18 qual 0 len 3" /* L2's code came to its end */

/* 32-bit code of L2, which ends with VMCALL. */
#define CODE_32(name, text)                                                                        \
	extern const char name[];                                                                  \
	__asm__(".pushsection .text\n.code32\n" #name ":\n" text                                   \
		"\nvmcall\n1: jmp 1b\n.code64\n.popsection\n")

/* PAE paging: its page-directory pointers are loaded anew by MOV to CR3 and CR4. */
void test_pae_paging(void);

#endif
