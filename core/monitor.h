// SPDX-License-Identifier: MIT
/*
 * The operator's command line on the serial port: `help` lists what it can do. Lines are edited
 * where characters arrive; commands run as work, between vCPU slices, one at a time.
 */
#ifndef CORE_MONITOR_H
#define CORE_MONITOR_H

#include "core/lib/types.h"

struct domain;
struct vcpu;

struct monitor_command {
	const char *name, *arguments, *help;
	/* argv[0] is the command. A piece of work (core/work.h): root, IF=0, no vCPU loaded, no lock
	 * held; bounded; prints by monitor_printf. */
	void (*run)(int argc, char **argv);
};

/* Commands of all layers live in the linker section `monitor_commands`. */
#define MONITOR_COMMAND(id, cmd_name, cmd_args, cmd_help, fn)                                      \
	static const struct monitor_command monitor_cmd_##id                                       \
		__attribute__((used, section("monitor_commands"),                                  \
			       aligned(8))) = { cmd_name, cmd_args, cmd_help, fn }

/* Console input while the monitor has it: one character. The console's, one core at a time. */
void monitor_input(char c);
/* The monitor got the input: print a prompt. */
void monitor_enter(void);
void monitor_printf(const char *fmt, ...) printf_like(1, 2);
/* The same for text that comes without the end of its line. */
void monitor_print_line(const char *fmt, ...) printf_like(1, 2);

/*
 * For a command that cannot finish at once: `more` is called as further pieces of work until it
 * returns false; the prompt comes after that. Called by a command, once.
 */
void monitor_continue(bool (*more)(void));

/*
 * For a command with the arguments GUEST [VCPU]: `show` gets that vCPU, paused and loaded on this
 * core, as a further piece of work; without such a vCPU a line is printed. Called by a command, once.
 */
void monitor_with_vcpu(int argc, char **argv, void (*show)(struct vcpu *v));

/* The domain that an argument names, by name or domid, with a reference; prints a line and returns
 * NULL when there is none. arg may be NULL. */
struct domain *monitor_domain(const char *arg) must_check;

#endif
