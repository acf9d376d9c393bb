// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

#include <xen/io/console.h>

static struct xencons_interface *ring;
static evtchn_port_t port;
static volatile unsigned int lock;

#define COM1         0x3f8
#define LSR_THR_FREE 0x20
#define LSR_SENT     0x40

/* 115200 baud, 8n1, no interrupts. */
static void com1_init(void)
{
	outb(COM1 + 3, 0x80);
	outb(COM1, 1);
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 3);
	outb(COM1 + 1, 0);
}

static void write_com1(uint8_t c)
{
	while (!(inb(COM1 + 5) & LSR_THR_FREE))
		cpu_pause();
	outb(COM1, c);
}

void console_init(void)
{
	uint64_t gfn;

	if (bare)
		com1_init();
	if (!on_xen || strstr(command_line(), "e9"))
		return;
	gfn = get_param(HVM_PARAM_CONSOLE_PFN);
	port = (evtchn_port_t)get_param(HVM_PARAM_CONSOLE_EVTCHN);
	if (gfn && gfn < 0x100000)
		ring = (struct xencons_interface *)(uintptr_t)(gfn * PAGE_SIZE);
}

static void tell(void)
{
	struct evtchn_send send = { .port = port };

	fence();
	(void)evtchn_op(EVTCHNOP_send, &send);
}

static void write_ring(const char *s, size_t len)
{
	while (len) {
		uint32_t prod = ring->out_prod;

		if (prod - READ_ONCE(ring->out_cons) >= sizeof(ring->out)) {
			tell();
			(void)sched_op(SCHEDOP_yield, 0);
			continue;
		}
		ring->out[prod & (sizeof(ring->out) - 1)] = *s++;
		barrier();
		WRITE_ONCE(ring->out_prod, prod + 1);
		len--;
	}
	tell();
}

void console_write(const char *s, size_t len)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_SEQ_CST))
		cpu_pause();
	if (ring)
		write_ring(s, len);
	else
		for (; len--; s++)
			if (bare)
				write_com1((uint8_t)*s);
			else
				outb(0xe9, (uint8_t)*s);
	__atomic_store_n(&lock, 0, __ATOMIC_SEQ_CST);
}

size_t console_read(char *buf, size_t len)
{
	size_t n = 0;

	while (ring && n < len) {
		uint32_t cons = ring->in_cons;

		if (cons == READ_ONCE(ring->in_prod))
			break;
		barrier();
		buf[n++] = ring->in[cons & (sizeof(ring->in) - 1)];
		barrier();
		WRITE_ONCE(ring->in_cons, cons + 1);
	}
	if (n)
		tell();
	return n;
}

void console_flush(void)
{
	while (bare && !(inb(COM1 + 5) & LSR_SENT))
		cpu_pause();
	while (ring && READ_ONCE(ring->out_cons) != ring->out_prod) {
		tell();
		(void)sched_op(SCHEDOP_yield, 0);
	}
}
