// SPDX-License-Identifier: MIT
/* SCHEDOP_watchdog: timers that shut the domain down unless the guest pokes them. */
#ifndef XENABI_WATCHDOG_H
#define XENABI_WATCHDOG_H

#include "core/domain.h"

void watchdog_init(struct domain *d);
/* No timer runs any more. Outside locks. */
void watchdog_destroy(struct domain *d);
/* The operation: an id (1 ..) for a new one, 0, or a negative Xen errno. */
int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds) must_check;

#endif
