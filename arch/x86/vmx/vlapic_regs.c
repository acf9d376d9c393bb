// SPDX-License-Identifier: MIT
/*
 * The registers, as a page and as MSRs (SDM vol. 3, tables 11-1 and 11-6). Both forms share the
 * code by the page's offsets; an MSR's is its number times 16. What is a #GP for the MSR (no such
 * register, wrong direction, reserved bit) is an ignored access, with an error noted, in the page.
 */
#include "arch/x86/vmx/vlapic_internal.h"
#include "xenabi/xen.h"

/* Integrated APIC, entries 0..5 of the LVT, no EOI-broadcast suppression. */
#define VERSION_VALUE (0x14U | (LVT_COUNT - 1) << 16)

/* Bits that software may write; the vector table's by its order. */
static const uint32_t lvt_writable[LVT_COUNT] = {
	[LVT_TIMER] = LVT_TIMER_MODE | LVT_MASKED | LVT_VECTOR,
	[LVT_THERMAL] = LVT_MASKED | 0x700 | LVT_VECTOR,
	[LVT_PMC] = LVT_MASKED | 0x700 | LVT_VECTOR,
	[LVT_LINT0] = LVT_MASKED | 0xa700 | LVT_VECTOR,
	[LVT_LINT1] = LVT_MASKED | 0xa700 | LVT_VECTOR,
	[LVT_ERROR] = LVT_MASKED | LVT_VECTOR,
};
/* Shown by the processor, written to no effect: delivery status, remote IRR. */
#define LVT_READ_ONLY 0x5000U
#define SVR_WRITABLE  0x3ffU
#define ICR_WRITABLE  0x000ccfffU
#define ICR_BUSY      (1U << 12)

static unsigned int lvt_index(uint32_t offset)
{
	return (offset - APIC_LVT) >> 4;
}

/* A word of one of the 256-bit registers. */
static bool read_vectors(const struct vlapic *l, uint32_t offset, uint32_t *value)
{
	unsigned int word = offset >> 4 & 7;

	if (offset >= APIC_IRR)
		*value = load_relaxed(&l->irr[word]);
	else
		*value = offset >= APIC_TMR ? 0 : l->isr[word];
	return true;
}

/* What both forms have; false when there is no such register, or it can only be written. */
static bool read_common(struct vlapic *l, uint32_t offset, uint32_t *value)
{
	if (offset >= APIC_ISR && offset < APIC_ESR)
		return read_vectors(l, offset, value);
	if (offset >= APIC_LVT && offset <= APIC_LVT_LAST) {
		*value = l->lvt[lvt_index(offset)];
		return true;
	}
	switch (offset) {
	case APIC_VERSION: *value = VERSION_VALUE; break;
	case APIC_TPR: *value = l->tpr; break;
	case APIC_PPR: *value = l->ppr; break;
	case APIC_LDR: *value = l->ldr; break;
	case APIC_SVR: *value = l->svr; break;
	case APIC_ESR: *value = l->esr; break;
	case APIC_INITIAL_COUNT: *value = l->initial_count; break;
	case APIC_CURRENT_COUNT: *value = vlapic_timer_current(l); break;
	case APIC_DIVIDE: *value = l->divide_config; break;
	default: return false;
	}
	return true;
}

static void write_svr(struct vlapic *l, uint32_t value)
{
	bool was = l->svr & SVR_ENABLED;

	store_relaxed(&l->svr, value & SVR_WRITABLE);
	if (!(value & SVR_ENABLED)) {
		/* SDM vol. 3, 11.4.7.2. */
		for (unsigned int i = 0; i < LVT_COUNT; i++)
			l->lvt[i] |= LVT_MASKED;
	} else if (!was) {
		xen_lapic_enabled(l->vcpu);
	}
}

static void write_lvt(struct vlapic *l, unsigned int entry, uint32_t value)
{
	uint32_t old = l->lvt[entry];

	value &= lvt_writable[entry];
	if (!(l->svr & SVR_ENABLED))
		value |= LVT_MASKED;
	l->lvt[entry] = value;
	/* A change of mode disarms (SDM vol. 3, 11.5.4.1). */
	if (entry == LVT_TIMER && ((old ^ value) & LVT_TIMER_MODE))
		vlapic_timer_disarm(l);
}

/* What both forms have; reserved bits are the caller's affair. */
static bool write_common(struct vlapic *l, uint32_t offset, uint32_t value)
{
	if (offset >= APIC_LVT && offset <= APIC_LVT_LAST) {
		write_lvt(l, lvt_index(offset), value);
		return true;
	}
	switch (offset) {
	case APIC_EOI: vlapic_eoi(l); break;
	case APIC_TPR:
		l->tpr = value & 0xff;
		vlapic_update_ppr(l);
		break;
	case APIC_SVR: write_svr(l, value); break;
	case APIC_ESR:
		/* Shows what was noticed since the write before (SDM vol. 3, 11.5.3). */
		l->esr = l->esr_new;
		l->esr_new = 0;
		break;
	case APIC_INITIAL_COUNT: vlapic_timer_set_initial(l, value); break;
	case APIC_DIVIDE: vlapic_timer_set_divide(l, value); break;
	default: return false;
	}
	return true;
}

/* ---- The page ---- */

uint32_t vlapic_mmio_read(struct vcpu *v, uint32_t offset)
{
	struct vlapic *l = v->lapic;
	uint32_t value = 0;

	/* Registers are the first four bytes of each 16; the rest is undefined. */
	if (offset & 0xf)
		return 0;
	switch (offset) {
	case APIC_ID: return l->id << 24;
	case APIC_DFR: return l->dfr;
	case APIC_ICR_LO: return l->icr_lo;
	case APIC_ICR_HI: return l->icr_hi;
	case APIC_EOI:
	case APIC_APR:
	case APIC_RRD: return 0; /* exist, but say nothing on this family */
	default: break;
	}
	if (!read_common(l, offset, &value))
		vlapic_error(l, ESR_ILLEGAL_REGISTER);
	return value;
}

void vlapic_mmio_write(struct vcpu *v, uint32_t offset, uint32_t value)
{
	struct vlapic *l = v->lapic;

	if (offset & 0xf)
		return;
	switch (offset) {
	case APIC_ID:
	case APIC_VERSION:
	case APIC_APR:
	case APIC_PPR:
	case APIC_RRD:
	case APIC_CURRENT_COUNT: return; /* read only */
	case APIC_LDR: store_relaxed(&l->ldr, value & 0xff000000U); return;
	case APIC_DFR: store_relaxed(&l->dfr, value | 0x0fffffffU); return;
	case APIC_ICR_HI: l->icr_hi = value & 0xff000000U; return;
	case APIC_ICR_LO:
		l->icr_lo = value & ICR_WRITABLE;
		vlapic_send(l, l->icr_lo, l->icr_hi >> 24);
		return;
	default: break;
	}
	if (offset >= APIC_ISR && offset < APIC_ESR)
		return; /* read only */
	if (!write_common(l, offset, value))
		vlapic_error(l, ESR_ILLEGAL_REGISTER);
}

/* ---- The MSRs ---- */

bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	struct vlapic *l = v->lapic;
	uint32_t offset = (msr & 0xff) << 4, low;

	if (!vlapic_x2apic(l))
		return false;
	if (offset == APIC_ID) {
		*value = l->id;
	} else if (offset == APIC_ICR_LO) {
		*value = (uint64_t)l->icr_hi << 32 | l->icr_lo;
	} else {
		if (!read_common(l, offset, &low))
			return false;
		*value = low;
	}
	return true;
}

/* Bits of an MSR that may be written as anything; the others are #GP unless 0. */
static uint32_t msr_writable(uint32_t offset)
{
	if (offset >= APIC_LVT && offset <= APIC_LVT_LAST)
		return lvt_writable[lvt_index(offset)] | LVT_READ_ONLY;
	switch (offset) {
	case APIC_TPR:
	case APIC_SELF_IPI: return 0xff;
	case APIC_SVR: return SVR_WRITABLE;
	case APIC_INITIAL_COUNT: return ~0U;
	case APIC_DIVIDE: return 0xb;
	default: return 0; /* EOI and ESR take only 0 */
	}
}

bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct vlapic *l = v->lapic;
	uint32_t offset = (msr & 0xff) << 4;

	if (!vlapic_x2apic(l))
		return false;
	if (offset == APIC_ICR_LO) {
		if (low32(value) & ~(ICR_WRITABLE | ICR_BUSY))
			return false;
		l->icr_lo = low32(value) & ICR_WRITABLE;
		l->icr_hi = high32(value);
		vlapic_send(l, l->icr_lo, l->icr_hi);
		return true;
	}
	if (value & ~(uint64_t)msr_writable(offset))
		return false;
	if (offset == APIC_SELF_IPI) {
		vlapic_self_ipi(l, (uint8_t)value);
		return true;
	}
	/* The reserved timer mode (SDM vol. 3, 11.5.1). */
	if (offset == APIC_LVT && (value & LVT_TIMER_MODE) == LVT_TIMER_MODE)
		return false;
	return write_common(l, offset, low32(value));
}
