// SPDX-License-Identifier: MIT
/* L1's pages that L2 runs with, for who wants to move them. */
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/state.h"
#include "core/vcpu_arch.h"

#define TABLES_MAX 256 /* of EPT12, at one time */

#define ENTRY_RIGHTS 7U
#define ENTRY_LEAF   (1U << 7)
#define ENTRY_TABLE  0xffffffffff000ULL

struct visit {
	struct vcpu *v;
	void (*page)(gfn_t gfn);
	unsigned int tables; /* still to be looked at */
};

/* The 4 KiB pages of [gpa, gpa + len). */
static void area(const struct visit *at, uint64_t gpa, uint64_t len)
{
	for (uint64_t n = gpa >> PAGE_SHIFT; n <= (gpa + len - 1) >> PAGE_SHIFT; n++)
		at->page(to_gfn(n));
}

static void list(const struct visit *at, uint64_t gpa, uint64_t count)
{
	if (count && count <= ENTRY_MSRS_MAX)
		area(at, gpa, count * 16);
}

/* Tables below are found before the page moves; afterwards they would be found as well. */
static void table(struct visit *at, uint64_t gpa, unsigned int level)
{
	if (!at->tables)
		return;
	at->tables--;
	for (uint64_t i = 0; level > 1 && i < PAGE_SIZE; i += 8) {
		uint64_t entry;

		nested_read_memory(at->v, gpa + i, &entry, sizeof(entry));
		if (entry & ENTRY_RIGHTS && !(entry & ENTRY_LEAF))
			table(at, entry & ENTRY_TABLE, level - 1);
	}
	area(at, gpa, 1);
}

/* Fields that hold the address of a page; those that L1 does not use are 0 or lead nowhere. */
static const uint8_t slots[] = {
	VMCS12_SLOT(io_bitmap),         VMCS12_SLOT(io_bitmap) + 1, VMCS12_SLOT(msr_bitmap),
	VMCS12_SLOT(pml_address),       VMCS12_SLOT(virtual_apic),  VMCS12_SLOT(apic_access),
	VMCS12_SLOT(posted_descriptor), VMCS12_SLOT(eptp_list),     VMCS12_SLOT(vmread_bitmap),
	VMCS12_SLOT(vmwrite_bitmap),    VMCS12_SLOT(link_pointer),
};

void vcpu_arch_nested_pages(struct vcpu *v, void (*page)(gfn_t gfn))
{
	struct visit at = { v, page, TABLES_MAX };
	const struct nested_vcpu *n = nested_of(v);
	const struct vmcs12 *v12;

	if (!n || !n->vmx_on)
		return;
	area(&at, n->vmxon, 1);
	if (n->current == NESTED_NO_VMCS)
		return;
	area(&at, n->current, 1);
	v12 = n->vmcs12;
	for (unsigned int i = 0; i < array_size(slots); i++) {
		uint64_t gpa = (&v12->vpid)[slots[i]];

		if (gpa && gpa != ~0ULL)
			area(&at, gpa, 1);
	}
	list(&at, v12->exit_msr_store, v12->exit_msr_stores);
	list(&at, v12->exit_msr_load, v12->exit_msr_loads);
	list(&at, v12->entry_msr_load, v12->entry_msr_loads);
	if (vmcs12_proc2(v12) & PROC2_EPT)
		table(&at, v12->eptp & ENTRY_TABLE, 4);
}
