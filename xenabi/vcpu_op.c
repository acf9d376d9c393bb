// SPDX-License-Identifier: MIT
/* HYPERVISOR_vcpu_op (xen/vcpu.h): argument 0 the operation, 1 the vCPU, 2 its structure. */
#include "core/domain.h"
#include "core/sched.h"
#include "core/vcpu_arch.h"
#include "xenabi/compat.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"
#include "xenabi/runstate.h"
#include "xenabi/time.h"
#include "xenabi/upcall.h"
#include "xenabi/vcpu.h"
#include "xenabi/vcpu_timer.h"

#include <xen/hvm/hvm_vcpu.h>

#define NS_PER_MS      1000000ULL
#define TIME_DELTA_MAX (~0ULL >> 2) /* Xen's STIME_DELTA_MAX */

static bool is_down(const struct vcpu *v)
{
	return load_relaxed(&v->state) == VCPU_OFFLINE;
}

static int op_initialise(struct hypercall *h, struct vcpu *v)
{
	struct vcpu_hvm_context ctx;
	int rc = -XEN_EEXIST;

	/* As Xen: a vCPU without a vcpu_info could never be told anything. */
	if (!v->xen->default_info && !v->xen->info_registered)
		return -XEN_EINVAL;
	if (guest_copy_in(h->v, &ctx, h->arg[2], sizeof(ctx)))
		return -XEN_EFAULT;
	spin_lock(&v->domain->xen->memory_lock);
	if (!v->xen->initialised && is_down(v)) {
		rc = vcpu_arch_initialise(v, &ctx);
		v->xen->initialised = !rc;
	}
	spin_unlock(&v->domain->xen->memory_lock);
	return rc;
}

static int op_up(struct vcpu *v)
{
	if (!load_relaxed(&v->xen->initialised))
		return -XEN_EINVAL;
	sched_online(v);
	return 0;
}

static int op_down(struct vcpu *v)
{
	const struct domain *d = v->domain;
	bool last = true;

	for (uint32_t i = 0; i < d->vcpu_count; i++)
		last &= d->vcpus[i] == v || is_down(d->vcpus[i]);
	/* As Xen: with the last vCPU gone nobody could bring one up. */
	if (last)
		domain_shutdown(v->domain, END_POWEROFF);
	else
		sched_offline(v);
	return 0;
}

static int op_get_runstate(struct hypercall *h, const struct vcpu *v)
{
	uint16_t size = h->narrow ? RUNSTATE_SIZE_32 : RUNSTATE_SIZE_64;
	uint8_t record[RUNSTATE_SIZE_64];
	uint64_t entry_ns, time_ns[4];
	enum vcpu_state state;

	vcpu_runstate_get(v, &state, &entry_ns, time_ns);
	runstate_layout(record, size, state, entry_ns, time_ns);
	return guest_copy_out(h->v, h->arg[2], record, size);
}

/* Both register structures are one 64-bit field, of which 32-bit guests use the low half. */
static_assert(sizeof(struct vcpu_register_runstate_memory_area) == 8, "vcpu.h");
static_assert(sizeof(struct vcpu_register_time_memory_area) == 8, "vcpu.h");

static int get_area(struct hypercall *h, uint64_t *linear)
{
	*linear = 0;
	return guest_copy_in(h->v, linear, h->arg[2], h->narrow ? 4 : 8);
}

static int op_runstate_area(struct hypercall *h, struct vcpu *v)
{
	uint64_t linear;
	int rc = get_area(h, &linear);

	if (rc)
		return rc;
	spin_lock(&v->domain->xen->memory_lock);
	rc = guest_area_register(h->v, &v->xen->runstate, linear,
				 h->narrow ? RUNSTATE_SIZE_32 : RUNSTATE_SIZE_64);
	spin_unlock(&v->domain->xen->memory_lock);
	if (rc)
		return rc;
	/* Another vCPU that runs writes it by itself. */
	if (v == h->v || is_down(v))
		runstate_update(v);
	else
		vcpu_request(v, ATTN_RUNSTATE);
	return 0;
}

static int op_time_area(struct hypercall *h, struct vcpu *v)
{
	uint64_t linear;
	int rc = get_area(h, &linear);

	if (rc)
		return rc;
	spin_lock(&v->domain->xen->memory_lock);
	rc = guest_area_register(h->v, &v->xen->time, linear, sizeof(struct vcpu_time_info));
	spin_unlock(&v->domain->xen->memory_lock);
	if (rc)
		return rc;
	if (v == h->v || is_down(v))
		time_update(v);
	else
		vcpu_request(v, ATTN_TIME);
	return 0;
}

static int op_set_periodic(struct hypercall *h, struct vcpu *v)
{
	struct vcpu_set_periodic_timer set;
	int rc = guest_copy_in(h->v, &set, h->arg[2], sizeof(set));

	if (rc)
		return rc;
	if (set.period_ns < NS_PER_MS || set.period_ns > TIME_DELTA_MAX)
		return -XEN_EINVAL;
	spin_lock(&v->domain->xen->memory_lock);
	vcpu_timer_periodic(v, set.period_ns);
	spin_unlock(&v->domain->xen->memory_lock);
	return 0;
}

static int op_stop_periodic(struct vcpu *v)
{
	if (!load_relaxed(&v->xen->period_ticks))
		return 0;
	spin_lock(&v->domain->xen->memory_lock);
	vcpu_timer_periodic_stop(v);
	spin_unlock(&v->domain->xen->memory_lock);
	return 0;
}

static int op_set_singleshot(struct hypercall *h, struct vcpu *v)
{
	struct vcpu_set_singleshot_timer set;
	int rc;

	if (v != h->v)
		return -XEN_EINVAL;
	rc = guest_copy_in(h->v, &set, h->arg[2], h->narrow ? COMPAT_SINGLESHOT_SIZE : sizeof(set));
	if (rc)
		return rc;
	/* VCPU_SSHOTTMR_future may be ignored (vcpu.h): what is past fires now. */
	vcpu_timer_singleshot(v, set.timeout_abs_ns);
	return 0;
}

static int op_stop_singleshot(struct hypercall *h, struct vcpu *v)
{
	if (v != h->v)
		return -XEN_EINVAL;
	vcpu_timer_singleshot_stop(v);
	return 0;
}

static int op_register_info(struct hypercall *h, struct vcpu *v)
{
	struct vcpu_register_vcpu_info r;
	int rc = guest_copy_in(h->v, &r, h->arg[2], sizeof(r));

	if (rc)
		return rc;
	spin_lock(&v->domain->xen->memory_lock);
	/* A running vCPU's record does not move under it. */
	if (v != h->v && !is_down(v))
		rc = -XEN_EBUSY;
	else
		rc = upcall_register_vcpu_info(v, r.mfn, r.offset);
	spin_unlock(&v->domain->xen->memory_lock);
	return rc;
}

static int op_send_nmi(struct hypercall *h, struct vcpu *v)
{
	if (h->arg[2])
		return -XEN_EINVAL;
	vcpu_arch_nmi(v);
	return 0;
}

int64_t vcpu_hypercall(struct hypercall *h)
{
	struct domain *d = h->v->domain;
	uint32_t id = (uint32_t)h->arg[1];
	struct vcpu *v;

	if (id >= d->vcpu_count)
		return -XEN_ENOENT;
	v = d->vcpus[id];
	switch ((uint32_t)h->arg[0]) {
	case VCPUOP_initialise: return op_initialise(h, v);
	case VCPUOP_up: return op_up(v);
	case VCPUOP_down: return op_down(v);
	case VCPUOP_is_up: return !is_down(v);
	case VCPUOP_get_runstate_info: return op_get_runstate(h, v);
	case VCPUOP_register_runstate_memory_area: return op_runstate_area(h, v);
	case VCPUOP_set_periodic_timer: return op_set_periodic(h, v);
	case VCPUOP_stop_periodic_timer: return op_stop_periodic(v);
	case VCPUOP_set_singleshot_timer: return op_set_singleshot(h, v);
	case VCPUOP_stop_singleshot_timer: return op_stop_singleshot(h, v);
	case VCPUOP_register_vcpu_info: return op_register_info(h, v);
	case VCPUOP_send_nmi: return op_send_nmi(h, v);
	/* For pinned vCPUs of the hardware domain only. */
	case VCPUOP_get_physid: return -XEN_EINVAL;
	case VCPUOP_register_vcpu_time_memory_area: return op_time_area(h, v);
	default: return -XEN_ENOSYS;
	}
}
