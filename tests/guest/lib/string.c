// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	while (n--) {
		*d++ = *s++;
		barrier(); /* or the compiler makes a call of memcpy of it */
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned long word = (uint8_t)c * (~0UL / 255);
	char *d = dst;

	for (; n >= sizeof(word) && (uintptr_t)d % sizeof(word) == 0; n -= sizeof(word)) {
		*(unsigned long *)(void *)d = word;
		d += sizeof(word);
		barrier();
	}
	while (n--) {
		*d++ = (char)c;
		barrier();
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n--; x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
		barrier();
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

char *strstr(const char *s, const char *part)
{
	size_t len = strlen(part);

	for (; *s; s++)
		if (memcmp(s, part, len) == 0)
			return (char *)(uintptr_t)s;
	return NULL;
}
