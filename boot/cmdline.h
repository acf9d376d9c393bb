// SPDX-License-Identifier: MIT
/*
 * The hypervisor's own options, by Xen's names (Xen docs/misc/xen-command-line). Pure: any context.
 */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include "core/lib/log.h"
#include "core/lib/types.h"

enum cmdline_idle {
	CMDLINE_IDLE_MONITOR,  /* the monitor takes the serial line */
	CMDLINE_IDLE_POWEROFF, /* switch the machine off */
	CMDLINE_IDLE_REBOOT,
	CMDLINE_IDLE_EXIT, /* write the verdict to QEMU's debug-exit port */
};

#define CMDLINE_COM_COUNT 2

struct cmdline_com {
	bool configured; /* comN= was given */
	uint32_t baud;   /* 0: leave as the firmware has set it (Xen's "auto") */
	uint8_t data_bits;
	char parity; /* n o e m s */
	uint8_t stop_bits;
	uint16_t port;
	uint8_t irq; /* 0: poll */
};

/* About 500 bytes. */
struct cmdline_options {
	bool console_com[CMDLINE_COM_COUNT]; /* console=com1,com2 */
	bool console_vga;
	struct cmdline_com com[CMDLINE_COM_COUNT];
	enum log_level loglvl;       /* print this and what is more urgent */
	bool log_none;               /* loglvl=none */
	enum log_level guest_loglvl; /* messages about what guests did */
	bool guest_log_none;
	uint32_t maxcpus; /* 0: all */
	bool noreboot;
	enum cmdline_idle idle;
	bool x2apic;         /* may be used; x2apic=0 forbids it */
	uint32_t slice_us;   /* scheduler's time slice */
	uint64_t step_delay; /* debug builds: seed of the delays at protocol steps; 0: none */
	char conswitch;      /* control character of the switch key (1: Ctrl-A); 0: none */
	bool conswitch_auto; /* start with the input at the guests (no trailing 'x') */
	char warnings[256];  /* what was not understood, "; " between; empty: all was */
};

/*
 * Parse the command line; what it does not say has its default. Never fails: what is unknown or has
 * a bad value is named in warnings and otherwise ignored.
 */
void cmdline_parse(const char *cmdline, struct cmdline_options *out);

#endif
