// SPDX-License-Identifier: MIT
// sources: boot/guest_acpi.c boot/acpi.c
// The tables are read back with the parser for the machine's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boot/acpi.h"
#include "boot/guest_acpi.h"
#include "core/lib/bytes.h"

#define BASE 0xFC001000ULL

static uint8_t tables[GUEST_ACPI_SIZE_MAX];
static size_t used;
static gpa_t xsdt;
static uint8_t rsdp[GUEST_ACPI_RSDP_SIZE];
static struct acpi_info info;

static const void *map(void *ctx, uint64_t hpa, size_t len)
{
	if (hpa < BASE || !bytes_within(used, hpa - BASE, len))
		return NULL;
	return tables + (hpa - BASE);
}

static void build(uint32_t vcpus)
{
	const char *warning;

	memset(tables, 0xCC, sizeof(tables));
	assert_int_equal(
		guest_acpi_build(to_gpa(BASE), vcpus, tables, sizeof(tables), &used, &xsdt), OK);
	guest_acpi_rsdp(xsdt, rsdp);
	assert_int_equal(acpi_parse(rsdp, sizeof(rsdp), map, NULL, &info, &warning), OK);
	assert_null(warning);
}

static const uint8_t *table_at(uint64_t gpa, const char *signature)
{
	const uint8_t *t = map(NULL, gpa, 36);

	assert_non_null(t);
	assert_memory_equal(t, signature, 4);
	return t;
}

static void every_vcpu_is_in_the_madt(void **state)
{
	static const uint32_t counts[] = { 1, 2, 3, 4, 17, 64, 128 };

	for (size_t i = 0; i < array_size(counts); i++) {
		build(counts[i]);
		assert_int_equal(info.cpu_count, counts[i]);
		for (uint32_t cpu = 0; cpu < counts[i]; cpu++) {
			assert_int_equal(info.cpu[cpu].acpi_id, cpu);
			assert_int_equal(info.cpu[cpu].apic_id, 2 * cpu);
			assert_true(info.cpu[cpu].enabled);
		}
	}
}

static void the_platform_is_that_of_xl_for_pvh(void **state)
{
	const uint8_t *fadt, *facs;

	build(2);
	assert_int_equal(info.revision, 2);
	assert_int_equal(info.lapic_address, 0xFEE00000);
	assert_true(info.pcat_compat);
	assert_int_equal(info.ioapic_count, 0);
	assert_int_equal(info.override_count, 0);
	assert_int_equal(info.hpet_address, 0);
	assert_int_equal(info.sci, 9);
	assert_int_equal(info.pm_timer.address, 0);
	assert_int_equal(info.pm1a_control.address, 0xB004);
	assert_int_equal(info.iapc_boot_arch, 0x24);
	assert_false(info.s5);
	fadt = table_at(bytes_get64(tables + (xsdt.a - BASE) + 36), "FACP");
	assert_int_equal(fadt[8], 5);
	assert_int_equal(bytes_get32(fadt + 4), 268);
	assert_int_equal(bytes_get32(fadt + 112), 0x8175);
	assert_int_equal(bytes_get32(fadt + 56), bytes_get64(fadt + 152));
	assert_int_equal(bytes_get32(fadt + 64), bytes_get64(fadt + 176));
	assert_int_equal(bytes_get64(fadt + 120), 0xCF9);
	facs = table_at(bytes_get32(fadt + 36), "FACS");
	assert_int_equal(bytes_get32(facs + 4), 64);
	assert_int_equal(bytes_get32(fadt + 36) % 64, 0);
	assert_int_equal(bytes_get64(fadt + 132), bytes_get32(fadt + 36));
}

static void the_dsdt_has_a_processor_object_each(void **state)
{
	static const uint32_t counts[] = { 1, 4, 128 };

	for (size_t i = 0; i < array_size(counts); i++) {
		const uint8_t *dsdt;
		uint32_t size;

		build(counts[i]);
		dsdt = table_at(info.dsdt, "DSDT");
		size = bytes_get32(dsdt + 4);
		/* The scope's package length, of two bytes, reaches to the end of the table. */
		assert_int_equal(dsdt[36], 0x10);
		assert_int_equal(dsdt[37] >> 4, 4);
		assert_int_equal((dsdt[37] & 15U) + (dsdt[38] * 16U), size - 37);
		assert_memory_equal(dsdt + 39, "\\_SB_", 5);
		assert_int_equal(size, 44 + counts[i] * 13);
		for (uint32_t cpu = 0; cpu < counts[i]; cpu++) {
			const uint8_t *p = dsdt + 44 + cpu * 13;

			assert_memory_equal(p, "\x5B\x83\x0BPR", 5);
			assert_int_equal(p[7], cpu);
		}
	}
}

static void names_of_processors_differ(void **state)
{
	const uint8_t *dsdt;

	build(128);
	dsdt = table_at(info.dsdt, "DSDT");
	assert_memory_equal(dsdt + 44 + 3, "PR00", 4);
	assert_memory_equal(dsdt + 44 + 127 * 13 + 3, "PR7F", 4);
}

static void both_checksums_of_the_rsdp_are_right(void **state)
{
	build(1);
	assert_int_equal(bytes_sum(rsdp, 20), 0);
	assert_int_equal(bytes_sum(rsdp, 36), 0);
	assert_int_equal(bytes_get32(rsdp + 16), 0);
	assert_int_equal(bytes_get32(rsdp + 20), 36);
}

static void bad_arguments_are_refused(void **state)
{
	assert_int_equal(guest_acpi_build(to_gpa(BASE), 0, tables, sizeof(tables), &used, &xsdt),
			 ERR_INVALID);
	assert_int_equal(guest_acpi_build(to_gpa(BASE), 129, tables, sizeof(tables), &used, &xsdt),
			 ERR_INVALID);
	assert_int_equal(
		guest_acpi_build(to_gpa(BASE), UINT32_MAX, tables, sizeof(tables), &used, &xsdt),
		ERR_INVALID);
	assert_int_equal(
		guest_acpi_build(to_gpa(BASE + 8), 1, tables, sizeof(tables), &used, &xsdt),
		ERR_INVALID);
	assert_int_equal(
		guest_acpi_build(to_gpa(GIB(4)), 128, tables, sizeof(tables), &used, &xsdt),
		ERR_INVALID);
	build(3);
	assert_int_equal(guest_acpi_build(to_gpa(BASE), 3, tables, used - 1, &used, &xsdt),
			 ERR_NOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vcpu_is_in_the_madt),
		cmocka_unit_test(the_platform_is_that_of_xl_for_pvh),
		cmocka_unit_test(the_dsdt_has_a_processor_object_each),
		cmocka_unit_test(names_of_processors_differ),
		cmocka_unit_test(both_checksums_of_the_rsdp_are_right),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests_name("guest_acpi", tests, NULL, NULL);
}
