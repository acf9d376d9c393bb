// SPDX-License-Identifier: MIT
#include "drivers/ioapic.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/paging.h"
#include "core/lib/bits.h"

#define IOAPICS_MAX            16U
#define REG_SELECT             0x00
#define REG_WINDOW             0x10
#define REG_SIZE               0x20U
#define INDEX_VERSION          0x01
#define INDEX_REDIRECTION      0x10
#define REDIRECTION_MASKED     BIT(16)
#define REDIRECTION_LEVEL      BIT(15)
#define REDIRECTION_ACTIVE_LOW BIT(13)

#define MPS_POLARITY   0x3
#define MPS_ACTIVE_LOW 0x3
#define MPS_TRIGGER    0xc
#define MPS_LEVEL      0xc

#define PIC1_COMMAND       0x20
#define PIC1_DATA          0x21
#define PIC2_COMMAND       0xa0
#define PIC2_DATA          0xa1
#define PIC_ICW1_INIT      0x11
#define PIC_ICW4_8086      0x01
#define PIC_UNUSED_VECTORS 0x20 /* for spurious ones, if any got through */

struct ioapic {
	volatile uint32_t *regs;
	uint32_t gsi_base, inputs;
};

static struct ioapic ioapics[IOAPICS_MAX];
static uint32_t ioapic_count;

static uint32_t reg_read(const struct ioapic *io, uint32_t index)
{
	io->regs[REG_SELECT / 4] = index;
	return io->regs[REG_WINDOW / 4];
}

static void reg_write(const struct ioapic *io, uint32_t index, uint64_t value)
{
	io->regs[REG_SELECT / 4] = index;
	io->regs[REG_WINDOW / 4] = (uint32_t)value;
}

enum status ioapic_add(hpa_t base, uint32_t gsi_base)
{
	struct ioapic *io = &ioapics[ioapic_count];

	if (ioapic_count == IOAPICS_MAX)
		return ERR_NOMEM;
	io->regs = paging_map(base, REG_SIZE, MAP_DEVICE);
	if (!io->regs)
		return ERR_NOMEM;
	io->gsi_base = gsi_base;
	io->inputs = (reg_read(io, INDEX_VERSION) >> 16 & 0xff) + 1;
	for (uint32_t i = 0; i < io->inputs; i++)
		reg_write(io, INDEX_REDIRECTION + 2 * i, REDIRECTION_MASKED);
	ioapic_count++;
	return OK;
}

enum status ioapic_route(uint32_t gsi, uint16_t mps_flags, uint32_t apic_id, uint8_t vector)
{
	uint64_t low = vector;

	if ((mps_flags & MPS_POLARITY) == MPS_ACTIVE_LOW)
		low |= REDIRECTION_ACTIVE_LOW;
	if ((mps_flags & MPS_TRIGGER) == MPS_LEVEL)
		low |= REDIRECTION_LEVEL;
	for (uint32_t i = 0; i < ioapic_count; i++) {
		const struct ioapic *io = &ioapics[i];
		uint32_t input = gsi - io->gsi_base;

		if (gsi < io->gsi_base || input >= io->inputs)
			continue;
		reg_write(io, INDEX_REDIRECTION + 2 * input + 1, (uint64_t)apic_id << 24);
		reg_write(io, INDEX_REDIRECTION + 2 * input, low);
		return OK;
	}
	return ERR_NOT_FOUND;
}

void pic_disable(void)
{
	outb(PIC1_COMMAND, PIC_ICW1_INIT);
	outb(PIC2_COMMAND, PIC_ICW1_INIT);
	outb(PIC1_DATA, PIC_UNUSED_VECTORS);
	outb(PIC2_DATA, PIC_UNUSED_VECTORS + 8);
	outb(PIC1_DATA, 1 << 2); /* the second one hangs at input 2 */
	outb(PIC2_DATA, 2);
	outb(PIC1_DATA, PIC_ICW4_8086);
	outb(PIC2_DATA, PIC_ICW4_8086);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}
