// SPDX-License-Identifier: MIT
/* What console.c (output) and console_input.c share. */
#ifndef CORE_CONSOLE_INTERNAL_H
#define CORE_CONSOLE_INTERNAL_H

#include "arch/x86/cpu/lock.h"
#include "core/console.h"

#define CONSOLE_INPUT_SIZE ((uint32_t)PAGE_SIZE << CONSOLE_INPUT_ORDER)

/* Protects the output ring, who has the open line, and all struct guest_console. */
extern struct spinlock console_lock;
extern bool console_have_serial;

/* Hand what is in the output ring to the port. */
void console_drain(void);
/* Show the partial lines whose time has come by `now`, and tell guests that were refused
 * when there is room. No lock held. */
void console_serve_guests(uint64_t now);
/* Is there something for console_serve_guests() or console_drain() to do later? */
bool console_output_waits(uint64_t *hold_until);
/* Whether guest lines carry their name. */
void console_set_prefixed(bool on);
/* The guest with the input: its echo is shown sooner. */
extern uint16_t console_focus_id;

#endif
