// SPDX-License-Identifier: MIT
#include "drivers/pit.h"

#include "arch/x86/cpu/asm.h"

#define PORT_CHANNEL2          0x42
#define PORT_COMMAND           0x43
#define PORT_GATE              0x61
#define GATE_ON                0x01
#define SPEAKER_ON             0x02
#define COMMAND_CHANNEL2_MODE0 0xb0 /* low byte, high byte; interrupt on terminal count */
#define COMMAND_LATCH2         0x80
#define START_READS            100

bool pit_start(void)
{
	uint8_t gate = (uint8_t)(inb(PORT_GATE) & ~(SPEAKER_ON | GATE_ON));

	outb(PORT_GATE, gate);
	outb(PORT_COMMAND, COMMAND_CHANNEL2_MODE0);
	outb(PORT_CHANNEL2, 0xff);
	outb(PORT_CHANNEL2, 0xff);
	outb(PORT_GATE, gate | GATE_ON);
	for (unsigned int i = 0; i < START_READS; i++) {
		uint64_t ticks = pit_read();

		if (ticks && ticks < 0x8000)
			return true;
	}
	return false;
}

uint64_t pit_read(void)
{
	uint8_t low, high;

	outb(PORT_COMMAND, COMMAND_LATCH2);
	low = inb(PORT_CHANNEL2);
	high = inb(PORT_CHANNEL2);
	return 0xffffU - (uint32_t)(high << 8 | low);
}
