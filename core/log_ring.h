// SPDX-License-Identifier: MIT
/* The hypervisor's last log lines, kept for the monitor and for a console that comes late. */
#ifndef CORE_LOG_RING_H
#define CORE_LOG_RING_H

#include "core/lib/log.h"

/* Write what has been logged so far to the console, if its level is to be shown there. Boot. */
void log_ring_replay(void);
/* Own memory is there: grow from the first few KiB to 64. Boot core. */
void log_ring_start(void);
/*
 * Copy the next whole lines at position *at (0: the oldest) to buf, at most size bytes; returns how
 * many, 0 at the end. Lines that were overwritten meanwhile are skipped.
 */
size_t log_ring_read(uint64_t *at, char *buf, size_t size);

#endif
