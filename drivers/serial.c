// SPDX-License-Identifier: MIT
#include "drivers/serial.h"

#include "arch/x86/cpu/lock.h"
#include "drivers/xen_console.h"

#define TX_SIZE 1024U /* powers of two; the console has longer ones behind them */
#define RX_SIZE 1024U
/* No port that works is busy for so many looks. */
#define STUCK_LOOKS 1000000U
/* Causes served in one serial_poll(): several FIFOs full. */
#define POLL_ROUNDS 8U

struct ring {
	uint32_t head; /* next byte out; both run freely */
	uint32_t tail; /* next byte in */
};

static char tx_data[TX_SIZE], rx_data[RX_SIZE];
static struct ring tx, rx;
static struct spinlock serial_lock = SPINLOCK_INIT;
static enum { LINE_NONE, LINE_UART, LINE_XEN } line;
static bool interrupts, blocking = true;
static bool alone;       /* the other cores are stopped: one of them may hold the lock for ever */
static bool empty_asked; /* the interrupt for an empty FIFO is on */

static void lock_line(void)
{
	if (!load_relaxed(&alone))
		spin_lock(&serial_lock);
}

static void unlock_line(void)
{
	if (!load_relaxed(&alone))
		spin_unlock(&serial_lock);
}

bool serial_init_uart(const struct uart_config *config)
{
	line = uart_init(config) ? LINE_UART : LINE_NONE;
	return serial_present();
}

bool serial_init_xen(void)
{
	line = xen_console_init() ? LINE_XEN : LINE_NONE;
	return serial_present();
}

bool serial_present(void)
{
	return line != LINE_NONE;
}

bool serial_can_interrupt(void)
{
	return line == LINE_UART;
}

/* Queued bytes up to the ring's end, as far as Xen's ring takes them. */
static void send_to_xen(void)
{
	uint32_t at = tx.head % TX_SIZE, left = TX_SIZE - at, ready = tx.tail - tx.head;

	tx.head += (uint32_t)xen_console_write(tx_data + at, ready < left ? ready : left);
}

/* Give the line what it takes now. */
static void send_some(void)
{
	if (tx.head == tx.tail)
		return;
	if (line == LINE_XEN) {
		send_to_xen();
		return;
	}
	if (!uart_can_send())
		return;
	for (unsigned int i = 0; i < UART_FIFO_DEPTH && tx.head != tx.tail; i++, tx.head++)
		uart_send(tx_data[tx.head % TX_SIZE]);
}

static bool receive_one(char *c)
{
	return line == LINE_XEN ? xen_console_read(c, 1) != 0 : uart_receive(c);
}

/* What does not fit is lost. */
static void receive(void)
{
	char c;

	for (unsigned int i = 0; i < 2 * UART_FIFO_DEPTH && receive_one(&c); i++)
		if (rx.tail - rx.head < RX_SIZE)
			rx_data[rx.tail++ % RX_SIZE] = c;
}

static void ask_for_interrupts(bool empty)
{
	if (interrupts && empty_asked != empty) {
		empty_asked = empty;
		uart_set_interrupts(true, empty);
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
		if (!interrupts || !uart_interrupt_pending())
			break;
	}
	ask_for_interrupts(tx.head != tx.tail);
}

void serial_poll(void)
{
	if (!serial_present())
		return;
	lock_line();
	poll_locked();
	unlock_line();
}

void serial_enable_interrupts(void)
{
	lock_line();
	interrupts = true;
	uart_set_interrupts(true, false);
	poll_locked();
	unlock_line();
}

void serial_set_blocking(bool on)
{
	store_relaxed(&blocking, on);
}

/* Wait, within reason, until there is room in the transmit ring. */
static void wait_for_room(void)
{
	for (unsigned int i = 0; i < STUCK_LOOKS && tx.tail - tx.head == TX_SIZE; i++)
		send_some();
}

size_t serial_write(const char *buf, size_t len)
{
	size_t done = 0;

	if (!serial_present())
		return len;
	lock_line();
	while (done < len) {
		if (tx.tail - tx.head == TX_SIZE && blocking)
			wait_for_room();
		if (tx.tail - tx.head == TX_SIZE)
			break;
		tx_data[tx.tail++ % TX_SIZE] = buf[done++];
	}
	/* The first bytes start at once; from then on "transmitter empty" interrupts. */
	if (!empty_asked) {
		send_some();
		if (tx.head != tx.tail)
			ask_for_interrupts(true);
	}
	unlock_line();
	return done;
}

size_t serial_read(char *buf, size_t len)
{
	size_t done = 0;

	lock_line();
	while (done < len && rx.head != rx.tail)
		buf[done++] = rx_data[rx.head++ % RX_SIZE];
	unlock_line();
	return done;
}

void serial_panic_begin(void)
{
	store_relaxed(&alone, true);
}

/* Send all that is queued; false when the line does not take it. */
static bool panic_drain(void)
{
	for (unsigned int i = 0; i < STUCK_LOOKS && tx.head != tx.tail; i++) {
		uint32_t before = tx.head;

		send_some();
		if (tx.head != before)
			i = 0;
	}
	return tx.head == tx.tail;
}

void serial_panic_write(const char *buf, size_t len)
{
	if (!serial_present())
		return;
	if (line == LINE_UART)
		uart_set_interrupts(false, false);
	for (size_t i = 0; panic_drain() && i < len; i++)
		tx_data[tx.tail++ % TX_SIZE] = buf[i];
	/* The machine may be off with the next instruction, and what is in the port lost. */
	for (unsigned int i = 0; line == LINE_UART && i < STUCK_LOOKS && !uart_idle(); i++)
		;
}
