// SPDX-License-Identifier: MIT
/*
 * The few facts the hypervisor wants from the machine's ACPI tables, read as bytes (ACPI 6.3,
 * chapters 5.2 and 4.8; HPET specification 1.0a). No AML is interpreted. Pure but for the
 * callback that makes table bytes readable.
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include "core/lib/types.h"

#define ACPI_CPUS_MAX      256
#define ACPI_IOAPICS_MAX   16
#define ACPI_OVERRIDES_MAX 32
#define ACPI_NMIS_MAX      32
/* Bigger tables are refused: none of those read here comes near. */
#define ACPI_TABLE_MAX MIB(1)

/*
 * Make len bytes at hpa readable and return them; NULL when that cannot be. What was returned
 * before may become invalid with the next call.
 */
typedef const void *(*acpi_map_fn)(void *ctx, uint64_t hpa, size_t len);

struct acpi_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;    /* processor UID */
	bool enabled;        /* usable now */
	bool online_capable; /* not now, but the firmware could enable it */
	bool x2apic_entry;   /* from a type 9 entry */
};

struct acpi_ioapic {
	uint8_t id;
	uint32_t address;
	uint32_t gsi_base;
};

/* ISA interrupt `irq` arrives at `gsi`; flags are the MPS INTI ones (polarity 1:0, trigger 3:2). */
struct acpi_override {
	uint8_t bus;
	uint8_t irq;
	uint32_t gsi;
	uint16_t flags;
};

/* Local NMI input of one processor, or of all with acpi_id ACPI_NMI_ALL. */
#define ACPI_NMI_ALL 0xFFFFFFFFU
struct acpi_nmi {
	uint32_t acpi_id;
	uint16_t flags;
	uint8_t lint;
};

/* An ACPI Generic Address; address 0 means absent. */
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO     1
#define ACPI_SPACE_PCI    2
struct acpi_gas {
	uint8_t space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
};

/* About 8 KiB: meant to be static in the caller. */
struct acpi_info {
	uint8_t revision; /* of the RSDP: 0 is ACPI 1.0 */
	char oem_id[7];

	bool madt;        /* there was a MADT */
	bool pcat_compat; /* a PC's pair of 8259s is there as well */
	uint64_t lapic_address;
	uint32_t cpu_count; /* entries kept */
	uint32_t cpu_lost;  /* usable processors beyond ACPI_CPUS_MAX */
	struct acpi_cpu cpu[ACPI_CPUS_MAX];
	uint32_t ioapic_count;
	struct acpi_ioapic ioapic[ACPI_IOAPICS_MAX];
	uint32_t override_count;
	struct acpi_override override[ACPI_OVERRIDES_MAX];
	uint32_t nmi_count;
	struct acpi_nmi nmi[ACPI_NMIS_MAX];

	uint64_t hpet_address; /* 0: none */

	bool fadt;
	uint16_t sci;
	struct acpi_gas pm_timer; /* 3.579545 MHz counter */
	bool pm_timer_32bit;      /* else 24 bits */
	struct acpi_gas pm1a_control;
	struct acpi_gas pm1b_control;
	struct acpi_gas reset; /* absent unless the FADT says it is supported */
	uint8_t reset_value;
	uint64_t dsdt; /* HPA, 0: none */
	uint16_t iapc_boot_arch;

	bool s5; /* SLP_TYP values of \_S5 were found in the DSDT */
	uint8_t s5_typ_a;
	uint8_t s5_typ_b;
};

/*
 * Parse everything, starting at a copy of the RSDP (20 or 36 bytes). A missing table is not an
 * error; a table whose checksum or structure is broken is skipped, and *warning (which must not be
 * NULL) is then a static text about the last such one, else NULL. ERR_INVALID for a broken RSDP or
 * root table, with *warning saying why.
 */
enum status acpi_parse(const void *rsdp, size_t size, acpi_map_fn map, void *ctx,
		       struct acpi_info *out, const char **warning) must_check;

/* Parse one complete MADT, HPET or FADT (header included, checksum already right) into out. */
enum status acpi_parse_madt(const void *table, size_t size, struct acpi_info *out) must_check;
enum status acpi_parse_hpet(const void *table, size_t size, struct acpi_info *out) must_check;
enum status acpi_parse_fadt(const void *table, size_t size, struct acpi_info *out) must_check;

/*
 * Look for the package \_S5 in the bytes of a DSDT and take its first two small integers. A scan
 * for the encoding, not an interpreter. False when it is not there or not of constants.
 */
bool acpi_find_s5(const void *dsdt, size_t size, uint8_t *typ_a, uint8_t *typ_b) must_check;

#endif
