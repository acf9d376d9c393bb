// SPDX-License-Identifier: MIT
/*
 * The ACPI tables of a PVH guest: XSDT, FADT revision 5, MADT, DSDT, FACS, and the RSDP, as xl
 * makes them. Pure: any context.
 */
#ifndef BOOT_GUEST_ACPI_H
#define BOOT_GUEST_ACPI_H

#include "core/lib/types.h"

#define GUEST_ACPI_VCPUS_MAX 128
/* Enough for GUEST_ACPI_VCPUS_MAX vCPUs. */
#define GUEST_ACPI_SIZE_MAX  16384
#define GUEST_ACPI_RSDP_SIZE 36

/* APIC id of a vCPU: the same in CPUID, local APIC and MADT. */
static inline uint32_t guest_acpi_apic_id(uint32_t vcpu)
{
	return 2 * vcpu;
}

/*
 * Write all tables but the RSDP as they are to stand at base (page aligned), into a zeroed or dirty
 * buffer of size bytes. *used is how many bytes that took, *xsdt the address for the RSDP.
 * ERR_NOMEM when the buffer is too small, ERR_INVALID for a bad base or number of vCPUs.
 */
enum status guest_acpi_build(gpa_t base, uint32_t vcpus, void *buf, size_t size, size_t *used,
			     gpa_t *xsdt) must_check;

/* Write the RSDP that points to that XSDT. */
void guest_acpi_rsdp(gpa_t xsdt, uint8_t rsdp[GUEST_ACPI_RSDP_SIZE]);

#endif
