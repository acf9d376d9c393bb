// SPDX-License-Identifier: MIT
/*
 * One serial line for everybody: the hypervisor's log, the monitor, and the guests' consoles. With
 * one guest its output is untouched; with several, every guest line is prefixed "(name) ". Ctrl-A
 * three times moves the input from guest to guest to the monitor.
 *
 * Whole lines of different sources never mix. A guest's partial line is held back for a moment, so
 * that prompts appear but lines written in pieces stay whole; when another source has a line while
 * one is open, the open one is broken first and goes on with a new prefix.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "core/lib/types.h"

struct domain;

#define CONSOLE_INPUT_ORDER 5 /* pages: 128 KiB, holds a 100 KB paste */
#define CONSOLE_PARTIAL     256

/* A guest's side of the line, embedded in struct domain; fields are console.c's. */
struct guest_console {
	char *input; /* ring of hypervisor memory, refilled into the guest's own ring */
	uint32_t in_head, in_tail;
	bool refused;        /* output was: the guest is told when there is room */
	char last;           /* byte written */
	uint64_t hold_until; /* when a partial line is shown as it is (TSC); ~0: none held */
	uint64_t dropped;    /* bytes of output and input */
	char partial[CONSOLE_PARTIAL]; /* a line being gathered */
	uint32_t partial_len;
};

enum status console_guest_init(struct domain *d) must_check;
void console_guest_destroy(struct domain *d);

/*
 * Write guest output; returns how many bytes were taken (less than len when the serial ring is
 * full: the guest's ring keeps the rest, and xen_console_output_ready() is called when there is
 * room again). Bytes from ports without back-pressure (0xE9, console_io) pass `must_take`: what
 * does not fit is dropped and counted, and a newline brings the carriage return that such ports
 * leave out. Any root context outside sections; takes the console lock.
 */
size_t console_guest_write(struct domain *d, const char *buf, size_t len, bool must_take);

/* Take up to len bytes of the guest's pending input. */
size_t console_guest_read(struct domain *d, char *buf, size_t len);

/* The log's output: whole lines. Never blocks; what does not fit is dropped. */
void console_write(const char *buf, size_t len);
/* The same for the monitor: pieces of lines, which stay together unless another line comes. */
void console_monitor_write(const char *buf, size_t len);
/* Whether the monitor's unfinished line is what stands last on the terminal. */
bool console_monitor_line_open(void);
/* Room for the log's and the monitor's output in bytes. */
size_t console_room(void);

/*
 * Move received characters to whoever has the input, drain output, show what was held back. Cheap
 * when it was done lately. Each core's scheduler, at each turn; no lock held.
 */
void console_poll(void);
/* The port's interrupt: the same, soon. Registered by boot/ for the UART's IRQ. */
void console_interrupt(void);
/* When console_poll() is wanted next by an idle core (TSC); ~0: not before an interrupt. */
uint64_t console_deadline(void);
/* The port has no interrupt: idle cores poll it. Set at boot. */
extern bool console_polled;

/* Boot: the UART is up (or not). What was logged before is written. */
void console_init(bool have_serial);
/* Boot core, before scheduling starts: own memory is there for rings, output does not wait any more. */
void console_start(void);
/* Wait until all output has left, within reason: before the machine is switched off, or in a panic,
 * where no lock is waited for. */
void console_flush(void);

/* A domain came or went: the focus and prefixes follow. No lock held. */
void console_domains_changed(void);
/* The domid that has the input; 0 for the monitor. */
uint16_t console_focused_id(void);
/* Move the input to a guest, or to the monitor with NULL. */
void console_focus(struct domain *d);

/* The character that moves the input when typed three times; 0 for none. Set at boot. */
extern char console_switch;
/* Whether the first guest gets the input by itself. Set at boot; true by default. */
extern bool console_focus_guest;

#endif
