// SPDX-License-Identifier: MIT
/* Encodings of VMCS fields, and bits of the controls (SDM vol. 3, appendix B and 24.6 to 24.8). */
#ifndef TESTS_GUEST_LIB_VMX_FIELDS_H
#define TESTS_GUEST_LIB_VMX_FIELDS_H

#define VPID              0x0000
#define POSTED_VECTOR     0x0002
#define EPTP_INDEX        0x0004
#define GUEST_SELECTOR(i) (0x0800u + 2 * (i))
#define INTERRUPT_STATUS  0x0810
#define PML_INDEX         0x0812
#define HOST_SELECTOR(i)  (0x0c00u + 2 * (i))
enum { ES, CS, SS, DS, FS, GS, LDTR, TR, HOST_TR = 6 };
#define IO_BITMAP_A        0x2000
#define IO_BITMAP_B        0x2002
#define MSR_BITMAP         0x2004
#define EXIT_MSR_STORE     0x2006
#define EXIT_MSR_LOAD      0x2008
#define ENTRY_MSR_LOAD     0x200a
#define PML_ADDRESS        0x200e
#define TSC_OFFSET         0x2010
#define VIRTUAL_APIC       0x2012
#define APIC_ACCESS        0x2014
#define POSTED_DESCRIPTOR  0x2016
#define VMFUNC_CONTROLS    0x2018
#define EPTP               0x201a
#define EPTP_LIST          0x2024
#define VMREAD_BITMAP      0x2026
#define VMWRITE_BITMAP     0x2028
#define XSS_EXITING        0x202c
#define TSC_MULTIPLIER     0x2032
#define GUEST_PHYSICAL     0x2400
#define LINK_POINTER       0x2800
#define GUEST_DEBUGCTL     0x2802
#define GUEST_PAT          0x2804
#define GUEST_EFER         0x2806
#define GUEST_PDPTE(i)     (0x280au + 2 * (i))
#define HOST_PAT           0x2c00
#define HOST_EFER          0x2c02
#define PIN                0x4000
#define PROC               0x4002
#define EXCEPTION_BITMAP   0x4004
#define PF_MASK            0x4006
#define PF_MATCH           0x4008
#define CR3_TARGET_COUNT   0x400a
#define EXIT               0x400c
#define EXIT_MSR_STORES    0x400e
#define EXIT_MSR_LOADS     0x4010
#define ENTRY              0x4012
#define ENTRY_MSR_LOADS    0x4014
#define ENTRY_INTR         0x4016
#define ENTRY_ERROR_CODE   0x4018
#define ENTRY_LENGTH       0x401a
#define TPR_THRESHOLD      0x401c
#define PROC2              0x401e
#define PLE_GAP            0x4020
#define PLE_WINDOW         0x4022
#define INSN_ERROR         0x4400
#define EXIT_REASON        0x4402
#define EXIT_INTR          0x4404
#define EXIT_INTR_ERROR    0x4406
#define IDT_INFO           0x4408
#define IDT_ERROR          0x440a
#define EXIT_LENGTH        0x440c
#define EXIT_INFO          0x440e
#define GUEST_LIMIT(i)     (0x4800u + 2 * (i))
#define GUEST_GDTR_LIMIT   0x4810
#define GUEST_IDTR_LIMIT   0x4812
#define GUEST_RIGHTS(i)    (0x4814u + 2 * (i))
#define INTERRUPTIBILITY   0x4824
#define ACTIVITY           0x4826
#define GUEST_SMBASE       0x4828
#define GUEST_SYSENTER_CS  0x482a
#define PREEMPTION_TIMER   0x482e
#define HOST_SYSENTER_CS   0x4c00
#define CR0_MASK           0x6000
#define CR4_MASK           0x6002
#define CR0_SHADOW         0x6004
#define CR4_SHADOW         0x6006
#define CR3_TARGET(i)      (0x6008u + 2 * (i))
#define EXIT_QUALIFICATION 0x6400
#define GUEST_LINEAR       0x640a
#define GUEST_CR0          0x6800
#define GUEST_CR3          0x6802
#define GUEST_CR4          0x6804
#define GUEST_BASE(i)      (0x6806u + 2 * (i))
#define GUEST_GDTR_BASE    0x6816
#define GUEST_IDTR_BASE    0x6818
#define GUEST_DR7          0x681a
#define GUEST_RSP          0x681c
#define GUEST_RIP          0x681e
#define GUEST_RFLAGS       0x6820
#define PENDING_DEBUG      0x6822
#define GUEST_SYSENTER_ESP 0x6824
#define GUEST_SYSENTER_EIP 0x6826
#define HOST_CR0           0x6c00
#define HOST_CR3           0x6c02
#define HOST_CR4           0x6c04
#define HOST_FS_BASE       0x6c06
#define HOST_GS_BASE       0x6c08
#define HOST_TR_BASE       0x6c0a
#define HOST_GDTR_BASE     0x6c0c
#define HOST_IDTR_BASE     0x6c0e
#define HOST_SYSENTER_ESP  0x6c10
#define HOST_SYSENTER_EIP  0x6c12
#define HOST_RSP           0x6c14
#define HOST_RIP           0x6c16

#define PIN_EXTERNAL (1u << 0)
#define PIN_NMI      (1u << 3)
#define PIN_VNMI     (1u << 5)
#define PIN_TIMER    (1u << 6)
#define PIN_POSTED   (1u << 7)

#define PROC_INTR_WINDOW (1u << 2)
#define PROC_TSC_OFFSET  (1u << 3)
#define PROC_HLT         (1u << 7)
#define PROC_INVLPG      (1u << 9)
#define PROC_MWAIT       (1u << 10)
#define PROC_RDPMC       (1u << 11)
#define PROC_RDTSC       (1u << 12)
#define PROC_CR3_LOAD    (1u << 15)
#define PROC_CR3_STORE   (1u << 16)
#define PROC_CR8_LOAD    (1u << 19)
#define PROC_CR8_STORE   (1u << 20)
#define PROC_TPR_SHADOW  (1u << 21)
#define PROC_NMI_WINDOW  (1u << 22)
#define PROC_MOV_DR      (1u << 23)
#define PROC_UNCOND_IO   (1u << 24)
#define PROC_IO_BITMAPS  (1u << 25)
#define PROC_MTF         (1u << 27)
#define PROC_MSR_BITMAPS (1u << 28)
#define PROC_MONITOR     (1u << 29)
#define PROC_PAUSE       (1u << 30)
#define PROC_SECONDARY   (1u << 31)

#define PROC2_APIC_ACCESS  (1u << 0)
#define PROC2_EPT          (1u << 1)
#define PROC2_DESC_TABLE   (1u << 2)
#define PROC2_RDTSCP       (1u << 3)
#define PROC2_X2APIC       (1u << 4)
#define PROC2_VPID         (1u << 5)
#define PROC2_WBINVD       (1u << 6)
#define PROC2_UNRESTRICTED (1u << 7)
#define PROC2_APIC_REG     (1u << 8)
#define PROC2_VID          (1u << 9)
#define PROC2_PLE          (1u << 10)
#define PROC2_RDRAND       (1u << 11)
#define PROC2_INVPCID      (1u << 12)
#define PROC2_VMFUNC       (1u << 13)
#define PROC2_SHADOW       (1u << 14)
#define PROC2_RDSEED       (1u << 16)
#define PROC2_PML          (1u << 17)
#define PROC2_VE           (1u << 18)
#define PROC2_XSAVES       (1u << 20)
#define PROC2_TSC_SCALING  (1u << 25)

#define EXIT_SAVE_DEBUG (1u << 2)
#define EXIT_HOST_64    (1u << 9)
#define EXIT_LOAD_PERF  (1u << 12)
#define EXIT_ACK        (1u << 15)
#define EXIT_SAVE_PAT   (1u << 18)
#define EXIT_LOAD_PAT   (1u << 19)
#define EXIT_SAVE_EFER  (1u << 20)
#define EXIT_LOAD_EFER  (1u << 21)
#define EXIT_SAVE_TIMER (1u << 22)

#define ENTRY_LOAD_DEBUG (1u << 2)
#define ENTRY_IA32E      (1u << 9)
#define ENTRY_SMM        (1u << 10)
#define ENTRY_LOAD_PERF  (1u << 13)
#define ENTRY_LOAD_PAT   (1u << 14)
#define ENTRY_LOAD_EFER  (1u << 15)

#define INTR_VALID     (1u << 31)
#define INTR_HAS_ERROR (1u << 11)
#define INTR_EXTERNAL  (0u << 8)
#define INTR_NMI       (2u << 8)
#define INTR_EXCEPTION (3u << 8)
#define INTR_SOFTWARE  (4u << 8)
#define INTR_ICEBP     (5u << 8)
#define INTR_SOFT_EXC  (6u << 8)
#define INTR_OTHER     (7u << 8)

#define BLOCKED_STI    1u
#define BLOCKED_MOV_SS 2u
#define BLOCKED_SMI    4u
#define BLOCKED_NMI    8u

#define ENTRY_FAILURE (1u << 31)

/* Exit reasons. */
enum {
	R_EXCEPTION,
	R_EXTERNAL,
	R_TRIPLE,
	R_INTR_WINDOW = 7,
	R_NMI_WINDOW,
	R_TASK,
	R_CPUID,
	R_HLT = 12,
	R_INVD,
	R_INVLPG,
	R_RDPMC,
	R_RDTSC,
	R_VMCALL = 18,
	R_VMREAD = 23,
	R_VMWRITE = 25,
	R_VMXON = 27,
	R_CR,
	R_DR,
	R_IO,
	R_RDMSR,
	R_WRMSR,
	R_STATE,
	R_MSR_LOAD,
	R_MWAIT = 36,
	R_MTF,
	R_MONITOR = 39,
	R_PAUSE,
	R_TPR = 43,
	R_APIC_ACCESS,
	R_EOI,
	R_GDTR,
	R_LDTR,
	R_EPT,
	R_EPT_CONFIG,
	R_INVEPT,
	R_RDTSCP,
	R_TIMER,
	R_INVVPID,
	R_WBINVD,
	R_XSETBV,
	R_APIC_WRITE,
	R_RDRAND,
	R_INVPCID,
	R_VMFUNC,
	R_RDSEED = 61,
	R_PML,
	R_XSAVES,
	R_XRSTORS
};

#endif
