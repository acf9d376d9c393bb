// SPDX-License-Identifier: MIT
#include "xenabi/runstate.h"

#include "core/lib/bits.h"
#include "core/lib/bytes.h"
#include "xenabi/domain.h"

/* Offsets in the 64-bit layout; the 32-bit one has no gap before the entry time. */
#define STATE    0
#define ENTRY_64 8
#define ENTRY_32 4
#define TIMES    8 /* behind the entry time */

static_assert(sizeof(struct vcpu_runstate_info) == RUNSTATE_SIZE_64, "vcpu.h");
static_assert(offsetof(struct vcpu_runstate_info, state_entry_time) == ENTRY_64, "vcpu.h");
static_assert(offsetof(struct vcpu_runstate_info, time) == ENTRY_64 + TIMES, "vcpu.h");
static_assert(VCPU_RUNNING == RUNSTATE_running && VCPU_RUNNABLE == RUNSTATE_runnable &&
		      VCPU_BLOCKED == RUNSTATE_blocked && VCPU_OFFLINE == RUNSTATE_offline,
	      "core/vcpu.h");

static uint32_t entry_offset(uint16_t size)
{
	return size == RUNSTATE_SIZE_64 ? ENTRY_64 : ENTRY_32;
}

void runstate_layout(uint8_t *out, uint16_t size, uint32_t state, uint64_t entry_ns,
		     const uint64_t time_ns[4])
{
	uint32_t entry = entry_offset(size);

	memset(out, 0, size);
	bytes_put32(out + STATE, state);
	bytes_put64(out + entry, entry_ns);
	for (unsigned int i = 0; i < 4; i++)
		bytes_put64(out + entry + TIMES + 8 * i, time_ns[i]);
}

/* With VMASST_TYPE_runstate_update_flag the entry time's top bit says that the record is changing:
 * only its top byte is written alone (xen/vcpu.h, XEN_RUNSTATE_UPDATE). */
static void put_flagged(const struct guest_area_map *map, uint16_t size, uint8_t *record)
{
	uint32_t top = entry_offset(size) + 7;
	uint8_t clear = record[top];

	record[top] |= (uint8_t)(XEN_RUNSTATE_UPDATE >> 56);
	guest_area_put(map, top, &record[top], 1);
	fence_full();
	guest_area_put(map, 0, record, size);
	fence_full();
	guest_area_put(map, top, &clear, 1);
}

bool runstate_write(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;
	uint8_t record[RUNSTATE_SIZE_64];
	struct guest_area_map map;
	bool done;

	if (!load_relaxed(&xv->runstate.registered))
		return true;
	section_begin();
	done = guest_area_map(&xv->runstate, &map);
	if (done) {
		uint16_t size = xv->runstate.size;
		enum vcpu_state state;
		uint64_t entry_ns, time_ns[4];

		/* As it was when the state was entered: the guest's copy is not touched while the
		 * state lasts, and its times sum to its entry time. */
		vcpu_runstate_record(v, &state, &entry_ns, time_ns);
		runstate_layout(record, size, state, entry_ns, time_ns);
		if (load_relaxed(&v->domain->xen->vm_assist) &
		    BIT(VMASST_TYPE_runstate_update_flag))
			put_flagged(&map, size, record);
		else
			guest_area_put(&map, 0, record, size);
	}
	section_end();
	/* Unregistered meanwhile: nothing is owed. */
	return done || !load_relaxed(&xv->runstate.registered);
}

void runstate_update(struct vcpu *v)
{
	if (!runstate_write(v) && guest_area_refresh(&v->xen->runstate))
		(void)!runstate_write(v);
}
