// SPDX-License-Identifier: MIT
/*
 * Host tests: the same operations, each after a call by which a test may let another core run; and
 * a full fence that the thread sanitizer understands.
 */
#ifndef TESTS_HOST_ATOMIC_H
#define TESTS_HOST_ATOMIC_H

#define fence_full insn_fence_full
#include_next "core/lib/atomic.h"
#undef fence_full

/* Before each access to memory that cores share (tests/unit/fakes/cpu.c, where that is linked). */
extern void (*host_access_hook)(void) __attribute__((weak));

static inline void host_access(void)
{
	if (&host_access_hook && host_access_hook)
		host_access_hook();
}

#undef load_relaxed
#undef load_acquire
#undef store_relaxed
#undef store_release
#undef atomic_xchg
#define load_relaxed(p)     (host_access(), __atomic_load_n((p), __ATOMIC_RELAXED))
#define load_acquire(p)     (host_access(), __atomic_load_n((p), __ATOMIC_ACQUIRE))
#define store_relaxed(p, v) (host_access(), __atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define store_release(p, v) (host_access(), __atomic_store_n((p), (v), __ATOMIC_RELEASE))
#define atomic_xchg(p, v)   (host_access(), __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST))

static inline void fence_full(void)
{
	uint32_t own = 0;

	host_access();
	(void)__atomic_exchange_n(&own, 1, __ATOMIC_SEQ_CST);
}

#endif
