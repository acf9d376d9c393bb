// SPDX-License-Identifier: MIT
/*
 * Little-endian numbers at any alignment, and range checks that cannot overflow: what every parser
 * of foreign bytes needs.
 */
#ifndef CORE_LIB_BYTES_H
#define CORE_LIB_BYTES_H

#include "core/lib/string.h"
#include "core/lib/types.h"

static inline uint16_t bytes_get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t bytes_get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t bytes_get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void bytes_put16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void bytes_put32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void bytes_put64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* Do len bytes at offset lie within size bytes? */
static inline bool bytes_within(uint64_t size, uint64_t offset, uint64_t len)
{
	return offset <= size && len <= size - offset;
}

/* Do [a, a + alen) and [b, b + blen) share a byte? The sums must not wrap. */
static inline bool bytes_overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	return alen != 0 && blen != 0 && a < b + blen && b < a + alen;
}

/* Sum of all bytes modulo 256: 0 over an intact ACPI table (ACPI 6.3, 5.2.6). */
static inline uint8_t bytes_sum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + b[i]);
	return sum;
}

#endif
