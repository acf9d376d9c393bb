// SPDX-License-Identifier: MIT
#include "core/lib/parse.h"

#include "core/lib/string.h"

struct text parse_text(const char *s)
{
	return (struct text){ .s = s, .len = strlen(s) };
}

bool parse_is(struct text t, const char *literal)
{
	return t.len == strlen(literal) && memcmp(t.s, literal, t.len) == 0;
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

size_t parse_number(struct text t, uint64_t *value)
{
	unsigned int base = 10;
	size_t i = 0, first;
	uint64_t v = 0;

	if (t.len > 2 && t.s[0] == '0' && (t.s[1] == 'x' || t.s[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (t.len > 1 && t.s[0] == '0') {
		base = 8;
	}
	for (first = i; i < t.len && digit_value(t.s[i]) < base; i++) {
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(t.s[i]), &v))
			return 0;
	}
	if (i == first)
		return 0;
	*value = v;
	return i;
}

bool parse_u64(struct text t, uint64_t *value)
{
	uint64_t v;

	if (t.len == 0 || parse_number(t, &v) != t.len)
		return false;
	*value = v;
	return true;
}

bool parse_bool(struct text t, bool *value)
{
	static const char *const yes[] = { "yes", "on", "true", "enable", "1" };
	static const char *const no[] = { "no", "off", "false", "disable", "0" };

	for (size_t i = 0; i < array_size(yes); i++) {
		bool is_yes = parse_is(t, yes[i]);

		if (is_yes || parse_is(t, no[i])) {
			*value = is_yes;
			return true;
		}
	}
	return false;
}

bool parse_next(struct text *t, char separator, struct text *piece)
{
	const char *end;

	if (t->len == 0)
		return false;
	end = memchr(t->s, separator, t->len);
	piece->s = t->s;
	piece->len = end == NULL ? t->len : (size_t)(end - t->s);
	t->s += piece->len;
	t->len -= piece->len;
	if (end != NULL) {
		t->s++;
		t->len--;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct text *t)
{
	while (t->len != 0 && is_blank(*t->s)) {
		t->s++;
		t->len--;
	}
}

bool parse_word(struct text *t, struct text *word)
{
	skip_blanks(t);
	word->s = t->s;
	word->len = 0;
	while (t->len != 0 && !is_blank(*t->s)) {
		word->len++;
		t->s++;
		t->len--;
	}
	skip_blanks(t);
	return word->len != 0;
}

bool parse_copy(char *dst, size_t size, struct text t)
{
	if (t.len >= size)
		return false;
	memcpy(dst, t.s, t.len);
	dst[t.len] = '\0';
	return true;
}
