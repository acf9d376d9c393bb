// SPDX-License-Identifier: MIT
/*
 * One serial line for everybody: the hypervisor's log, the monitor, and the guests' consoles. With
 * one guest its output is untouched; with several, every guest line is prefixed "(name) ". Ctrl-A
 * three times moves the input from guest to guest to the monitor.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "core/lib/types.h"

struct domain;

#define CONSOLE_INPUT_ORDER 5 /* pages: 128 KiB, holds a 100 KB paste */

/* A guest's side of the line, embedded in struct domain; fields are console.c's. */
struct guest_console {
	char *input; /* ring of hypervisor memory, refilled into the guest's own ring */
	uint32_t in_head, in_tail;
	bool line_open; /* the last character written was not a newline */
	uint64_t dropped;
	char partial[256]; /* a line being gathered while others write */
	uint32_t partial_len;
};

enum status console_guest_init(struct domain *d) must_check;
void console_guest_destroy(struct domain *d);

/*
 * Write guest output; returns how many bytes were taken (less than len when the serial ring is
 * full: the guest's ring keeps the rest, and xen_console_output_ready() is called when there is
 * room again). Bytes from ports without back-pressure (0xE9, console_io) pass `must_take`: what
 * does not fit is dropped and counted. Any root context outside sections; takes the console lock.
 */
size_t console_guest_write(struct domain *d, const char *buf, size_t len, bool must_take);

/* Take up to len bytes of the guest's pending input. */
size_t console_guest_read(struct domain *d, char *buf, size_t len);

/* The log's and the monitor's output: whole lines between guest output; never blocks. */
void console_write(const char *buf, size_t len);

/* UART interrupt or poll: move received characters to whoever has the input, and drain output. */
void console_poll(void);

/* Boot: the UART is up (or not). */
void console_init(bool have_serial);
/* A domain came or went: the focus and prefixes follow. */
void console_domains_changed(void);
/* Move the input to a guest, or to the monitor with NULL. */
void console_focus(struct domain *d);

#endif
