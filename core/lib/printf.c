// SPDX-License-Identifier: MIT
#include "core/lib/printf.h"

#include "core/lib/string.h"

/* Where the text goes; length counts on behind the end of the buffer. */
struct sink {
	char *buf;
	size_t size;
	size_t length;
};

/* One conversion specification. */
struct spec {
	bool left;      /* - */
	bool zero;      /* 0 */
	bool plus;      /* + */
	bool alternate; /* # */
	int width;
	int precision; /* -1: none */
	int length;    /* -2 hh, -1 h, 0, 1 l or z or t or j, 2 ll */
};

static void put(struct sink *out, char c)
{
	if (out->length + 1 < out->size)
		out->buf[out->length] = c;
	out->length++;
}

static void put_many(struct sink *out, char c, int count)
{
	for (int i = 0; i < count; i++)
		put(out, c);
}

static void put_text(struct sink *out, const struct spec *spec, const char *s, size_t len)
{
	int fill = spec->width - (int)len;

	if (!spec->left)
		put_many(out, ' ', fill);
	for (size_t i = 0; i < len; i++)
		put(out, s[i]);
	if (spec->left)
		put_many(out, ' ', fill);
}

/* Digits of value, last one first. Returns their number. */
static int digits(uint64_t value, unsigned int base, bool upper, char *reversed)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	for (; value != 0; value /= base)
		reversed[n++] = set[value % base];
	return n;
}

static void put_number(struct sink *out, const struct spec *spec, uint64_t value,
		       const char *prefix, unsigned int base, bool upper)
{
	char reversed[24];
	int n = digits(value, base, upper, reversed);
	int prefix_len = (int)strlen(prefix);
	int zeros = spec->precision < 0 ? (n == 0 ? 1 : 0) : spec->precision - n;
	int fill;

	if (zeros < 0)
		zeros = 0;
	fill = spec->width - n - zeros - prefix_len;
	/* C11 7.21.6.1: a precision or '-' overrides the flag 0. */
	if (spec->zero && !spec->left && spec->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!spec->left)
		put_many(out, ' ', fill);
	for (int i = 0; i < prefix_len; i++)
		put(out, prefix[i]);
	put_many(out, '0', zeros);
	while (n > 0)
		put(out, reversed[--n]);
	if (spec->left)
		put_many(out, ' ', fill);
}

/* A number in the format, or '*' for one from the arguments. */
static int number(const char **fmt, va_list *ap)
{
	int n = 0;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(*ap, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++) {
		if (n < 10000)
			n = n * 10 + (**fmt - '0');
	}
	return n;
}

static const char *parse_spec(const char *fmt, struct spec *spec, va_list *ap)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else if (*fmt == '+')
			spec->plus = true;
		else if (*fmt == '#')
			spec->alternate = true;
		else
			break;
	}
	spec->width = number(&fmt, ap);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = -spec->width;
	}
	spec->precision = -1;
	if (*fmt == '.') {
		fmt++;
		spec->precision = number(&fmt, ap);
	}
	for (;; fmt++) {
		if (*fmt == 'h')
			spec->length--;
		else if (*fmt == 'l' || *fmt == 'z' || *fmt == 't' || *fmt == 'j')
			spec->length++;
		else
			return fmt;
	}
}

static void put_signed(struct sink *out, const struct spec *spec, va_list *ap)
{
	int64_t v = spec->length > 0 ? va_arg(*ap, int64_t) : va_arg(*ap, int);
	const char *sign = spec->plus ? "+" : "";

	/* Sign-extend what the caller's promotion to int left of a shorter type. */
	if (spec->length == -1)
		v = (int64_t)((uint64_t)v << 48) >> 48;
	else if (spec->length == -2)
		v = (int64_t)((uint64_t)v << 56) >> 56;
	if (v < 0)
		put_number(out, spec, 0 - (uint64_t)v, "-", 10, false);
	else
		put_number(out, spec, (uint64_t)v, sign, 10, false);
}

static void put_unsigned(struct sink *out, const struct spec *spec, va_list *ap, char conversion)
{
	uint64_t v = spec->length > 0 ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int);
	unsigned int base = conversion == 'u' ? 10 : 16;
	const char *prefix = "";

	if (spec->length == -1)
		v = (uint16_t)v;
	else if (spec->length == -2)
		v = (uint8_t)v;
	if (spec->alternate && base == 16 && v != 0)
		prefix = conversion == 'X' ? "0X" : "0x";
	put_number(out, spec, v, prefix, base, conversion == 'X');
}

static void put_string(struct sink *out, const struct spec *spec, const char *s)
{
	size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (s == NULL)
		s = "(null)";
	put_text(out, spec, s, strnlen(s, max));
}

/* Returns false for a conversion that does not exist. */
static bool convert(struct sink *out, struct spec *spec, char conversion, va_list *ap)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i': put_signed(out, spec, ap); return true;
	case 'u':
	case 'x':
	case 'X': put_unsigned(out, spec, ap, conversion); return true;
	case 'p':
		put_number(out, spec, (uintptr_t)va_arg(*ap, void *), "0x", 16, false);
		return true;
	case 's': put_string(out, spec, va_arg(*ap, const char *)); return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_text(out, spec, &c, 1);
		return true;
	case '%': put(out, '%'); return true;
	default: return false;
	}
}

int xvsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink out = { .buf = buf, .size = size };
	va_list args;

	/* A copy, because the address of a va_list parameter is of another type. */
	va_copy(args, ap);
	while (*fmt != '\0') {
		struct spec spec = { 0 };
		const char *start = fmt;

		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec, &args);
		if (*fmt != '\0' && convert(&out, &spec, *fmt, &args)) {
			fmt++;
			continue;
		}
		/* Unknown: show it as it stands. Its argument cannot be skipped: stop here. */
		while (*start != '\0')
			put(&out, *start++);
		break;
	}
	va_end(args);
	if (size != 0)
		buf[out.length < size ? out.length : size - 1] = '\0';
	return (int)out.length;
}

int xsnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = xvsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
