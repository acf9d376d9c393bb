// SPDX-License-Identifier: MIT
#include "drivers/pmtimer.h"

#include "arch/x86/cpu/asm.h"

#define START_READS 10000

static uint16_t pm_port;

bool pmtimer_start(uint16_t port)
{
	uint64_t first;

	pm_port = port;
	if (!port)
		return false;
	first = pmtimer_read();
	for (unsigned int i = 0; i < START_READS; i++)
		if (pmtimer_read() != first)
			return true;
	return false;
}

uint64_t pmtimer_read(void)
{
	return inl(pm_port);
}
