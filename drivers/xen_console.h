// SPDX-License-Identifier: MIT
/*
 * The PV console of a machine that is a guest of Xen (xen/io/console.h), polled: a page shared with
 * whoever has the other end. Used by drivers/serial.c alone, under its lock.
 */
#ifndef DRIVERS_XEN_CONSOLE_H
#define DRIVERS_XEN_CONSOLE_H

#include "core/lib/types.h"

/* Map the page. False: not on Xen, or it gave us no console. Boot core, before others start. */
bool xen_console_init(void) must_check;

/* Put bytes into the ring, and say so; how many there was room for. */
size_t xen_console_write(const char *buf, size_t len);
/* Take bytes out of the other ring, and say so; how many. */
size_t xen_console_read(char *buf, size_t len);

#endif
