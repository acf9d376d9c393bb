// SPDX-License-Identifier: MIT
/* The operator's command line on the serial port: `help` lists what it can do. */
#ifndef CORE_MONITOR_H
#define CORE_MONITOR_H

#include "core/lib/types.h"

struct monitor_command {
	const char *name, *arguments, *help;
	/* argv[0] is the command. Root, IF=0; bounded; prints by monitor_printf. */
	void (*run)(int argc, char **argv);
};

/* Commands of all layers live in the linker section `monitor_commands`. */
#define MONITOR_COMMAND(id, cmd_name, cmd_args, cmd_help, fn)                                      \
	static const struct monitor_command monitor_cmd_##id                                       \
		__attribute__((used, section("monitor_commands"), aligned(8))) = {                 \
			cmd_name, cmd_args, cmd_help, fn}

/* Console input while the monitor has it: one character. */
void monitor_input(char c);
/* The monitor got the input: print a prompt. */
void monitor_enter(void);
void monitor_printf(const char *fmt, ...) printf_like(1, 2);

#endif
