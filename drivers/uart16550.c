// SPDX-License-Identifier: MIT
#include "drivers/uart16550.h"

#include "arch/x86/cpu/asm.h"
#include "core/lib/bits.h"

/* Registers (PC16550D datasheet, table 2); the divisor latch hides the first two. */
#define REG_DATA         0
#define REG_IER          1
#define REG_IIR          2 /* read */
#define REG_FCR          2 /* write */
#define REG_LCR          3
#define REG_MCR          4
#define REG_LSR          5
#define REG_MSR          6
#define REG_SCRATCH      7
#define REG_DIVISOR_LOW  0
#define REG_DIVISOR_HIGH 1

#define IER_RECEIVED       BIT(0)
#define IER_TRANSMIT_EMPTY BIT(1)
#define IIR_NONE_PENDING   BIT(0)
#define FCR_ENABLE_CLEAR   0x07
#define FCR_TRIGGER_1      0x00 /* all 16 characters are there for what takes long */
#define LCR_STOP2          BIT(2)
#define LCR_DIVISOR        BIT(7)
#define MCR_DTR_RTS        0x03
#define MCR_OUT2           BIT(3) /* gates the interrupt line of a PC */
#define MCR_LOOP           BIT(4)
#define LSR_DATA           BIT(0)
#define LSR_THRE           BIT(5)
#define LSR_TEMT           BIT(6)
#define MSR_DCD_RI_DSR_CTS 0xf0

#define BASE_BAUD 115200U

static uint16_t port;

static uint8_t reg_read(uint16_t reg)
{
	return inb((uint16_t)(port + reg));
}

static void reg_write(uint16_t reg, uint64_t value)
{
	outb((uint16_t)(port + reg), (uint8_t)value);
}

/* The scratch register keeps a byte, and in loop-back the modem lines come back. */
static bool detect(void)
{
	uint8_t mcr;
	bool loops;

	reg_write(REG_SCRATCH, 0x5a);
	if (reg_read(REG_SCRATCH) != 0x5a)
		return false;
	reg_write(REG_SCRATCH, 0xa5);
	if (reg_read(REG_SCRATCH) != 0xa5)
		return false;
	mcr = reg_read(REG_MCR);
	reg_write(REG_MCR, MCR_LOOP | 0x0a); /* RTS and OUT2 come back as CTS and DCD */
	loops = (reg_read(REG_MSR) & MSR_DCD_RI_DSR_CTS) == 0x90;
	reg_write(REG_MCR, mcr);
	return loops;
}

static uint64_t line_control(const struct uart_config *c)
{
	uint64_t lcr = (c->data_bits - 5ULL) & 3;

	if (c->stop_bits == 2)
		lcr |= LCR_STOP2;
	switch (c->parity) {
	case 'o': return lcr | 0x08;
	case 'e': return lcr | 0x18;
	case 'm': return lcr | 0x28;
	case 's': return lcr | 0x38;
	default: return lcr;
	}
}

bool uart_init(const struct uart_config *config)
{
	port = config->port;
	if (!port || !detect())
		return false;
	reg_write(REG_LCR, reg_read(REG_LCR) & ~LCR_DIVISOR);
	reg_write(REG_IER, 0);
	if (config->baud) {
		uint32_t divisor = BASE_BAUD / config->baud;

		divisor = divisor ? divisor : 1;
		reg_write(REG_LCR, LCR_DIVISOR);
		reg_write(REG_DIVISOR_LOW, divisor);
		reg_write(REG_DIVISOR_HIGH, divisor >> 8);
		reg_write(REG_LCR, line_control(config));
	}
	reg_write(REG_FCR, FCR_ENABLE_CLEAR | FCR_TRIGGER_1);
	reg_write(REG_MCR, MCR_DTR_RTS | MCR_OUT2);
	return true;
}

bool uart_can_send(void)
{
	return reg_read(REG_LSR) & LSR_THRE;
}

bool uart_idle(void)
{
	return reg_read(REG_LSR) & LSR_TEMT;
}

void uart_send(char c)
{
	reg_write(REG_DATA, (uint8_t)c);
}

bool uart_receive(char *c)
{
	if (!(reg_read(REG_LSR) & LSR_DATA))
		return false;
	*c = (char)reg_read(REG_DATA);
	return true;
}

bool uart_interrupt_pending(void)
{
	return !(reg_read(REG_IIR) & IIR_NONE_PENDING);
}

void uart_set_interrupts(bool received, bool empty)
{
	reg_write(REG_IER, (received ? IER_RECEIVED : 0) | (empty ? IER_TRANSMIT_EMPTY : 0));
}
