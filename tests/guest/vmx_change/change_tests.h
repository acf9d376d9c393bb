// SPDX-License-Identifier: MIT
/* What L2 finds of its own state, and L1 of its own after the exit. */
#ifndef TESTS_GUEST_VMX_CHANGE_CHANGE_TESTS_H
#define TESTS_GUEST_VMX_CHANGE_CHANGE_TESTS_H

#include "tests/guest/lib/vmx.h"

#define CR0_AM       0x40000UL
#define CR0_CD       0x40000000UL
#define CR3_PWT      8UL
#define CR4_TSD      4UL
#define RFLAGS_ID    0x200000UL
#define EFER_SCE     1UL
#define DR7_ARMED    0x401UL
#define DEBUGCTL_BTF 2UL
#define PAT_DEFAULT  0x0007040600070406UL
#define PAT_OTHER    0x0007040600070400UL

/* A place for each value, in the order in which L2's code stores them. */
enum seen {
	SEEN_CR0,
	SEEN_CR3,
	SEEN_CR4,
	SEEN_DR7,
	SEEN_RSP,
	SEEN_RFLAGS,
	SEEN_FS,
	SEEN_LDTR,
	SEEN_TR,
	SEEN_GDTR_LIMIT,
	SEEN_GDTR_BASE,
	SEEN_IDTR_LIMIT,
	SEEN_IDTR_BASE,
	SEEN_SYSENTER_CS,
	SEEN_SYSENTER_ESP,
	SEEN_SYSENTER_EIP,
	SEEN_FS_BASE,
	SEEN_GS_BASE,
	SEEN_PAT,
	SEEN_EFER,
	SEEN_TSC, /* bits 63:40 */
	SEEN_COUNT
};

extern uint64_t seen[SEEN_COUNT];
/* Stores them all, VMCALL, and again. */
extern const char looks[];
/* The same where L1 runs, as a function. */
void look(void);

/* A new L2 that has run three times, so that all which can be left as it was is. `extra`: as of
 * struct change. */
void warm_up(const char *code, uint32_t extra);
/* It runs until its VMCALL, which is passed. */
void again(void);

/* Controls that a case wants. */
#define WANT_ENTRY_LOADS (1u << 0) /* debug registers, PAT and EFER are L2's own */
#define WANT_EXIT_SAVES  (1u << 1) /* and saved */
#define WANT_EXIT_LOADS  (1u << 2) /* PAT and EFER of L1 are loaded */
#define WANT_TSC         (1u << 3)

void test_guest_fields(void);
void test_refusals(void);
void test_host_fields(void);
void test_inheritance(void);
void test_exceptions(void);

#endif
