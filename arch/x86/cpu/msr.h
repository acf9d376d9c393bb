// SPDX-License-Identifier: MIT
/* Model-specific registers by their SDM names (vol. 4 ch. 2; VMX: vol. 3 appendix A). */
#ifndef ARCH_X86_CPU_MSR_H
#define ARCH_X86_CPU_MSR_H

#include "core/lib/bits.h"

#define MSR_TSC           0x10
#define MSR_PLATFORM_ID   0x17
#define MSR_APIC_BASE     0x1b
#define APIC_BASE_BSP     BIT(8)
#define APIC_BASE_X2APIC  BIT(10)
#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_ADDRESS BITS(51, 12)

#define MSR_FEATURE_CONTROL     0x3a
#define FEATURE_CONTROL_LOCK    BIT(0)
#define FEATURE_CONTROL_VMX_SMX BIT(1)
#define FEATURE_CONTROL_VMX     BIT(2) /* VMXON outside SMX operation */

#define MSR_TSC_ADJUST         0x3b
#define MSR_SPEC_CTRL          0x48
#define MSR_PRED_CMD           0x49
#define MSR_BIOS_UPDATE_ID     0x8b
#define MSR_MTRRCAP            0xfe
#define MSR_ARCH_CAPABILITIES  0x10a
#define MSR_FLUSH_CMD          0x10b
#define MSR_SYSENTER_CS        0x174
#define MSR_SYSENTER_ESP       0x175
#define MSR_SYSENTER_EIP       0x176
#define MSR_MCG_CAP            0x179
#define MSR_MCG_STATUS         0x17a
#define MSR_MISC_ENABLE        0x1a0
#define MISC_ENABLE_XD_DISABLE BIT(34)
#define MSR_DEBUGCTL           0x1d9
#define MSR_MTRR_PHYSBASE0     0x200
#define MSR_MTRR_FIX64K        0x250
#define MSR_PAT                0x277
#define MSR_MTRR_DEF_TYPE      0x2ff
#define MSR_PERF_GLOBAL_CTRL   0x38f
#define MSR_TSC_DEADLINE       0x6e0
#define MSR_X2APIC_BASE        0x800 /* + register offset / 16 */
#define MSR_XSS                0xda0

#define MSR_EFER           0xc0000080
#define EFER_SCE           BIT(0)
#define EFER_LME           BIT(8)
#define EFER_LMA           BIT(10)
#define EFER_NXE           BIT(11)
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103

#define MSR_VMX_BASIC               0x480
#define VMX_BASIC_REVISION          BITS(30, 0)
#define VMX_BASIC_SIZE              BITS(44, 32)
#define VMX_BASIC_32BIT_ADDRESS     BIT(48)
#define VMX_BASIC_DUAL_MONITOR      BIT(49)
#define VMX_BASIC_MEMORY_TYPE       BITS(53, 50)
#define VMX_BASIC_MEMORY_TYPE_WB    (6ULL << 50)
#define VMX_BASIC_INS_OUTS          BIT(54)
#define VMX_BASIC_TRUE_CONTROLS     BIT(55)
#define MSR_VMX_PINBASED_CTLS       0x481
#define MSR_VMX_PROCBASED_CTLS      0x482
#define MSR_VMX_EXIT_CTLS           0x483
#define MSR_VMX_ENTRY_CTLS          0x484
#define MSR_VMX_MISC                0x485
#define VMX_MISC_TIMER_SHIFT        BITS(4, 0)
#define VMX_MISC_STORE_LMA          BIT(5)
#define VMX_MISC_ACTIVITY_HLT       BIT(6)
#define VMX_MISC_CR3_TARGETS        BITS(24, 16)
#define VMX_MISC_WRITE_ANY          BIT(29)
#define VMX_MISC_ZERO_LENGTH        BIT(30)
#define MSR_VMX_CR0_FIXED0          0x486
#define MSR_VMX_CR0_FIXED1          0x487
#define MSR_VMX_CR4_FIXED0          0x488
#define MSR_VMX_CR4_FIXED1          0x489
#define MSR_VMX_VMCS_ENUM           0x48a
#define MSR_VMX_PROCBASED_CTLS2     0x48b
#define MSR_VMX_EPT_VPID_CAP        0x48c
#define EPT_CAP_EXEC_ONLY           BIT(0)
#define EPT_CAP_WALK4               BIT(6)
#define EPT_CAP_UC                  BIT(8)
#define EPT_CAP_WB                  BIT(14)
#define EPT_CAP_2M                  BIT(16)
#define EPT_CAP_1G                  BIT(17)
#define EPT_CAP_INVEPT              BIT(20)
#define EPT_CAP_AD                  BIT(21)
#define EPT_CAP_ADVANCED_EXIT       BIT(22)
#define EPT_CAP_INVEPT_SINGLE       BIT(25)
#define EPT_CAP_INVEPT_ALL          BIT(26)
#define VPID_CAP_INVVPID            BIT(32)
#define VPID_CAP_ADDRESS            BIT(40)
#define VPID_CAP_SINGLE             BIT(41)
#define VPID_CAP_ALL                BIT(42)
#define VPID_CAP_SINGLE_GLOBALS     BIT(43)
#define MSR_VMX_TRUE_PINBASED_CTLS  0x48d
#define MSR_VMX_TRUE_PROCBASED_CTLS 0x48e
#define MSR_VMX_TRUE_EXIT_CTLS      0x48f
#define MSR_VMX_TRUE_ENTRY_CTLS     0x490
#define MSR_VMX_VMFUNC              0x491

/* Pin-based VM-execution controls (SDM vol. 3, 24.6.1). */
#define PIN_EXTERNAL_INTERRUPT BIT(0)
#define PIN_NMI                BIT(3)
#define PIN_VIRTUAL_NMI        BIT(5)
#define PIN_PREEMPTION_TIMER   BIT(6)
#define PIN_POSTED_INTERRUPTS  BIT(7)

/* Primary processor-based controls (24.6.2). */
#define PROC_INTERRUPT_WINDOW BIT(2)
#define PROC_TSC_OFFSET       BIT(3)
#define PROC_HLT              BIT(7)
#define PROC_INVLPG           BIT(9)
#define PROC_MWAIT            BIT(10)
#define PROC_RDPMC            BIT(11)
#define PROC_RDTSC            BIT(12)
#define PROC_CR3_LOAD         BIT(15)
#define PROC_CR3_STORE        BIT(16)
#define PROC_TERTIARY         BIT(17)
#define PROC_CR8_LOAD         BIT(19)
#define PROC_CR8_STORE        BIT(20)
#define PROC_TPR_SHADOW       BIT(21)
#define PROC_NMI_WINDOW       BIT(22)
#define PROC_MOV_DR           BIT(23)
#define PROC_UNCOND_IO        BIT(24)
#define PROC_IO_BITMAPS       BIT(25)
#define PROC_TRAP_FLAG        BIT(27)
#define PROC_MSR_BITMAPS      BIT(28)
#define PROC_MONITOR          BIT(29)
#define PROC_PAUSE            BIT(30)
#define PROC_SECONDARY        BIT(31)

/* Secondary processor-based controls (24.6.2). */
#define PROC2_APIC_ACCESS       BIT(0)
#define PROC2_EPT               BIT(1)
#define PROC2_DESC_TABLE        BIT(2)
#define PROC2_RDTSCP            BIT(3)
#define PROC2_X2APIC            BIT(4)
#define PROC2_VPID              BIT(5)
#define PROC2_WBINVD            BIT(6)
#define PROC2_UNRESTRICTED      BIT(7)
#define PROC2_APIC_REGISTER     BIT(8)
#define PROC2_VIRTUAL_INTERRUPT BIT(9)
#define PROC2_PAUSE_LOOP        BIT(10)
#define PROC2_RDRAND            BIT(11)
#define PROC2_INVPCID           BIT(12)
#define PROC2_VMFUNC            BIT(13)
#define PROC2_SHADOW_VMCS       BIT(14)
#define PROC2_ENCLS             BIT(15)
#define PROC2_RDSEED            BIT(16)
#define PROC2_PML               BIT(17)
#define PROC2_EPT_VE            BIT(18)
#define PROC2_CONCEAL_PT        BIT(19)
#define PROC2_XSAVES            BIT(20)
#define PROC2_TSC_SCALING       BIT(25)
#define PROC2_WAITPKG           BIT(26)

/* VM-exit controls (24.7.1). */
#define EXIT_SAVE_DEBUG       BIT(2)
#define EXIT_HOST_64BIT       BIT(9)
#define EXIT_LOAD_PERF_GLOBAL BIT(12)
#define EXIT_ACK_INTERRUPT    BIT(15)
#define EXIT_SAVE_PAT         BIT(18)
#define EXIT_LOAD_PAT         BIT(19)
#define EXIT_SAVE_EFER        BIT(20)
#define EXIT_LOAD_EFER        BIT(21)
#define EXIT_SAVE_TIMER       BIT(22)

/* VM-entry controls (24.8.1). */
#define ENTRY_LOAD_DEBUG       BIT(2)
#define ENTRY_IA32E            BIT(9)
#define ENTRY_SMM              BIT(10)
#define ENTRY_DUAL_MONITOR     BIT(11)
#define ENTRY_LOAD_PERF_GLOBAL BIT(13)
#define ENTRY_LOAD_PAT         BIT(14)
#define ENTRY_LOAD_EFER        BIT(15)

#endif
