// SPDX-License-Identifier: MIT
#include "boot/guest_acpi.h"

#include "core/lib/bits.h"
#include "core/lib/bytes.h"

/* Fields by offset: ACPI 6.3, 5.2.5 (RSDP), 5.2.6 (header), 5.2.9 (FADT), 5.2.12 (MADT). */
#define HEADER_SIZE     36
#define HEADER_CHECKSUM 9
#define FACS_SIZE       64
#define FADT_SIZE       268 /* of revision 5 */
#define MADT_SIZE       44  /* without entries */
#define MADT_LAPIC_SIZE 8
#define XSDT_SIZE       (HEADER_SIZE + 2 * 8)

#define LAPIC_ADDRESS 0xFEE00000U
/* ACPICA wants a PM1a block of any FADT that is not hardware-reduced; nothing answers there. */
#define PM1A_EVENT    0xB000U
#define PM1A_CONTROL  0xB004U
#define RESET_PORT    0xCF9U
#define SCI_INTERRUPT 9

/* FADT fixed feature flags (table 5-35), as xl sets them for PVH. */
#define FADT_FLAGS                                                                                 \
	(BIT(0) /* WBINVD */ | BIT(2) /* C1 on all processors */ |                                 \
	 BIT(4) /* no fixed power button */ | BIT(5) /* no fixed sleep button */ |                 \
	 BIT(6) /* no fixed RTC wake */ | BIT(8) /* TMR_VAL_EXT */ |                               \
	 BIT(15) /* USE_PLATFORM_CLOCK */)

/* IA-PC boot architecture flags (table 5-36): neither VGA nor CMOS RTC. */
#define FADT_BOOT_ARCH (BIT(2) | BIT(5))

/* The tables, back to back from the start of the buffer. */
struct places {
	uint32_t facs, dsdt, fadt, madt, xsdt, end;
};

/* AML (20.2.5): \_SB scope with one processor object a vCPU. */
#define AML_SCOPE_HEAD     8  /* ScopeOp, two bytes of PkgLength, "\_SB_" */
#define AML_PROCESSOR_SIZE 13 /* ProcessorOp 2, PkgLength 1, name 4, id 1, block 4, length 1 */

static uint32_t dsdt_size(uint32_t vcpus)
{
	return HEADER_SIZE + AML_SCOPE_HEAD + vcpus * AML_PROCESSOR_SIZE;
}

static struct places place(uint32_t vcpus)
{
	struct places p = { .facs = 0 };

	p.dsdt = p.facs + FACS_SIZE;
	p.fadt = (uint32_t)round_up(p.dsdt + dsdt_size(vcpus), 16);
	p.madt = (uint32_t)round_up(p.fadt + FADT_SIZE, 16);
	p.xsdt = (uint32_t)round_up(p.madt + MADT_SIZE + vcpus * MADT_LAPIC_SIZE, 16);
	p.end = p.xsdt + XSDT_SIZE;
	return p;
}

static void put_header(uint8_t *table, const char *signature, uint32_t size, uint8_t revision)
{
	memcpy(table, signature, 4);
	bytes_put32(table + 4, size);
	table[8] = revision;
	memcpy(table + 10, "Xen", 3);
	memcpy(table + 16, "HVM", 3);
	memcpy(table + 28, "XNTH", 4);
}

static void put_checksum(uint8_t *table, size_t size, size_t at)
{
	table[at] = 0;
	table[at] = (uint8_t)-bytes_sum(table, size);
}

/* Generic Address of an I/O port (5.2.3.2). */
static void put_port(uint8_t *gas, uint8_t bits, uint32_t port)
{
	gas[0] = 1;
	gas[1] = bits;
	bytes_put64(gas + 4, port);
}

static void put_facs(uint8_t *facs)
{
	memcpy(facs, "FACS", 4);
	bytes_put32(facs + 4, FACS_SIZE);
	facs[32] = 1;
}

/* Processor (PRxx, vcpu, 0, 0) {} */
static void put_processor(uint8_t *aml, uint32_t vcpu)
{
	static const char hex[] = "0123456789ABCDEF";

	aml[0] = 0x5B;
	aml[1] = 0x83;
	aml[2] = AML_PROCESSOR_SIZE - 2;
	aml[3] = 'P';
	aml[4] = 'R';
	aml[5] = (uint8_t)hex[vcpu >> 4 & 15];
	aml[6] = (uint8_t)hex[vcpu & 15];
	aml[7] = (uint8_t)vcpu;
}

static void put_dsdt(uint8_t *dsdt, uint32_t vcpus)
{
	uint32_t size = dsdt_size(vcpus);
	uint8_t *aml = dsdt + HEADER_SIZE;
	uint32_t scope = size - HEADER_SIZE - 1;

	put_header(dsdt, "DSDT", size, 2);
	aml[0] = 0x10;
	/* Two bytes of PkgLength: bits 3:0 in the first, 11:4 in the second (20.2.4). */
	aml[1] = (uint8_t)(0x40 | (scope & 15));
	aml[2] = (uint8_t)(scope >> 4);
	memcpy(aml + 3, "\\_SB_", 5);
	for (uint32_t i = 0; i < vcpus; i++)
		put_processor(aml + AML_SCOPE_HEAD + (size_t)i * AML_PROCESSOR_SIZE, i);
	put_checksum(dsdt, size, HEADER_CHECKSUM);
}

static void put_fadt(uint8_t *fadt, uint64_t facs, uint64_t dsdt)
{
	put_header(fadt, "FACP", FADT_SIZE, 5);
	bytes_put32(fadt + 36, low32(facs));
	bytes_put32(fadt + 40, low32(dsdt));
	bytes_put16(fadt + 46, SCI_INTERRUPT);
	bytes_put32(fadt + 56, PM1A_EVENT);
	bytes_put32(fadt + 64, PM1A_CONTROL);
	fadt[88] = 4; /* bytes of the event block */
	fadt[89] = 2; /* and of the control block */
	/* Latencies that mean "no C2" and "no C3". */
	bytes_put16(fadt + 96, 0xFFF);
	bytes_put16(fadt + 98, 0xFFF);
	bytes_put16(fadt + 109, FADT_BOOT_ARCH);
	bytes_put32(fadt + 112, FADT_FLAGS);
	put_port(fadt + 116, 8, RESET_PORT);
	fadt[128] = 6;
	bytes_put64(fadt + 132, facs);
	bytes_put64(fadt + 140, dsdt);
	put_port(fadt + 148, 32, PM1A_EVENT);
	put_port(fadt + 172, 16, PM1A_CONTROL);
	put_checksum(fadt, FADT_SIZE, HEADER_CHECKSUM);
}

static void put_madt(uint8_t *madt, uint32_t vcpus)
{
	uint32_t size = MADT_SIZE + vcpus * MADT_LAPIC_SIZE;

	put_header(madt, "APIC", size, 2);
	bytes_put32(madt + 36, LAPIC_ADDRESS);
	bytes_put32(madt + 40, BIT(0)); /* PCAT_COMPAT, as xl */
	for (uint32_t i = 0; i < vcpus; i++) {
		uint8_t *lapic = madt + MADT_SIZE + (size_t)i * MADT_LAPIC_SIZE;

		lapic[0] = 0;
		lapic[1] = MADT_LAPIC_SIZE;
		lapic[2] = (uint8_t)i; /* the guest takes its Xen vCPU id from here */
		lapic[3] = (uint8_t)guest_acpi_apic_id(i);
		bytes_put32(lapic + 4, BIT(0)); /* enabled */
	}
	put_checksum(madt, size, HEADER_CHECKSUM);
}

static void put_xsdt(uint8_t *xsdt, uint64_t fadt, uint64_t madt)
{
	put_header(xsdt, "XSDT", XSDT_SIZE, 1);
	bytes_put64(xsdt + HEADER_SIZE, fadt);
	bytes_put64(xsdt + HEADER_SIZE + 8, madt);
	put_checksum(xsdt, XSDT_SIZE, HEADER_CHECKSUM);
}

enum status guest_acpi_build(gpa_t base, uint32_t vcpus, void *buf, size_t size, size_t *used,
			     gpa_t *xsdt)
{
	struct places p = place(vcpus);
	uint8_t *tables = buf;

	if (vcpus == 0 || vcpus > GUEST_ACPI_VCPUS_MAX || base.a % PAGE_SIZE != 0 ||
	    !bytes_within(GIB(4), base.a, p.end))
		return ERR_INVALID;
	if (p.end > size)
		return ERR_NOMEM;
	memset(buf, 0, p.end);
	put_facs(tables + p.facs);
	put_dsdt(tables + p.dsdt, vcpus);
	put_fadt(tables + p.fadt, base.a + p.facs, base.a + p.dsdt);
	put_madt(tables + p.madt, vcpus);
	put_xsdt(tables + p.xsdt, base.a + p.fadt, base.a + p.madt);
	*used = p.end;
	*xsdt = to_gpa(base.a + p.xsdt);
	return OK;
}

void guest_acpi_rsdp(gpa_t xsdt, uint8_t rsdp[GUEST_ACPI_RSDP_SIZE])
{
	memset(rsdp, 0, GUEST_ACPI_RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "Xen", 3);
	rsdp[15] = 2;
	bytes_put32(rsdp + 20, GUEST_ACPI_RSDP_SIZE);
	bytes_put64(rsdp + 24, xsdt.a);
	/* The first checksum covers the ACPI 1.0 part and is part of the second. */
	put_checksum(rsdp, 20, 8);
	put_checksum(rsdp, GUEST_ACPI_RSDP_SIZE, 32);
}
