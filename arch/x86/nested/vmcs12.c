// SPDX-License-Identifier: MIT
#include "arch/x86/nested/vmcs12.h"

/* An encoding (SDM vol. 3, 24.11.2): access to the upper half, index, type and width. */
#define ENCODING_HIGH     1U
#define ENCODING_INDEX(e) ((uint32_t)((e) >> 1 & 0x1ff))
#define ENCODING_TYPE(e)  ((uint32_t)((e) >> 10 & 3))
#define ENCODING_WIDTH(e) ((uint32_t)((e) >> 13 & 3))
#define ENCODING_RESERVED (BITS(63, 15) | BIT(12))
#define TYPE_READ_ONLY    1U
#define WIDTH_64          1U

/* The first slot of each width and type, in the order of encodings. */
static const uint8_t first_slot[17] = {
	VMCS12_SLOT(vpid),
	VMCS12_SLOT(guest_selector),
	VMCS12_SLOT(guest_selector),
	VMCS12_SLOT(host_selector),
	VMCS12_SLOT(io_bitmap),
	VMCS12_SLOT(guest_physical),
	VMCS12_SLOT(link_pointer),
	VMCS12_SLOT(host_pat),
	VMCS12_SLOT(pin),
	VMCS12_SLOT(insn_error),
	VMCS12_SLOT(guest_limit),
	VMCS12_SLOT(host_sysenter_cs),
	VMCS12_SLOT(cr0_mask),
	VMCS12_SLOT(exit_qualification),
	VMCS12_SLOT(guest_cr0),
	VMCS12_SLOT(host_cr0),
	VMCS12_SLOTS,
};

struct field {
	uint8_t exists, group;
};

#define ONE(encoding, name, with, grp) [VMCS12_SLOT(name)] = { VMCS12_##with, VMCS12_GROUP_##grp },
#define SEVERAL(encoding, name, count, with, grp)                                                  \
	[VMCS12_SLOT(name)... VMCS12_SLOT(name) + (count)-1] = { VMCS12_##with,                    \
								 VMCS12_GROUP_##grp },
static const struct field fields[VMCS12_SLOTS] = { VMCS12_FIELDS(ONE, SEVERAL) };

static uint64_t width_mask(uint64_t encoding)
{
	static const uint8_t bits[4] = { 16, 64, 32, 64 };

	return BITS(bits[ENCODING_WIDTH(encoding)] - 1, 0);
}

/* The slot of an encoding, or VMCS12_SLOTS when there is no such field. */
static uint32_t find(const struct nested_caps *caps, uint64_t encoding)
{
	uint32_t kind = ENCODING_WIDTH(encoding) << 2 | ENCODING_TYPE(encoding);
	uint32_t slot = first_slot[kind] + ENCODING_INDEX(encoding);

	if (encoding & ENCODING_RESERVED)
		return VMCS12_SLOTS;
	if ((encoding & ENCODING_HIGH) && ENCODING_WIDTH(encoding) != WIDTH_64)
		return VMCS12_SLOTS;
	if (slot >= first_slot[kind + 1] || !(caps->fields >> fields[slot].exists & 1))
		return VMCS12_SLOTS;
	return slot;
}

enum vmfail vmcs12_find(const struct nested_caps *caps, uint64_t encoding, bool write,
			uint32_t *slot)
{
	*slot = find(caps, encoding);
	if (*slot == VMCS12_SLOTS)
		return VMFAIL_FIELD_UNSUPPORTED;
	if (write && ENCODING_TYPE(encoding) == TYPE_READ_ONLY &&
	    !(nested_cap(caps, MSR_VMX_MISC) & VMX_MISC_WRITE_ANY))
		return VMFAIL_FIELD_READ_ONLY;
	return VMFAIL_NONE;
}

uint64_t vmcs12_get(uint64_t encoding, uint64_t stored)
{
	return encoding & ENCODING_HIGH ? stored >> 32 : stored & width_mask(encoding);
}

uint64_t vmcs12_put(uint64_t encoding, uint64_t stored, uint64_t value)
{
	if (encoding & ENCODING_HIGH)
		return (uint32_t)stored | value << 32;
	return value & width_mask(encoding);
}

enum vmfail vmcs12_read(const struct nested_caps *caps, const struct vmcs12 *v, uint64_t encoding,
			uint64_t *value)
{
	uint32_t slot;
	enum vmfail error = vmcs12_find(caps, encoding, false, &slot);

	if (error == VMFAIL_NONE)
		*value = (&v->vpid)[slot] >> (encoding & ENCODING_HIGH ? 32 : 0);
	return error;
}

enum vmfail vmcs12_write(const struct nested_caps *caps, struct vmcs12 *v, uint64_t encoding,
			 uint64_t value, uint32_t *groups)
{
	uint32_t slot;
	enum vmfail error = vmcs12_find(caps, encoding, true, &slot);

	if (error == VMFAIL_NONE) {
		(&v->vpid)[slot] = vmcs12_put(encoding, (&v->vpid)[slot], value);
		*groups |= 1U << fields[slot].group;
	}
	return error;
}

void vmcs12_trim(const struct nested_caps *caps, struct vmcs12 *v)
{
	for (uint32_t kind = 0; kind < 16; kind++)
		for (uint32_t slot = first_slot[kind]; slot < first_slot[kind + 1]; slot++)
			(&v->vpid)[slot] &= caps->fields >> fields[slot].exists & 1
						    ? width_mask((uint64_t)kind >> 2 << 13)
						    : 0;
}

uint64_t vmcs12_enum(uint32_t exist)
{
	uint64_t highest = 0;

	for (uint32_t kind = 0; kind < 16; kind++)
		for (uint32_t slot = first_slot[kind]; slot < first_slot[kind + 1]; slot++)
			if (exist >> fields[slot].exists & 1)
				highest = max_u64(highest, slot - first_slot[kind]);
	return highest << 1;
}

bool vmcs12_revision_ok(const struct nested_caps *caps, uint32_t word)
{
	if ((word & VMCS12_SHADOW) && !(caps->fields >> VMCS12_SHADOW_VMCS & 1))
		return false;
	return (word & ~VMCS12_SHADOW) == VMCS12_REVISION;
}

enum vmfail vmcs12_launch_ok(const struct vmcs12 *v, bool launch, bool mov_ss_blocked)
{
	if (mov_ss_blocked)
		return VMFAIL_ENTRY_MOV_SS;
	if (launch && v->launched)
		return VMFAIL_VMLAUNCH_NOT_CLEAR;
	if (!launch && !v->launched)
		return VMFAIL_VMRESUME_NOT_LAUNCHED;
	return VMFAIL_NONE;
}
