// SPDX-License-Identifier: MIT
#include "xenabi/time.h"

#include "core/lib/string.h"
#include "core/vcpu_arch.h"
#include "xenabi/domain.h"
#include "xenabi/upcall.h"

static uint64_t epoch_at_boot; /* ns since 1970 at TSC value tsc_boot */

void time_set_wallclock(uint64_t epoch_ns, uint64_t tsc)
{
	epoch_at_boot = epoch_ns - tsc_to_ns(tsc);
}

uint64_t time_epoch_ns(const struct domain *d)
{
	return epoch_at_boot + tsc_to_ns(d->birth_tsc);
}

void time_record(const struct vcpu *v, struct vcpu_time_info *out)
{
	memset(out, 0, sizeof(*out));
	out->tsc_timestamp = v->domain->birth_tsc + vcpu_arch_tsc_offset(v);
	out->tsc_to_system_mul = tsc_scale.mul;
	out->tsc_shift = tsc_scale.shift;
	out->flags = tsc_stable ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
}

/*
 * The version is odd while the record changes (xen.h). It is counted here, not read from the guest's
 * page. The guest reads on this very core, or is not running: the order of the stores is enough.
 */
static void put_record(const struct guest_area_map *map, const struct vcpu_time_info *t,
		       uint32_t version)
{
	uint32_t odd = version - 1;

	guest_area_put(map, 0, &odd, sizeof(odd));
	fence_compiler();
	guest_area_put(map, sizeof(odd), (const uint8_t *)t + sizeof(odd),
		       sizeof(*t) - sizeof(odd));
	fence_compiler();
	guest_area_put(map, 0, &version, sizeof(version));
}

bool time_write(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;
	struct guest_area_map map;
	struct vcpu_time_info t;
	bool all = true;
	uint8_t *info;

	time_record(v, &t);
	xv->time_version += 2;
	section_begin();
	info = upcall_vcpu_info(xv);
	if (info) {
		map.first = info + VCPU_INFO_TIME;
		map.split = sizeof(t);
		put_record(&map, &t, xv->time_version);
	} else {
		all = !load_relaxed(&xv->info_registered);
	}
	if (guest_area_map(&xv->time, &map))
		put_record(&map, &t, xv->time_version);
	else if (load_relaxed(&xv->time.registered))
		all = false;
	section_end();
	return all;
}

void time_update(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;

	if (time_write(v))
		return;
	/* What is not there now is looked for again when the vCPU is next scheduled. */
	if (load_relaxed(&xv->info_registered))
		(void)!gpc_refresh(&xv->info);
	(void)!guest_area_refresh(&xv->time);
	(void)!time_write(v);
}
