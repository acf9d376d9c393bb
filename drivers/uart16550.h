// SPDX-License-Identifier: MIT
/*
 * The machine's serial port: a 16550A at I/O ports, behind rings in both directions. Writing never
 * waits for the line once the machine runs; the rings are moved by uart_poll(), which the port's
 * interrupt, the idle loop and the slice tick call. One port; its users serialise themselves by
 * the console lock, but uart_poll() may be called without it.
 */
#ifndef DRIVERS_UART16550_H
#define DRIVERS_UART16550_H

#include "core/lib/types.h"

struct uart_config {
	uint16_t port;
	uint32_t baud;     /* 0: leave speed and format as the firmware set them */
	uint8_t data_bits; /* 5 .. 8 */
	uint8_t stop_bits; /* 1 or 2 */
	char parity;       /* n o e m s */
};

/*
 * Program the port, interrupts off. False when there is no 16550 there (its registers do not hold
 * what is written to them); the other functions then do nothing. Boot core; again for another port.
 */
bool uart_init(const struct uart_config *config);
bool uart_present(void);

/* Let the port raise interrupts; they are routed and their handler registered already. */
void uart_enable_interrupts(void);
/*
 * While `blocking` (at boot, before there is a scheduler), uart_write() waits for room instead of
 * taking less. Initially true.
 */
void uart_set_blocking(bool blocking);

/* Queue bytes for output; how many were taken. Root, not NMI. */
size_t uart_write(const char *buf, size_t len);
/* Bytes that uart_write() would take now. */
size_t uart_room(void);
/* Take received bytes; how many. */
size_t uart_read(char *buf, size_t len);
/* Received bytes lost: the ring was full, or the port's FIFO was. */
uint64_t uart_overruns(void);

/* Move bytes between the rings and the port. Bounded; any core; root, not NMI. */
void uart_poll(void);

/* The other cores have been stopped, maybe inside these functions: no lock is waited for now. */
void uart_panic_begin(void);
/*
 * For panic(): write what is queued and then buf, by polling, ignoring locks. Any context; the
 * other cores are stopped or do not write any more. Gives up on a port that does not drain.
 */
void uart_panic_write(const char *buf, size_t len);

#endif
