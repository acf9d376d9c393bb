// SPDX-License-Identifier: MIT
#ifndef CORE_LIB_ASSERT_H
#define CORE_LIB_ASSERT_H

#include "core/lib/types.h"

/*
 * Stop the machine with a message, registers, backtrace and the state of every core. Only for our
 * own mistakes, never for what a guest did. Any context; takes no lock that it would have to wait
 * for.
 */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn_fn;

/* Always on and cheap: what would corrupt memory or leak between guests if it did not hold. */
#define ASSERT(x)                                                                                  \
	do {                                                                                       \
		if (unlikely(!(x)))                                                                \
			panic("%s:%d: %s", __FILE__, __LINE__, #x);                                \
	} while (0)

/* Debug builds only. The expression is always compiled. */
#define DEBUG_ASSERT(x)                                                                            \
	do {                                                                                       \
		if (XENITH_DEBUG)                                                                  \
			ASSERT(x);                                                                 \
	} while (0)

#endif
