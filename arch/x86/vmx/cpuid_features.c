// SPDX-License-Identifier: MIT
/*
 * The feature bits that a guest may see, each with its reason; bits as in SDM vol. 2, CPUID, and
 * its instruction set extensions reference. "State" below: kept in the XSAVE area or in a register
 * that is switched with the vCPU. A plain instruction has none beyond registers that every vCPU
 * switch saves, so it needs nothing of a hypervisor but to be there.
 */
#include "arch/x86/vmx/cpuid_policy.h"

const struct cpuid_rule cpuid_rules[] = {
	/*
	 * Leaf 1 ECX. Not shown: DTES64, DS-CPL, PDCM (debug store and performance MSRs are not
	 * served); MONITOR (MWAIT would hold the core: the exit makes it #UD); SMX; EIST, TM2, xTPR,
	 * CNXT-ID, DCA, SDBG (platform MSRs that are not served).
	 */
	{ WORD_1C, 0, SHOW_HOST },    /* SSE3: plain */
	{ WORD_1C, 1, SHOW_HOST },    /* PCLMULQDQ: plain */
	{ WORD_1C, 5, SHOW_NESTED },  /* VMX: only when VMX is emulated for the guest */
	{ WORD_1C, 9, SHOW_HOST },    /* SSSE3: plain */
	{ WORD_1C, 12, SHOW_AVX },    /* FMA: on AVX registers */
	{ WORD_1C, 13, SHOW_HOST },   /* CMPXCHG16B: plain */
	{ WORD_1C, 17, SHOW_HOST },   /* PCID: VPID keeps guests' tags apart */
	{ WORD_1C, 19, SHOW_HOST },   /* SSE4.1: plain */
	{ WORD_1C, 20, SHOW_HOST },   /* SSE4.2: plain */
	{ WORD_1C, 21, SHOW_ALWAYS }, /* x2APIC: emulated */
	{ WORD_1C, 22, SHOW_HOST },   /* MOVBE: plain */
	{ WORD_1C, 23, SHOW_HOST },   /* POPCNT: plain */
	{ WORD_1C, 24, SHOW_ALWAYS }, /* TSC-deadline: emulated */
	{ WORD_1C, 25, SHOW_HOST },   /* AES: plain */
	{ WORD_1C, 26, SHOW_HOST },   /* XSAVE: XCR0 is the vCPU's own */
	{ WORD_1C, 28, SHOW_AVX },    /* AVX */
	{ WORD_1C, 29, SHOW_AVX },    /* F16C: on AVX registers */
	{ WORD_1C, 30, SHOW_HOST },   /* RDRAND: plain */
	{ WORD_1C, 31, SHOW_ALWAYS }, /* hypervisor present: leaves 0x40000000 */

	/*
	 * Leaf 1 EDX. Not shown: PSN, DS, ACPI, TM, PBE (thermal and performance MSRs are not served).
	 * HTT is computed.
	 */
	{ WORD_1D, 0, SHOW_HOST },   /* FPU */
	{ WORD_1D, 1, SHOW_HOST },   /* VME: unrestricted guest runs virtual-8086 code */
	{ WORD_1D, 2, SHOW_HOST },   /* DE: debug registers are the vCPU's own */
	{ WORD_1D, 3, SHOW_HOST },   /* PSE */
	{ WORD_1D, 4, SHOW_HOST },   /* TSC: with the vCPU's offset */
	{ WORD_1D, 5, SHOW_HOST },   /* MSR */
	{ WORD_1D, 6, SHOW_HOST },   /* PAE */
	{ WORD_1D, 7, SHOW_HOST },   /* MCE: CR4.MCE; no machine check is ever given to a guest */
	{ WORD_1D, 8, SHOW_HOST },   /* CMPXCHG8B */
	{ WORD_1D, 9, SHOW_ALWAYS }, /* APIC: emulated; cleared while IA32_APIC_BASE disables it */
	{ WORD_1D, 11, SHOW_HOST },  /* SYSENTER: its MSRs are in the VMCS */
	{ WORD_1D, 12, SHOW_HOST },  /* MTRR: served, without effect */
	{ WORD_1D, 13, SHOW_HOST },  /* PGE */
	{ WORD_1D, 14, SHOW_HOST },  /* MCA: MCG_CAP with no banks */
	{ WORD_1D, 15, SHOW_HOST },  /* CMOV */
	{ WORD_1D, 16, SHOW_HOST },  /* PAT: in the VMCS; EPT overrides the type */
	{ WORD_1D, 17, SHOW_HOST },  /* PSE-36 */
	{ WORD_1D, 19, SHOW_HOST },  /* CLFLUSH */
	{ WORD_1D, 23, SHOW_HOST },  /* MMX */
	{ WORD_1D, 24, SHOW_HOST },  /* FXSR */
	{ WORD_1D, 25, SHOW_HOST },  /* SSE */
	{ WORD_1D, 26, SHOW_HOST },  /* SSE2 */
	{ WORD_1D, 27, SHOW_HOST },  /* self snoop: a property of the caches */

	/* Leaf 6 EAX: only that the APIC timer never stops, as ours does not. */
	{ WORD_6A, 2, SHOW_ALWAYS }, /* ARAT */

	/*
	 * Leaf 7 EBX. Not shown: SGX; HLE, RTM (transactions abort at every exit and have side
	 * channels); RDT-M, RDT-A, PT (MSRs not served); MPX (its state is not offered).
	 */
	{ WORD_7B, 0, SHOW_HOST },   /* FSGSBASE: the bases are in the VMCS */
	{ WORD_7B, 1, SHOW_ALWAYS }, /* IA32_TSC_ADJUST: emulated */
	{ WORD_7B, 3, SHOW_HOST },   /* BMI1: plain */
	{ WORD_7B, 5, SHOW_AVX },    /* AVX2 */
	{ WORD_7B, 6, SHOW_HOST },   /* x87 data pointer on exceptions only: the FPU's behaviour */
	{ WORD_7B, 7, SHOW_HOST },   /* SMEP: in the guest's own page tables */
	{ WORD_7B, 8, SHOW_HOST },   /* BMI2: plain */
	{ WORD_7B, 9, SHOW_HOST },   /* ERMS: a hint about speed */
	{ WORD_7B, 10, SHOW_INVPCID },
	{ WORD_7B, 13, SHOW_HOST },   /* x87 CS and DS are not kept: the FPU's behaviour */
	{ WORD_7B, 16, SHOW_AVX512 }, /* AVX512F */
	{ WORD_7B, 17, SHOW_AVX512 }, /* AVX512DQ */
	{ WORD_7B, 18, SHOW_HOST },   /* RDSEED: plain */
	{ WORD_7B, 19, SHOW_HOST },   /* ADX: plain */
	{ WORD_7B, 20, SHOW_HOST },   /* SMAP: in the guest's own page tables */
	{ WORD_7B, 21, SHOW_AVX512 }, /* AVX512IFMA */
	{ WORD_7B, 23, SHOW_HOST },   /* CLFLUSHOPT */
	{ WORD_7B, 24, SHOW_HOST },   /* CLWB */
	{ WORD_7B, 26, SHOW_AVX512 }, /* AVX512PF */
	{ WORD_7B, 27, SHOW_AVX512 }, /* AVX512ER */
	{ WORD_7B, 28, SHOW_AVX512 }, /* AVX512CD */
	{ WORD_7B, 29, SHOW_HOST },   /* SHA: plain */
	{ WORD_7B, 30, SHOW_AVX512 }, /* AVX512BW */
	{ WORD_7B, 31, SHOW_AVX512 }, /* AVX512VL */

	/*
	 * Leaf 7 ECX. Not shown: CET_SS, KL, ENQCMD, PKS, bus-lock detection, TME, SGX_LC (MSRs or
	 * state that are not switched); LA57 (walks of guest page tables know four levels).
	 */
	{ WORD_7C, 0, SHOW_HOST },      /* PREFETCHWT1: plain */
	{ WORD_7C, 1, SHOW_AVX512 },    /* AVX512VBMI */
	{ WORD_7C, 2, SHOW_HOST },      /* UMIP: a bit of the guest's CR4 */
	{ WORD_7C, 3, SHOW_PKRU },      /* PKU */
	{ WORD_7C, 5, SHOW_USER_WAIT }, /* WAITPKG */
	{ WORD_7C, 6, SHOW_AVX512 },    /* AVX512VBMI2 */
	{ WORD_7C, 8, SHOW_HOST },      /* GFNI: plain */
	{ WORD_7C, 9, SHOW_AVX },       /* VAES */
	{ WORD_7C, 10, SHOW_AVX },      /* VPCLMULQDQ */
	{ WORD_7C, 11, SHOW_AVX512 },   /* AVX512VNNI */
	{ WORD_7C, 12, SHOW_AVX512 },   /* AVX512BITALG */
	{ WORD_7C, 14, SHOW_AVX512 },   /* AVX512VPOPCNTDQ */
	{ WORD_7C, 22, SHOW_RDTSCP },   /* RDPID: the same control, the same MSR */
	{ WORD_7C, 25, SHOW_HOST },     /* CLDEMOTE: a hint */
	{ WORD_7C, 27, SHOW_HOST },     /* MOVDIRI: plain */
	{ WORD_7C, 28, SHOW_HOST },     /* MOVDIR64B: plain */

	/*
	 * Leaf 7 EDX. Not shown: UINTR, HYBRID, PCONFIG, ARCH_LBR, CET_IBT, AMX (needs IA32_XFD),
	 * SRBDS_CTRL, TSX bits, CORE_CAPABILITIES (MSRs that are not served).
	 */
	{ WORD_7D, 2, SHOW_AVX512 },  /* AVX512_4VNNIW */
	{ WORD_7D, 3, SHOW_AVX512 },  /* AVX512_4FMAPS */
	{ WORD_7D, 4, SHOW_HOST },    /* FSRM: a hint about speed */
	{ WORD_7D, 8, SHOW_AVX512 },  /* AVX512_VP2INTERSECT */
	{ WORD_7D, 10, SHOW_HOST },   /* MD_CLEAR: VERW clears buffers in a guest, too */
	{ WORD_7D, 14, SHOW_HOST },   /* SERIALIZE: plain */
	{ WORD_7D, 23, SHOW_AVX512 }, /* AVX512_FP16 */
	{ WORD_7D, 26, SHOW_HOST },   /* IBRS, IBPB: see speculation.c */
	{ WORD_7D, 27, SHOW_HOST },   /* STIBP: the same */
	{ WORD_7D, 28, SHOW_HOST },   /* L1D_FLUSH: IA32_FLUSH_CMD is a command without state */
	{ WORD_7D, 29, SHOW_HOST },   /* ARCH_CAPABILITIES: what the processor is immune to */
	{ WORD_7D, 31, SHOW_HOST },   /* SSBD: the same */

	/* Leaf 7.1 EAX. */
	{ WORD_7_1A, 4, SHOW_AVX },    /* AVX-VNNI */
	{ WORD_7_1A, 5, SHOW_AVX512 }, /* AVX512_BF16 */
	{ WORD_7_1A, 10, SHOW_HOST },  /* fast zero-length REP MOVSB: a hint */
	{ WORD_7_1A, 11, SHOW_HOST },  /* fast short REP STOSB: a hint */
	{ WORD_7_1A, 12, SHOW_HOST },  /* fast short REP CMPSB, SCASB: a hint */
	{ WORD_7_1A, 23, SHOW_AVX },   /* AVX-IFMA */

	/* Leaf 0xd.1 EAX. Not shown: XFD. */
	{ WORD_D1A, 0, SHOW_HOST },   /* XSAVEOPT */
	{ WORD_D1A, 1, SHOW_HOST },   /* XSAVEC */
	{ WORD_D1A, 2, SHOW_HOST },   /* XGETBV of ECX=1 */
	{ WORD_D1A, 3, SHOW_XSAVES }, /* XSAVES: IA32_XSS is served, and holds 0 */

	/* Leaf 0x80000001. */
	{ WORD_E1C, 0, SHOW_HOST },  /* LAHF in 64-bit mode */
	{ WORD_E1C, 5, SHOW_HOST },  /* LZCNT: plain */
	{ WORD_E1C, 8, SHOW_HOST },  /* PREFETCHW: plain */
	{ WORD_E1D, 11, SHOW_HOST }, /* SYSCALL: its MSRs are switched with the vCPU */
	{ WORD_E1D, 20, SHOW_HOST }, /* NX */
	{ WORD_E1D, 26, SHOW_HOST }, /* 1 GiB pages in the guest's own page tables */
	{ WORD_E1D, 27, SHOW_RDTSCP },
	{ WORD_E1D, 29, SHOW_HOST }, /* long mode */
};

const unsigned int cpuid_rule_count = array_size(cpuid_rules);

/*
 * RDCL_NO, IBRS_ALL, RSBA, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO,
 * SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, FB_CLEAR, RRSBA, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, RFDS_CLEAR.
 * Not shown: the bits that promise a control MSR (7, 10-12, 18, 21-23, 25).
 */
const uint64_t cpuid_arch_capabilities_shown = BITS(6, 0) | BIT(8) | BIT(13) | BIT(14) | BIT(15) |
					       BIT(17) | BIT(19) | BIT(20) | BIT(24) | BIT(26) |
					       BIT(27) | BIT(28);
