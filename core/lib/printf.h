// SPDX-License-Identifier: MIT
#ifndef CORE_LIB_PRINTF_H
#define CORE_LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

#include "core/lib/types.h"

/*
 * Format into buf (size bytes, always terminated when size > 0). The subset: %d %i %u %x %X %p %s
 * %c %%, lengths hh h l ll z, flags - 0 +, width and precision as numbers or '*'. Returns the
 * length the whole text would have had (C11 7.21.6.12). Any context.
 */
int xvsnprintf(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
int xsnprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

#endif
