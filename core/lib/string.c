// SPDX-License-Identifier: MIT
#include "core/lib/string.h"

#include "core/lib/types.h"

/* Memory at any alignment and of any type, as the ABI of memcpy promises. */
typedef uint64_t word64 __attribute__((may_alias, aligned(1)));
typedef uint32_t word32 __attribute__((may_alias, aligned(1)));

/*
 * In the body of a loop: keeps the compiler from recognizing it as the very function it implements
 * and calling that.
 */
#define KEEP_LOOP() __asm__ volatile("" : : : "memory")

/* From this size on the start-up cost of a string instruction is less than that of a loop. */
#define STRING_INSTRUCTION_MIN 32

/*
 * Up to 31 bytes. All loads come before the first store, so that the areas may overlap in any way.
 */
static void copy_small(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n >= 16) {
		uint64_t a = ((const word64 *)s)[0], b = ((const word64 *)s)[1];
		uint64_t c = *(const word64 *)(s + n - 16), e = *(const word64 *)(s + n - 8);

		((word64 *)d)[0] = a;
		((word64 *)d)[1] = b;
		*(word64 *)(d + n - 16) = c;
		*(word64 *)(d + n - 8) = e;
	} else if (n >= 8) {
		uint64_t a = *(const word64 *)s, b = *(const word64 *)(s + n - 8);

		*(word64 *)d = a;
		*(word64 *)(d + n - 8) = b;
	} else if (n >= 4) {
		uint32_t a = *(const word32 *)s, b = *(const word32 *)(s + n - 4);

		*(word32 *)d = a;
		*(word32 *)(d + n - 4) = b;
	} else if (n != 0) {
		uint8_t a = s[0], b = s[n / 2], c = s[n - 1];

		d[0] = a;
		d[n / 2] = b;
		d[n - 1] = c;
	}
}

/* Upwards: right for areas that overlap with the destination below the source, too. */
static void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	uint64_t tail = *(const word64 *)(s + n - 8);
	uint8_t *end = d + n;
	size_t words = n / 8;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
	*(word64 *)(end - 8) = tail;
}

static void copy_down(uint8_t *d, const uint8_t *s, size_t n)
{
	uint64_t head = *(const word64 *)s;

	for (size_t left = n; left >= 8; left -= 8) {
		*(word64 *)(d + left - 8) = *(const word64 *)(s + left - 8);
		KEEP_LOOP();
	}
	*(word64 *)d = head;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	if (n < STRING_INSTRUCTION_MIN)
		copy_small(dst, src, n);
	else
		copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if (n < STRING_INSTRUCTION_MIN)
		copy_small(dst, src, n);
	else if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint8_t *d = dst;
	uint64_t fill = 0x0101010101010101ULL * (uint8_t)c;

	if (n >= 8) {
		uint8_t *last = d + n - 8;
		size_t words = n / 8;

		__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(fill) : "memory");
		*(word64 *)last = fill;
		return dst;
	}
	for (size_t i = 0; i < n; i++) {
		d[i] = (uint8_t)c;
		KEEP_LOOP();
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	/* Skip what is equal a word at a time; the bytes decide. */
	while (n >= 8 && *(const word64 *)x == *(const word64 *)y) {
		x += 8;
		y += 8;
		n -= 8;
	}
	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
		KEEP_LOOP();
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0') {
		n++;
		KEEP_LOOP();
	}
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0') {
		n++;
		KEEP_LOOP();
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t x = (uint8_t)a[i], y = (uint8_t)b[i];

		if (x != y)
			return x < y ? -1 : 1;
		if (x == '\0')
			return 0;
		KEEP_LOOP();
	}
	return 0;
}

/* The result of the three below points into the const argument: what C11 7.24.5 asks for. */
static char *unconst(const char *s)
{
	return (char *)(uintptr_t)s;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return unconst(s);
		if (*s == '\0')
			return NULL;
		KEEP_LOOP();
	}
}

char *strrchr(const char *s, int c)
{
	char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = unconst(s);
		if (*s == '\0')
			return found;
		KEEP_LOOP();
	}
}

void *memchr(const void *s, int c, size_t n)
{
	const char *p = s;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == (char)c)
			return unconst(p + i);
		KEEP_LOOP();
	}
	return NULL;
}
