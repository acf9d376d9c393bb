// SPDX-License-Identifier: MIT
/*
 * Memory shared between cores, or with guests, is touched through these only. A plain load or
 * store of the C language may be split, merged or repeated by the compiler.
 */
#ifndef CORE_LIB_ATOMIC_H
#define CORE_LIB_ATOMIC_H

#include "core/lib/types.h"

#define load_relaxed(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
/* Full barriers all (LOCK-prefixed on x86). */
#define atomic_xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_add(p, v)  __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_sub(p, v)  __atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_or(p, v)   __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define atomic_and(p, v)  __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
/* Compare-and-exchange: true when *p was *expected; else *expected is what was found. */
#define atomic_cmpxchg(p, expected, v)                                                             \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Full fence: every store before is visible before any load after. */
static inline void fence_full(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void fence_compiler(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
