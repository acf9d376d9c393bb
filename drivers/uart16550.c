// SPDX-License-Identifier: MIT
#include "drivers/uart16550.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/lock.h"
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
#define FCR_TRIGGER_8      0x80
#define LCR_STOP2          BIT(2)
#define LCR_DIVISOR        BIT(7)
#define MCR_DTR_RTS        0x03
#define MCR_OUT2           BIT(3) /* gates the interrupt line of a PC */
#define MCR_LOOP           BIT(4)
#define LSR_DATA           BIT(0)
#define LSR_OVERRUN        BIT(1)
#define LSR_THRE           BIT(5)
#define MSR_DCD_RI_DSR_CTS 0xf0

#define BASE_BAUD  115200U
#define FIFO_DEPTH 16U

#define TX_SIZE 1024U /* powers of two; the console has longer ones behind them */
#define RX_SIZE 1024U
/* No port that works is busy for so many reads of its status register. */
#define STUCK_READS 1000000U
/* Causes served in one uart_poll(): several FIFOs full. */
#define POLL_ROUNDS 8U

struct ring {
	uint32_t head; /* next byte out; both run freely */
	uint32_t tail; /* next byte in */
};

static char tx_data[TX_SIZE], rx_data[RX_SIZE];
static struct ring tx, rx;
static struct spinlock uart_lock = SPINLOCK_INIT;
static uint16_t port; /* 0: none */
static bool interrupts, blocking = true;
static bool alone; /* the other cores are stopped: one of them may hold the lock for ever */
static uint8_t ier;
static uint64_t overruns;

static void lock_port(void)
{
	if (!load_relaxed(&alone))
		spin_lock(&uart_lock);
}

static void unlock_port(void)
{
	if (!load_relaxed(&alone))
		spin_unlock(&uart_lock);
}

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
	interrupts = false;
	ier = 0;
	port = config->port;
	if (!port || !detect()) {
		port = 0;
		return false;
	}
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
	reg_write(REG_FCR, FCR_ENABLE_CLEAR | FCR_TRIGGER_8);
	reg_write(REG_MCR, MCR_DTR_RTS | MCR_OUT2);
	return true;
}

bool uart_present(void)
{
	return port != 0;
}

static void set_ier(uint8_t value)
{
	if (interrupts && ier != value) {
		ier = value;
		reg_write(REG_IER, value);
	}
}

/* Fill the transmit FIFO if it is empty; false when it is not or there is nothing to send. */
static bool send_some(void)
{
	if (tx.head == tx.tail || !(reg_read(REG_LSR) & LSR_THRE))
		return false;
	for (unsigned int i = 0; i < FIFO_DEPTH && tx.head != tx.tail; i++, tx.head++)
		reg_write(REG_DATA, (uint8_t)tx_data[tx.head % TX_SIZE]);
	return true;
}

static void receive(void)
{
	uint8_t lsr = reg_read(REG_LSR);

	for (unsigned int i = 0; lsr & LSR_DATA && i < 2 * FIFO_DEPTH; i++) {
		char c = (char)reg_read(REG_DATA);

		if (lsr & LSR_OVERRUN)
			overruns++;
		if (rx.tail - rx.head < RX_SIZE)
			rx_data[rx.tail++ % RX_SIZE] = c;
		else
			overruns++;
		lsr = reg_read(REG_LSR);
	}
}

static void poll_locked(void)
{
	/*
	 * The interrupt is an edge: until the port says that nothing is pending the line may stay
	 * up, and no further edge would come.
	 */
	for (unsigned int i = 0; i < POLL_ROUNDS; i++) {
		receive();
		send_some();
		if (!interrupts || reg_read(REG_IIR) & IIR_NONE_PENDING)
			break;
	}
	set_ier((uint8_t)(IER_RECEIVED | (tx.head != tx.tail ? IER_TRANSMIT_EMPTY : 0)));
}

void uart_poll(void)
{
	if (!port)
		return;
	lock_port();
	poll_locked();
	unlock_port();
}

void uart_enable_interrupts(void)
{
	if (!port)
		return;
	lock_port();
	interrupts = true;
	poll_locked();
	unlock_port();
}

void uart_set_blocking(bool on)
{
	store_relaxed(&blocking, on);
}

/* Wait, within reason, until there is room in the transmit ring. */
static void wait_for_room(void)
{
	for (unsigned int i = 0; i < STUCK_READS && tx.tail - tx.head == TX_SIZE; i++)
		send_some();
}

size_t uart_write(const char *buf, size_t len)
{
	size_t done = 0;

	if (!port)
		return len;
	lock_port();
	while (done < len) {
		if (tx.tail - tx.head == TX_SIZE && blocking)
			wait_for_room();
		if (tx.tail - tx.head == TX_SIZE)
			break;
		tx_data[tx.tail++ % TX_SIZE] = buf[done++];
	}
	/* The first bytes start at once; from then on "transmitter empty" interrupts. */
	if (!(ier & IER_TRANSMIT_EMPTY)) {
		send_some();
		if (tx.head != tx.tail)
			set_ier((uint8_t)(IER_RECEIVED | IER_TRANSMIT_EMPTY));
	}
	unlock_port();
	return done;
}

size_t uart_room(void)
{
	return TX_SIZE - (load_relaxed(&tx.tail) - load_relaxed(&tx.head));
}

size_t uart_read(char *buf, size_t len)
{
	size_t done = 0;

	lock_port();
	while (done < len && rx.head != rx.tail)
		buf[done++] = rx_data[rx.head++ % RX_SIZE];
	unlock_port();
	return done;
}

uint64_t uart_overruns(void)
{
	return load_relaxed(&overruns);
}

void uart_panic_begin(void)
{
	store_relaxed(&alone, true);
}

static bool panic_put(char c)
{
	for (unsigned int i = 0; i < STUCK_READS; i++) {
		if (reg_read(REG_LSR) & LSR_THRE) {
			reg_write(REG_DATA, (uint8_t)c);
			return true;
		}
	}
	return false;
}

void uart_panic_write(const char *buf, size_t len)
{
	if (!port)
		return;
	reg_write(REG_IER, 0);
	while (tx.head != tx.tail && panic_put(tx_data[tx.head % TX_SIZE]))
		tx.head++;
	for (size_t i = 0; i < len && panic_put(buf[i]); i++)
		;
}
