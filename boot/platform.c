// SPDX-License-Identifier: MIT
#include "boot/platform.h"

#include "arch/x86/cpu/apic.h"
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/smp.h"
#include "arch/x86/cpu/tsc.h"
#include "boot/acpi.h"
#include "boot/boot.h"
#include "boot/memory.h"
#include "core/console.h"
#include "core/lib/log.h"
#include "drivers/ioapic.h"
#include "drivers/power.h"
#include "drivers/rtc.h"
#include "drivers/serial.h"
#include "mm/own.h"
#include "xenabi/time.h"

#define NS_PER_SEC 1000000000ULL

/* Own memory while the machine is being set up. */
static struct acpi_info *acpi;
static_assert(sizeof(*acpi) <= PAGE_SIZE, "struct acpi_info");

/* One table at a time is mapped. */
struct table_window {
	void *va;
	size_t len;
};

static const void *map_table(void *ctx, uint64_t hpa, size_t len)
{
	struct table_window *w = ctx;

	if (w->va)
		paging_unmap(w->va, w->len);
	w->va = paging_map(to_hpa(hpa), len, MAP_RAM_RO);
	w->len = len;
	return w->va;
}

void platform_read_acpi(void)
{
	struct table_window w = { 0 };
	const char *warning = "the boot loader gave no RSDP";
	enum status st = ERR_NOT_FOUND;

	acpi = own_alloc_pages(0);
	if (!acpi)
		panic("no memory for what the ACPI tables say");
	if (boot_info.rsdp_size)
		st = acpi_parse(boot_info.rsdp, boot_info.rsdp_size, map_table, &w, acpi, &warning);
	if (w.va)
		paging_unmap(w.va, w.len);
	if (warning)
		log_warning("ACPI: %s", warning);
	if (st != OK)
		log_warning("no ACPI tables: one core, no interrupt of the serial port");
}

static void init_ioapics(void)
{
	for (uint32_t i = 0; i < acpi->ioapic_count; i++)
		if (ioapic_add(to_hpa(acpi->ioapic[i].address), acpi->ioapic[i].gsi_base) != OK)
			log_warning("I/O APIC %u cannot be used", acpi->ioapic[i].id);
}

static void init_power(void)
{
	struct power_info power = {
		.reset_space = acpi->reset.space,
		.reset_value = acpi->reset_value,
		.reset_address = acpi->reset.address,
		.s5 = acpi->s5,
		.s5_typ_a = acpi->s5_typ_a,
		.s5_typ_b = acpi->s5_typ_b,
	};

	if (acpi->pm1a_control.space == ACPI_SPACE_IO)
		power.pm1a_port = (uint16_t)acpi->pm1a_control.address;
	if (acpi->pm1b_control.space == ACPI_SPACE_IO)
		power.pm1b_port = (uint16_t)acpi->pm1b_control.address;
	power_init(&power);
}

void platform_init(uint64_t boot_tsc)
{
	struct tsc_sources sources = {
		.hpet = to_hpa(acpi->hpet_address),
		.pm_timer_32bit = acpi->pm_timer_32bit,
	};
	uint64_t now;

	if (acpi->pm_timer.space == ACPI_SPACE_IO)
		sources.pm_timer_port = (uint16_t)acpi->pm_timer.address;
	/* First: what the firmware's timer asked for must not reach the core when it first enables
	 * interrupts, which QEMU answers with a vector that does not exist. */
	pic_disable();
	if (apic_init(boot_options.x2apic) != OK)
		panic("no memory to map the local APIC");
	apic_init_core();
	this_cpu()->apic_id = apic_id();
	tsc_init(&sources, boot_tsc);
	apic_timer_calibrate();
	init_ioapics();
	init_power();
	now = rtc_read();
	time_set_wallclock(now * NS_PER_SEC, rdtsc());
	if (!now)
		log_warning("the real-time clock does not answer: wall clocks start in 1970");
}

/* The serial port that is the console. */
static const struct cmdline_com *console_com(void)
{
	for (unsigned int i = 0; i < CMDLINE_COM_COUNT; i++)
		if (boot_options.console_com[i])
			return &boot_options.com[i];
	return NULL;
}

void platform_console_irq(void)
{
	const struct cmdline_com *com = console_com();
	uint32_t gsi;
	uint16_t flags = 0;

	console_polled = true;
	if (!serial_can_interrupt() || !com || !com->irq)
		return;
	gsi = com->irq;
	for (uint32_t i = 0; i < acpi->override_count; i++) {
		if (acpi->override[i].irq == com->irq) {
			gsi = acpi->override[i].gsi;
			flags = acpi->override[i].flags;
		}
	}
	irq_register(com->irq, console_interrupt);
	if (ioapic_route(gsi, flags, pcpus[0]->apic_id, (uint8_t)(VECTOR_IRQ_BASE + com->irq)) !=
	    OK) {
		log_warning("no I/O APIC for IRQ %u: the serial port is polled", com->irq);
		return;
	}
	console_polled = false;
	serial_enable_interrupts();
}

void platform_start_cores(uint32_t max)
{
	uint32_t ids[ACPI_CPUS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < acpi->cpu_count; i++)
		if (acpi->cpu[i].enabled)
			ids[count++] = acpi->cpu[i].apic_id;
	if (acpi->cpu_lost)
		log_warning("%u processors beyond the first %u are left out", acpi->cpu_lost,
			    ACPI_CPUS_MAX);
	smp_start(ids, count, max ? max : MAX_CORES, memory_trampoline(), memory_take);
	own_free_pages(acpi, 0);
	acpi = NULL;
	log_info("%u core%s, %s%s", core_count, core_count == 1 ? "" : "s",
		 apic_x2apic() ? "x2APIC" : "xAPIC",
		 tsc_stable ? "" : ", TSCs not usable as one clock");
}
