// SPDX-License-Identifier: MIT
#include "tests/unit/fakes/uart.h"

#include <string.h>

#include "drivers/serial.h"

char uart_output[1 << 20];
size_t uart_output_len;
size_t uart_capacity = ~0UL;
static const char *typed;
static size_t typed_len;

void uart_reset(void)
{
	memset(uart_output, 0, sizeof(uart_output));
	uart_output_len = 0;
	uart_capacity = ~0UL;
	typed_len = 0;
}

void uart_release(size_t bytes)
{
	uart_capacity += bytes;
}

void uart_type(const char *text, size_t len)
{
	typed = text;
	typed_len = len;
}

size_t uart_typed(void)
{
	return typed_len;
}

size_t serial_write(const char *buf, size_t len)
{
	if (len > uart_capacity)
		len = uart_capacity;
	if (len > sizeof(uart_output) - 1 - uart_output_len)
		len = sizeof(uart_output) - 1 - uart_output_len;
	if (uart_capacity != ~0UL)
		uart_capacity -= len;
	memcpy(uart_output + uart_output_len, buf, len);
	uart_output_len += len;
	return len;
}

size_t serial_read(char *buf, size_t len)
{
	if (!typed_len)
		return 0;
	/* Less than asked for at a time, as from a FIFO. */
	if (len > 16)
		len = 16;
	if (len > typed_len)
		len = typed_len;
	memcpy(buf, typed, len);
	typed += len;
	typed_len -= len;
	return len;
}

void serial_poll(void)
{
}

void serial_set_blocking(bool blocking)
{
	(void)blocking;
}

void serial_panic_write(const char *buf, size_t len)
{
	(void)buf;
	(void)len;
}
