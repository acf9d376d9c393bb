// SPDX-License-Identifier: MIT
/* Output: the ring before the port, and whose line is open on the terminal. */
#include "core/console.h"

#include "arch/x86/cpu/clock.h"
#include "core/console_internal.h"
#include "core/domain.h"
#include "core/hooks.h"
#include "core/lib/log.h"
#include "core/lib/string.h"
#include "core/log_ring.h"
#include "drivers/serial.h"
#include "mm/own.h"

#define OUT_ORDER    4 /* pages: 64 KiB */
#define OUT_SIZE     ((uint32_t)PAGE_SIZE << OUT_ORDER)
#define OUT_RESERVED 8192U /* of it for the log and the monitor */
#define FLUSH_ROUNDS 1000000U

/* A partial line is held for so many milliseconds: long enough for a guest that writes its lines
 * in pieces, and hardly felt where somebody types. */
#define HOLD_MS       100
#define HOLD_FOCUS_MS 10

struct spinlock console_lock;
bool console_have_serial;

static char *out; /* NULL before console_start(): straight to the port, which waits then */
static uint32_t out_head, out_tail; /* run freely */
static bool prefixed;
/* Whose unfinished line is last on the terminal: a domain, `monitor_line`, or NULL. */
static const void *open_line;
static const char monitor_line;
static bool any_refused;
static uint64_t next_hold = ~0ULL; /* the earliest hold_until of all guests */

static uint32_t out_room(void)
{
	return out ? OUT_SIZE - (out_tail - out_head) : OUT_SIZE;
}

static void emit(const char *buf, size_t len)
{
	if (!out) {
		(void)serial_write(buf, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		out[out_tail++ % OUT_SIZE] = buf[i];
}

void console_drain(void)
{
	while (out_head != out_tail) {
		uint32_t at = out_head % OUT_SIZE;
		uint32_t n = out_tail - out_head;
		size_t taken;

		if (n > OUT_SIZE - at)
			n = OUT_SIZE - at;
		taken = serial_write(out + at, n);
		out_head += (uint32_t)taken;
		if (taken < n)
			break;
	}
}

/* The terminal is to be at the start of a line, or in the middle of this source's. */
static void claim_line(const void *source)
{
	if (open_line && open_line != source)
		emit("\r\n", 2);
	open_line = NULL;
}

/* Text of the hypervisor's own: newlines become what a terminal wants. */
static void emit_text(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (out_room() < 4)
			return;
		if (buf[i] == '\n')
			emit("\r", 1);
		emit(buf + i, 1);
	}
}

void console_write(const char *buf, size_t len)
{
	if (!console_have_serial || !len)
		return;
	spin_lock(&console_lock);
	if (open_line)
		emit("\r\n", 2);
	open_line = NULL;
	emit_text(buf, len);
	console_drain();
	spin_unlock(&console_lock);
}

void console_monitor_write(const char *buf, size_t len)
{
	if (!console_have_serial || !len)
		return;
	spin_lock(&console_lock);
	claim_line(&monitor_line);
	emit_text(buf, len);
	open_line = buf[len - 1] == '\n' ? NULL : &monitor_line;
	console_drain();
	spin_unlock(&console_lock);
	/* A command may print for long: the port holds only 16 characters of what is typed. */
	serial_poll();
}

bool console_monitor_line_open(void)
{
	return load_relaxed(&open_line) == &monitor_line;
}

size_t console_room(void)
{
	return out_room();
}

/* What a guest may put into the ring now. */
static uint32_t guest_room(void)
{
	uint32_t room = out_room();

	return room > OUT_RESERVED ? room - OUT_RESERVED : 0;
}

/* Put a guest's gathered bytes on the terminal, under its name when there are several guests. */
static void show_partial(struct domain *d)
{
	struct guest_console *g = &d->console;

	if (open_line != d) {
		claim_line(d);
		if (prefixed) {
			emit("(", 1);
			emit(d->name, strlen(d->name));
			emit(") ", 2);
		}
	}
	emit(g->partial, g->partial_len);
	open_line = g->partial[g->partial_len - 1] == '\n' ? NULL : d;
	g->partial_len = 0;
	g->hold_until = ~0ULL;
}

/* Take one byte; false when there is no room for what may become of it. */
static bool gather(struct domain *d, char c)
{
	struct guest_console *g = &d->console;

	if (guest_room() < CONSOLE_PARTIAL + DOMAIN_NAME_MAX + 8)
		return false;
	g->partial[g->partial_len++] = c;
	if (c == '\n' || g->partial_len == CONSOLE_PARTIAL || open_line == d)
		show_partial(d);
	return true;
}

/* With several guests: line by line. */
static size_t write_prefixed(struct domain *d, const char *buf, size_t len, bool must_take)
{
	struct guest_console *g = &d->console;
	size_t i;

	for (i = 0; i < len; i++) {
		if (must_take && buf[i] == '\n' && g->last != '\r' && !gather(d, '\r'))
			break;
		if (!gather(d, buf[i]))
			break;
		g->last = buf[i];
	}
	if (g->partial_len && g->hold_until == ~0ULL) {
		uint64_t ms = d->id == console_focus_id ? HOLD_FOCUS_MS : HOLD_MS;

		g->hold_until = clock_ticks() + ms * tsc_khz;
		next_hold = min_u64(next_hold, g->hold_until);
	}
	return i;
}

/* A guest alone: its bytes as they are. */
static size_t write_plain(struct domain *d, const char *buf, size_t len, bool must_take)
{
	struct guest_console *g = &d->console;
	size_t i;

	claim_line(d);
	for (i = 0; i < len; i++) {
		if (guest_room() < 4)
			break;
		if (must_take && buf[i] == '\n' && g->last != '\r')
			emit("\r", 1);
		emit(buf + i, 1);
		g->last = buf[i];
	}
	open_line = g->last == '\n' ? NULL : d;
	return i;
}

size_t console_guest_write(struct domain *d, const char *buf, size_t len, bool must_take)
{
	struct guest_console *g = &d->console;
	size_t done;

	if (!console_have_serial || !len)
		return len;
	spin_lock(&console_lock);
	done = prefixed ? write_prefixed(d, buf, len, must_take)
			: write_plain(d, buf, len, must_take);
	if (done < len && must_take) {
		g->dropped += len - done;
		done = len;
	} else if (done < len) {
		g->refused = true;
		any_refused = true;
	}
	console_drain();
	spin_unlock(&console_lock);
	return done;
}

void console_set_prefixed(bool on)
{
	spin_lock(&console_lock);
	prefixed = on;
	spin_unlock(&console_lock);
}

/* One guest's turn: what was held until `arg` (a TSC) is shown. No lock held. */
static void serve_guest(struct domain *d, void *arg)
{
	struct guest_console *g = &d->console;
	uint64_t now = *(const uint64_t *)arg;
	bool room;

	spin_lock(&console_lock);
	if (g->partial_len && now >= g->hold_until && out_room() > 2 * CONSOLE_PARTIAL)
		show_partial(d);
	if (g->partial_len)
		next_hold = min_u64(next_hold, g->hold_until);
	room = g->refused && guest_room() > OUT_SIZE / 2;
	if (room)
		g->refused = false;
	any_refused |= g->refused;
	spin_unlock(&console_lock);
	/* It writes through console_guest_write() again. */
	if (room)
		xen_console_output_ready(d);
}

void console_serve_guests(uint64_t now)
{
	if (!load_relaxed(&any_refused) && now < load_relaxed(&next_hold))
		return;
	spin_lock(&console_lock);
	any_refused = false;
	next_hold = ~0ULL;
	spin_unlock(&console_lock);
	domain_for_each(serve_guest, &now);
	spin_lock(&console_lock);
	console_drain();
	spin_unlock(&console_lock);
}

bool console_output_waits(uint64_t *hold_until)
{
	*hold_until = load_relaxed(&next_hold);
	return load_relaxed(&any_refused) || load_relaxed(&out_head) != load_relaxed(&out_tail);
}

void console_init(bool have_serial)
{
	console_have_serial = have_serial;
	log_ring_replay();
}

void console_start(void)
{
	char *ring = own_alloc_pages(OUT_ORDER);

	log_ring_start();
	/* Without memory for it output goes on straight to the port's own ring. */
	spin_lock(&console_lock);
	out = ring;
	spin_unlock(&console_lock);
	serial_set_blocking(false);
}

void console_flush(void)
{
	bool locked = false;

	/* In a panic the lock's holder may have been stopped. */
	for (unsigned int i = 0; i < FLUSH_ROUNDS && !locked; i++)
		locked = spin_trylock(&console_lock);
	for (unsigned int i = 0; i < FLUSH_ROUNDS && out_head != out_tail; i++) {
		console_drain();
		serial_poll();
	}
	serial_panic_write("", 0);
	if (locked)
		spin_unlock(&console_lock);
}

enum status console_guest_init(struct domain *d)
{
	d->console.hold_until = ~0ULL;
	d->console.input = own_alloc_pages(CONSOLE_INPUT_ORDER);
	return d->console.input ? OK : ERR_NOMEM;
}

void console_guest_destroy(struct domain *d)
{
	spin_lock(&console_lock);
	if (console_have_serial && d->console.partial_len)
		show_partial(d);
	if (open_line == d)
		claim_line(NULL);
	own_free_pages(d->console.input, CONSOLE_INPUT_ORDER);
	d->console.input = NULL;
	spin_unlock(&console_lock);
}
