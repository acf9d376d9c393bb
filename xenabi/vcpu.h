// SPDX-License-Identifier: MIT
/* What the Xen ABI layer keeps for a vCPU. */
#ifndef XENABI_VCPU_H
#define XENABI_VCPU_H

#include "core/vcpu.h"
#include "mm/gpc.h"
#include "xenabi/abi.h"
#include "xenabi/guest_area.h"

struct xen_timer {
	struct timer timer; /* must be first */
	struct vcpu *vcpu;
};

struct xen_vcpu {
	struct vcpu *vcpu;
	bool initialised; /* VCPUOP_initialise or a first run: VCPUOP_up may start it */

	/* vcpu_info: the slot in shared_info (NULL from XEN_LEGACY_MAX_VCPUS on), or the registered
	 * page. `registered` is set last. */
	uint8_t *default_info;
	bool info_registered;
	uint16_t info_offset; /* in its page */
	bool upcall_maybe; /* upcall_pending may be set: set by senders, cleared by its own core */
	uint8_t upcall_vector; /* HVMOP_set_evtchn_upcall_vector, or 0 */
	struct gpc info;
	/* Event selector bits that could not be written to the vcpu_info yet. */
	uint64_t shadow_sel;
	uint64_t missed_gen; /* physmap generation in which the page was last found missing */

	uint32_t virq_port[NR_VIRQS]; /* under the evtchn lock; senders read it without */

	struct guest_area runstate;
	struct guest_area time;
	uint32_t time_version; /* even */

	struct xen_timer periodic, singleshot, poll;
	uint64_t period_ticks; /* 0: stopped */
	uint64_t period_next;  /* TSC of the next tick */
	uint32_t poll_port;    /* the only port polled, or 0 for several; valid while polling */
};

#endif
