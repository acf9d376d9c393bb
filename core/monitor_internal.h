// SPDX-License-Identifier: MIT
/* What the monitor's files and the console share. */
#ifndef CORE_MONITOR_INTERNAL_H
#define CORE_MONITOR_INTERNAL_H

#include "core/monitor.h"

/* Serve characters that came while a command ran. Called by console_poll(), one core at a time. */
void monitor_poll(void);
/* Whether monitor_poll() has something to do. */
bool monitor_input_waits(void);

#endif
