// SPDX-License-Identifier: MIT
/* Input: from the port to the guest or monitor that has the focus. */
#include "arch/x86/cpu/clock.h"
#include "core/console.h"
#include "core/console_internal.h"
#include "core/domain.h"
#include "core/domain_internal.h"
#include "core/hooks.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "core/monitor.h"
#include "core/monitor_internal.h"
#include "core/sched.h"
#include "drivers/serial.h"

#define CHUNK        64
#define SWITCH_COUNT 3

char console_switch = 1; /* Ctrl-A */
bool console_focus_guest = true;
bool console_polled;
uint16_t console_focus_id; /* 0: the monitor */

/* Held by the core that serves the input; the others leave it to that one. Never waited for. */
static struct spinlock input_lock;
static uint64_t next_poll;
static bool hurry;
static unsigned int switches; /* switch characters in a row, not passed on yet */
static char focus_name[DOMAIN_NAME_MAX];
static bool focus_was_set;

/* Put bytes into the guest's ring and tell it. */
static void guest_input(struct domain *d, const char *buf, size_t len)
{
	struct guest_console *g = &d->console;

	spin_lock(&console_lock);
	for (size_t i = 0; i < len; i++) {
		if (g->in_tail - g->in_head < CONSOLE_INPUT_SIZE)
			g->input[g->in_tail++ % CONSOLE_INPUT_SIZE] = buf[i];
		else
			g->dropped++;
	}
	spin_unlock(&console_lock);
	xen_console_input_ready(d);
}

size_t console_guest_read(struct domain *d, char *buf, size_t len)
{
	struct guest_console *g = &d->console;
	size_t n = 0;

	spin_lock(&console_lock);
	while (n < len && g->in_head != g->in_tail)
		buf[n++] = g->input[g->in_head++ % CONSOLE_INPUT_SIZE];
	spin_unlock(&console_lock);
	return n;
}

static void deliver(const char *buf, size_t len)
{
	uint16_t id = load_relaxed(&console_focus_id);
	struct domain *d;

	if (!len)
		return;
	if (!id) {
		for (size_t i = 0; i < len; i++)
			monitor_input(buf[i]);
		return;
	}
	d = domain_get(id);
	if (!d)
		return;
	guest_input(d, buf, len);
	domain_put(d);
}

/* The living domain with the lowest id above `after`, as a reference; NULL for none. */
static struct domain *domain_after(uint16_t after)
{
	uint16_t best = 0;

	spin_lock(&domain_lock);
	for (unsigned int i = 0; i < MAX_PHYSMAPS; i++) {
		const struct domain *d = domains[i];

		if (d && d->state != DOMAIN_DYING && d->id > after && (!best || d->id < best))
			best = d->id;
	}
	spin_unlock(&domain_lock);
	return best ? domain_get(best) : NULL;
}

static void set_focus(const struct domain *d)
{
	focus_was_set = true;
	xsnprintf(focus_name, sizeof(focus_name), "%s", d ? d->name : "");
	store_relaxed(&console_focus_id, d ? d->id : 0);
}

uint16_t console_focused_id(void)
{
	return load_relaxed(&console_focus_id);
}

void console_focus(struct domain *d)
{
	char line[DOMAIN_NAME_MAX + 80];
	int n;

	set_focus(d);
	n = xsnprintf(line, sizeof(line), "*** input to %s (Ctrl-%c three times moves it)\n",
		      d ? d->name : "the monitor", console_switch ? console_switch + '@' : '-');
	console_write(line, (size_t)n);
	if (!d)
		monitor_enter();
}

static void next_focus(void)
{
	struct domain *d = domain_after(load_relaxed(&console_focus_id));

	console_focus(d);
	if (d)
		domain_put(d);
}

/* Switch characters are kept until it is clear that they do not switch. Returns how many bytes of
 * out[] are to be delivered. */
static size_t filter(char c, char out[SWITCH_COUNT + 1])
{
	size_t n = 0;

	if (console_switch && c == console_switch) {
		if (++switches == SWITCH_COUNT) {
			switches = 0;
			next_focus();
		}
		return 0;
	}
	for (; switches; switches--)
		out[n++] = console_switch;
	out[n++] = c;
	return n;
}

static void read_port(void)
{
	char in[CHUNK], out[CHUNK + SWITCH_COUNT], one[SWITCH_COUNT + 1];
	size_t n, ready = 0;

	while ((n = serial_read(in, sizeof(in)))) {
		for (size_t i = 0; i < n; i++) {
			uint16_t before = console_focus_id;
			size_t more;

			/* What was typed before a switch goes to the old place. */
			if (in[i] == console_switch && switches == SWITCH_COUNT - 1) {
				deliver(out, ready);
				ready = 0;
			}
			more = filter(in[i], one);
			if (before != console_focus_id)
				continue;
			memcpy(out + ready, one, more);
			ready += more;
			if (ready + SWITCH_COUNT + 1 > sizeof(out)) {
				deliver(out, ready);
				ready = 0;
			}
		}
		deliver(out, ready);
		ready = 0;
	}
}

void console_interrupt(void)
{
	serial_poll();
	store_relaxed(&hurry, true);
}

void console_poll(void)
{
	uint64_t now = clock_ticks();

	if (!console_have_serial || (now < load_relaxed(&next_poll) && !load_relaxed(&hurry)))
		return;
	if (!spin_trylock(&input_lock))
		return;
	store_relaxed(&hurry, false);
	/* The UART holds 16 characters, 1.4 ms: looks that a slice ends must not be skipped. */
	store_relaxed(&next_poll, now + sched_slice / 8);
	serial_poll();
	spin_lock(&console_lock);
	console_drain();
	spin_unlock(&console_lock);
	read_port();
	monitor_poll();
	console_serve_guests(now);
	spin_unlock(&input_lock);
}

uint64_t console_deadline(void)
{
	uint64_t next = load_relaxed(&next_poll), hold;

	if (!console_have_serial)
		return ~0ULL;
	if (load_relaxed(&hurry))
		return 0;
	if (console_output_waits(&hold) || monitor_input_waits() ||
	    (console_polled && this_cpu()->id == 0))
		return next;
	return hold == ~0ULL ? hold : max_u64(hold, next);
}

static void count_living(struct domain *d, void *arg)
{
	(void)d;
	++*(uint32_t *)arg;
}

void console_domains_changed(void)
{
	struct domain *d;
	uint16_t id = load_relaxed(&console_focus_id);
	uint32_t living = 0;

	domain_for_each(count_living, &living);
	console_set_prefixed(living > 1);
	console_serve_guests(~0ULL - 1);

	if (!focus_was_set && console_focus_guest) {
		d = domain_after(0);
	} else {
		d = domain_get(id);
		/* Restarted: the same name under another id. Gone: the next one. */
		if (!id || d) {
			if (d)
				domain_put(d);
			return;
		}
		d = domain_get_by_name(focus_name);
		/* It may be one that is still to come. */
		if (!d && domain_count() == living)
			d = domain_after(0);
	}
	if (!d)
		return;
	set_focus(d);
	domain_put(d);
}
