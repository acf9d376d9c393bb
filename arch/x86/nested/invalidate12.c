// SPDX-License-Identifier: MIT
#include "arch/x86/nested/invalidate12.h"

#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/ept12.h"

/* IA32_VMX_EPT_VPID_CAP has a bit for each type, from these on. */
#define EPT_TYPES  24
#define VPID_TYPES 40

static bool has(const struct nested_caps *caps, uint64_t bits)
{
	return nested_cap(caps, MSR_VMX_EPT_VPID_CAP) & bits;
}

bool invalidate12_has_invept(const struct nested_caps *caps)
{
	return has(caps, EPT_CAP_INVEPT);
}

bool invalidate12_has_invvpid(const struct nested_caps *caps)
{
	return has(caps, VPID_CAP_INVVPID);
}

bool invalidate12_ept_type_ok(const struct nested_caps *caps, uint64_t type)
{
	return (type == INVEPT12_SINGLE || type == INVEPT12_ALL) &&
	       has(caps, BIT(EPT_TYPES + type));
}

bool invalidate12_vpid_type_ok(const struct nested_caps *caps, uint64_t type)
{
	return type <= INVVPID12_SINGLE_GLOBALS && has(caps, BIT(VPID_TYPES + type));
}

bool invalidate12_ept_ok(const struct nested_caps *caps, uint64_t type,
			 const struct invalidate12 *d)
{
	return !d->high && (type == INVEPT12_ALL || ept12_pointer_ok(caps, d->low));
}

bool invalidate12_vpid_ok(uint64_t type, const struct invalidate12 *d)
{
	/* The VPID has 16 bits, and the rest of its 8 bytes must be 0. */
	if (d->low >> 16 || (!d->low && type != INVVPID12_ALL))
		return false;
	return type != INVVPID12_ADDRESS || entry_canonical(d->high);
}
