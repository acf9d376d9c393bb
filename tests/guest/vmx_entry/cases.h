// SPDX-License-Identifier: MIT
/* Tables of VM entries with one thing wrong. */
#ifndef TESTS_GUEST_VMX_ENTRY_CASES_H
#define TESTS_GUEST_VMX_ENTRY_CASES_H

#include "tests/guest/lib/vmx.h"

enum op {
	END,
	SET,   /* the field is the value */
	OR,    /* its bits are added */
	CLEAR, /* ... taken away */
	TOP,   /* the value below the end of physical addresses */
	HIGH   /* the lowest bit that no physical address has is added, shifted left by the value */
};

struct change {
	uint16_t field;
	uint8_t op;
	uint64_t value;
};

/* What L2 is before the changes. */
enum kind {
	LONG,      /* as l2_init() makes it */
	PROTECTED, /* 32-bit code, 32-bit paging */
	PAE,
	V86,
	REAL, /* with an unrestricted guest: no paging, no protection */
};

struct entry_case {
	const char *name, *wanted;
	struct change changes[7];
	uint8_t kind;
	/* Controls that it needs: without one of them the case is left out. */
	uint32_t pin, proc, proc2;
	bool hosted_only; /* Bochs itself ends */
};

#define FAIL7   "fail 7"
#define FAIL8   "fail 8"
#define STATE   "exit 33 entry failure qual 0"
#define PDPTES  "exit 33 entry failure qual 2"
#define NMI_STI "exit 33 entry failure qual 3"
#define LINK    "exit 33 entry failure qual 4"
#define ENTERED "exit 18 qual 0 len 3"
/* #GP at once: virtual-8086 code beyond its limit. */
#define V86_ENTERED "exit 0 qual 0 intr 80000b0d error 0"

#define NOT_CANONICAL (1ULL << 63)

extern const struct entry_case control_cases[], host_cases[], register_cases[], segment_cases[],
	state_cases[];
extern const unsigned int control_count, host_count, register_count, segment_count, state_count;

/* A page with something in it that is no VMCS, the current VMCS, pages for bitmaps and lists. */
#define PAGE_OF_ZEROES 0x200000
#define PAGE_OF_LINK   0x201000 /* with the right revision */
#define PAGE_OF_LIST   0x202000 /* MSR entries */
#define PAGE_OF_VAPIC  0x203000
#define PAGE_OF_OTHERS 0x204000

#endif
