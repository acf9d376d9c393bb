// SPDX-License-Identifier: MIT
/*
 * What VMX instructions check before they do anything, in the order of the SDM's pseudo-code
 * (vol. 3, 30.3), and how they say what came out (30.2). Pure.
 */
#ifndef ARCH_X86_NESTED_INSTRUCTION_H
#define ARCH_X86_NESTED_INSTRUCTION_H

#include "arch/x86/nested/vmcs12.h"

/* L1 as it executes the instruction. */
struct instruction_state {
	uint64_t cr0, cr4, efer, rflags;
	bool cs_long; /* CS.L */
	unsigned int cpl;
	bool vmx_on;          /* in VMX operation */
	uint64_t feature_ctl; /* IA32_FEATURE_CONTROL */
};

/* 0, or the exception: EXC_UD, or EXC_GP with error code 0. */
int instruction_fault(const struct instruction_state *s) must_check;
/* The same of VMXON. With 0 and vmx_on set it is VMfail 15. */
int instruction_vmxon_fault(const struct instruction_state *s,
			    const struct nested_caps *caps) must_check;

/* Whether CR0 or CR4 has a value that VMX operation allows (23.8); fixed0: the first of its two MSRs. */
bool instruction_fixed_ok(const struct nested_caps *caps, uint32_t fixed0,
			  uint64_t value) must_check;

/* VMXON's region: else VMfailInvalid. `word` is its first one, read when the address is good. */
bool instruction_vmxon_region_ok(const struct nested_caps *caps, uint32_t word) must_check;

/* The operand of VMCLEAR or VMPTRLD, before its page is looked at. */
enum vmfail instruction_pointer(const struct nested_caps *caps, uint64_t gpa, uint64_t vmxon,
				bool vmptrld) must_check;

/*
 * RFLAGS after the instruction. VMfail needs a current VMCS to put its number into; without one it
 * is VMfailInvalid, as is INSTRUCTION_INVALID.
 */
#define INSTRUCTION_INVALID (-1)
uint64_t instruction_flags(uint64_t rflags, int error, bool has_current) must_check;

#endif
