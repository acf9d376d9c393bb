// SPDX-License-Identifier: MIT
// sources: boot/acpi.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "boot/acpi.h"
#include "core/lib/bytes.h"

/* The machine's memory: tables are put one behind the other at BASE. */
#define BASE 0x7FE00000ULL
static uint8_t memory[65536];
static size_t used;
static uint8_t rsdp[36];
static struct acpi_info info;
static const char *warning;

/* Gives out exact copies, and takes back the one before: as strict as a caller may be. */
static const void *map(void *ctx, uint64_t hpa, size_t len)
{
	static uint8_t *last;

	free(last);
	last = NULL;
	if (hpa < BASE || !bytes_within(sizeof(memory), hpa - BASE, len))
		return NULL;
	last = malloc(len);
	memcpy(last, memory + (hpa - BASE), len);
	return last;
}

static void begin(void)
{
	memset(memory, 0, sizeof(memory));
	used = 0;
}

static void fix_checksum(uint64_t hpa)
{
	uint8_t *t = memory + (hpa - BASE);

	t[9] = 0;
	t[9] = (uint8_t)-bytes_sum(t, bytes_get32(t + 4));
}

/* A table of that body behind its header. Returns its address. */
static uint64_t table(const char *signature, const void *body, size_t len)
{
	uint64_t hpa = BASE + used;
	uint8_t *t = memory + used;

	memcpy(t, signature, 4);
	bytes_put32(t + 4, (uint32_t)(36 + len));
	t[8] = 1;
	memcpy(t + 36, body, len);
	fix_checksum(hpa);
	used += 36 + len + 3;
	return hpa;
}

static void make_rsdp(uint8_t revision, uint64_t rsdt, uint64_t xsdt)
{
	memset(rsdp, 0, sizeof(rsdp));
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "BOCHS ", 6);
	rsdp[15] = revision;
	bytes_put32(rsdp + 16, (uint32_t)rsdt);
	bytes_put32(rsdp + 20, 36);
	bytes_put64(rsdp + 24, xsdt);
	rsdp[8] = (uint8_t)-bytes_sum(rsdp, 20);
	rsdp[32] = (uint8_t)-bytes_sum(rsdp, 36);
}

static enum status parse(void)
{
	warning = "unset";
	return acpi_parse(rsdp, rsdp[15] >= 2 ? 36 : 20, map, NULL, &info, &warning);
}

static const uint8_t madt_body[] = { 0x00, 0x00, 0xE0, 0xFE, 1, 0, 0, 0,
				     /* two local APICs, a disabled and an online-capable one */
				     0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 2, 1, 0, 0, 0, 0, 8, 2, 4, 0,
				     0, 0, 0, 0, 8, 3, 6, 2, 0, 0, 0,
				     /* I/O APIC, two overrides */
				     1, 12, 8, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0,
				     0, 0, 0, 0, 2, 10, 0, 9, 9, 0, 0, 0, 0xD, 0,
				     /* NMI of all on LINT1, then an unknown entry */
				     4, 6, 0xFF, 0, 0, 1, 0x7F, 4, 1, 2,
				     /* an x2APIC, and one that repeats APIC id 2 */
				     9, 16, 0, 0, 0x00, 1, 0, 0, 1, 0, 0, 0, 7, 1, 0, 0, 9, 16, 0,
				     0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
				     /* address override, x2APIC NMI */
				     5, 12, 0, 0, 0, 0, 0xD0, 0xFE, 1, 0, 0, 0, 10, 12, 5, 0, 7, 1,
				     0, 0, 1, 0, 0, 0 };

static uint64_t fadt_table(size_t len, uint64_t dsdt)
{
	uint8_t body[268 - 36] = { 0 };

	bytes_put32(body + 40 - 36, (uint32_t)dsdt);
	bytes_put16(body + 46 - 36, 9);
	bytes_put32(body + 64 - 36, 0xB004);
	bytes_put32(body + 76 - 36, 0xB008);
	body[91 - 36] = 4;
	bytes_put16(body + 109 - 36, 3);
	bytes_put32(body + 112 - 36, 1 << 8 | 1 << 10);
	body[116 - 36] = 1;
	body[117 - 36] = 8;
	bytes_put64(body + 120 - 36, 0xCF9);
	body[128 - 36] = 6;
	bytes_put64(body + 140 - 36, dsdt);
	body[208 - 36] = 1;
	body[209 - 36] = 32;
	bytes_put64(body + 212 - 36, 0x608);
	return table("FACP", body, len - 36);
}

static uint64_t dsdt_table(void)
{
	static const uint8_t aml[] = { 0x10, 0x05, '_',  'S', 'B',  '_', 0x08, '_', 'S', '5',
				       '_',  0x12, 0x08, 4,   0x0A, 5,   0x0A, 7,   0,   0 };

	return table("DSDT", aml, sizeof(aml));
}

static uint64_t hpet_table(uint8_t space)
{
	uint8_t body[20] = { 1, 0xA2, 0x86, 0x80, space, 64, 0, 0 };

	bytes_put64(body + 8, 0xFED00000);
	return table("HPET", body, sizeof(body));
}

/* All tables of a machine behind an XSDT, or behind an RSDT of an ACPI 1.0 one. */
static void machine(bool acpi1)
{
	uint64_t entries[5], root;
	uint8_t list[40];

	begin();
	entries[0] = fadt_table(acpi1 ? 116 : 268, dsdt_table());
	entries[1] = table("SSDT", "x", 1);
	entries[2] = table("APIC", madt_body, sizeof(madt_body));
	entries[3] = 0;
	entries[4] = hpet_table(0);
	for (size_t i = 0; i < 5; i++) {
		if (acpi1)
			bytes_put32(list + i * 4, (uint32_t)entries[i]);
		else
			bytes_put64(list + i * 8, entries[i]);
	}
	root = acpi1 ? table("RSDT", list, 20) : table("XSDT", list, 40);
	if (acpi1)
		make_rsdp(0, root, 0);
	else
		make_rsdp(2, 0, root);
}

static void check_madt(void)
{
	assert_true(info.madt && info.pcat_compat);
	assert_int_equal(info.lapic_address, 0x1FED00000ULL);
	assert_int_equal(info.cpu_count, 4);
	assert_int_equal(info.cpu_lost, 0);
	assert_int_equal(info.cpu[1].apic_id, 2);
	assert_int_equal(info.cpu[1].acpi_id, 1);
	assert_true(info.cpu[1].enabled && !info.cpu[1].x2apic_entry);
	assert_int_equal(info.cpu[2].apic_id, 6);
	assert_true(!info.cpu[2].enabled && info.cpu[2].online_capable);
	assert_int_equal(info.cpu[3].apic_id, 0x100);
	assert_int_equal(info.cpu[3].acpi_id, 0x107);
	assert_true(info.cpu[3].x2apic_entry);
	assert_int_equal(info.ioapic_count, 1);
	assert_int_equal(info.ioapic[0].id, 8);
	assert_int_equal(info.ioapic[0].address, 0xFEC00000);
	assert_int_equal(info.override_count, 2);
	assert_int_equal(info.override[0].irq, 0);
	assert_int_equal(info.override[0].gsi, 2);
	assert_int_equal(info.override[1].flags, 0xD);
	assert_int_equal(info.nmi_count, 2);
	assert_int_equal(info.nmi[0].acpi_id, ACPI_NMI_ALL);
	assert_int_equal(info.nmi[0].lint, 1);
	assert_int_equal(info.nmi[1].acpi_id, 0x107);
	assert_int_equal(info.nmi[1].flags, 5);
}

static void an_acpi_2_machine_is_understood(void **state)
{
	machine(false);
	assert_int_equal(parse(), OK);
	assert_null(warning);
	assert_int_equal(info.revision, 2);
	assert_string_equal(info.oem_id, "BOCHS ");
	check_madt();
	assert_int_equal(info.hpet_address, 0xFED00000);
	assert_true(info.fadt);
	assert_int_equal(info.sci, 9);
	assert_int_equal(info.pm_timer.address, 0x608);
	assert_int_equal(info.pm_timer.space, ACPI_SPACE_IO);
	assert_true(info.pm_timer_32bit);
	assert_int_equal(info.pm1a_control.address, 0xB004);
	assert_int_equal(info.pm1b_control.address, 0);
	assert_int_equal(info.reset.address, 0xCF9);
	assert_int_equal(info.reset_value, 6);
	assert_int_equal(info.iapc_boot_arch, 3);
	assert_true(info.s5);
	assert_int_equal(info.s5_typ_a, 5);
	assert_int_equal(info.s5_typ_b, 7);
}

static void an_acpi_1_machine_is_understood(void **state)
{
	machine(true);
	assert_int_equal(parse(), OK);
	assert_null(warning);
	check_madt();
	assert_int_equal(info.hpet_address, 0xFED00000);
	assert_int_equal(info.pm_timer.address, 0xB008);
	assert_int_equal(info.pm_timer.bit_width, 32);
	/* An ACPI 1.0 FADT ends before the reset register. */
	assert_int_equal(info.reset.address, 0);
	assert_true(info.s5);
}

static void a_broken_rsdp_is_refused(void **state)
{
	machine(false);
	rsdp[9] ^= 1;
	assert_int_equal(parse(), ERR_INVALID);
	assert_string_equal(warning, "ACPI: the RSDP is broken");
	machine(false);
	rsdp[0] = 'X';
	assert_int_equal(parse(), ERR_INVALID);
	machine(false);
	assert_int_equal(acpi_parse(rsdp, 19, map, NULL, &info, &warning), ERR_INVALID);
	make_rsdp(2, 0, 0);
	assert_int_equal(parse(), ERR_INVALID);
	assert_string_equal(warning, "ACPI: no XSDT or RSDT");
	make_rsdp(2, 0x1000, 0x1000);
	assert_int_equal(parse(), ERR_INVALID);
	assert_string_equal(warning, "ACPI: a table lies where nothing can be read");
}

static void a_broken_xsdt_falls_back_to_the_rsdt(void **state)
{
	uint64_t rsdt, xsdt;
	uint8_t list[8] = { 0 };

	begin();
	bytes_put32(list, (uint32_t)hpet_table(0));
	rsdt = table("RSDT", list, 4);
	xsdt = table("XSDT", list, 8);
	memory[xsdt - BASE + 40] ^= 1;
	make_rsdp(2, rsdt, xsdt);
	assert_int_equal(parse(), OK);
	assert_int_equal(info.hpet_address, 0xFED00000);
	assert_string_equal(warning, "ACPI: a table has a bad checksum");
}

static uint64_t only(uint64_t hpa)
{
	uint8_t list[8];

	bytes_put64(list, hpa);
	make_rsdp(2, 0, table("XSDT", list, 8));
	return hpa;
}

static void broken_tables_are_skipped_with_a_warning(void **state)
{
	uint64_t hpa;

	begin();
	hpa = only(hpet_table(0));
	memory[hpa - BASE + 44] ^= 1;
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: a table has a bad checksum");
	assert_int_equal(info.hpet_address, 0);
	begin();
	only(hpet_table(1));
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: the structure of MADT, HPET or FADT is broken");
	begin();
	hpa = only(hpet_table(0));
	bytes_put32(memory + (hpa - BASE) + 4, 35);
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: a table has a bad length");
	begin();
	hpa = only(hpet_table(0));
	bytes_put32(memory + (hpa - BASE) + 4, 0xFFFFFFFF);
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: a table has a bad length");
	begin();
	hpa = only(hpet_table(0));
	bytes_put32(memory + (hpa - BASE) + 4, 0x20000);
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: a table lies where nothing can be read");
	begin();
	only(0xFFFFFFFFFFFFFFF0);
	assert_int_equal(parse(), OK);
	assert_string_equal(warning, "ACPI: a table lies where nothing can be read");
}

/* Parse the first size bytes of a table, in an allocation of that size. */
static enum status parse_cut(enum status (*fn)(const void *, size_t, struct acpi_info *),
			     uint64_t hpa, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	enum status status;

	memcpy(copy, memory + (hpa - BASE), size);
	memset(&info, 0, sizeof(info));
	status = fn(copy, size, &info);
	free(copy);
	return status;
}

static void cut_tables_are_not_read_beyond_their_end(void **state)
{
	uint64_t hpa;

	begin();
	hpa = table("APIC", madt_body, sizeof(madt_body));
	for (size_t size = 0; size < 44; size++)
		assert_int_equal(parse_cut(acpi_parse_madt, hpa, size), ERR_TRUNCATED);
	for (size_t size = 44; size < 36 + sizeof(madt_body); size++)
		(void)!parse_cut(acpi_parse_madt, hpa, size);
	hpa = hpet_table(0);
	for (size_t size = 0; size < 56; size++)
		assert_int_equal(parse_cut(acpi_parse_hpet, hpa, size), ERR_TRUNCATED);
	hpa = fadt_table(268, 0);
	for (size_t size = 0; size < 116; size++)
		assert_int_equal(parse_cut(acpi_parse_fadt, hpa, size), ERR_TRUNCATED);
	for (size_t size = 116; size <= 268; size++)
		assert_int_equal(parse_cut(acpi_parse_fadt, hpa, size), OK);
}

static void madt_entries_of_no_length_end_it(void **state)
{
	static const uint8_t body[] = { 0, 0, 0xE0, 0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t beyond[] = { 0, 0, 0xE0, 0xFE, 0, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0 };
	uint64_t hpa;

	begin();
	hpa = table("APIC", body, sizeof(body));
	assert_int_equal(parse_cut(acpi_parse_madt, hpa, 36 + sizeof(body)), ERR_INVALID);
	hpa = table("APIC", beyond, sizeof(beyond));
	assert_int_equal(parse_cut(acpi_parse_madt, hpa, 36 + sizeof(beyond)), ERR_INVALID);
}

static void more_processors_than_fit_are_counted(void **state)
{
	static uint8_t body[8 + 300 * 16];
	uint64_t hpa;

	for (uint32_t i = 0; i < 300; i++) {
		uint8_t *e = body + 8 + i * 16;

		e[0] = 9;
		e[1] = 16;
		bytes_put32(e + 4, i);
		bytes_put32(e + 8, 1);
	}
	begin();
	hpa = table("APIC", body, sizeof(body));
	assert_int_equal(parse_cut(acpi_parse_madt, hpa, 36 + sizeof(body)), OK);
	assert_int_equal(info.cpu_count, ACPI_CPUS_MAX);
	assert_int_equal(info.cpu_lost, 300 - ACPI_CPUS_MAX);
}

static bool find_s5(const void *aml, size_t len, uint8_t *a, uint8_t *b)
{
	uint8_t *dsdt = calloc(1, 36 + len);
	bool found;

	memcpy(dsdt + 36, aml, len);
	found = acpi_find_s5(dsdt, 36 + len, a, b);
	free(dsdt);
	return found;
}

static void s5_is_found_in_its_encodings(void **state)
{
	uint8_t a = 99, b = 99;

	assert_true(find_s5("\x08_S5_\x12\x06\x04\x00\x01\x00\x00", 11, &a, &b));
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	assert_true(find_s5("\x08\\_S5_\x12\x06\x02\x0A\x07\x0B\x05\x00", 14, &a, &b));
	assert_int_equal(a, 7);
	assert_int_equal(b, 5);
	assert_true(find_s5("xx\x08_S5_\x12\x46\x00\x02\x0C\x03\x00\x00\x00\x01", 18, &a, &b));
	assert_int_equal(a, 3);
	assert_int_equal(b, 1);
}

static void what_is_not_s5_is_not_taken(void **state)
{
	static const char whole[] = "\x08_S5_\x12\x08\x04\x0A\x07\x0A\x05";
	uint8_t a, b;

	assert_false(find_s5("\x07_S5_\x12\x06\x04\x00\x01", 10, &a, &b));
	assert_false(find_s5("\x08_S5_\x14\x06\x04\x00\x01", 10, &a, &b));
	assert_false(find_s5("\x08_S5_\x12\x06\x01\x00\x01", 10, &a, &b));
	assert_false(find_s5("\x08_S5_\x12\x06\x02\x0D\x01", 10, &a, &b));
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		assert_false(find_s5(whole, len, &a, &b));
	assert_true(find_s5(whole, sizeof(whole) - 1, &a, &b));
	assert_false(acpi_find_s5(whole, 5, &a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acpi_2_machine_is_understood),
		cmocka_unit_test(an_acpi_1_machine_is_understood),
		cmocka_unit_test(a_broken_rsdp_is_refused),
		cmocka_unit_test(a_broken_xsdt_falls_back_to_the_rsdt),
		cmocka_unit_test(broken_tables_are_skipped_with_a_warning),
		cmocka_unit_test(cut_tables_are_not_read_beyond_their_end),
		cmocka_unit_test(madt_entries_of_no_length_end_it),
		cmocka_unit_test(more_processors_than_fit_are_counted),
		cmocka_unit_test(s5_is_found_in_its_encodings),
		cmocka_unit_test(what_is_not_s5_is_not_taken),
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
