// SPDX-License-Identifier: MIT
/* Posted interrupts (SDM vol. 3, 29.6). Both pages are reached by caches of the hypervisor's kind. */
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "core/lib/atomic.h"
#include "core/lib/bits.h"
#include "mm/section.h"

#define REQUESTS   8                       /* words of 32 vectors */
#define VIRR(word) (0x200 + 0x10 * (word)) /* in the virtual-APIC page */

/* The posted-interrupt descriptor. */
struct descriptor {
	uint32_t requests[REQUESTS];
	uint32_t outstanding; /* bit 0 */
	uint32_t rest[7];
};
static_assert(sizeof(struct descriptor) == 64, "SDM vol. 3, table 29-1");

static bool point(struct gpc *g, uint64_t gpa)
{
	gfn_t gfn = gpa_gfn(to_gpa(gpa));

	if (!g->active || g->gfn.n != gfn.n)
		return gpc_activate(g, gfn) == OK;
	return load_acquire(&g->valid) || gpc_refresh(g) == OK;
}

/* The highest vector that was moved, or -1. */
static int move(struct descriptor *d, uint8_t *apic)
{
	int highest = -1;

	(void)atomic_and(&d->outstanding, ~1U);
	for (unsigned int i = 0; i < REQUESTS; i++) {
		uint32_t requests = load_relaxed(&d->requests[i]);

		if (!requests)
			continue;
		requests = atomic_xchg(&d->requests[i], 0);
		(void)atomic_or((uint32_t *)(void *)(apic + VIRR(i)), requests);
		if (requests)
			highest = (int)(32 * i + bit_highest(requests));
	}
	return highest;
}

/* False: a page was missed, and nothing was done. */
static bool process(struct nested_vcpu *n)
{
	struct descriptor *d = NULL;
	uint16_t status;
	int highest = -1;
	uint8_t *page;

	section_begin();
	page = gpc_page(&n->posted_page);
	/* Not by gpc_page(): the windows of two frames may be the same. */
	if (page && load_acquire(&n->apic_page.valid)) {
		d = (struct descriptor *)(void *)(page + (n->vmcs12->posted_descriptor & 0xfc0));
		highest = move(d, window_map_second(n->apic_page.pfn));
	}
	section_end();
	status = vmread16(VMCS16_INTERRUPT_STATUS);
	if (highest > (status & 0xff))
		vmwrite16(VMCS16_INTERRUPT_STATUS, (uint16_t)((status & 0xff00) | highest));
	return d;
}

bool nested_posted(struct vcpu *v, int lapic)
{
	struct nested_vcpu *n = nested_of(v);
	const struct vmcs12 *v12 = n->vmcs12;

	if (lapic < 0 || !(v12->pin & PIN_POSTED_INTERRUPTS) ||
	    (uint64_t)lapic != v12->posted_vector)
		return false;
	vlapic_accept(v, (uint8_t)lapic);
	vlapic_eoi(v->lapic);
	/* Where L1 has no memory there is nothing to move, or nowhere to. A page that has moved since
	 * is looked for again, the next time around. */
	if (point(&n->posted_page, v12->posted_descriptor) &&
	    point(&n->apic_page, v12->virtual_apic) && !process(n))
		(void)!vlapic_post(v, (uint8_t)lapic);
	return true;
}
