// SPDX-License-Identifier: MIT
/*
 * The log: a ring of lines, each behind one byte that tells its level, and the serial line. Before
 * own memory is up the ring is a small static one, so that nothing said early is lost.
 */
#include "core/lib/log.h"

#include "arch/x86/cpu/clock.h"
#include "arch/x86/cpu/lock.h"
#include "arch/x86/cpu/tsc.h"
#include "core/console.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "core/log_ring.h"
#include "mm/own.h"

#define LINE_MAX    288 /* longer ones are cut */
#define EARLY_SIZE  4096U
#define RING_ORDER  4
#define RING_SIZE   ((uint32_t)PAGE_SIZE << RING_ORDER)
#define LEVEL_BYTE  1 /* level 0 as a byte: not a character of any line */
#define LEVEL_NEVER 7 /* kept in the ring, not for the serial line */

int log_threshold = LOG_INFO, log_guest_threshold = LOG_INFO;

static struct spinlock log_lock;
static char early[EARLY_SIZE];
static char *ring = early;
static uint32_t ring_size = EARLY_SIZE;
static uint64_t ring_end; /* bytes ever logged */

static void ring_put(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ring[ring_end++ % ring_size] = line[i];
}

static const char *const marks[] = {
	[LOG_ERROR] = "error: ",
	[LOG_WARNING] = "warning: ",
	[LOG_INFO] = "",
	[LOG_DEBUG] = "debug: ",
};

static void log_line(enum log_level level, bool show, const char *fmt, va_list ap)
{
	char line[LINE_MAX];
	size_t size = sizeof(line) - 1, len;

	line[0] = (char)(LEVEL_BYTE + (show ? (int)level : LEVEL_NEVER));
	len = 1 + (size_t)xsnprintf(line + 1, size - 1, "xenith: %s", marks[level]);
	len += (size_t)xvsnprintf(line + len, size - len, fmt, ap);
	if (len > size - 1)
		len = size - 1;
	line[len++] = '\n';
	spin_lock(&log_lock);
	ring_put(line, len);
	spin_unlock(&log_lock);
	if (show)
		console_write(line + 1, len - 1);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(level, (int)level <= log_threshold, fmt, ap);
	va_end(ap);
}

void log_guest_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(level, (int)level <= log_guest_threshold, fmt, ap);
	va_end(ap);
}

static bool is_level(char c)
{
	return c >= LEVEL_BYTE && c <= LEVEL_BYTE + LEVEL_NEVER;
}

/*
 * The next line at *at without its level byte; the level in *level. 0 at the end. A line that was
 * partly overwritten has lost its beginning and is passed over.
 */
static size_t next_line(uint64_t *at, char *buf, size_t size, int *level)
{
	size_t n = 0;

	spin_lock(&log_lock);
	if (ring_end - *at > ring_size)
		*at = ring_end > ring_size ? ring_end - ring_size : 0;
	while (*at != ring_end && !is_level(ring[*at % ring_size]))
		++*at;
	if (*at != ring_end)
		*level = ring[(*at)++ % ring_size] - LEVEL_BYTE;
	while (*at != ring_end && n < size) {
		char c = ring[(*at)++ % ring_size];

		buf[n++] = c;
		if (c == '\n')
			break;
	}
	spin_unlock(&log_lock);
	return n;
}

size_t log_ring_read(uint64_t *at, char *buf, size_t size)
{
	size_t n = 0;

	while (size - n >= LINE_MAX) {
		int level;
		size_t more = next_line(at, buf + n, size - n, &level);

		if (!more)
			break;
		n += more;
	}
	return n;
}

void log_ring_replay(void)
{
	uint64_t at = 0;
	char line[LINE_MAX];
	int level;
	size_t n;

	while ((n = next_line(&at, line, sizeof(line), &level)))
		if (level <= log_threshold)
			console_write(line, n);
}

void log_ring_start(void)
{
	char *big = own_alloc_pages(RING_ORDER);
	uint64_t from;

	if (!big)
		return;
	spin_lock(&log_lock);
	from = ring_end > ring_size ? ring_end - ring_size : 0;
	for (uint64_t i = from; i != ring_end; i++)
		big[i % RING_SIZE] = ring[i % ring_size];
	ring = big;
	ring_size = RING_SIZE;
	spin_unlock(&log_lock);
}
