// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

/* (ticks * mul) >> 32 without 128-bit arithmetic. */
static uint64_t scale(uint64_t ticks, uint32_t mul, int shift)
{
	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	return (ticks >> 32) * mul + (((ticks & 0xffffffff) * mul) >> 32);
}

uint64_t system_time(void)
{
	const volatile struct vcpu_time_info *t = &vcpu_info(cpu_id())->time;
	uint32_t version;
	uint64_t ns;

	do {
		version = t->version;
		barrier();
		ns = t->system_time +
		     scale(rdtsc() - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
		barrier();
	} while ((version & 1) || version != t->version);
	return ns;
}

void wait_ns(uint64_t ns)
{
	uint64_t end = system_time() + ns;

	while (system_time() < end)
		cpu_pause();
}

uint64_t tsc_per_ms(void)
{
	const volatile struct vcpu_time_info *t = &vcpu_info(0)->time;
	uint64_t ticks = (NS_PER_MS << 32) / t->tsc_to_system_mul;

	return t->tsc_shift < 0 ? ticks << -t->tsc_shift : ticks >> t->tsc_shift;
}
