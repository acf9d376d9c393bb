// SPDX-License-Identifier: MIT
/* A serial port whose line a test reads and writes. */
#ifndef TESTS_UNIT_FAKES_UART_H
#define TESTS_UNIT_FAKES_UART_H

#include "core/lib/types.h"

extern char uart_output[1 << 20]; /* all that went out, NUL-terminated */
extern size_t uart_output_len;
extern size_t uart_capacity; /* bytes the port takes before uart_release(); ~0: no limit */

/* Forget everything; no limit. */
void uart_reset(void);
/* Let this many more bytes out. */
void uart_release(size_t bytes);
/* What the operator types. The bytes stay the caller's until they are read. */
void uart_type(const char *text, size_t len);
/* Bytes typed and not read yet. */
size_t uart_typed(void);

#endif
