// SPDX-License-Identifier: MIT
#include "drivers/hpet.h"

#include "arch/x86/cpu/paging.h"
#include "core/lib/bits.h"

#define HPET_SIZE     0x400U
#define REG_PERIOD    0x004 /* femtoseconds a tick: high half of the capabilities */
#define REG_CONFIG    0x010
#define REG_COUNTER   0x0f0
#define CONFIG_ENABLE BIT(0)
#define PERIOD_MAX    100000000U /* 2.3.4 of the specification */
#define FEMTOSECONDS  1000000000000000ULL

static volatile uint32_t *hpet;

uint64_t hpet_start(hpa_t base)
{
	uint32_t period;

	hpet = base.a ? paging_map(base, HPET_SIZE, MAP_DEVICE) : NULL;
	if (!hpet)
		return 0;
	period = hpet[REG_PERIOD / 4];
	if (!period || period > PERIOD_MAX) {
		hpet_unmap();
		return 0;
	}
	hpet[REG_CONFIG / 4] |= (uint32_t)CONFIG_ENABLE;
	return FEMTOSECONDS / period;
}

uint64_t hpet_read(void)
{
	return hpet[REG_COUNTER / 4];
}

void hpet_unmap(void)
{
	if (hpet)
		paging_unmap((void *)(uint64_t)hpet, HPET_SIZE);
	hpet = NULL;
}
