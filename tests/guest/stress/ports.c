// SPDX-License-Identifier: MIT
/* Sending, handling, and the book-keeping between them. */
#include "tests/guest/stress/stress.h"

#define WORD_BITS (sizeof(xen_ulong_t) * 8)

struct port ports[PORTS];
volatile unsigned int hold = 1, held[SENDERS], upcalls_left;
static unsigned int next_port[SENDERS];
static struct port *port_of_word[WORD_BITS];

/* The first free port of each word; those between stay bound and unused. */
void ports_init(void)
{
	unsigned int n = 0;

	while (n < PORTS) {
		long nr = bind_ipi(TARGET);

		if (nr < 0) {
			fault(FAULT_OTHER, "no port: %ld", nr);
			return;
		}
		if (port_of_word[(unsigned long)nr / WORD_BITS])
			continue;
		ports[n].nr = (evtchn_port_t)nr;
		ports[n].exact = n % 2 == 0;
		port_of_word[(unsigned long)nr / WORD_BITS] = &ports[n++];
		clear_mask((evtchn_port_t)nr);
	}
}

void sender_hold(unsigned int cpu)
{
	unsigned int h = hold;

	if (!(h & 1))
		return;
	held[cpu] = h;
	while (hold == h)
		cpu_pause();
}

/* Whether the port's bit is clear for certain: not when shared_info moves meanwhile. */
static bool seen_clear(const struct port *p)
{
	unsigned int before = shared_version;
	struct shared_info *s = shared_at;
	xen_ulong_t word;

	barrier();
	word = READ_ONCE(s->evtchn_pending[p->nr / WORD_BITS]);
	barrier();
	return !(before & 1) && shared_version == before && !(word >> p->nr % WORD_BITS & 1);
}

/* The last event of an exact port has come; if not for too long, it never will. */
static bool answered(struct port *p, unsigned int cpu)
{
	if (p->handled == p->sent)
		return true;
	if (p->since && own_ticks(cpu) - p->since > patience) {
		p->since = 0;
		fault(FAULT_LOST, "port %u: sent %u, handled %u", p->nr, p->sent, p->handled);
	}
	return false;
}

static void send(struct port *p)
{
	struct evtchn_send s = { .port = p->nr };
	long err;

	p->sent++;
	barrier();
	err = evtchn_op(EVTCHNOP_send, &s);
	if (err)
		fault(FAULT_OTHER, "send to port %u: %ld", p->nr, err);
}

void send_some(unsigned int cpu)
{
	struct port *p = &ports[cpu * PORTS_EACH + next_port[cpu]++ % PORTS_EACH];
	volatile uint32_t *hot = (volatile uint32_t *)HOT_PAGE;

	__asm__ volatile("" : "+r"(hot)); /* no array that the compiler knows lies there */
	hot[cpu] = p->sent;
	if (p->exact && answered(p, cpu)) {
		p->since = own_ticks(cpu);
		p->raised++;
		send(p);
	} else if (!p->exact) {
		bool clear = seen_clear(p);

		/* Those that merge with one that is pending: some. */
		if (clear || !chance(cpu, 4)) {
			p->raised += clear;
			send(p);
		}
	}
	/* Now and then leave the target time to catch up, else most events merge. */
	for (unsigned int i = chance(cpu, 8) ? 0 : chance(cpu, 100); i; i--)
		cpu_pause();
}

/* Under the lock, with the pending bit just cleared. */
static void handle(struct port *p)
{
	p->handled++;
	if ((int32_t)(p->handled - p->sent) > 0)
		fault(FAULT_DOUBLED, "port %u: sent %u, handled %u", p->nr, p->sent, p->handled);
}

void handle_words(xen_ulong_t words)
{
	struct shared_info *s = shared_at;

	for (unsigned int w = 0; w < WORD_BITS && words >> w; w++) {
		xen_ulong_t bits;

		if (!(words >> w & 1))
			continue;
		bits = READ_ONCE(s->evtchn_pending[w]) & ~READ_ONCE(s->evtchn_mask[w]);
		for (unsigned int b = 0; b < WORD_BITS && bits >> b; b++) {
			struct port *p = port_of_word[w];

			if (!(bits >> b & 1))
				continue;
			(void)__atomic_fetch_and(&s->evtchn_pending[w], ~((xen_ulong_t)1 << b),
						 __ATOMIC_SEQ_CST);
			if (p && p->nr == w * WORD_BITS + b)
				handle(p);
			else
				fault(FAULT_OTHER, "port %lu", (unsigned long)(w * WORD_BITS + b));
		}
	}
}

xen_ulong_t all_words(void)
{
	xen_ulong_t words = 0;

	for (unsigned int i = 0; i < PORTS; i++)
		words |= (xen_ulong_t)1 << ports[i].nr / WORD_BITS;
	return words;
}

void on_upcall(struct trap_frame *f)
{
	struct vcpu_info *v;

	/* Senders can keep it here for ever: some of its time is for moves. */
	if (mode == MODE_SELF && !upcalls_left--)
		f->flags &= ~0x200U;
	take_lock();
	v = info_now();
	/* If it has just gone away, what it says goes with it, and comes back with it. */
	if (v) {
		WRITE_ONCE(v->evtchn_upcall_pending, 0);
		handle_words(__atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST));
	}
	drop_lock();
}

static bool at_rest(const struct port *p)
{
	return p->exact ? p->handled == p->sent
			: seen_clear(p) && (int32_t)(p->handled - p->raised) >= 0;
}

bool drained(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		if (!at_rest(&ports[i]))
			return false;
	return true;
}

void report_lost(void)
{
	for (unsigned int i = 0; i < PORTS; i++)
		if (!at_rest(&ports[i]))
			fault(FAULT_LOST, "port %u: sent %u, raised %u, handled %u, %s",
			      ports[i].nr, ports[i].sent, ports[i].raised, ports[i].handled,
			      seen_clear(&ports[i]) ? "not pending" : "pending");
}

uint64_t total_sent(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < PORTS; i++)
		n += ports[i].sent;
	return n;
}

uint64_t total_handled(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < PORTS; i++)
		n += ports[i].handled;
	return n;
}
