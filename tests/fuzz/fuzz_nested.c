// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/entry.c arch/x86/nested/entry_controls.c
// sources: arch/x86/nested/entry_host.c arch/x86/nested/entry_guest.c
// sources: arch/x86/nested/entry_segments.c arch/x86/nested/ept12.c
// sources: arch/x86/nested/caps.c arch/x86/nested/vmcs12.c arch/x86/nested/merge.c
// sources: arch/x86/nested/route.c arch/x86/nested/leave.c arch/x86/vmx/control_regs.c
//
// Changes to fields of a VMCS that L1 could enter with: an index, which value, and eight bytes
// each. What comes then is what L1's memory holds, over and over.
#include "arch/x86/nested/entry.h"
#include "arch/x86/nested/ept12.h"
#include "arch/x86/nested/leave.h"
#include "arch/x86/nested/merge.h"
#include "arch/x86/nested/route.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/nested_guests.h"

#define MAX_CHANGES 16
#define REASONS     70

struct bytes {
	const uint8_t *data;
	size_t size;
};

static void read_memory(void *opaque, uint64_t gpa, void *dst, size_t len)
{
	const struct bytes *m = opaque;
	uint8_t *to = dst;

	for (size_t i = 0; i < len; i++)
		to[i] = m->size ? m->data[(gpa + i) % m->size] : 0xff;
}

static uint64_t read_entry(void *opaque, uint64_t gpa)
{
	uint64_t entry;

	read_memory(opaque, gpa, &entry, sizeof(entry));
	return entry;
}

static bool set_entry(void *opaque, uint64_t gpa, uint64_t old, uint64_t new)
{
	must(old != new && !(old & ~new & ~(BIT(8) | BIT(9))));
	return gpa & 8;
}

static void change(struct vmcs12 *v, const uint8_t *c)
{
	uint64_t *field = &v->vpid + c[0] % VMCS12_SLOTS;
	uint64_t value;

	memcpy(&value, c + 2, sizeof(value));
	switch (c[1] % 3) {
	case 0: *field = value; break;
	case 1: *field ^= BIT(value % 64); break;
	default: *field = (uint32_t)value; break;
	}
}

/* What the hardware must be able to rely on in VMCS02. */
static void merge(const struct vmcs12 *v)
{
	static const struct merge_l1 l1 = { .pin = 0x7f, .proc2 = PROC2_EPT, .efer = EFER_LMA };
	struct merge_l2 out;
	struct leave_host host;
	struct leave_exit x = { .reason = 10 };
	struct vmcs12 after = *v;

	merge_controls(&l1, v, &out);
	must(!(out.proc & PROC_IO_BITMAPS) && (out.proc2 & PROC2_EPT));
	must(!(out.proc2 & (PROC2_SHADOW_VMCS | PROC2_PML | PROC2_EPT_VE)));
	must(!!(out.efer & EFER_LMA) == !!(out.entry & ENTRY_IA32E));
	leave_load(v, v->guest_cr0, out.efer, out.pat, &host);
	must(!(host.efer & EFER_LMA) == !(v->exit & EXIT_HOST_64BIT));
	leave_record(&after, &x);
	must(after.exit_reason == 10 && after.launched);
}

static void route(const struct vmcs12 *v, struct bytes *m)
{
	struct route_args a = { .v = v, .read = read_memory, .opaque = m };

	read_memory(m, 0, &a.qualification, sizeof(a.qualification));
	read_memory(m, 8, &a.operand, sizeof(a.operand));
	a.intr_info = (uint32_t)a.qualification & 0x1f;
	for (a.reason = 0; a.reason < REASONS; a.reason++)
		must(route_exit(&a) <= ROUTE_HERE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vmcs12 (*const guests[])(void) = { guest_64,         guest_32,   guest_pae,
							 guest_pae_shadow, guest_real, guest_v86,
							 guest_posted };
	struct nested_caps caps = caps_of(machine_server());
	struct ept12_walk walk;
	struct vmcs12 v;
	size_t changes;

	if (size < 2)
		return 0;
	v = guests[data[0] % array_size(guests)]();
	changes = data[1] % MAX_CHANGES;
	data += 2;
	size -= 2;
	for (; changes && size >= 10; changes--, data += 10, size -= 10)
		change(&v, data);

	struct bytes m = { data, size };
	struct entry_args a = { &caps, &v, read_memory, &m, 0x9999000, true };
	struct ept12_memory memory = { read_entry, set_entry, &m };
	enum entry_row row = entry_check(&a, VMCS12_GROUPS_ALL);
	uint64_t qualification;

	must(row < ENTRY_ROWS && entry_row_name(row));
	(void)entry_row_error(row, &qualification);
	/* Fewer groups find no more. */
	must(row || !entry_check(&a, 0));
	route(&v, &m);
	if (row)
		return 0;
	merge(&v);
	/* There is no access without one of the three. */
	qualification = v.guest_rsp | EPT12_READ;
	if (vmcs12_proc2(&v) & PROC2_EPT &&
	    ept12_walk(&caps, v.eptp, &memory, v.guest_rip, qualification, &walk) == EPT12_OK)
		must(!(walk.gpa >> caps.phys_bits) && !(qualification & 7 & ~walk.rights));
	return 0;
}
