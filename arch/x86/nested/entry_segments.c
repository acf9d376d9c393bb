// SPDX-License-Identifier: MIT
/* Guest segment registers (SDM vol. 3, 26.3.1.2). */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/entry.h"
#include "arch/x86/vmx/vmx.h"

#define RPL               3U
#define TI                4U
#define RIGHTS_RESERVED   (BITS(31, 17) | BITS(11, 8))
#define V86_RIGHTS        0xf3U
#define TYPE_ACCESSED     1U
#define TYPE_READABLE     2U /* of code; of data: writable */
#define TYPE_CONFORMING   4U
#define TYPE_CODE         8U
#define TYPE_DATA_RW      3U /* accessed */
#define TYPE_DATA_RW_DOWN 7U
#define TYPE_LDT          2U
#define TYPE_TSS16_BUSY   3U
#define TYPE_TSS_BUSY     11U
/* Types in which a data segment register is bound to its DPL: all but conforming code. */
#define TYPE_LAST_BOUND 11U

static uint32_t rights(const struct vmcs12 *v, unsigned int seg)
{
	return (uint32_t)v->guest_rights[seg];
}

static uint32_t type(const struct vmcs12 *v, unsigned int seg)
{
	return rights(v, seg) & VMX_RIGHTS_TYPE;
}

static uint32_t dpl(const struct vmcs12 *v, unsigned int seg)
{
	return (rights(v, seg) & VMX_RIGHTS_DPL) >> 5;
}

static uint32_t rpl(const struct vmcs12 *v, unsigned int seg)
{
	return (uint32_t)v->guest_selector[seg] & RPL;
}

static bool usable(const struct vmcs12 *v, unsigned int seg)
{
	return !(rights(v, seg) & VMX_RIGHTS_UNUSABLE);
}

static bool unrestricted(const struct vmcs12 *v)
{
	return vmcs12_proc2(v) & PROC2_UNRESTRICTED;
}

/* What holds of every segment that is used: `system` for LDTR and TR. */
static enum entry_row check_rights(const struct vmcs12 *v, unsigned int seg, bool system)
{
	uint64_t limit = v->guest_limit[seg];
	uint32_t r = rights(v, seg);

	ENTRY_REFUSE(SEGMENT_S, !(r & VMX_RIGHTS_S) != system);
	ENTRY_REFUSE(SEGMENT_P, !(r & VMX_RIGHTS_P));
	ENTRY_REFUSE(SEGMENT_RESERVED, r & RIGHTS_RESERVED);
	/* A limit in pages ends with ones, a limit in bytes is short. */
	ENTRY_REFUSE(SEGMENT_G, r & VMX_RIGHTS_G ? (~limit & 0xfff) : limit >> 20);
	return ENTRY_ROW_NONE;
}

static enum entry_row check_v86(const struct vmcs12 *v)
{
	for (unsigned int seg = VMX_SEG_ES; seg <= VMX_SEG_GS; seg++) {
		ENTRY_REFUSE(V86_BASE, v->guest_base[seg] != v->guest_selector[seg] << 4);
		ENTRY_REFUSE(V86_LIMIT, v->guest_limit[seg] != 0xffff);
		ENTRY_REFUSE(V86_RIGHTS, v->guest_rights[seg] != V86_RIGHTS);
	}
	return ENTRY_ROW_NONE;
}

static enum entry_row check_cs(const struct vmcs12 *v)
{
	uint32_t t = type(v, VMX_SEG_CS), level = dpl(v, VMX_SEG_CS);
	uint32_t both = VMX_RIGHTS_L | VMX_RIGHTS_DB;

	if (t == TYPE_DATA_RW && unrestricted(v)) {
		ENTRY_REFUSE(CS_DPL, level);
	} else {
		ENTRY_REFUSE(CS_TYPE, !(t & TYPE_CODE) || !(t & TYPE_ACCESSED));
		ENTRY_REFUSE(CS_DPL, t & TYPE_CONFORMING ? level > dpl(v, VMX_SEG_SS)
							 : level != dpl(v, VMX_SEG_SS));
	}
	ENTRY_REFUSE(CS_DB, (v->entry & ENTRY_IA32E) && (rights(v, VMX_SEG_CS) & both) == both);
	ENTRY_REFUSE(BASE_HIGH, v->guest_base[VMX_SEG_CS] >> 32);
	return check_rights(v, VMX_SEG_CS, false);
}

static enum entry_row check_ss(const struct vmcs12 *v)
{
	uint32_t t = type(v, VMX_SEG_SS);
	bool flat = type(v, VMX_SEG_CS) == TYPE_DATA_RW || !(v->guest_cr0 & CR0_PE);

	if (!unrestricted(v)) {
		ENTRY_REFUSE(SS_RPL, rpl(v, VMX_SEG_SS) != rpl(v, VMX_SEG_CS));
		ENTRY_REFUSE(SS_DPL, dpl(v, VMX_SEG_SS) != rpl(v, VMX_SEG_SS));
	}
	ENTRY_REFUSE(SS_DPL, flat && dpl(v, VMX_SEG_SS));
	if (!usable(v, VMX_SEG_SS))
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(SS_TYPE, t != TYPE_DATA_RW && t != TYPE_DATA_RW_DOWN);
	ENTRY_REFUSE(BASE_HIGH, v->guest_base[VMX_SEG_SS] >> 32);
	return check_rights(v, VMX_SEG_SS, false);
}

/* DS, ES, FS, GS. */
static enum entry_row check_data(const struct vmcs12 *v, unsigned int seg)
{
	uint32_t t = type(v, seg);

	if (seg == VMX_SEG_FS || seg == VMX_SEG_GS)
		ENTRY_REFUSE(BASE_CANONICAL, !entry_canonical(v->guest_base[seg]));
	if (!usable(v, seg))
		return ENTRY_ROW_NONE;
	if (seg == VMX_SEG_DS || seg == VMX_SEG_ES)
		ENTRY_REFUSE(BASE_HIGH, v->guest_base[seg] >> 32);
	ENTRY_REFUSE(DATA_TYPE, !(t & TYPE_ACCESSED) || ((t & TYPE_CODE) && !(t & TYPE_READABLE)));
	ENTRY_REFUSE(DATA_DPL,
		     !unrestricted(v) && t <= TYPE_LAST_BOUND && dpl(v, seg) < rpl(v, seg));
	return check_rights(v, seg, false);
}

static enum entry_row check_tr(const struct vmcs12 *v)
{
	uint32_t t = type(v, VMX_SEG_TR);

	ENTRY_REFUSE(TR_TI, v->guest_selector[VMX_SEG_TR] & TI);
	ENTRY_REFUSE(BASE_CANONICAL, !entry_canonical(v->guest_base[VMX_SEG_TR]));
	ENTRY_REFUSE(TR_TYPE,
		     t != TYPE_TSS_BUSY && (t != TYPE_TSS16_BUSY || (v->entry & ENTRY_IA32E)));
	ENTRY_REFUSE(TR_UNUSABLE, !usable(v, VMX_SEG_TR));
	return check_rights(v, VMX_SEG_TR, true);
}

static enum entry_row check_ldtr(const struct vmcs12 *v)
{
	if (!usable(v, VMX_SEG_LDTR))
		return ENTRY_ROW_NONE;
	ENTRY_REFUSE(LDTR_TI, v->guest_selector[VMX_SEG_LDTR] & TI);
	ENTRY_REFUSE(BASE_CANONICAL, !entry_canonical(v->guest_base[VMX_SEG_LDTR]));
	ENTRY_REFUSE(LDTR_TYPE, type(v, VMX_SEG_LDTR) != TYPE_LDT);
	return check_rights(v, VMX_SEG_LDTR, true);
}

static enum entry_row check_user_segments(const struct vmcs12 *v)
{
	static const uint8_t data[] = { VMX_SEG_DS, VMX_SEG_ES, VMX_SEG_FS, VMX_SEG_GS };
	enum entry_row row = check_cs(v);

	if (!row)
		row = check_ss(v);
	for (unsigned int i = 0; !row && i < array_size(data); i++)
		row = check_data(v, data[i]);
	return row;
}

enum entry_row entry_check_segments(const struct entry_args *a)
{
	const struct vmcs12 *v = a->v;
	enum entry_row row = v->guest_rflags & RFLAGS_VM ? check_v86(v) : check_user_segments(v);

	if (!row)
		row = check_tr(v);
	return row ? row : check_ldtr(v);
}
