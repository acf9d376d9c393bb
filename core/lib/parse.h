// SPDX-License-Identifier: MIT
/* Pieces of text parsers share. All are pure: any context, no lock. */
#ifndef CORE_LIB_PARSE_H
#define CORE_LIB_PARSE_H

#include "core/lib/types.h"

/* A piece of text that need not end in NUL. */
struct text {
	const char *s;
	size_t len;
};

/* The whole of a NUL-terminated string as a text. */
struct text parse_text(const char *s);

/* Is the text exactly this literal? */
bool parse_is(struct text t, const char *literal) must_check;

/*
 * Read an unsigned number at the start of t: decimal, hexadecimal after 0x, octal after 0 (C and
 * xl.cfg(5)). Returns the characters taken; 0 (and *value untouched) when there is no digit or the
 * number does not fit 64 bits.
 */
size_t parse_number(struct text t, uint64_t *value) must_check;

/* The same, and the number is all there is. */
bool parse_u64(struct text t, uint64_t *value) must_check;

/* Xen's booleans: yes on true enable 1, no off false disable 0. False when it is none of them. */
bool parse_bool(struct text t, bool *value) must_check;

/*
 * Take the text up to the separator (or the end) off the front of *t, the separator too. False when
 * *t has nothing left.
 */
bool parse_next(struct text *t, char separator, struct text *piece) must_check;

/*
 * The same for words parted by any number of blanks (space, tab, line end): *word is the first one
 * and *t starts at the second. False when there is none.
 */
bool parse_word(struct text *t, struct text *word) must_check;

/* Copy t with a NUL into dst of size bytes; false, and dst untouched, when it does not fit. */
bool parse_copy(char *dst, size_t size, struct text t) must_check;

#endif
