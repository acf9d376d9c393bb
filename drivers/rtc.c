// SPDX-License-Identifier: MIT
#include "drivers/rtc.h"

#include "arch/x86/cpu/asm.h"
#include "core/lib/bits.h"
#include "core/lib/string.h"

#define PORT_INDEX        0x70
#define PORT_DATA         0x71
#define REG_STATUS_A      0x0a
#define REG_STATUS_B      0x0b
#define STATUS_A_UPDATING BIT(7)
/* An update takes 2 ms at most; a read of the port some hundred nanoseconds. */
#define UPDATE_READS 100000
#define TRIES        8

static uint8_t cmos_read(uint8_t reg)
{
	outb(PORT_INDEX, reg);
	return inb(PORT_DATA);
}

static void read_registers(uint8_t raw[6])
{
	static const uint8_t regs[6] = { 0, 2, 4, 7, 8, 9 };

	for (unsigned int i = 0; i < UPDATE_READS; i++)
		if (!(cmos_read(REG_STATUS_A) & STATUS_A_UPDATING))
			break;
	for (unsigned int i = 0; i < sizeof(regs); i++)
		raw[i] = cmos_read(regs[i]);
}

uint64_t rtc_read(void)
{
	uint8_t raw[6], again[6];
	struct rtc_time t;

	/* An open bus reads as ones: a clock that is updated for ever. */
	if (cmos_read(REG_STATUS_A) == 0xff)
		return 0;
	/* Twice the same: no update came between. */
	for (unsigned int i = 0; i < TRIES; i++) {
		read_registers(raw);
		read_registers(again);
		if (memcmp(raw, again, sizeof(raw)))
			continue;
		rtc_decode(raw, cmos_read(REG_STATUS_B), &t);
		return rtc_to_seconds(&t);
	}
	return 0;
}
