// SPDX-License-Identifier: MIT
/* What the Xen ABI layer keeps for a vCPU. */
#ifndef XENABI_VCPU_H
#define XENABI_VCPU_H

#include "core/vcpu.h"
#include "mm/gpc.h"
#include "xenabi/abi.h"

#define XEN_AREA_PAGES 2 /* an area by linear address touches at most two pages */

/* A guest structure of at most a page that may cross into another one. */
struct guest_area {
	bool registered;
	uint8_t pages;   /* 1 or 2 */
	uint16_t offset; /* in the first page */
	uint16_t size;
	struct gpc page[XEN_AREA_PAGES];
};

struct xen_timer {
	struct timer timer; /* must be first */
	struct vcpu *vcpu;
};

struct xen_vcpu {
	struct vcpu *vcpu;
	bool initialised; /* VCPUOP_initialise or a first run: VCPUOP_up may start it */

	/* vcpu_info: the slot in shared_info, or the registered page. `registered` is set last. */
	bool info_registered;
	bool has_default_slot; /* id < XEN_LEGACY_MAX_VCPUS */
	uint16_t info_offset;  /* in its page */
	uint8_t upcall_vector; /* HVMOP_set_evtchn_upcall_vector, or 0 */
	struct gpc info;
	/* Event selector bits that could not be written to the vcpu_info yet. */
	uint64_t shadow_sel;

	uint32_t virq_port[NR_VIRQS]; /* under the evtchn lock; senders read it without */

	struct guest_area runstate;
	struct guest_area time;

	struct xen_timer periodic, singleshot, poll;
	uint64_t period_ticks;
	uint32_t poll_port; /* the one port polled, or ~0 for several; valid while polling */
};

#endif
