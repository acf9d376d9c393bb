// SPDX-License-Identifier: MIT
/*
 * What CPUID tells a guest. The table is computed once, when the domain is created, by a pure
 * function of the machine's own leaves and of the domain's parameters; an exit only looks up and
 * patches what depends on the vCPU. A bit is shown only when a rule in cpuid_features.c says so;
 * a leaf that nobody wrote reads as zeros.
 */
#ifndef ARCH_X86_VMX_CPUID_POLICY_H
#define ARCH_X86_VMX_CPUID_POLICY_H

#include "arch/x86/cpu/asm.h"
#include "core/lib/bits.h"
#include "core/vcpu.h"

#define CPUID_BASIC_LEAVES 0x20
#define CPUID_EXT_LEAVES   9
#define CPUID_CACHES       8
#define CPUID_XSTATES      64

/* The machine's answers; index by leaf, and by subleaf where the leaf has them. */
struct cpuid_host {
	struct cpuid_regs basic[CPUID_BASIC_LEAVES]; /* subleaf 0 */
	struct cpuid_regs ext[CPUID_EXT_LEAVES];     /* 0x80000000 + i */
	struct cpuid_regs cache[CPUID_CACHES];       /* leaf 4 */
	struct cpuid_regs feature[3];                /* leaf 7 */
	struct cpuid_regs xstate[CPUID_XSTATES];     /* leaf 0xd */
	uint64_t arch_capabilities;                  /* the MSR, 0 when absent */
};

/* What VMX on this machine lets a guest execute without an exit or #UD, and the domain's shape. */
struct cpuid_params {
	uint32_t vcpus;
	uint64_t tsc_khz;
	bool tsc_stable;
	uint64_t xcr0;  /* components a guest may use on this machine */
	bool rdtscp;    /* secondary control "enable RDTSCP" is on */
	bool invpcid;   /* ... "enable INVPCID" */
	bool xsaves;    /* ... "enable XSAVES/XRSTORS" */
	bool user_wait; /* ... "enable user wait and pause" */
	bool nested;    /* VMX is offered */
};

struct cpuid_policy {
	struct cpuid_regs basic[CPUID_BASIC_LEAVES];
	struct cpuid_regs ext[CPUID_EXT_LEAVES];
	struct cpuid_regs cache[CPUID_CACHES];
	struct cpuid_regs feature[3];
	struct cpuid_regs topology[3]; /* leaves 0xb and 0x1f */
	struct cpuid_regs xstate[CPUID_XSTATES];
	uint32_t max_basic, max_ext;
	unsigned int phys_bits;     /* width of guest-physical addresses */
	uint64_t xcr0;              /* bits that XSETBV accepts */
	uint64_t cr4;               /* bits that the features shown allow in CR4 */
	uint64_t efer;              /* the same for IA32_EFER */
	uint64_t arch_capabilities; /* value of the MSR, if leaf 7 shows it */
};

/* A register of a leaf whose bits are features, for the rules. */
enum cpuid_word {
	WORD_1C,
	WORD_1D,
	WORD_6A,
	WORD_7B,
	WORD_7C,
	WORD_7D,
	WORD_7_1A,
	WORD_D1A,
	WORD_E1C,
	WORD_E1D,
	WORD_COUNT
};

/* When a bit is shown. All but SHOW_ALWAYS ask that the machine has it, too. */
enum cpuid_show {
	SHOW_HOST,   /* whenever the machine has it: VMX lets it run as it is */
	SHOW_ALWAYS, /* the virtual platform has it, whatever the machine */
	SHOW_AVX,    /* the guest may enable the AVX state */
	SHOW_AVX512, /* ... the three AVX-512 states */
	SHOW_PKRU,   /* ... the PKRU state */
	SHOW_RDTSCP, /* the VMX control of that name is on */
	SHOW_INVPCID,
	SHOW_XSAVES,
	SHOW_USER_WAIT,
	SHOW_NESTED,
};

struct cpuid_rule {
	uint8_t word, bit, show;
};

/* cpuid_features.c: every bit that may be shown; what is not in it is never shown. */
extern const struct cpuid_rule cpuid_rules[];
extern const unsigned int cpuid_rule_count;
/* Bits of IA32_ARCH_CAPABILITIES that say something about the processor and offer no MSR. */
extern const uint64_t cpuid_arch_capabilities_shown;

/* Ask the processor. Boot core, once, before the first domain. */
void cpuid_host_read(struct cpuid_host *out);

/* Pure. */
void cpuid_policy_build(const struct cpuid_host *host, const struct cpuid_params *params,
			struct cpuid_policy *out);

/* Answer for a vCPU, as its CR4, XCR0, APIC base are now. Its own core, loaded. */
void cpuid_policy_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_regs *out);

/* Whether XSETBV of XCR0 is allowed (SDM vol. 1, 13.3); false means #GP. */
bool cpuid_policy_xcr0_ok(struct vcpu *v, uint64_t value);
/* Pure form: `allowed` is cpuid_policy.xcr0. */
bool cpuid_xcr0_valid(uint64_t allowed, uint64_t value);

#endif
