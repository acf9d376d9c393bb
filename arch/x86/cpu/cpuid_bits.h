// SPDX-License-Identifier: MIT
/* CPUID leaves and feature bits (SDM vol. 2, CPUID; vol. 3 21.2 for the VMX bit). */
#ifndef ARCH_X86_CPU_CPUID_BITS_H
#define ARCH_X86_CPU_CPUID_BITS_H

#include "core/lib/bits.h"

#define CPUID_VENDOR       0x0
#define CPUID_FEATURES     0x1
#define CPUID_CACHE        0x4
#define CPUID_MWAIT        0x5
#define CPUID_THERMAL      0x6
#define CPUID_EXTENDED     0x7
#define CPUID_PERFMON      0xa
#define CPUID_TOPOLOGY     0xb
#define CPUID_XSTATE       0xd
#define CPUID_TSC          0x15
#define CPUID_FREQUENCY    0x16
#define CPUID_TOPOLOGY_V2  0x1f
#define CPUID_HYPERVISOR   0x40000000
#define CPUID_EXT_MAX      0x80000000
#define CPUID_EXT_FEATURES 0x80000001
#define CPUID_BRAND        0x80000002 /* .. 4 */
#define CPUID_POWER        0x80000007
#define CPUID_ADDRESS      0x80000008

/* CPUID_FEATURES.ECX */
#define CPUID_1_ECX_SSE3         BIT(0)
#define CPUID_1_ECX_PCLMULQDQ    BIT(1)
#define CPUID_1_ECX_DTES64       BIT(2)
#define CPUID_1_ECX_MONITOR      BIT(3)
#define CPUID_1_ECX_DSCPL        BIT(4)
#define CPUID_1_ECX_VMX          BIT(5)
#define CPUID_1_ECX_SMX          BIT(6)
#define CPUID_1_ECX_EIST         BIT(7)
#define CPUID_1_ECX_TM2          BIT(8)
#define CPUID_1_ECX_SSSE3        BIT(9)
#define CPUID_1_ECX_SDBG         BIT(11)
#define CPUID_1_ECX_FMA          BIT(12)
#define CPUID_1_ECX_CX16         BIT(13)
#define CPUID_1_ECX_XTPR         BIT(14)
#define CPUID_1_ECX_PDCM         BIT(15)
#define CPUID_1_ECX_PCID         BIT(17)
#define CPUID_1_ECX_DCA          BIT(18)
#define CPUID_1_ECX_SSE4_1       BIT(19)
#define CPUID_1_ECX_SSE4_2       BIT(20)
#define CPUID_1_ECX_X2APIC       BIT(21)
#define CPUID_1_ECX_MOVBE        BIT(22)
#define CPUID_1_ECX_POPCNT       BIT(23)
#define CPUID_1_ECX_TSC_DEADLINE BIT(24)
#define CPUID_1_ECX_AES          BIT(25)
#define CPUID_1_ECX_XSAVE        BIT(26)
#define CPUID_1_ECX_OSXSAVE      BIT(27)
#define CPUID_1_ECX_AVX          BIT(28)
#define CPUID_1_ECX_F16C         BIT(29)
#define CPUID_1_ECX_RDRAND       BIT(30)
#define CPUID_1_ECX_HYPERVISOR   BIT(31)

/* CPUID_FEATURES.EDX */
#define CPUID_1_EDX_FPU     BIT(0)
#define CPUID_1_EDX_VME     BIT(1)
#define CPUID_1_EDX_DE      BIT(2)
#define CPUID_1_EDX_PSE     BIT(3)
#define CPUID_1_EDX_TSC     BIT(4)
#define CPUID_1_EDX_MSR     BIT(5)
#define CPUID_1_EDX_PAE     BIT(6)
#define CPUID_1_EDX_MCE     BIT(7)
#define CPUID_1_EDX_CX8     BIT(8)
#define CPUID_1_EDX_APIC    BIT(9)
#define CPUID_1_EDX_SEP     BIT(11)
#define CPUID_1_EDX_MTRR    BIT(12)
#define CPUID_1_EDX_PGE     BIT(13)
#define CPUID_1_EDX_MCA     BIT(14)
#define CPUID_1_EDX_CMOV    BIT(15)
#define CPUID_1_EDX_PAT     BIT(16)
#define CPUID_1_EDX_PSE36   BIT(17)
#define CPUID_1_EDX_CLFLUSH BIT(19)
#define CPUID_1_EDX_DS      BIT(21)
#define CPUID_1_EDX_ACPI    BIT(22)
#define CPUID_1_EDX_MMX     BIT(23)
#define CPUID_1_EDX_FXSR    BIT(24)
#define CPUID_1_EDX_SSE     BIT(25)
#define CPUID_1_EDX_SSE2    BIT(26)
#define CPUID_1_EDX_SS      BIT(27)
#define CPUID_1_EDX_HTT     BIT(28)
#define CPUID_1_EDX_TM      BIT(29)
#define CPUID_1_EDX_PBE     BIT(31)

/* CPUID_EXTENDED, subleaf 0, EBX */
#define CPUID_7_EBX_FSGSBASE   BIT(0)
#define CPUID_7_EBX_TSC_ADJUST BIT(1)
#define CPUID_7_EBX_SGX        BIT(2)
#define CPUID_7_EBX_BMI1       BIT(3)
#define CPUID_7_EBX_HLE        BIT(4)
#define CPUID_7_EBX_AVX2       BIT(5)
#define CPUID_7_EBX_FDP_EXCPTN BIT(6)
#define CPUID_7_EBX_SMEP       BIT(7)
#define CPUID_7_EBX_BMI2       BIT(8)
#define CPUID_7_EBX_ERMS       BIT(9)
#define CPUID_7_EBX_INVPCID    BIT(10)
#define CPUID_7_EBX_RTM        BIT(11)
#define CPUID_7_EBX_NO_FPU_SEL BIT(13)
#define CPUID_7_EBX_MPX        BIT(14)
#define CPUID_7_EBX_AVX512F    BIT(16)
#define CPUID_7_EBX_AVX512DQ   BIT(17)
#define CPUID_7_EBX_RDSEED     BIT(18)
#define CPUID_7_EBX_ADX        BIT(19)
#define CPUID_7_EBX_SMAP       BIT(20)
#define CPUID_7_EBX_AVX512IFMA BIT(21)
#define CPUID_7_EBX_CLFLUSHOPT BIT(23)
#define CPUID_7_EBX_CLWB       BIT(24)
#define CPUID_7_EBX_PT         BIT(25)
#define CPUID_7_EBX_AVX512CD   BIT(28)
#define CPUID_7_EBX_SHA        BIT(29)
#define CPUID_7_EBX_AVX512BW   BIT(30)
#define CPUID_7_EBX_AVX512VL   BIT(31)

/* CPUID_EXTENDED, subleaf 0, ECX */
#define CPUID_7_ECX_AVX512VBMI      BIT(1)
#define CPUID_7_ECX_UMIP            BIT(2)
#define CPUID_7_ECX_PKU             BIT(3)
#define CPUID_7_ECX_OSPKE           BIT(4)
#define CPUID_7_ECX_WAITPKG         BIT(5)
#define CPUID_7_ECX_AVX512VBMI2     BIT(6)
#define CPUID_7_ECX_CET_SS          BIT(7)
#define CPUID_7_ECX_GFNI            BIT(8)
#define CPUID_7_ECX_VAES            BIT(9)
#define CPUID_7_ECX_VPCLMULQDQ      BIT(10)
#define CPUID_7_ECX_AVX512VNNI      BIT(11)
#define CPUID_7_ECX_AVX512BITALG    BIT(12)
#define CPUID_7_ECX_AVX512VPOPCNTDQ BIT(14)
#define CPUID_7_ECX_LA57            BIT(16)
#define CPUID_7_ECX_RDPID           BIT(22)

/* CPUID_EXTENDED, subleaf 0, EDX */
#define CPUID_7_EDX_AVX512_4VNNIW       BIT(2)
#define CPUID_7_EDX_AVX512_4FMAPS       BIT(3)
#define CPUID_7_EDX_FSRM                BIT(4)
#define CPUID_7_EDX_AVX512_VP2INTERSECT BIT(8)
#define CPUID_7_EDX_MD_CLEAR            BIT(10)
#define CPUID_7_EDX_SERIALIZE           BIT(14)
#define CPUID_7_EDX_IBRS_IBPB           BIT(26)
#define CPUID_7_EDX_STIBP               BIT(27)
#define CPUID_7_EDX_L1D_FLUSH           BIT(28)
#define CPUID_7_EDX_ARCH_CAPABILITIES   BIT(29)
#define CPUID_7_EDX_SSBD                BIT(31)

/* CPUID_XSTATE, subleaf 1, EAX */
#define CPUID_D1_EAX_XSAVEOPT BIT(0)
#define CPUID_D1_EAX_XSAVEC   BIT(1)
#define CPUID_D1_EAX_XGETBV1  BIT(2)
#define CPUID_D1_EAX_XSAVES   BIT(3)

/* CPUID_THERMAL.EAX */
#define CPUID_6_EAX_ARAT BIT(2) /* the APIC timer runs in deep sleep */

/* CPUID_EXT_FEATURES */
#define CPUID_EXT_ECX_LAHF      BIT(0)
#define CPUID_EXT_ECX_LZCNT     BIT(5)
#define CPUID_EXT_ECX_PREFETCHW BIT(8)
#define CPUID_EXT_EDX_SYSCALL   BIT(11)
#define CPUID_EXT_EDX_NX        BIT(20)
#define CPUID_EXT_EDX_1G        BIT(26)
#define CPUID_EXT_EDX_RDTSCP    BIT(27)
#define CPUID_EXT_EDX_LM        BIT(29)

/* CPUID_POWER.EDX */
#define CPUID_POWER_EDX_INVARIANT_TSC BIT(8)

#endif
