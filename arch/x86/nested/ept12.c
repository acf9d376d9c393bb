// SPDX-License-Identifier: MIT
#include "arch/x86/nested/ept12.h"

#include "arch/x86/vmx/qualification.h"

#define RIGHTS      BITS(2, 0)
#define MEMORY_TYPE BITS(5, 3)
#define LARGE       BIT(7)
#define ACCESSED    BIT(8)
#define DIRTY       BIT(9)
#define FRAME       BITS(51, 12)

#define POINTER_TYPE     BITS(2, 0)
#define POINTER_WALK     BITS(5, 3)
#define POINTER_AD       BIT(6)
#define POINTER_RESERVED BITS(11, 7)
#define WALK_4           (3ULL << 3)
#define WALK_BITS        48
#define TYPE_UC          0
#define TYPE_WB          6

#define VMFUNC_EPTP_SWITCHING 0
#define EPTP_LIST_ENTRIES     512

/* Of the hardware's qualification what concerns L1 too: the linear address, its paging rights, NMI
 * unblocking. */
#define QUALIFICATION_KEPT (BIT(12) | BITS(8, 7))
#define QUALIFICATION_INFO BITS(11, 9) /* with EPT_CAP_ADVANCED_EXIT */

bool ept12_pointer_ok(const struct nested_caps *caps, uint64_t eptp)
{
	uint64_t cap = nested_cap(caps, MSR_VMX_EPT_VPID_CAP), type = eptp & POINTER_TYPE;

	if (!((type == TYPE_UC && (cap & EPT_CAP_UC)) || (type == TYPE_WB && (cap & EPT_CAP_WB))))
		return false;
	if ((eptp & POINTER_WALK) != WALK_4 || (eptp & POINTER_RESERVED))
		return false;
	return !((eptp & POINTER_AD) && !(cap & EPT_CAP_AD)) && !(eptp >> caps->phys_bits);
}

static bool leaf(uint64_t entry, unsigned int level)
{
	return level == 0 || (entry & LARGE);
}

/* Bits that must be 0 in an entry that is present (28.3.2): what of them is set. */
static uint64_t reserved(const struct nested_caps *caps, uint64_t entry, unsigned int level)
{
	uint64_t cap = nested_cap(caps, MSR_VMX_EPT_VPID_CAP);
	uint64_t bits = BITS(51, 12) & ~(BIT(caps->phys_bits) - 1);

	if (level == 3)
		bits |= BITS(7, 3);
	else if (!leaf(entry, level))
		bits |= BITS(6, 3);
	else if (level == 2)
		bits |= cap & EPT_CAP_1G ? BITS(29, 12) : LARGE;
	else if (level == 1)
		bits |= cap & EPT_CAP_2M ? BITS(20, 12) : LARGE;
	return entry & bits;
}

static bool misconfigured(const struct nested_caps *caps, uint64_t entry, unsigned int level)
{
	uint64_t type = (entry & MEMORY_TYPE) >> 3;
	uint64_t rights = entry & RIGHTS;

	if ((rights & EPT12_WRITE) && !(rights & EPT12_READ))
		return true;
	if (rights == EPT12_FETCH && !(nested_cap(caps, MSR_VMX_EPT_VPID_CAP) & EPT_CAP_EXEC_ONLY))
		return true;
	if (reserved(caps, entry, level))
		return true;
	return leaf(entry, level) && (type == 2 || type == 3 || type == 7);
}

struct path {
	uint64_t at[4], entry[4]; /* by level */
	unsigned int level;       /* where it ended */
};

/* Down to the leaf, or to where there is none. *rights gathers what all levels allow. */
static enum ept12_outcome descend(const struct nested_caps *caps, uint64_t eptp,
				  const struct ept12_memory *memory, uint64_t address,
				  struct path *p, uint64_t *rights)
{
	uint64_t table = eptp & FRAME;

	/* No entry decides about more bits than four levels have. */
	*rights = address >> WALK_BITS ? 0 : RIGHTS;
	if (!*rights)
		return EPT12_VIOLATION;
	for (p->level = 3;; p->level--) {
		uint64_t index = address >> (12 + 9 * p->level) & 0x1ff;
		uint64_t entry, at = table + index * 8;

		entry = memory->read(memory->opaque, at);
		p->at[p->level] = at;
		p->entry[p->level] = entry;
		*rights &= entry;
		if (!(entry & RIGHTS))
			return EPT12_VIOLATION;
		if (misconfigured(caps, entry, p->level))
			return EPT12_MISCONFIGURATION;
		if (leaf(entry, p->level))
			return EPT12_OK;
		table = entry & FRAME;
	}
}

static bool mark(const struct ept12_memory *memory, struct path *p, bool write)
{
	for (unsigned int level = 4; level-- > p->level;) {
		uint64_t old = p->entry[level];
		uint64_t new = old | ACCESSED | (level == p->level && write ? DIRTY : 0);

		if (new != old && !memory->set(memory->opaque, p->at[level], old, new))
			return false;
		p->entry[level] = new;
	}
	return true;
}

enum ept12_outcome ept12_walk(const struct nested_caps *caps, uint64_t eptp,
			      const struct ept12_memory *memory, uint64_t address,
			      uint64_t qualification, struct ept12_walk *out)
{
	bool flags = eptp & POINTER_AD;
	uint64_t access = qualification & RIGHTS, rights;
	uint64_t kept = QUALIFICATION_KEPT;
	enum ept12_outcome outcome;
	struct path p;

	if (nested_cap(caps, MSR_VMX_EPT_VPID_CAP) & EPT_CAP_ADVANCED_EXIT)
		kept |= QUALIFICATION_INFO;
	/* With flags an access to a paging structure counts as a write (28.3.3.2). */
	if (flags && (qualification & (EPT_VIOLATION_LINEAR | EPT_VIOLATION_TRANSLATED)) ==
			     EPT_VIOLATION_LINEAR)
		access |= EPT12_WRITE;
	outcome = descend(caps, eptp, memory, address, &p, &rights);
	if (outcome == EPT12_MISCONFIGURATION)
		return outcome;
	if (outcome == EPT12_VIOLATION || (access & ~rights)) {
		/* A level that is not there allows nothing, so rights is 0 then. */
		out->qualification = access | rights << 3 | (qualification & kept);
		return EPT12_VIOLATION;
	}
	if (flags && !mark(memory, &p, access & EPT12_WRITE))
		return EPT12_CHANGED;

	out->order = (uint8_t)(9 * p.level);
	out->gpa = (p.entry[p.level] & FRAME & ~(BIT(12 + out->order) - 1)) |
		   (address & (BIT(12 + out->order) - 1));
	out->rights = (uint8_t)rights;
	out->clean = flags && !(p.entry[p.level] & DIRTY);
	return EPT12_OK;
}

bool ept12_switch(const struct nested_caps *caps, const struct vmcs12 *v, uint32_t function,
		  uint32_t index, const struct ept12_memory *memory, uint64_t *eptp)
{
	if (function != VMFUNC_EPTP_SWITCHING ||
	    !(v->vmfunc_controls & BIT(VMFUNC_EPTP_SWITCHING)) || index >= EPTP_LIST_ENTRIES)
		return false;
	*eptp = memory->read(memory->opaque, v->eptp_list + index * sizeof(*eptp));
	return ept12_pointer_ok(caps, *eptp);
}
