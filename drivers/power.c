// SPDX-License-Identifier: MIT
#include "drivers/power.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/paging.h"
#include "arch/x86/cpu/smp.h"
#include "arch/x86/cpu/tsc.h"
#include "core/lib/bits.h"
#include "drivers/serial.h"
#include "drivers/xen_guest.h"

#include <xen/sched.h>

#define SPACE_MEMORY 0
#define SPACE_IO     1

#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP_MASK  BITS(12, 10)
#define PM1_SLP_EN        BIT(13)

#define PORT_RESET_CONTROL   0xcf9
#define RESET_CONTROL_ARM    0x02
#define RESET_CONTROL_HARD   0x06
#define PORT_KEYBOARD        0x64
#define KEYBOARD_BUSY        0x02
#define KEYBOARD_PULSE_RESET 0xfe
#define KEYBOARD_WAITS       10000

#define PORT_QEMU_EXIT      0xf4
#define PORT_BOCHS_SHUTDOWN 0x8900

#define RESET_WAIT_US 50000

static struct power_info power;
static volatile uint8_t *reset_register;

void power_init(const struct power_info *info)
{
	power = *info;
	if (power.reset_address && power.reset_space == SPACE_MEMORY)
		reset_register = paging_map(to_hpa(power.reset_address), 1, MAP_DEVICE);
}

static void quiesce(void)
{
	smp_stop_others();
	serial_panic_begin();
	power_flush();
	smp_leave_vmx();
}

static void reset_by_acpi(void)
{
	if (reset_register)
		*reset_register = power.reset_value;
	else if (power.reset_address && power.reset_space == SPACE_IO)
		outb((uint16_t)power.reset_address, power.reset_value);
	tsc_delay_us(RESET_WAIT_US);
}

static void reset_by_keyboard(void)
{
	for (unsigned int i = 0; i < KEYBOARD_WAITS && inb(PORT_KEYBOARD) & KEYBOARD_BUSY; i++)
		;
	outb(PORT_KEYBOARD, KEYBOARD_PULSE_RESET);
	tsc_delay_us(RESET_WAIT_US);
}

void machine_reboot(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct no_idt = { 0 };

	quiesce();
	xen_guest_shutdown(SHUTDOWN_reboot);
	reset_by_acpi();
	outb(PORT_RESET_CONTROL, RESET_CONTROL_ARM);
	outb(PORT_RESET_CONTROL, RESET_CONTROL_HARD);
	tsc_delay_us(RESET_WAIT_US);
	reset_by_keyboard();
	/* An exception without gates: triple fault. */
	__asm__ volatile("lidt %0; ud2" : : "m"(no_idt) : "memory");
	halt_forever();
	__builtin_unreachable();
}

static void sleep(uint16_t port, uint8_t type)
{
	uint64_t value;

	if (!port)
		return;
	value = inw(port) & ~(PM1_SLP_TYP_MASK | PM1_SLP_EN);
	value |= (uint64_t)type << PM1_SLP_TYP_SHIFT & PM1_SLP_TYP_MASK;
	outw(port, (uint16_t)value);
	outw(port, (uint16_t)(value | PM1_SLP_EN));
}

void machine_poweroff(void)
{
	static const char text[] = "Xenith: the machine does not switch itself off; halted.\r\n";

	quiesce();
	xen_guest_shutdown(SHUTDOWN_poweroff);
	if (power.s5) {
		sleep(power.pm1a_port, power.s5_typ_a);
		sleep(power.pm1b_port, power.s5_typ_b);
		tsc_delay_us(RESET_WAIT_US);
	}
	serial_panic_write(text, sizeof(text) - 1);
	halt_forever();
	__builtin_unreachable();
}

void machine_exit(uint8_t code)
{
	quiesce();
	xen_guest_shutdown(code ? SHUTDOWN_crash : SHUTDOWN_poweroff);
	outl(PORT_QEMU_EXIT, code);
	for (const char *c = "Shutdown"; *c; c++)
		outb(PORT_BOCHS_SHUTDOWN, (uint8_t)*c);
	machine_poweroff();
}
