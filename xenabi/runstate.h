// SPDX-License-Identifier: MIT
/* The runstate record of a vCPU (xen/vcpu.h, vcpu_runstate_info), in both layouts. */
#ifndef XENABI_RUNSTATE_H
#define XENABI_RUNSTATE_H

#include "xenabi/vcpu.h"

#define RUNSTATE_SIZE_64 48
#define RUNSTATE_SIZE_32 44

/* Put the record together in the layout of that size (RUNSTATE_SIZE_*). Pure. */
void runstate_layout(uint8_t *out, uint16_t size, uint32_t state, uint64_t entry_ns,
		     const uint64_t time_ns[4]);
/* Write the guest's copy; false on a missed page. The vCPU's own core, or it is down. Outside
 * sections; takes no lock. */
bool runstate_write(struct vcpu *v) must_check;
/* The same, looking for missed pages first. */
void runstate_update(struct vcpu *v);

#endif
