// SPDX-License-Identifier: MIT
#include "boot/acpi.h"

#include "core/lib/bits.h"
#include "core/lib/bytes.h"

/* ACPI 6.3, 5.2.6: every table but RSDP and FACS starts with this header. */
#define HEADER_SIZE   36
#define HEADER_LENGTH 4

/* Tables a root table may list: far more than any machine has. */
#define ROOT_ENTRIES_MAX 512

struct source {
	acpi_map_fn map;
	void *ctx;
	const char *warning;
};

/*
 * The whole table at hpa, with its length, if it has this signature. NULL when it is another table
 * (signature), or cannot be read or is broken (and a warning is left).
 */
static const uint8_t *map_table(struct source *src, uint64_t hpa, const char *signature,
				size_t *size)
{
	const uint8_t *table = src->map(src->ctx, hpa, HEADER_SIZE);
	uint32_t len;

	if (table == NULL) {
		src->warning = "ACPI: a table lies where nothing can be read";
		return NULL;
	}
	if (memcmp(table, signature, 4) != 0)
		return NULL;
	len = bytes_get32(table + HEADER_LENGTH);
	if (len < HEADER_SIZE || len > ACPI_TABLE_MAX) {
		src->warning = "ACPI: a table has a bad length";
		return NULL;
	}
	table = src->map(src->ctx, hpa, len);
	if (table == NULL) {
		src->warning = "ACPI: a table lies where nothing can be read";
		return NULL;
	}
	if (bytes_sum(table, len) != 0) {
		src->warning = "ACPI: a table has a bad checksum";
		return NULL;
	}
	*size = len;
	return table;
}

static void add_cpu(struct acpi_info *out, const struct acpi_cpu *cpu)
{
	if (!cpu->enabled && !cpu->online_capable)
		return;
	/* Some firmware lists a processor both as local APIC and as x2APIC. */
	for (uint32_t i = 0; i < out->cpu_count; i++) {
		if (out->cpu[i].apic_id == cpu->apic_id)
			return;
	}
	if (out->cpu_count < ACPI_CPUS_MAX)
		out->cpu[out->cpu_count++] = *cpu;
	else if (cpu->enabled)
		out->cpu_lost++;
}

static void add_nmi(struct acpi_info *out, uint32_t acpi_id, uint16_t flags, uint8_t lint)
{
	if (out->nmi_count < ACPI_NMIS_MAX)
		out->nmi[out->nmi_count++] = (struct acpi_nmi){ acpi_id, flags, lint };
}

static void add_ioapic(struct acpi_info *out, const uint8_t *entry)
{
	if (out->ioapic_count < ACPI_IOAPICS_MAX)
		out->ioapic[out->ioapic_count++] = (struct acpi_ioapic){
			.id = entry[2],
			.address = bytes_get32(entry + 4),
			.gsi_base = bytes_get32(entry + 8),
		};
}

static void add_override(struct acpi_info *out, const uint8_t *entry)
{
	if (out->override_count < ACPI_OVERRIDES_MAX)
		out->override[out->override_count++] = (struct acpi_override){
			.bus = entry[2],
			.irq = entry[3],
			.gsi = bytes_get32(entry + 4),
			.flags = bytes_get16(entry + 8),
		};
}

/* Local APIC flags (ACPI 6.3, table 5-47). */
static void add_cpu_of(struct acpi_info *out, uint32_t apic_id, uint32_t acpi_id, uint32_t flags,
		       bool x2apic)
{
	const struct acpi_cpu cpu = {
		.apic_id = apic_id,
		.acpi_id = acpi_id,
		.enabled = (flags & BIT(0)) != 0,
		.online_capable = (flags & BIT(1)) != 0,
		.x2apic_entry = x2apic,
	};

	add_cpu(out, &cpu);
}

/* Interrupt controller structures (ACPI 6.3, 5.2.12), in the order of their types. */
static void parse_madt_entry(const uint8_t *e, uint8_t len, struct acpi_info *out)
{
	if (e[0] == 0 && len >= 8)
		add_cpu_of(out, e[3], e[2], bytes_get32(e + 4), false);
	else if (e[0] == 1 && len >= 12)
		add_ioapic(out, e);
	else if (e[0] == 2 && len >= 10)
		add_override(out, e);
	else if (e[0] == 4 && len >= 6)
		add_nmi(out, e[2] == 0xFF ? ACPI_NMI_ALL : e[2], bytes_get16(e + 3), e[5]);
	else if (e[0] == 5 && len >= 12)
		out->lapic_address = bytes_get64(e + 4);
	else if (e[0] == 9 && len >= 16)
		add_cpu_of(out, bytes_get32(e + 4), bytes_get32(e + 12), bytes_get32(e + 8), true);
	else if (e[0] == 10 && len >= 12)
		add_nmi(out, bytes_get32(e + 4), bytes_get16(e + 2), e[8]);
}

enum status acpi_parse_madt(const void *table, size_t size, struct acpi_info *out)
{
	const uint8_t *madt = table;
	size_t at = 44;

	if (size < at)
		return ERR_TRUNCATED;
	out->madt = true;
	out->lapic_address = bytes_get32(madt + 36);
	out->pcat_compat = (bytes_get32(madt + 40) & BIT(0)) != 0;
	while (bytes_within(size, at, 2)) {
		uint8_t len = madt[at + 1];

		if (len < 2 || !bytes_within(size, at, len))
			return ERR_INVALID;
		parse_madt_entry(madt + at, len, out);
		at += len;
	}
	return OK;
}

static struct acpi_gas get_gas(const uint8_t *p)
{
	return (struct acpi_gas){
		.space = p[0],
		.bit_width = p[1],
		.bit_offset = p[2],
		.access_size = p[3],
		.address = bytes_get64(p + 4),
	};
}

enum status acpi_parse_hpet(const void *table, size_t size, struct acpi_info *out)
{
	const uint8_t *hpet = table;
	struct acpi_gas base;

	if (size < 56)
		return ERR_TRUNCATED;
	base = get_gas(hpet + 40);
	if (base.space != ACPI_SPACE_MEMORY)
		return ERR_INVALID;
	out->hpet_address = base.address;
	return OK;
}

/*
 * A register of the FADT: the 64-bit field at x, if the table has one and it is used, else the
 * 32-bit I/O port at v1.
 */
static struct acpi_gas fadt_register(const uint8_t *fadt, size_t size, size_t x, size_t v1,
				     uint8_t bits)
{
	struct acpi_gas gas = { 0 };
	uint32_t port = bytes_get32(fadt + v1);

	if (bytes_within(size, x, 12))
		gas = get_gas(fadt + x);
	if (gas.address == 0 && port != 0)
		gas = (struct acpi_gas){
			.space = ACPI_SPACE_IO,
			.bit_width = bits,
			.address = port,
		};
	return gas;
}

/* Offsets: ACPI 6.3, table 5-33. An ACPI 1.0 table ends at 116. */
enum status acpi_parse_fadt(const void *table, size_t size, struct acpi_info *out)
{
	const uint8_t *fadt = table;
	uint32_t flags;

	if (size < 116)
		return ERR_TRUNCATED;
	flags = bytes_get32(fadt + 112);
	out->fadt = true;
	out->sci = bytes_get16(fadt + 46);
	out->iapc_boot_arch = bytes_get16(fadt + 109);
	out->dsdt = bytes_get32(fadt + 40);
	if (size >= 148 && bytes_get64(fadt + 140) != 0)
		out->dsdt = bytes_get64(fadt + 140);
	out->pm1a_control = fadt_register(fadt, size, 172, 64, 16);
	out->pm1b_control = fadt_register(fadt, size, 184, 68, 16);
	/* PM_TMR_LEN is 4 where there is a timer (4.8.3.3). */
	if (fadt[91] == 4) {
		out->pm_timer = fadt_register(fadt, size, 208, 76, 32);
		out->pm_timer_32bit = (flags & BIT(8)) != 0;
	}
	if (size >= 129 && (flags & BIT(10)) != 0) {
		out->reset = get_gas(fadt + 116);
		out->reset_value = fadt[128];
	}
	return OK;
}

/* An integer constant of AML at the start of p (ACPI 6.3, 20.2.3). */
static size_t aml_integer(const uint8_t *p, size_t size, uint8_t *value)
{
	static const uint8_t lengths[] = { [0x0A] = 1, [0x0B] = 2, [0x0C] = 4, [0x0E] = 8 };

	if (size == 0)
		return 0;
	if (p[0] <= 1) {
		*value = p[0];
		return 1;
	}
	if (p[0] >= array_size(lengths) || lengths[p[0]] == 0 || size < 1U + lengths[p[0]])
		return 0;
	*value = p[1];
	return 1U + lengths[p[0]];
}

/* A DefPackage of at least two integers at the start of p. */
static bool aml_package(const uint8_t *p, size_t size, uint8_t *a, uint8_t *b)
{
	size_t at, used;

	if (size < 2 || p[0] != 0x12)
		return false;
	/* PkgLength: bits 7:6 of its first byte count the bytes that follow; then NumElements. */
	at = 2 + (p[1] >> 6);
	if (at >= size || p[at] < 2)
		return false;
	at++;
	used = aml_integer(p + at, size - at, a);
	return used != 0 && aml_integer(p + at + used, size - at - used, b) != 0;
}

bool acpi_find_s5(const void *dsdt, size_t size, uint8_t *typ_a, uint8_t *typ_b)
{
	const uint8_t *p = dsdt;

	for (size_t i = HEADER_SIZE + 1; bytes_within(size, i, 4); i++) {
		/* NameOp, perhaps a root prefix, "_S5_". */
		bool named = p[i - 1] == 0x08 || (p[i - 1] == '\\' && p[i - 2] == 0x08);
		uint8_t a, b;

		if (!named || memcmp(p + i, "_S5_", 4) != 0)
			continue;
		if (!aml_package(p + i + 4, size - i - 4, &a, &b))
			continue;
		/* SLP_TYP is three bits wide (4.8.3.2.1). */
		*typ_a = a & 7;
		*typ_b = b & 7;
		return true;
	}
	return false;
}

/* Use the table at hpa if it is one of those wanted and the first of its kind. */
static void parse_table(struct source *src, uint64_t hpa, struct acpi_info *out)
{
	const uint8_t *table;
	enum status status = OK;
	size_t size;

	if (!out->madt && (table = map_table(src, hpa, "APIC", &size)) != NULL)
		status = acpi_parse_madt(table, size, out);
	else if (out->hpet_address == 0 && (table = map_table(src, hpa, "HPET", &size)) != NULL)
		status = acpi_parse_hpet(table, size, out);
	else if (!out->fadt && (table = map_table(src, hpa, "FACP", &size)) != NULL)
		status = acpi_parse_fadt(table, size, out);
	if (status != OK)
		src->warning = "ACPI: the structure of MADT, HPET or FADT is broken";
}

/* RSDT (entries of 4 bytes) or XSDT (8). False when the table itself is of no use. */
static bool parse_root(struct source *src, uint64_t hpa, const char *signature, size_t entry_size,
		       struct acpi_info *out)
{
	size_t size;
	const uint8_t *root = map_table(src, hpa, signature, &size);
	size_t count;

	if (root == NULL)
		return false;
	count = min_u64((size - HEADER_SIZE) / entry_size, ROOT_ENTRIES_MAX);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = HEADER_SIZE + i * entry_size, entry;

		/* Reading the last table may have cost us this one. */
		root = src->map(src->ctx, hpa, size);
		if (root == NULL)
			return false;
		entry = entry_size == 8 ? bytes_get64(root + at) : bytes_get32(root + at);
		if (entry != 0)
			parse_table(src, entry, out);
	}
	return true;
}

static void parse_dsdt(struct source *src, struct acpi_info *out)
{
	size_t size;
	const uint8_t *dsdt;

	if (out->dsdt == 0)
		return;
	dsdt = map_table(src, out->dsdt, "DSDT", &size);
	if (dsdt != NULL)
		out->s5 = acpi_find_s5(dsdt, size, &out->s5_typ_a, &out->s5_typ_b);
}

enum status acpi_parse(const void *rsdp, size_t size, acpi_map_fn map, void *ctx,
		       struct acpi_info *out, const char **warning)
{
	struct source src = { .map = map, .ctx = ctx };
	const uint8_t *p = rsdp;
	bool done = false;

	memset(out, 0, sizeof(*out));
	if (size < 20 || memcmp(p, "RSD PTR ", 8) != 0 || bytes_sum(p, 20) != 0) {
		*warning = "ACPI: the RSDP is broken";
		return ERR_INVALID;
	}
	memcpy(out->oem_id, p + 9, 6);
	out->revision = p[15];
	if (out->revision >= 2 && size >= 36 && bytes_sum(p, 36) == 0 && bytes_get64(p + 24) != 0)
		done = parse_root(&src, bytes_get64(p + 24), "XSDT", 8, out);
	if (!done && bytes_get32(p + 16) != 0)
		done = parse_root(&src, bytes_get32(p + 16), "RSDT", 4, out);
	if (done)
		parse_dsdt(&src, out);
	else if (src.warning == NULL)
		src.warning = "ACPI: no XSDT or RSDT";
	*warning = src.warning;
	return done ? OK : ERR_INVALID;
}
