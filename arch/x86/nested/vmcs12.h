// SPDX-License-Identifier: MIT
/*
 * The VMCS that L1 works on: a copy of our own of the page that L1 named by VMPTRLD. In L1's page
 * it has the same format; what comes from there is L1's to choose, so nothing is believed.
 */
#ifndef ARCH_X86_NESTED_VMCS12_H
#define ARCH_X86_NESTED_VMCS12_H

#include "arch/x86/nested/fields.h"
#include "arch/x86/nested/nested.h"

/* IA32_VMX_BASIC[30:0]: changes with struct vmcs12. Bit 31 of the first word: shadow VMCS. */
#define VMCS12_REVISION 0x58480001U
#define VMCS12_SHADOW   (1U << 31)

/* Of pending_debug (24.4.2): an enabled breakpoint was met, a single step is over. */
#define PENDING_ENABLED BIT(12)
#define PENDING_BS      BIT(14)
/* In the virtual-APIC page (29.1.1). */
#define VAPIC_TPR 0x80

/* With what a field is offered (SDM vol. 3, 24.3 to 24.9); bits of nested_caps.fields. */
enum vmcs12_exists {
	VMCS12_ALWAYS,
	VMCS12_NEVER, /* belongs to something that is never offered */
	VMCS12_SECONDARY,
	VMCS12_VPID,
	VMCS12_EPT,
	VMCS12_PML,
	VMCS12_VMFUNC,
	VMCS12_EPTP_SWITCHING,
	VMCS12_SHADOW_VMCS,
	VMCS12_MSR_BITMAP,
	VMCS12_TPR_SHADOW,
	VMCS12_APIC_ACCESS,
	VMCS12_VIRTUAL_INTERRUPT,
	VMCS12_POSTED,
	VMCS12_PREEMPTION_TIMER,
	VMCS12_PAUSE_LOOP,
	VMCS12_XSAVES,
	VMCS12_TSC_SCALING,
	VMCS12_PAT,
	VMCS12_EFER,
};

/*
 * What an entry has to do anew when a field was written. Fields of OTHER and MERGED need no checks,
 * or have some that are always made. For those of MERGED, CONTROL and REGISTER VMCS02's controls and
 * registers are written again; of OTHER all that matters is written at every entry.
 */
enum vmcs12_group {
	VMCS12_GROUP_OTHER,
	VMCS12_GROUP_CONTROL,
	VMCS12_GROUP_HOST,
	VMCS12_GROUP_REGISTER,
	VMCS12_GROUP_SEGMENT,
	VMCS12_GROUP_MERGED,
};
#define VMCS12_GROUPS_CHECKED 0x1eU
#define VMCS12_GROUPS_ALL     0x3eU

/* VMCS12_GROUP_OF_member. */
#define VMCS12_GROUP_OF(encoding, name, exists, group)                                             \
	VMCS12_GROUP_OF_##name = VMCS12_GROUP_##group,
#define VMCS12_GROUPS_OF(encoding, name, count, exists, group)                                     \
	VMCS12_GROUP_OF_##name = VMCS12_GROUP_##group,
enum { VMCS12_FIELDS(VMCS12_GROUP_OF, VMCS12_GROUPS_OF) };

/* Every field has 64 bits here; of a narrower one the upper bits are 0. */
#define VMCS12_MEMBER(encoding, name, exists, group)         uint64_t name;
#define VMCS12_MEMBERS(encoding, name, count, exists, group) uint64_t name[count];
struct vmcs12 {
	uint32_t revision; /* and the shadow bit */
	uint32_t abort;    /* VMX-abort indicator (24.2) */
	uint64_t launched; /* launch state: 0 is clear */
	VMCS12_FIELDS(VMCS12_MEMBER, VMCS12_MEMBERS)
};
static_assert(sizeof(struct vmcs12) <= PAGE_SIZE, "a VMCS is at most one page");
static_assert(offsetof(struct vmcs12, abort) == 4, "SDM vol. 3, table 24-1");

#define VMCS12_SLOT(member) ((offsetof(struct vmcs12, member) - offsetof(struct vmcs12, vpid)) / 8)
#define VMCS12_SLOTS        ((sizeof(struct vmcs12) - offsetof(struct vmcs12, vpid)) / 8)

/* VM-instruction errors (30.4). */
enum vmfail {
	VMFAIL_NONE = 0,
	VMFAIL_VMCLEAR_ADDRESS = 2,
	VMFAIL_VMCLEAR_VMXON = 3,
	VMFAIL_VMLAUNCH_NOT_CLEAR = 4,
	VMFAIL_VMRESUME_NOT_LAUNCHED = 5,
	VMFAIL_ENTRY_CONTROLS = 7,
	VMFAIL_ENTRY_HOST = 8,
	VMFAIL_VMPTRLD_ADDRESS = 9,
	VMFAIL_VMPTRLD_VMXON = 10,
	VMFAIL_VMPTRLD_REVISION = 11,
	VMFAIL_FIELD_UNSUPPORTED = 12,
	VMFAIL_FIELD_READ_ONLY = 13,
	VMFAIL_VMXON_IN_ROOT = 15,
	VMFAIL_ENTRY_MOV_SS = 26,
	VMFAIL_INVALIDATE_OPERAND = 28,
};

/* Read L1's memory; where it has none, all bits are ones. */
typedef void (*nested_read_fn)(void *opaque, uint64_t gpa, void *dst, size_t len);

/* The secondary controls in effect. */
static inline uint64_t vmcs12_proc2(const struct vmcs12 *v)
{
	return v->proc & PROC_SECONDARY ? v->proc2 : 0;
}

/* A page-aligned physical address that L1 can have. */
static inline bool nested_page_ok(const struct nested_caps *caps, uint64_t gpa)
{
	return !(gpa & 0xfff) && !(gpa >> caps->phys_bits);
}

/*
 * VMREAD and VMWRITE. The encoding is the whole register operand, in 64-bit mode 64 bits; the value
 * is zero-extended from, or to be cut to, the operand size. *groups gains the bit of the group that
 * the field belongs to (enum vmcs12_group). Pure; nothing is changed on an error.
 */
enum vmfail vmcs12_read(const struct nested_caps *caps, const struct vmcs12 *v, uint64_t encoding,
			uint64_t *value) must_check;
enum vmfail vmcs12_write(const struct nested_caps *caps, struct vmcs12 *v, uint64_t encoding,
			 uint64_t value, uint32_t *groups) must_check;

/*
 * In parts, for a VMCS that is in memory: which slot a field has (VMCS12_SLOT), or the error; what
 * VMREAD takes out of a slot, and what VMWRITE makes of one. Pure.
 */
enum vmfail vmcs12_find(const struct nested_caps *caps, uint64_t encoding, bool write,
			uint32_t *slot) must_check;
uint64_t vmcs12_get(uint64_t encoding, uint64_t stored);
uint64_t vmcs12_put(uint64_t encoding, uint64_t stored, uint64_t value);

/* What was read from L1's page becomes what VMWRITEs could have made: nothing beyond a field's width,
 * and zeros in fields that do not exist. Pure. */
void vmcs12_trim(const struct nested_caps *caps, struct vmcs12 *v);

/* IA32_VMX_VMCS_ENUM: the highest index of a field that exists, at bits 9:1. Pure. */
uint64_t vmcs12_enum(uint32_t fields);

/*
 * What VMPTRLD says to the first word of the page (30.3): the revision, and shadow VMCSs only where
 * they are offered. Pure.
 */
bool vmcs12_revision_ok(const struct nested_caps *caps, uint32_t word) must_check;

/*
 * VMLAUNCH or VMRESUME of the current VMCS, before any check of its fields (26.1): VMfail 26, 4
 * or 5. The caller has looked at CPL and at the shadow bit, which is VMfailInvalid. Pure.
 */
enum vmfail vmcs12_launch_ok(const struct vmcs12 *v, bool launch, bool mov_ss_blocked) must_check;

#endif
