// SPDX-License-Identifier: MIT
/* What domain.c and lifecycle.c share. */
#ifndef CORE_DOMAIN_INTERNAL_H
#define CORE_DOMAIN_INTERNAL_H

#include "arch/x86/cpu/lock.h"
#include "core/domain.h"

/* Protects domains[], the changes of a domain's state and end, and domains_expected. */
extern struct spinlock domain_lock;
/* Builds that are queued and have not created their domain yet. */
extern uint32_t domains_expected;

void domain_teardown_init(struct domain *d);
/* Nobody finds the domain any more, and another may have its slot. */
void domain_free_slot(struct domain *d);

#endif
