// SPDX-License-Identifier: MIT
#include "arch/x86/nested/merge.h"

#include "arch/x86/cpu/cr.h"

#define WINDOWS (PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW)
#define CR8     (PROC_CR8_LOAD | PROC_CR8_STORE)

/* What L2 has only when L1 turns it on; the other controls make exits, which add up. */
#define PROC2_OF_L1                                                                                \
	(PROC2_APIC_ACCESS | PROC2_RDTSCP | PROC2_X2APIC | PROC2_UNRESTRICTED |                    \
	 PROC2_APIC_REGISTER | PROC2_VIRTUAL_INTERRUPT | PROC2_INVPCID | PROC2_VMFUNC |            \
	 PROC2_XSAVES | PROC2_TSC_SCALING)
#define PROC2_EXITS                                                                                \
	(PROC2_DESC_TABLE | PROC2_WBINVD | PROC2_PAUSE_LOOP | PROC2_RDRAND | PROC2_RDSEED)

#define TSC_SCALE_BITS 48

static uint32_t merge_proc(const struct merge_l1 *l1, const struct vmcs12 *v)
{
	uint64_t proc = (l1->proc & ~(WINDOWS | PROC_TPR_SHADOW)) | v->proc;

	/* With a TPR shadow CR8 is in the virtual-APIC page, and exits only where L1 says so. */
	if (v->proc & PROC_TPR_SHADOW)
		proc = (proc & ~CR8) | (v->proc & CR8);
	/* No bitmap of L1: every MSR exits. */
	if (!(v->proc & PROC_MSR_BITMAPS))
		proc &= ~PROC_MSR_BITMAPS;
	proc &= ~PROC_IO_BITMAPS;
	return (uint32_t)(proc | PROC_UNCOND_IO | PROC_TSC_OFFSET | PROC_SECONDARY);
}

static void merge_tsc(const struct merge_l1 *l1, const struct vmcs12 *v, struct merge_l2 *out)
{
	out->tsc_offset = l1->tsc_offset;
	out->tsc_multiplier = BIT(TSC_SCALE_BITS);
	/* L1's multiplier is for its TSC with our offset; alone it has no effect (25.3). */
	if (!(v->proc & PROC_TSC_OFFSET)) {
		out->proc2 &= ~(uint32_t)PROC2_TSC_SCALING;
		return;
	}
	if (vmcs12_proc2(v) & PROC2_TSC_SCALING) {
		__int128 scaled = (__int128)(int64_t)l1->tsc_offset * v->tsc_multiplier;

		out->tsc_multiplier = v->tsc_multiplier;
		out->tsc_offset = (uint64_t)(scaled >> TSC_SCALE_BITS);
	}
	out->tsc_offset += v->tsc_offset;
}

/* Page faults follow L1's mask and match, unless Xenith wants them all. */
static void merge_exceptions(const struct merge_l1 *l1, const struct vmcs12 *v,
			     struct merge_l2 *out)
{
	bool all_faults = l1->exceptions >> EXC_PF & 1;

	out->exceptions = l1->exceptions | (uint32_t)v->exception_bitmap;
	out->pf_mask = all_faults ? 0 : (uint32_t)v->pf_mask;
	out->pf_match = all_faults ? 0 : (uint32_t)v->pf_match;
}

/* Loading a guest without the control for it (26.3.2.1). */
static uint64_t guest_efer(const struct merge_l1 *l1, const struct vmcs12 *v)
{
	if (v->entry & ENTRY_LOAD_EFER)
		return v->guest_efer;
	if (v->entry & ENTRY_IA32E)
		return l1->efer | EFER_LMA | EFER_LME;
	/* Without paging LME stays as it is. */
	return l1->efer & ~(v->guest_cr0 & CR0_PG ? EFER_LMA | EFER_LME : EFER_LMA);
}

void merge_controls(const struct merge_l1 *l1, const struct vmcs12 *v, struct merge_l2 *out)
{
	uint64_t proc2 = vmcs12_proc2(v);

	out->pin = l1->pin; /* all exits there are, and the timer for our time slice */
	out->proc = merge_proc(l1, v);
	out->proc2 = (uint32_t)((l1->proc2 & ~PROC2_OF_L1) | (proc2 & (PROC2_OF_L1 | PROC2_EXITS)));
	out->exit = l1->exit;
	merge_exceptions(l1, v, out);
	merge_tsc(l1, v, out);
	merge_loads(l1, v, out);
}

void merge_loads(const struct merge_l1 *l1, const struct vmcs12 *v, struct merge_l2 *out)
{
	bool debug = v->entry & ENTRY_LOAD_DEBUG;

	out->entry = (uint32_t)((l1->entry & ~ENTRY_IA32E) | (v->entry & ENTRY_IA32E));
	out->efer = guest_efer(l1, v);
	out->pat = v->entry & ENTRY_LOAD_PAT ? v->guest_pat : l1->pat;
	out->debugctl = debug ? v->guest_debugctl : l1->debugctl;
	out->dr7 = debug ? v->guest_dr7 : l1->dr7;
}

struct merge_cr merge_cr(uint64_t guest12, uint64_t mask12, uint64_t shadow12, uint64_t owned,
			 uint64_t forced)
{
	return (struct merge_cr){
		.guest = (guest12 & ~owned) | forced,
		.mask = mask12 | owned,
		.shadow = (shadow12 & mask12) | (guest12 & ~mask12),
	};
}

uint64_t merge_cr_back(const struct merge_cr *cr, uint64_t guest12, uint64_t mask12, uint64_t owned)
{
	return (guest12 & mask12) | (cr->shadow & owned & ~mask12) |
	       (cr->guest & ~(mask12 | owned));
}

uint64_t merge_cr_written(uint64_t guest12, uint64_t mask12, uint64_t value)
{
	return (guest12 & mask12) | (value & ~mask12);
}

/* Words of the bitmap (64 MSRs each): reads of the low range begin at 0, writes at 256. */
#define BITMAP_WORDS 512
#define WORD(msr)    ((msr) / 64)
#define WRITES       256
#define X2APIC_WORDS 4
#define X2APIC_TPR   (MSR_X2APIC_BASE + 0x08)
#define X2APIC_EOI   (MSR_X2APIC_BASE + 0x0b)
#define X2APIC_SELF  (MSR_X2APIC_BASE + 0x3f)

bool merge_msr_open(const uint64_t *own, struct merge_open *open)
{
	open->count = 0;
	for (uint16_t i = 0; i < BITMAP_WORDS; i++) {
		if (!~own[i])
			continue;
		if (open->count == MERGE_OPEN_MAX)
			return false;
		open->word[open->count++] = i;
	}
	return true;
}

static void follow_l1(const uint64_t *l1, uint64_t *out, unsigned int part, uint32_t index)
{
	unsigned int word = part + WORD(index);
	uint64_t bit = BIT(index % 64);

	out[word] = (out[word] & ~bit) | (l1[word] & bit);
}

/* What an entry before this one may have left there. */
static void close_x2apic(const uint64_t *own, const uint64_t *l1, uint64_t *out)
{
	for (unsigned int i = WORD(MSR_X2APIC_BASE); i < WORD(MSR_X2APIC_BASE) + X2APIC_WORDS;
	     i++) {
		out[i] = own[i] | l1[i];
		out[WRITES + i] = own[WRITES + i] | l1[WRITES + i];
	}
}

void merge_msr_bitmap(const uint64_t *own, const struct merge_open *open, const uint64_t *l1,
		      const struct vmcs12 *v, uint64_t *out)
{
	const unsigned int x2apic = WORD(MSR_X2APIC_BASE);
	uint64_t proc2 = vmcs12_proc2(v);

	for (unsigned int i = 0; i < open->count; i++)
		out[open->word[i]] = own[open->word[i]] | l1[open->word[i]];
	close_x2apic(own, l1, out);
	if (!(proc2 & PROC2_X2APIC))
		return;
	follow_l1(l1, out, 0, X2APIC_TPR);
	follow_l1(l1, out, WRITES, X2APIC_TPR);
	if (proc2 & PROC2_APIC_REGISTER)
		for (unsigned int i = 0; i < X2APIC_WORDS; i++)
			out[x2apic + i] = l1[x2apic + i];
	if (proc2 & PROC2_VIRTUAL_INTERRUPT) {
		follow_l1(l1, out, WRITES, X2APIC_EOI);
		follow_l1(l1, out, WRITES, X2APIC_SELF);
	}
}

uint64_t merge_host_efer(const struct vmcs12 *v, uint64_t efer)
{
	if (v->exit & EXIT_LOAD_EFER)
		return v->host_efer;
	return v->exit & EXIT_HOST_64BIT ? efer | EFER_LMA | EFER_LME
					 : efer & ~(EFER_LMA | EFER_LME);
}
