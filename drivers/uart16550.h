// SPDX-License-Identifier: MIT
/*
 * The machine's serial port: the registers of a 16550A at I/O ports. One port; used by
 * drivers/serial.c alone, under its lock.
 */
#ifndef DRIVERS_UART16550_H
#define DRIVERS_UART16550_H

#include "core/lib/types.h"

#define UART_FIFO_DEPTH 16U

struct uart_config {
	uint16_t port;
	uint32_t baud;     /* 0: leave speed and format as the firmware set them */
	uint8_t data_bits; /* 5 .. 8 */
	uint8_t stop_bits; /* 1 or 2 */
	char parity;       /* n o e m s */
};

/*
 * Program the port, interrupts off. False when there is no 16550 there: its registers do not hold
 * what is written to them. Boot core; again for another port.
 */
bool uart_init(const struct uart_config *config) must_check;

/* Whether the transmit FIFO is empty, and has room for UART_FIFO_DEPTH bytes. */
bool uart_can_send(void);
/* Whether all that was sent has left the port. */
bool uart_idle(void);
void uart_send(char c);
/* A received byte, if there is one. */
bool uart_receive(char *c);
/* Whether the port says that it has a reason to interrupt; reading that takes some back. */
bool uart_interrupt_pending(void);
/* Interrupts when a byte is received, and when the transmit FIFO is empty. */
void uart_set_interrupts(bool received, bool empty);

#endif
