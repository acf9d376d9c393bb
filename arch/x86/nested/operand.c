// SPDX-License-Identifier: MIT
#include "arch/x86/nested/operand.h"

#include "arch/x86/cpu/cr.h"

#define INFO_SCALE(i)        ((i)&3)
#define INFO_ADDRESS_SIZE(i) ((i) >> 7 & 7) /* 0, 1, 2: 16, 32, 64 bits */
#define INFO_SEGMENT(i)      ((enum vmx_segment)((i) >> 15 & 7))
#define INFO_INDEX(i)        ((i) >> 18 & 0xf)
#define INFO_NO_INDEX        (1U << 22)
#define INFO_BASE(i)         ((i) >> 23 & 0xf)
#define INFO_NO_BASE         (1U << 27)

#define TYPE_CODE   8U
#define TYPE_DOWN   4U /* of data: limit is below the segment */
#define TYPE_ACCESS 2U /* of data: writable; of code: readable */

static uint64_t offset(const struct operand_args *a)
{
	static const uint8_t bits[8] = { 16, 32, 64, 64, 64, 64, 64, 64 };
	uint64_t sum = a->displacement;

	if (!(a->info & INFO_NO_BASE))
		sum += a->get_register(a->opaque, INFO_BASE(a->info));
	if (!(a->info & INFO_NO_INDEX))
		sum += a->get_register(a->opaque, INFO_INDEX(a->info)) << INFO_SCALE(a->info);
	return sum & BITS(bits[INFO_ADDRESS_SIZE(a->info)] - 1, 0);
}

/* Type and limit of a segment (SDM vol. 3, 5.3 and 5.5); outside 64-bit mode. */
static bool segment_allows(const struct vmx_segment_state *s, uint64_t first, uint64_t last,
			   bool write)
{
	uint32_t type = s->rights & VMX_RIGHTS_TYPE;
	uint64_t top = s->rights & VMX_RIGHTS_DB ? 0xffffffff : 0xffff;

	if (s->rights & VMX_RIGHTS_UNUSABLE)
		return false;
	if (type & TYPE_CODE)
		return !write && (type & TYPE_ACCESS) && last <= s->limit;
	if (write && !(type & TYPE_ACCESS))
		return false;
	return type & TYPE_DOWN ? first > s->limit && last <= top : last <= s->limit;
}

static bool canonical(uint64_t linear)
{
	return (uint64_t)((int64_t)(linear << 16) >> 16) == linear;
}

int operand_linear(const struct operand_args *a, uint64_t *linear)
{
	enum vmx_segment seg = INFO_SEGMENT(a->info);
	int fault = seg == VMX_SEG_SS ? EXC_SS : EXC_GP;
	uint64_t first = offset(a), last = first + a->size - 1;
	struct vmx_segment_state s;

	if (seg > VMX_SEG_GS)
		return EXC_GP; /* the hardware does not say so */
	a->get_segment(a->opaque, seg, &s);
	if (a->mode_64) {
		*linear = first + (seg == VMX_SEG_FS || seg == VMX_SEG_GS ? s.base : 0);
		return canonical(*linear) && canonical(*linear + a->size - 1) ? 0 : fault;
	}
	*linear = (uint32_t)(s.base + first);
	return segment_allows(&s, first, last, a->write) ? 0 : fault;
}
