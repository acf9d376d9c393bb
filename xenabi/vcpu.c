// SPDX-License-Identifier: MIT
#include "xenabi/vcpu.h"

#include "core/hooks.h"
#include "mm/own.h"
#include "xenabi/domain.h"
#include "xenabi/evtchn.h"
#include "xenabi/poll.h"
#include "xenabi/runstate.h"
#include "xenabi/time.h"
#include "xenabi/upcall.h"
#include "xenabi/vcpu_timer.h"

static_assert(sizeof(struct xen_vcpu) <= PAGE_SIZE, "struct xen_vcpu is one allocation");

enum status xen_vcpu_create(struct vcpu *v)
{
	struct physmap *pm = &v->domain->physmap;
	struct xen_vcpu *xv = own_alloc(sizeof(*xv));

	if (!xv)
		return ERR_NOMEM;
	v->xen = xv;
	xv->vcpu = v;
	if (v->id < XEN_LEGACY_MAX_VCPUS)
		xv->default_info = v->domain->xen->shared + v->id * VCPU_INFO_SIZE;
	gpc_init(&xv->info, pm, GPC_HOST, "vcpu_info");
	guest_area_init(&xv->runstate, pm, "runstate");
	guest_area_init(&xv->time, pm, "time");
	vcpu_timer_init(v);
	return OK;
}

void xen_vcpu_destroy(struct vcpu *v)
{
	struct xen_vcpu *xv = v->xen;

	vcpu_timer_destroy(v);
	/* Senders of other domains that had found it are done after this. */
	evtchn_domain_retire(v->domain);
	guest_area_unregister(&xv->runstate);
	guest_area_unregister(&xv->time);
	gpc_deactivate(&xv->info);
	v->xen = NULL;
	own_free(xv, sizeof(*xv));
}

static void owe(struct vcpu *v, uint32_t bits)
{
	(void)atomic_or(&v->attn.bits, bits);
}

void xen_vcpu_sched_in(struct vcpu *v)
{
	v->xen->initialised = true;
	poll_over(v);
	if (!time_write(v))
		owe(v, ATTN_TIME);
	if (!runstate_write(v))
		owe(v, ATTN_RUNSTATE);
	/* Events came while its page was away: the page may be back. */
	if (load_relaxed(&v->xen->shadow_sel))
		owe(v, ATTN_SHADOW);
}

void xen_vcpu_sched_out(struct vcpu *v)
{
	/* A miss is made up for at the next entry, with the record of then. */
	if (!runstate_write(v))
		owe(v, ATTN_RUNSTATE);
}

void xen_vcpu_service(struct vcpu *v, uint32_t bits)
{
	if (bits & ATTN_TIME)
		time_update(v);
	if (bits & ATTN_RUNSTATE)
		runstate_update(v);
	/* Last: time_update() may have found the page again. ATTN_TIMER only had to wake. */
	if (bits & (ATTN_SHADOW | ATTN_TIME))
		upcall_serve_shadow(v);
}
