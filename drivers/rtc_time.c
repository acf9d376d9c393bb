// SPDX-License-Identifier: MIT
#include "drivers/rtc.h"

#include "core/lib/bits.h"

#define STATUS_B_24H    BIT(1)
#define STATUS_B_BINARY BIT(2)
#define HOUR_PM         0x80U

void rtc_decode(const uint8_t raw[6], uint8_t status_b, struct rtc_time *out)
{
	uint32_t v[6];
	bool pm = !(status_b & STATUS_B_24H) && raw[2] & HOUR_PM;

	for (unsigned int i = 0; i < 6; i++) {
		v[i] = i == 2 && !(status_b & STATUS_B_24H) ? raw[i] & ~HOUR_PM : raw[i];
		if (!(status_b & STATUS_B_BINARY))
			v[i] = (v[i] >> 4) * 10 + (v[i] & 15);
	}
	if (!(status_b & STATUS_B_24H))
		v[2] = v[2] % 12 + (pm ? 12 : 0);
	/* The century register's place varies; this clock was not set before 1970. */
	*out = (struct rtc_time){ v[0], v[1], v[2], v[3], v[4], v[5] + (v[5] < 70 ? 2000 : 1900) };
}

uint64_t rtc_to_seconds(const struct rtc_time *t)
{
	/* Days before each month of a year that begins in March, so that leap days come last. */
	uint64_t year = t->month > 2 ? t->year : t->year - 1;
	uint64_t month = t->month > 2 ? t->month - 3 : t->month + 9;
	uint64_t days;

	if (t->second > 60 || t->minute > 59 || t->hour > 23 || !t->day || t->day > 31 ||
	    !t->month || t->month > 12 || t->year < 1970)
		return 0;
	days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + t->day - 1;
	days -= 719468; /* 1 March of year 0 to 1 January 1970 */
	return ((days * 24 + t->hour) * 60 + t->minute) * 60 + t->second;
}
