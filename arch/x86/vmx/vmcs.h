// SPDX-License-Identifier: MIT
/*
 * VMCS fields and the instructions that reach them. An encoding is a struct of its own per width
 * (SDM vol. 3, appendix B), so that neither a field of another width nor an encoding in place of a
 * value compiles. All work on the core's current VMCS.
 */
#ifndef ARCH_X86_VMX_VMCS_H
#define ARCH_X86_VMX_VMCS_H

#include "arch/x86/cpu/asm.h"
#include "core/lib/assert.h"

struct vmcs16 {
	uint32_t encoding;
};
struct vmcs32 {
	uint32_t encoding;
};
struct vmcs64 {
	uint32_t encoding;
};
struct vmcsn { /* natural width */
	uint32_t encoding;
};

#define VMCS16(e) ((struct vmcs16){ (e) })
#define VMCS32(e) ((struct vmcs32){ (e) })
#define VMCS64(e) ((struct vmcs64){ (e) })
#define VMCSN(e)  ((struct vmcsn){ (e) })

#define VMCS16_VPID VMCS16(0x0000)
/* Guest segment fields by enum vmx_segment. */
#define VMCS16_GUEST_SELECTOR(seg) VMCS16(0x0800U + 2U * (uint32_t)(seg))
#define VMCS16_INTERRUPT_STATUS    VMCS16(0x0810)
#define VMCS16_HOST_ES             VMCS16(0x0c00)
#define VMCS16_HOST_CS             VMCS16(0x0c02)
#define VMCS16_HOST_SS             VMCS16(0x0c04)
#define VMCS16_HOST_DS             VMCS16(0x0c06)
#define VMCS16_HOST_FS             VMCS16(0x0c08)
#define VMCS16_HOST_GS             VMCS16(0x0c0a)
#define VMCS16_HOST_TR             VMCS16(0x0c0c)

#define VMCS64_MSR_BITMAP     VMCS64(0x2004)
#define VMCS64_TSC_OFFSET     VMCS64(0x2010)
#define VMCS64_VIRTUAL_APIC   VMCS64(0x2012)
#define VMCS64_APIC_ACCESS    VMCS64(0x2014)
#define VMCS64_EPTP           VMCS64(0x201a)
#define VMCS64_VMREAD_BITMAP  VMCS64(0x2026)
#define VMCS64_VMWRITE_BITMAP VMCS64(0x2028)
#define VMCS64_XSS_EXITING    VMCS64(0x202c)
#define VMCS64_ENCLS          VMCS64(0x202e)
#define VMCS64_GUEST_PHYSICAL VMCS64(0x2400)
#define VMCS64_LINK_POINTER   VMCS64(0x2800)
#define VMCS64_GUEST_DEBUGCTL VMCS64(0x2802)
#define VMCS64_GUEST_PAT      VMCS64(0x2804)
#define VMCS64_GUEST_EFER     VMCS64(0x2806)
#define VMCS64_GUEST_PDPTE(n) VMCS64(0x280aU + 2U * (uint32_t)(n))
#define VMCS64_HOST_PAT       VMCS64(0x2c00)
#define VMCS64_HOST_EFER      VMCS64(0x2c02)

#define VMCS32_PIN_CONTROLS        VMCS32(0x4000)
#define VMCS32_PROC_CONTROLS       VMCS32(0x4002)
#define VMCS32_EXCEPTION_BITMAP    VMCS32(0x4004)
#define VMCS32_PF_ERROR_MASK       VMCS32(0x4006)
#define VMCS32_PF_ERROR_MATCH      VMCS32(0x4008)
#define VMCS32_CR3_TARGET_COUNT    VMCS32(0x400a)
#define VMCS32_EXIT_CONTROLS       VMCS32(0x400c)
#define VMCS32_EXIT_MSR_STORES     VMCS32(0x400e)
#define VMCS32_EXIT_MSR_LOADS      VMCS32(0x4010)
#define VMCS32_ENTRY_CONTROLS      VMCS32(0x4012)
#define VMCS32_ENTRY_MSR_LOADS     VMCS32(0x4014)
#define VMCS32_ENTRY_INTR_INFO     VMCS32(0x4016)
#define VMCS32_ENTRY_ERROR_CODE    VMCS32(0x4018)
#define VMCS32_ENTRY_INSN_LENGTH   VMCS32(0x401a)
#define VMCS32_TPR_THRESHOLD       VMCS32(0x401c)
#define VMCS32_PROC2_CONTROLS      VMCS32(0x401e)
#define VMCS32_PLE_GAP             VMCS32(0x4020)
#define VMCS32_PLE_WINDOW          VMCS32(0x4022)
#define VMCS32_INSN_ERROR          VMCS32(0x4400)
#define VMCS32_EXIT_REASON         VMCS32(0x4402)
#define VMCS32_EXIT_INTR_INFO      VMCS32(0x4404)
#define VMCS32_EXIT_INTR_ERROR     VMCS32(0x4406)
#define VMCS32_IDT_VECTORING_INFO  VMCS32(0x4408)
#define VMCS32_IDT_VECTORING_ERROR VMCS32(0x440a)
#define VMCS32_EXIT_INSN_LENGTH    VMCS32(0x440c)
#define VMCS32_EXIT_INSN_INFO      VMCS32(0x440e)
#define VMCS32_GUEST_LIMIT(seg)    VMCS32(0x4800U + 2U * (uint32_t)(seg))
#define VMCS32_GUEST_GDTR_LIMIT    VMCS32(0x4810)
#define VMCS32_GUEST_IDTR_LIMIT    VMCS32(0x4812)
#define VMCS32_GUEST_RIGHTS(seg)   VMCS32(0x4814U + 2U * (uint32_t)(seg))
#define VMCS32_INTERRUPTIBILITY    VMCS32(0x4824)
#define VMCS32_ACTIVITY            VMCS32(0x4826)
#define VMCS32_GUEST_SYSENTER_CS   VMCS32(0x482a)
#define VMCS32_PREEMPTION_TIMER    VMCS32(0x482e)
#define VMCS32_HOST_SYSENTER_CS    VMCS32(0x4c00)

#define VMCSN_CR0_MASK           VMCSN(0x6000)
#define VMCSN_CR4_MASK           VMCSN(0x6002)
#define VMCSN_CR0_SHADOW         VMCSN(0x6004)
#define VMCSN_CR4_SHADOW         VMCSN(0x6006)
#define VMCSN_EXIT_QUALIFICATION VMCSN(0x6400)
#define VMCSN_GUEST_LINEAR       VMCSN(0x640a)
#define VMCSN_GUEST_CR0          VMCSN(0x6800)
#define VMCSN_GUEST_CR3          VMCSN(0x6802)
#define VMCSN_GUEST_CR4          VMCSN(0x6804)
#define VMCSN_GUEST_BASE(seg)    VMCSN(0x6806U + 2U * (uint32_t)(seg))
#define VMCSN_GUEST_GDTR_BASE    VMCSN(0x6816)
#define VMCSN_GUEST_IDTR_BASE    VMCSN(0x6818)
#define VMCSN_GUEST_DR7          VMCSN(0x681a)
#define VMCSN_GUEST_RSP          VMCSN(0x681c)
#define VMCSN_GUEST_RIP          VMCSN(0x681e)
#define VMCSN_GUEST_RFLAGS       VMCSN(0x6820)
#define VMCSN_GUEST_PENDING_DBG  VMCSN(0x6822)
#define VMCSN_GUEST_SYSENTER_ESP VMCSN(0x6824)
#define VMCSN_GUEST_SYSENTER_EIP VMCSN(0x6826)
#define VMCSN_HOST_CR0           VMCSN(0x6c00)
#define VMCSN_HOST_CR3           VMCSN(0x6c02)
#define VMCSN_HOST_CR4           VMCSN(0x6c04)
#define VMCSN_HOST_FS_BASE       VMCSN(0x6c06)
#define VMCSN_HOST_GS_BASE       VMCSN(0x6c08)
#define VMCSN_HOST_TR_BASE       VMCSN(0x6c0a)
#define VMCSN_HOST_GDTR_BASE     VMCSN(0x6c0c)
#define VMCSN_HOST_IDTR_BASE     VMCSN(0x6c0e)
#define VMCSN_HOST_SYSENTER_ESP  VMCSN(0x6c10)
#define VMCSN_HOST_SYSENTER_EIP  VMCSN(0x6c12)
#define VMCSN_HOST_RSP           VMCSN(0x6c14)
#define VMCSN_HOST_RIP           VMCSN(0x6c16)

#define VMCS_NO_LINK (~0ULL) /* in the link pointer */

/* Any field by its encoding: for the dump's table only. False when the CPU has no such field. */
static inline bool vmread_encoding(uint32_t encoding, uint64_t *value)
{
	bool ok;

	count_insn(COUNT_VMREAD);
	__asm__ volatile("vmread %2, %0" : "=r"(*value), "=@cca"(ok) : "r"((uint64_t)encoding));
	return ok;
}

static inline uint64_t vmread_field(uint32_t encoding)
{
	uint64_t value;
	bool ok = vmread_encoding(encoding, &value);

	DEBUG_ASSERT(ok);
	return value;
}

static inline void vmwrite_field(uint32_t encoding, uint64_t value)
{
	bool ok;

	count_insn(COUNT_VMWRITE);
	__asm__ volatile("vmwrite %1, %2" : "=@cca"(ok) : "r"(value), "r"((uint64_t)encoding));
	DEBUG_ASSERT(ok);
}

/* The same from memory, of which a narrow field takes what it has bits for: for long rows of them. */
static inline void vmwrite_from(uint32_t encoding, const uint64_t *value)
{
	bool ok;

	count_insn(COUNT_VMWRITE);
	__asm__ volatile("vmwrite %1, %2" : "=@cca"(ok) : "m"(*value), "r"((uint64_t)encoding));
	DEBUG_ASSERT(ok);
}

static inline uint16_t vmread16(struct vmcs16 f)
{
	return (uint16_t)vmread_field(f.encoding);
}

static inline uint32_t vmread32(struct vmcs32 f)
{
	return (uint32_t)vmread_field(f.encoding);
}

static inline uint64_t vmread64(struct vmcs64 f)
{
	return vmread_field(f.encoding);
}

static inline uint64_t vmreadn(struct vmcsn f)
{
	return vmread_field(f.encoding);
}

static inline void vmwrite16(struct vmcs16 f, uint16_t value)
{
	vmwrite_field(f.encoding, value);
}

static inline void vmwrite32(struct vmcs32 f, uint32_t value)
{
	vmwrite_field(f.encoding, value);
}

static inline void vmwrite64(struct vmcs64 f, uint64_t value)
{
	vmwrite_field(f.encoding, value);
}

static inline void vmwriten(struct vmcsn f, uint64_t value)
{
	vmwrite_field(f.encoding, value);
}

/* Make a VMCS current, or put it back into memory in the clear state. False on VMfail. */
static inline bool vmptrld(hpa_t vmcs)
{
	bool ok;

	__asm__ volatile("vmptrld %1" : "=@cca"(ok) : "m"(vmcs.a) : "memory");
	return ok;
}

static inline bool vmclear(hpa_t vmcs)
{
	bool ok;

	__asm__ volatile("vmclear %1" : "=@cca"(ok) : "m"(vmcs.a) : "memory");
	return ok;
}

static inline bool vmxon(hpa_t region)
{
	bool ok;

	__asm__ volatile("vmxon %1" : "=@cca"(ok) : "m"(region.a) : "memory");
	return ok;
}

static inline void vmxoff(void)
{
	__asm__ volatile("vmxoff" : : : "cc", "memory");
}

#endif
