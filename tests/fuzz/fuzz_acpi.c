// SPDX-License-Identifier: MIT
// sources: boot/acpi.c
//
// The input is a piece of memory at BASE with the RSDP at its start. Checksums are made right, so
// that the fuzzer need not.
#include "boot/acpi.h"
#include "core/lib/bytes.h"
#include "tests/fuzz/fuzz.h"

#define BASE 0x10000U

static uint8_t *memory;
static size_t memory_size;
static struct acpi_info info;

static void fix(uint8_t *bytes, size_t size, size_t checksum)
{
	bytes[checksum] = 0;
	bytes[checksum] = (uint8_t)-bytes_sum(bytes, size);
}

/* Exact copies, of which only the last is valid. */
static const void *map(void *ctx, uint64_t hpa, size_t len)
{
	uint8_t **last = ctx;

	free(*last);
	*last = NULL;
	if (hpa < BASE || !bytes_within(memory_size, hpa - BASE, len))
		return NULL;
	*last = malloc(len + 1);
	memcpy(*last, memory + (hpa - BASE), len);
	if (len > 36)
		fix(*last, len, 9);
	return *last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *warning = NULL;
	uint8_t *last = NULL;
	uint8_t a, b;

	memory = malloc(size + 36);
	memory_size = size;
	memset(memory, 0, size + 36);
	memcpy(memory, data, size);
	fix(memory, 20, 8);
	fix(memory, 36, 32);
	if (acpi_parse(memory, 36, map, &last, &info, &warning) != OK)
		must(warning != NULL);
	must(info.cpu_count <= ACPI_CPUS_MAX && info.ioapic_count <= ACPI_IOAPICS_MAX);
	must(info.override_count <= ACPI_OVERRIDES_MAX && info.nmi_count <= ACPI_NMIS_MAX);
	/* The parsers by themselves, on bytes whose header says nothing. */
	memset(&info, 0, sizeof(info));
	(void)!acpi_parse_madt(data, size, &info);
	(void)!acpi_parse_hpet(data, size, &info);
	(void)!acpi_parse_fadt(data, size, &info);
	if (acpi_find_s5(data, size, &a, &b))
		must(a < 8 && b < 8);
	free(last);
	free(memory);
	return 0;
}
