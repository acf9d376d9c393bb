// SPDX-License-Identifier: MIT
/*
 * L1 with EPT for its L2: exits for EPT02 end in the page's being mapped there (mm/ept02.h), in an
 * exit to L1, or in an access to a device of L1's.
 */
#include "arch/x86/nested/ept12.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/qualification.h"
#include "arch/x86/vmx/tags.h"
#include "mm/ept02.h"
#include "mm/own.h"

#define POINTER_FRAME BITS(51, 12)
#define POINTER_AD    BIT(6)
#define POINTER_TYPE  BITS(2, 0)
#define EPT_DIRTY     BIT(9)
#define PML_ENTRIES   512

struct nested_ept {
	struct ept02 *ept02;
	/* Where a walk of L2's page tables ended, if L1's tables did not let it through. */
	struct {
		uint64_t address, qualification;
		enum ept12_outcome outcome;
		bool log_full;
	} stop;
};

/* ---- L1's tables, and its log of dirty pages ---- */

struct memory {
	struct vcpu *v;
	uint64_t address; /* of L2: what a full log would have been told */
	bool log_full;
};

static uint64_t read_entry(void *opaque, uint64_t gpa)
{
	const struct memory *m = opaque;
	uint64_t entry;

	return physmap_read_word(&m->v->domain->physmap, to_gpa(gpa), &entry) ? entry : ~0ULL;
}

/* A log that is not there, or not L1's to write, keeps nothing. */
static void log_dirty(const struct vcpu *v, uint64_t address)
{
	struct vmcs12 *v12 = nested_of(v)->vmcs12;
	gpa_t at = to_gpa(v12->pml_address + v12->pml_index * sizeof(uint64_t));
	struct physmap *pm = &v->domain->physmap;
	uint64_t old;

	if (physmap_read_word(pm, at, &old))
		(void)!physmap_exchange_word(pm, at, old, address & PAGE_MASK);
	v12->pml_index = (v12->pml_index - 1) & 0xffff;
}

/* A log that is full stops each flag, also one that would not be logged (SDM vol. 3, 28.3.6). */
static bool set_entry(void *opaque, uint64_t gpa, uint64_t old, uint64_t new)
{
	struct memory *m = opaque;
	const struct vmcs12 *v12 = nested_of(m->v)->vmcs12;
	bool log = vmcs12_proc2(v12) & PROC2_PML;

	m->log_full = log && v12->pml_index >= PML_ENTRIES;
	if (m->log_full || !physmap_exchange_word(&m->v->domain->physmap, to_gpa(gpa), old, new))
		return false;
	if (log && (new & ~old &EPT_DIRTY))
		log_dirty(m->v, m->address);
	return true;
}

/* ---- Roots ---- */

/* What the processor remembers of the current root goes, if some of it is no longer right. */
static void settle(struct ept02 *e)
{
	if (e->current->eptp && ept02_take_stale(e))
		tags_flush_eptp(e->current->eptp);
}

static struct ept02 *ept02_of(const struct vcpu *v)
{
	return nested_of(v)->ept->ept02;
}

uint64_t nested_ept_pointer(struct vcpu *v)
{
	struct ept02 *e = ept02_of(v);
	uint64_t eptp12 = nested_of(v)->vmcs12->eptp;

	/* Entries of an L2 without EPT may have passed changes over. */
	if (load_acquire(&e->physmap->logged) != e->followed)
		ept02_follow(e);
	ept02_select(e, eptp12 & ~POINTER_TYPE, eptp12 & POINTER_AD);
	settle(e);
	return e->current->eptp;
}

void nested_ept_invalidate(struct vcpu *v, bool all, uint64_t eptp12)
{
	/* The next entry does what has to be done on the core. */
	ept02_forget(ept02_of(v), eptp12, all ? 0 : POINTER_FRAME);
}

void nested_ept_new_core(struct vcpu *v)
{
	ept02_all_stale(ept02_of(v));
	settle(ept02_of(v));
}

void nested_ept_follow(struct vcpu *v)
{
	ept02_follow(ept02_of(v));
	settle(ept02_of(v));
}

bool nested_ept_switch(struct vcpu *v, uint32_t index)
{
	struct nested_vcpu *n = nested_of(v);
	struct memory m = { .v = v };
	struct ept12_memory memory = { read_entry, set_entry, &m };
	uint64_t eptp;

	if (!ept12_switch(nested_caps_of(v), n->vmcs12, 0, index, &memory, &eptp))
		return false;
	n->vmcs12->eptp = eptp;
	vmwrite64(VMCS64_EPTP, nested_ept_pointer(v));
	return true;
}

/* ---- Exits ---- */

/* L1 gets an exit: of what the hardware said the event that was on its way is left. */
static void leave(struct vcpu *v, uint32_t reason, struct leave_exit *x)
{
	x->reason = reason;
	if (reason == EXIT_PML_FULL)
		x->physical = 0;
	if (reason != EXIT_EPT_VIOLATION)
		x->linear = 0;
	if (reason == EXIT_EPT_MISCONFIGURATION)
		x->qualification = 0;
	nested_leave(v, x);
}

/* Of a walk that did not end well: where the tables moved it was L1's log that was full. */
static uint32_t reason_of(enum ept12_outcome outcome)
{
	switch (outcome) {
	case EPT12_VIOLATION: return EXIT_EPT_VIOLATION;
	case EPT12_MISCONFIGURATION: return EXIT_EPT_MISCONFIGURATION;
	default: return EXIT_PML_FULL;
	}
}

static void map(struct vcpu *v, uint64_t address, uint64_t q, const struct ept12_walk *w)
{
	struct ept02_page page = {
		.address = address,
		.gpa = to_gpa(w->gpa),
		.order = w->order,
		.rights = w->rights,
		.access = q & EPT02_RIGHTS,
	};

	if (w->clean)
		page.rights &= (uint8_t)~EPT12_WRITE;
	exit_ept_put_back(v, q);
	switch (ept02_fill(ept02_of(v), &page)) {
	case EPT02_FILLED: settle(ept02_of(v)); break;
	case EPT02_NOWHERE: exit_ept_unmapped(v, page.gpa, q); break;
	/* As for L1: a write through a read-only grant. */
	case EPT02_DENIED: exit_general_protection(v); break;
	}
}

void nested_ept_violation(struct vcpu *v)
{
	uint64_t q = vmx_get_qualification(v), address = vmread64(VMCS64_GUEST_PHYSICAL);
	struct memory m = { .v = v, .address = address };
	struct ept12_memory memory = { read_entry, set_entry, &m };
	enum ept12_outcome outcome;
	struct leave_exit x;
	struct ept12_walk w;

	outcome =
		ept12_walk(nested_caps_of(v), nested_of(v)->vmcs12->eptp, &memory, address, q, &w);
	if (outcome == EPT12_OK) {
		map(v, address, q, &w);
	} else if (outcome == EPT12_CHANGED && !m.log_full) {
		exit_ept_put_back(v, q); /* the access is made again */
	} else {
		nested_leave_info(v, &x);
		x.qualification = outcome == EPT12_VIOLATION ? w.qualification
							     : q & EPT_VIOLATION_NMI_UNBLOCK;
		leave(v, reason_of(outcome), &x);
	}
}

void nested_ept_misconfiguration(struct vcpu *v)
{
	exit_ept_misconfiguration(v); /* no entry of ours is one */
}

bool nested_ept_read(struct vcpu *v, uint64_t gpa, void *dst, size_t len)
{
	struct memory m = { .v = v, .address = gpa };
	struct ept12_memory memory = { read_entry, set_entry, &m };
	struct ept12_walk w;

	return ept12_walk(nested_caps_of(v), nested_of(v)->vmcs12->eptp, &memory, gpa, EPT12_READ,
			  &w) == EPT12_OK &&
	       physmap_read(&v->domain->physmap, to_gpa(w.gpa), dst, len) == OK;
}

/* ---- L2's page tables ---- */

/* As the hardware's walk would: guest_paging.second. */
static bool translate(void *opaque, uint64_t address, enum gwalk_access access, bool table,
		      gpa_t *out)
{
	static const uint8_t bits[] = {
		[GWALK_READ] = EPT_VIOLATION_READ,
		[GWALK_WRITE] = EPT_VIOLATION_WRITE,
		[GWALK_FETCH] = EPT_VIOLATION_FETCH,
	};
	struct vcpu *v = opaque;
	struct nested_ept *n = nested_of(v)->ept;
	struct memory m = { .v = v, .address = address };
	struct ept12_memory memory = { read_entry, set_entry, &m };
	uint64_t q = bits[access] | EPT_VIOLATION_LINEAR |
		     (table ? 0 : (uint64_t)EPT_VIOLATION_TRANSLATED);
	struct ept12_walk w = { 0 };

	n->stop.outcome =
		ept12_walk(nested_caps_of(v), nested_of(v)->vmcs12->eptp, &memory, address, q, &w);
	n->stop.address = address;
	n->stop.qualification = w.qualification;
	n->stop.log_full = m.log_full;
	*out = to_gpa(w.gpa);
	return n->stop.outcome == EPT12_OK;
}

void nested_paging(struct vcpu *v, struct guest_paging *out)
{
	if (!(vmcs12_proc2(nested_of(v)->vmcs12) & PROC2_EPT))
		return;
	out->efer |= GWALK_SECOND;
	out->second = translate;
	out->opaque = v;
}

bool nested_walk_fault(struct vcpu *v, const struct gwalk_fault *fault)
{
	const struct nested_ept *n;
	struct leave_exit x;

	if (likely(!fault->second))
		return false;
	n = nested_of(v)->ept;
	if (n->stop.outcome == EPT12_CHANGED && !n->stop.log_full)
		return true;
	nested_leave_info(v, &x);
	x.qualification = n->stop.outcome == EPT12_VIOLATION ? n->stop.qualification : 0;
	x.linear = fault->linear;
	x.physical = n->stop.address;
	leave(v, reason_of(n->stop.outcome), &x);
	return true;
}

const struct ept02 *nested_ept_caches(const struct vcpu *v)
{
	return ept02_of(v);
}

/* ---- Life ---- */

enum status nested_ept_create(struct vcpu *v)
{
	struct nested_ept *n = own_alloc(sizeof(*n));

	nested_of(v)->ept = n;
	return n ? ept02_create(&v->domain->physmap, &n->ept02) : ERR_NOMEM;
}

void nested_ept_destroy(struct vcpu *v)
{
	struct nested_ept *n = nested_of(v)->ept;

	if (!n)
		return;
	if (n->ept02)
		ept02_destroy(n->ept02);
	own_free(n, sizeof(*n));
	nested_of(v)->ept = NULL;
}
