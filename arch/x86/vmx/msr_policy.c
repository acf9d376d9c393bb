// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/msr_policy.h"
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/mtrr.h"
#include "arch/x86/vmx/vmx.h"
#include "core/lib/log.h"
#include "core/lib/string.h"
#include "xenabi/xen.h"

#define MSR_P5_MC_ADDR     0x0
#define MSR_P5_MC_TYPE     0x1
#define MSR_BIOS_UPDT_TRIG 0x79
#define MSR_PLATFORM_INFO  0xce
#define MSR_MISC_FEATURES  0x140
#define MSR_X2APIC_LAST    0x8ff
#define MSR_XEN_HYPERCALL  0x40000000
#define MSR_XEN_VIRIDIAN   0x40000200

#define MISC_ENABLE_FAST_STRINGS BIT(0)
#define MISC_ENABLE_NO_BTS       BIT(11)
#define MISC_ENABLE_NO_PEBS      BIT(12)
#define DEBUGCTL_LBR             BIT(0)
#define DEBUGCTL_BTF             BIT(1)
#define FLUSH_CMD_L1D            BIT(0)
/* Kilohertz of one step of the ratio in MSR_PLATFORM_INFO. */
#define RATIO_KHZ 100000

/* Feature bits that decide which MSRs exist. */
#define LEAF7_EDX_IBRS      (1U << 26)
#define LEAF7_EDX_STIBP     (1U << 27)
#define LEAF7_EDX_SSBD      (1U << 31)
#define LEAF7_EDX_L1D_FLUSH (1U << 28)
#define LEAF7_EDX_ARCH_CAPS (1U << 29)
#define LEAFD1_EAX_XSAVES   (1U << 3)
#define LEAF7_ECX_RDPID     (1U << 22)
#define EXT1_EDX_RDTSCP     (1U << 27)

void msr_state_init(struct msr_state *s)
{
	memset(s, 0, sizeof(*s));
	s->misc_enable = MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS;
	mtrr_init(&s->mtrr);
}

static const struct cpuid_policy *policy(const struct vcpu *v)
{
	return &v->domain->vmx->cpuid;
}

static bool has_tsc_aux(const struct cpuid_policy *p)
{
	return (p->ext[1].edx & EXT1_EDX_RDTSCP) || (p->feature[0].ecx & LEAF7_ECX_RDPID);
}

/* A guest that probes an MSR does so on each vCPU and again and again: one line is enough. */
static void log_unknown(struct vcpu *v, uint32_t msr, const char *verb)
{
	struct msr_logged *l = &v->domain->vmx->msr_logged;
	uint32_t count = load_relaxed(&l->count), slot;

	for (uint32_t i = 0; i < count && i < MSR_LOGGED_MAX; i++)
		if (load_relaxed(&l->msr[i]) == msr)
			return;
	if (count >= MSR_LOGGED_MAX)
		return;
	slot = atomic_add(&l->count, 1) - 1;
	if (slot < MSR_LOGGED_MAX)
		store_relaxed(&l->msr[slot], msr);
	log_guest_printf(LOG_INFO, "%s: vCPU %u %s the unknown MSR 0x%x", v->domain->name, v->id,
			 verb, msr);
}

/* ---- TSC ---- */

static void set_tsc_offset(struct vcpu *v, uint64_t offset)
{
	struct msr_state *s = &v->vmx->msr;

	/* Both move together (SDM vol. 3, 17.17.3). */
	s->tsc_adjust += offset - s->tsc_offset;
	s->tsc_offset = offset;
	vmx_set_tsc_offset(v, offset);
	vlapic_tsc_moved(v);
	/* The time record is in terms of the guest's TSC. */
	vcpu_request(v, ATTN_TIME);
}

/* ---- Reading ---- */

static uint64_t platform_info(void)
{
	return (tsc_khz / RATIO_KHZ & 0xff) << 8; /* maximum non-turbo ratio */
}

/* MSRs that are there only when a feature is shown. */
static bool read_optional(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	const struct cpuid_policy *p = policy(v);

	switch (msr) {
	case MSR_ARCH_CAPABILITIES:
		*value = p->arch_capabilities;
		return p->feature[0].edx & LEAF7_EDX_ARCH_CAPS;
	case MSR_XSS: *value = v->vmx->xss; return p->xstate[1].eax & LEAFD1_EAX_XSAVES;
	default: return nested_read_msr(v, msr, value);
	}
}

static bool read_machine(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	struct msr_state *s = &v->vmx->msr;

	*value = 0;
	switch (msr) {
	case MSR_P5_MC_ADDR:
	case MSR_P5_MC_TYPE: /* kept for old software; nothing was ever caught */
	case MSR_PLATFORM_ID:
	case MSR_BIOS_UPDATE_ID: /* no microcode update was loaded */
	case MSR_MCG_CAP:        /* no banks, no extensions */
	case MSR_MCG_STATUS:
	case MSR_MISC_FEATURES: break;
	case MSR_PLATFORM_INFO: *value = platform_info(); break;
	case MSR_FEATURE_CONTROL:
		if (!nested_read_msr(v, msr, value))
			*value = FEATURE_CONTROL_LOCK;
		break;
	case MSR_MISC_ENABLE: *value = s->misc_enable; break;
	case MSR_DEBUGCTL: *value = vmx_get_debugctl(v); break;
	default: return read_optional(v, msr, value);
	}
	return true;
}

bool msr_policy_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	struct msr_state *s = &v->vmx->msr;

	if (msr >= MSR_X2APIC_BASE && msr <= MSR_X2APIC_LAST)
		return vlapic_msr_read(v, msr, value);
	switch (msr) {
	case MSR_TSC: *value = clock_ticks() + s->tsc_offset; return true;
	case MSR_TSC_ADJUST: *value = s->tsc_adjust; return true;
	case MSR_TSC_DEADLINE: *value = vlapic_get_tsc_deadline(v); return true;
	case MSR_APIC_BASE: *value = v->lapic->base; return true;
	case MSR_EFER: *value = vmx_get_efer(v); return true;
	case MSR_PAT: *value = vmx_get_pat(v); return true;
	case MSR_XEN_HYPERCALL:
	case MSR_XEN_VIRIDIAN:
		if (xen_msr_read(v, msr, value))
			return true;
		break;
	default: break;
	}
	if (mtrr_read(&s->mtrr, msr, value) || read_machine(v, msr, value))
		return true;
	log_unknown(v, msr, "reads");
	return false;
}

/* ---- Writing ---- */

static bool write_optional(struct vcpu *v, uint32_t msr, uint64_t value)
{
	const struct cpuid_policy *p = policy(v);

	switch (msr) {
	case MSR_FLUSH_CMD:
		if (!(p->feature[0].edx & LEAF7_EDX_L1D_FLUSH) || (value & ~FLUSH_CMD_L1D))
			return false;
		if (value)
			wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
		return true;
	case MSR_XSS:
		/* No supervisor component is offered. */
		return (p->xstate[1].eax & LEAFD1_EAX_XSAVES) && !value;
	default: return false;
	}
}

static bool write_machine(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct msr_state *s = &v->vmx->msr;

	switch (msr) {
	case MSR_P5_MC_ADDR:
	case MSR_P5_MC_TYPE:
	case MSR_BIOS_UPDT_TRIG: /* the processor's microcode is not the guest's affair */
	case MSR_BIOS_UPDATE_ID: return true;
	case MSR_MCG_STATUS:
	case MSR_MISC_FEATURES: return !value;
	case MSR_MISC_ENABLE:
		/* The other bits belong to features that are not offered, and stay. */
		s->misc_enable &= ~MISC_ENABLE_FAST_STRINGS;
		s->misc_enable |= value & MISC_ENABLE_FAST_STRINGS;
		return true;
	case MSR_DEBUGCTL:
		if (value & ~(DEBUGCTL_LBR | DEBUGCTL_BTF))
			return false;
		vmx_set_debugctl(v, value);
		return true;
	default: return write_optional(v, msr, value);
	}
}

/* MSRs that exist to be read: writing is #GP and nothing to log. */
static bool read_only(struct vcpu *v, uint32_t msr)
{
	uint64_t value;

	switch (msr) {
	case MSR_PLATFORM_ID:
	case MSR_PLATFORM_INFO:
	case MSR_MTRRCAP:
	case MSR_MCG_CAP:
	case MSR_FEATURE_CONTROL: return true; /* locked */
	case MSR_ARCH_CAPABILITIES: return policy(v)->feature[0].edx & LEAF7_EDX_ARCH_CAPS;
	default: return nested_read_msr(v, msr, &value);
	}
}

bool msr_policy_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct msr_state *s = &v->vmx->msr;
	unsigned int phys_bits = policy(v)->phys_bits;

	if (msr >= MSR_X2APIC_BASE && msr <= MSR_X2APIC_LAST)
		return vlapic_msr_write(v, msr, value);
	switch (msr) {
	case MSR_TSC_DEADLINE: vlapic_set_tsc_deadline(v, value); return true;
	case MSR_TSC: set_tsc_offset(v, value - clock_ticks()); return true;
	case MSR_TSC_ADJUST:
		set_tsc_offset(v, s->tsc_offset + (value - s->tsc_adjust));
		return true;
	case MSR_APIC_BASE: return vlapic_set_base(v, value, phys_bits);
	case MSR_EFER: return vmx_write_efer(v, value);
	case MSR_PAT: return vmx_write_pat(v, value);
	case MSR_XEN_HYPERCALL:
	case MSR_XEN_VIRIDIAN: return xen_msr_write(v, msr, value);
	default: break;
	}
	if (mtrr_is(msr))
		return mtrr_write(&s->mtrr, msr, value, phys_bits);
	if (write_machine(v, msr, value))
		return true;
	if (!read_only(v, msr))
		log_unknown(v, msr, "writes");
	return false;
}

/* ---- Bitmap ---- */

#define BITMAP_READ_LOW   0
#define BITMAP_READ_HIGH  1024
#define BITMAP_WRITE_LOW  2048
#define BITMAP_WRITE_HIGH 3072
#define MSR_HIGH          0xc0000000U

/* The byte of an MSR in the bitmap; its bit is the index's lowest three. */
static unsigned int bitmap_byte(uint32_t msr, bool write)
{
	unsigned int low = write ? BITMAP_WRITE_LOW : BITMAP_READ_LOW;
	unsigned int high = write ? BITMAP_WRITE_HIGH : BITMAP_READ_HIGH;

	return (msr >= MSR_HIGH ? high : low) + (msr & 0x1fff) / 8;
}

static void pass(uint8_t *bitmap, uint32_t msr, bool write)
{
	bitmap[bitmap_byte(msr, write)] &= (uint8_t) ~(1U << (msr % 8));
}

static void pass_both(uint8_t *bitmap, uint32_t msr)
{
	pass(bitmap, msr, false);
	pass(bitmap, msr, true);
}

/*
 * What passes is the guest's own value in the register while it runs: entries and exits swap
 * SYSENTER_* and the segment bases, a vCPU switch the others. EFER and PAT exit: writes are rare,
 * and the copy in the VMCS is the truth. Reads of the TSC add the offset by themselves.
 */
void msr_policy_fill_bitmap(struct domain *d, uint8_t *bitmap)
{
	static const uint32_t own[] = {
		MSR_SYSENTER_CS, MSR_SYSENTER_ESP,   MSR_SYSENTER_EIP, MSR_STAR,
		MSR_LSTAR,       MSR_CSTAR,          MSR_SFMASK,       MSR_FS_BASE,
		MSR_GS_BASE,     MSR_KERNEL_GS_BASE,
	};
	const struct cpuid_policy *p = &d->vmx->cpuid;

	memset(bitmap, 0xff, PAGE_SIZE);
	pass(bitmap, MSR_TSC, false);
	for (unsigned int i = 0; i < array_size(own); i++)
		pass_both(bitmap, own[i]);
	if (has_tsc_aux(p))
		pass_both(bitmap, MSR_TSC_AUX);
	/* Kernels write these on their hot paths. */
	if (p->feature[0].edx & (LEAF7_EDX_IBRS | LEAF7_EDX_STIBP | LEAF7_EDX_SSBD))
		pass_both(bitmap, MSR_SPEC_CTRL);
	if (p->feature[0].edx & LEAF7_EDX_IBRS)
		pass(bitmap, MSR_PRED_CMD, true);
}

bool msr_policy_passes(const struct domain *d, uint32_t msr, bool write)
{
	const uint8_t *bitmap = d->vmx->msr_bitmap;
	uint32_t offset = msr >= MSR_HIGH ? msr - MSR_HIGH : msr;

	return offset < 0x2000 && !(bitmap[bitmap_byte(msr, write)] & 1U << (msr % 8));
}
