// SPDX-License-Identifier: MIT
/* 64-bit division for 32-bit code, which the compiler calls by these names. */
#include <stdint.h>

uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest);

static uint64_t divide(uint64_t n, uint64_t d, uint64_t *rest)
{
	uint64_t quotient = 0, r = 0;

	for (int i = 63; i >= 0; i--) {
		r = r << 1 | (n >> i & 1);
		if (r >= d) {
			r -= d;
			quotient |= 1ULL << i;
		}
	}
	*rest = r;
	return quotient;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
	uint64_t rest;

	return divide(n, d, &rest);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
	uint64_t rest;

	(void)divide(n, d, &rest);
	return rest;
}

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rest)
{
	return divide(n, d, rest);
}
