// SPDX-License-Identifier: MIT
/* Ends of the machine's run. Any context; the other cores are stopped first. */
#ifndef DRIVERS_POWER_H
#define DRIVERS_POWER_H

#include "core/lib/types.h"

/* What the ACPI tables say (ACPI 6.3, 4.8.3.6 and 4.8.3.2); zeros where they do not. */
struct power_info {
	uint8_t reset_space; /* 0 memory, 1 I/O ports */
	uint8_t reset_value;
	uint64_t reset_address;        /* 0: no reset register */
	uint16_t pm1a_port, pm1b_port; /* control registers; 0: none */
	bool s5;                       /* the sleep types of S5 are known */
	uint8_t s5_typ_a, s5_typ_b;
};

/* Boot core, once; maps the reset register if it is memory. */
void power_init(const struct power_info *info);

/* Implemented in core/panic.c: let all output that is queued leave. */
void power_flush(void);

/*
 * A guest of Xen asks Xen, in all three. Else: ACPI reset register, then the ports and tricks of
 * older machines.
 */
void machine_reboot(void) noreturn_fn;
/* ACPI S5; stays halted, saying so, where that does not work. */
void machine_poweroff(void) noreturn_fn;
/*
 * For runs under test: QEMU's debug-exit port makes it exit with 2 * code + 1, and Bochs ends at the
 * word that its port 0x8900 waits for; a guest of Xen crashes if code is not 0. Elsewhere it powers
 * off.
 */
void machine_exit(uint8_t code) noreturn_fn;

#endif
