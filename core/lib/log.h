// SPDX-License-Identifier: MIT
#ifndef CORE_LIB_LOG_H
#define CORE_LIB_LOG_H

#include "core/lib/types.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * One line of the hypervisor's own log (no trailing newline in fmt). It goes to the log ring and,
 * when level <= the threshold of `loglvl=`, to the serial line through its ring. Any context but
 * NMI and #MC; never blocks. Implemented in core/log.c.
 */
void log_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);

/* The same for what a guest did, by the threshold of `guest_loglvl=`. */
void log_guest_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);

/* What goes to the serial line: up to this level; -1 for nothing. Set at boot. */
extern int log_threshold, log_guest_threshold;

#define log_error(...)   log_printf(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_printf(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_printf(LOG_DEBUG, __VA_ARGS__)

#endif
