// SPDX-License-Identifier: MIT
/* L1's extended page tables (EPT12; SDM vol. 3, 28.3), walked in software. Pure. */
#ifndef ARCH_X86_NESTED_EPT12_H
#define ARCH_X86_NESTED_EPT12_H

#include "arch/x86/nested/vmcs12.h"

/* What a VM entry, INVEPT and EPTP switching say to an EPT pointer (26.2.1.1). */
bool ept12_pointer_ok(const struct nested_caps *caps, uint64_t eptp) must_check;

/* Access of an L2 to a guest-physical address, at the bits of an exit qualification (27.2.1). */
#define EPT12_READ  BIT(0)
#define EPT12_WRITE BIT(1)
#define EPT12_FETCH BIT(2)

/*
 * Read an 8-byte entry of L1's memory: all ones where there is none, which is a misconfiguration.
 * set() turns `old` into `new` atomically; false when it was not `old` any more.
 */
struct ept12_memory {
	uint64_t (*read)(void *opaque, uint64_t gpa);
	bool (*set)(void *opaque, uint64_t gpa, uint64_t old, uint64_t new);
	void *opaque;
};

enum ept12_outcome {
	EPT12_OK,
	EPT12_VIOLATION,
	EPT12_MISCONFIGURATION,
	EPT12_CHANGED, /* the tables moved meanwhile: let L2 try again */
};

struct ept12_walk {
	uint64_t gpa;           /* of L1, for the access; EPT12_OK only */
	uint64_t qualification; /* of the exit to L1; EPT12_VIOLATION only */
	uint8_t rights;         /* READ, WRITE, FETCH of all levels together */
	uint8_t order;          /* the page has 2^order 4 KiB pages */
	/* Accessed and dirty flags are on and the page is still clean: map it without write. */
	bool clean;
};

/*
 * Translate an L2 address. `qualification` is that of the EPT violation which the hardware reported
 * for VMCS02, or for an access of our own the access bits alone (one at least): bits that concern
 * L1 go into the result. Sets accessed and dirty flags where the pointer asks for them.
 */
enum ept12_outcome ept12_walk(const struct nested_caps *caps, uint64_t eptp,
			      const struct ept12_memory *memory, uint64_t address,
			      uint64_t qualification, struct ept12_walk *out) must_check;

/*
 * VMFUNC of L2 (25.5.5): function in EAX, index in ECX. True: the EPT pointer becomes *eptp. False:
 * L1 gets the exit. L1 has turned VM functions on; without that it is #UD and not asked here.
 */
bool ept12_switch(const struct nested_caps *caps, const struct vmcs12 *v, uint32_t function,
		  uint32_t index, const struct ept12_memory *memory, uint64_t *eptp) must_check;

#endif
