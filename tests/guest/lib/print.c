// SPDX-License-Identifier: MIT
/* Formatted output: %d %u %x %c %s %p, widths, 0, l and ll. */
#include "tests/guest/lib/guest.h"

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_number(struct out *o, uint64_t v, unsigned int base, unsigned int width, char pad)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (width > n) {
		put(o, pad);
		width--;
	}
	while (n)
		put(o, digits[--n]);
}

static void put_string(struct out *o, const char *s, unsigned int width)
{
	size_t len = strlen(s);

	while (*s)
		put(o, *s++);
	for (; len < width; len++)
		put(o, ' ');
}

static void put_signed(struct out *o, int64_t v, unsigned int width, char pad)
{
	if (v < 0)
		put(o, '-');
	put_number(o, v < 0 ? (uint64_t)-v : (uint64_t)v, 10, width, pad);
}

int format(char *buf, size_t size, const char *fmt, __builtin_va_list ap)
{
	struct out o = { buf, size, 0 };

	for (; *fmt; fmt++) {
		unsigned int width = 0, longs = 0;
		char pad = ' ';

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		if (*++fmt == '0') {
			pad = '0';
			fmt++;
		}
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + (unsigned int)(*fmt - '0');
		for (; *fmt == 'l'; fmt++)
			longs++;
		if (*fmt == 'd') {
			put_signed(&o,
				   longs > 1 ? __builtin_va_arg(ap, long long)
				   : longs   ? __builtin_va_arg(ap, long)
					     : __builtin_va_arg(ap, int),
				   width, pad);
		} else if (*fmt == 'u' || *fmt == 'x') {
			put_number(&o,
				   longs > 1 ? __builtin_va_arg(ap, unsigned long long)
				   : longs   ? __builtin_va_arg(ap, unsigned long)
					     : __builtin_va_arg(ap, unsigned int),
				   *fmt == 'u' ? 10 : 16, width, pad);
		} else if (*fmt == 'p') {
			put_number(&o, (uintptr_t) __builtin_va_arg(ap, void *), 16, 8, '0');
		} else if (*fmt == 's') {
			put_string(&o, __builtin_va_arg(ap, const char *), width);
		} else if (*fmt == 'c') {
			put(&o, (char)__builtin_va_arg(ap, int));
		} else {
			put(&o, *fmt);
		}
	}
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int format_to(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list ap;
	int n;

	__builtin_va_start(ap, fmt);
	n = format(buf, size, fmt, ap);
	__builtin_va_end(ap);
	return n;
}

void print(const char *fmt, ...)
{
	char line[512];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	format(line, sizeof(line), fmt, ap);
	__builtin_va_end(ap);
	console_write(line, strlen(line));
}
