// SPDX-License-Identifier: MIT
/*
 * FIFO ticket spinlock. Root mode runs with interrupts off, so there is no irq-saving form. NMI and
 * #MC handlers take no lock.
 *
 * Lock order (outer first): domain list, scheduler, event-channel port, physmap, console, frame
 * allocator. A physmap lock is never taken inside an access section.
 */
#ifndef ARCH_X86_CPU_LOCK_H
#define ARCH_X86_CPU_LOCK_H

#include "arch/x86/cpu/relax.h"
#include "core/lib/assert.h"
#include "core/lib/atomic.h"

struct spinlock {
	uint32_t next;  /* ticket to draw */
	uint32_t owner; /* ticket being served */
};

#define SPINLOCK_INIT                                                                              \
	{                                                                                          \
		0, 0                                                                               \
	}

static inline void spin_lock(struct spinlock *l)
{
	uint32_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_SEQ_CST);

	while (load_acquire(&l->owner) != ticket)
		spin_relax();
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t ticket = load_acquire(&l->owner);

	return atomic_cmpxchg(&l->next, &ticket, ticket + 1);
}

static inline void spin_unlock(struct spinlock *l)
{
	DEBUG_ASSERT(load_relaxed(&l->next) != load_relaxed(&l->owner));
	store_release(&l->owner, load_relaxed(&l->owner) + 1);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return load_relaxed(&l->next) != load_relaxed(&l->owner);
}

#endif
