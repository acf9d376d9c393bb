// SPDX-License-Identifier: MIT
#include "arch/x86/nested/entry.h"
#include "arch/x86/vmx/exits.h"

#define BIT_OF(group) (1U << VMCS12_GROUP_##group)

/* Exit qualifications of VM-entry failures (SDM vol. 3, 26.7). */
#define QUALIFICATION_PDPTE 2
#define QUALIFICATION_NMI   3
#define QUALIFICATION_LINK  4

#define MSR_SMM_MONITOR_CTL 0x9b
#define MSR_BIOS_UPDT_TRIG  0x79
#define MSR_SMBASE          0x9e
#define MSR_X2APIC_RANGE(i) ((i) >> 8 == MSR_X2APIC_BASE >> 8)

#define TRY(check)                                                                                 \
	do {                                                                                       \
		enum entry_row row_ = (check);                                                     \
                                                                                                   \
		if (row_)                                                                          \
			return row_;                                                               \
	} while (0)

/* Of the groups that L1 has touched, and what is checked at every entry. */
static noinline_fn enum entry_row check_groups(const struct entry_args *a, uint32_t groups)
{
	/* Modes decide about everything else. */
	if (groups & BIT_OF(CONTROL))
		groups = VMCS12_GROUPS_ALL;
	if (groups & BIT_OF(REGISTER))
		groups |= BIT_OF(SEGMENT);

	if (groups & BIT_OF(CONTROL))
		TRY(entry_check_controls(a));
	TRY(entry_check_tpr(a));
	TRY(entry_check_event(a));
	if (groups & BIT_OF(HOST))
		TRY(entry_check_host(a));
	if (groups & BIT_OF(REGISTER))
		TRY(entry_check_registers(a));
	if (groups & BIT_OF(SEGMENT))
		TRY(entry_check_segments(a));
	return entry_check_state(a);
}

/* L2 goes on as it was, but for RIP and RSP: no event, nothing blocked or pending, and in IA-32e mode,
 * whose page-directory pointers nobody checks. RFLAGS has a group. */
static inline bool plain(const struct vmcs12 *v)
{
	return !((v->entry_intr_info & INTR_VALID) | v->interruptibility | v->activity |
		 v->pending_debug | ~v->link_pointer) &&
	       (v->entry & ENTRY_IA32E);
}

enum entry_row entry_check(const struct entry_args *a, uint32_t groups)
{
	if (unlikely(groups & VMCS12_GROUPS_CHECKED) || unlikely(!plain(a->v)))
		return check_groups(a, groups);
	if (a->v->proc & PROC_TPR_SHADOW)
		TRY(entry_check_tpr(a));
	return entry_check_rip(a->v);
}

enum vmfail entry_row_error(enum entry_row row, uint64_t *qualification)
{
	if (row < ENTRY_ROW_HOST_CR0)
		return VMFAIL_ENTRY_CONTROLS;
	if (row < ENTRY_ROW_CR0)
		return VMFAIL_ENTRY_HOST;
	switch (row) {
	case ENTRY_ROW_PDPTE: *qualification = QUALIFICATION_PDPTE; break;
	case ENTRY_ROW_BLOCKED_NMI_STI: *qualification = QUALIFICATION_NMI; break;
	case ENTRY_ROW_LINK_ADDRESS:
	case ENTRY_ROW_LINK_REVISION:
	case ENTRY_ROW_LINK_CURRENT: *qualification = QUALIFICATION_LINK; break;
	default: *qualification = 0; break;
	}
	return VMFAIL_NONE;
}

#define NAME(name, text) text,
const char *entry_row_name(enum entry_row row)
{
	static const char *const names[ENTRY_ROWS] = {
		"none", ENTRY_CONTROL_ROWS(NAME) ENTRY_HOST_ROWS(NAME) ENTRY_GUEST_ROWS(NAME)
	};

	return names[row];
}

/* The APIC in its x2APIC range must be reached by instructions only. */
static bool listed_ok(const struct entry_msr *m)
{
	return !m->reserved && !MSR_X2APIC_RANGE(m->index) && m->index != MSR_SMBASE;
}

bool entry_msr_load_ok(const struct entry_msr *m)
{
	switch (m->index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE: /* fields of their own */
	case MSR_SMM_MONITOR_CTL:
	case MSR_BIOS_UPDT_TRIG: return false;
	default: return listed_ok(m);
	}
}

bool entry_msr_store_ok(const struct entry_msr *m)
{
	return listed_ok(m);
}
