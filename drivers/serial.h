// SPDX-License-Identifier: MIT
/*
 * The one line that everything is said on: a serial port (drivers/uart16550.h), or the PV console
 * where we are a guest of Xen without such a port (drivers/xen_console.h). There are rings in both
 * directions. Writing never waits for the line once the machine runs; the rings are moved by
 * serial_poll(), which the port's interrupt, the idle loop and the slice tick call. Its users
 * serialise themselves by the console lock, but serial_poll() may be called without it.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include "drivers/uart16550.h"

/*
 * Use this port: false when there is none; or Xen's console: false when there is none. Until one is
 * found, and where none is, the other functions do nothing. Boot core.
 */
bool serial_init_uart(const struct uart_config *config) must_check;
bool serial_init_xen(void) must_check;
bool serial_present(void);
/* Whether serial_enable_interrupts() may be called: Xen's console is polled. */
bool serial_can_interrupt(void);

/* Let the port raise interrupts; they are routed and their handler registered already. */
void serial_enable_interrupts(void);
/*
 * While `blocking` (at boot, before there is a scheduler), serial_write() waits for room instead of
 * taking less. Initially true.
 */
void serial_set_blocking(bool blocking);

/* Queue bytes for output; how many were taken. Root, not NMI. */
size_t serial_write(const char *buf, size_t len);
/* Take received bytes; how many. */
size_t serial_read(char *buf, size_t len);

/* Move bytes between the rings and the line. Bounded; any core; root, not NMI. */
void serial_poll(void);

/* The other cores have been stopped, maybe inside these functions: no lock is waited for now. */
void serial_panic_begin(void);
/*
 * For panic(): write what is queued and then buf, by polling, ignoring locks. Any context; the
 * other cores are stopped or do not write any more. Gives up on a line that does not drain.
 */
void serial_panic_write(const char *buf, size_t len);

#endif
