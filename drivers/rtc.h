// SPDX-License-Identifier: MIT
/* The wall clock of the machine's CMOS (MC146818 datasheet), taken to be UTC. */
#ifndef DRIVERS_RTC_H
#define DRIVERS_RTC_H

#include "core/lib/types.h"

/* Seconds since 1970; 0 when the clock does not answer sensibly. Boot core. */
uint64_t rtc_read(void);

struct rtc_time {
	uint32_t second, minute, hour, day, month, year; /* the year in full */
};

/* Pure: seconds since 1970 of a date of the Gregorian calendar; 0 for no such date. */
uint64_t rtc_to_seconds(const struct rtc_time *t);
/* Pure: the registers 0, 2, 4, 7, 8, 9 and status B to a date. */
void rtc_decode(const uint8_t raw[6], uint8_t status_b, struct rtc_time *out);

#endif
