// SPDX-License-Identifier: MIT
// variants: 64 32
// memory: 16
// cmdline: first "second word" third=3
//
// The processor's state at the PVH entry and what start_info points to: xen.git docs/misc/pvh,
// start_info.h. On every machine: all ok.
#include "tests/guest/lib/guest.h"

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static uint8_t sum(const void *p, size_t len)
{
	uint8_t s = 0;

	for (size_t i = 0; i < len; i++)
		s = (uint8_t)(s + ((const uint8_t *)p)[i]);
	return s;
}

static void processor(void)
{
	const struct entry_state *e = &entry_state;

	ok_eq(e->cr0 & ~0x10U, 1, "CR0 is PE");
	ok_eq(e->cr4, 0, "CR4 is 0");
	ok_eq(e->efer, 0, "EFER is 0");
	ok_eq(e->eflags & 0x20300, 0, "EFLAGS: IF, TF and VM are clear");
	ok_eq(e->dr6, 0xffff0ff0, "DR6 as after reset");
	ok_eq(e->dr7, 0x400, "DR7 as after reset");
	ok_eq(e->es_word, e->ebx, "ES works");
	ok(e->ebx != 0 && e->ebx % 4 == 0, "EBX points to start_info");
}

static void memory_map(const struct hvm_start_info *s)
{
	const struct hvm_memmap_table_entry *m = at(s->memmap_paddr);
	uint64_t ram = 0, end = 0;
	bool ordered = true, info_in_ram = false;

	ok(s->memmap_entries >= 2 && s->memmap_entries < 32, "%u entries of memory map",
	   s->memmap_entries);
	for (uint32_t i = 0; i < s->memmap_entries; i++) {
		note("%08lx%08lx +%08lx type %u", (unsigned long)(m[i].addr >> 32),
		     (unsigned long)(m[i].addr & 0xffffffff), (unsigned long)m[i].size, m[i].type);
		ordered &= m[i].addr >= end && m[i].reserved == 0;
		end = m[i].addr + m[i].size;
		if (m[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
			continue;
		ram += m[i].size;
		info_in_ram |= entry_state.ebx >= m[i].addr && entry_state.ebx < end;
	}
	ok(ordered, "in order, without overlaps");
	ok(m[0].addr == 0 && m[0].type == XEN_HVM_MEMMAP_TYPE_RAM, "RAM begins at 0");
	ok(ram > 15 << 20 && ram <= 16 << 20, "16 MiB of RAM: %lu", (unsigned long)ram);
	ok(info_in_ram, "start_info lies in RAM");
	*(volatile uint32_t *)at(0x1000) = 0x12345678;
	ok_eq(*(volatile uint32_t *)at(0x1000), 0x12345678, "the first pages are RAM");
	*(volatile uint32_t *)at(0xb8000) = 0x12345678;
	ok_eq(*(volatile uint32_t *)at(0xb8000), 0x12345678, "there is no VGA hole");
}

static const struct header *find_table(const struct header *xsdt, const char *name)
{
	for (uint32_t i = sizeof(*xsdt); i + 8 <= xsdt->length; i += 8) {
		uint64_t address;
		const struct header *t;

		memcpy(&address, (const char *)xsdt + i, 8);
		t = at(address);
		if (memcmp(t->signature, name, 4) == 0)
			return t;
	}
	return NULL;
}

static void madt(const struct header *t)
{
	const uint8_t *p = (const uint8_t *)t;
	uint32_t lapic, cpus = 0;

	memcpy(&lapic, p + 36, 4);
	ok_eq(lapic, 0xfee00000, "MADT: the local APIC's address");
	for (uint32_t i = 44; i + 2 <= t->length && p[i + 1]; i += p[i + 1]) {
		ok(p[i] != 1, "MADT: entry of type %u is no I/O APIC", p[i]);
		if (p[i] != 0)
			continue;
		ok(p[i + 2] == cpus && p[i + 3] == 2 * cpus, "MADT: vCPU %u has APIC id %u",
		   p[i + 2], p[i + 3]);
		cpus++;
	}
	ok_eq(cpus, 1, "MADT: one vCPU");
}

static void acpi(uint64_t address)
{
	const struct rsdp *r = at(address);
	const struct header *xsdt, *fadt, *apic;

	if (!ok(address && memcmp(r->signature, "RSD PTR ", 8) == 0, "there is an RSDP"))
		return;
	ok(r->revision >= 2 && sum(r, 20) == 0 && sum(r, r->length) == 0, "its sums are right");
	xsdt = at(r->xsdt);
	ok(memcmp(xsdt->signature, "XSDT", 4) == 0 && sum(xsdt, xsdt->length) == 0, "XSDT");
	fadt = find_table(xsdt, "FACP");
	apic = find_table(xsdt, "APIC");
	if (ok(fadt && sum(fadt, fadt->length) == 0, "FADT")) {
		uint16_t arch;
		uint32_t dsdt;

		memcpy(&arch, (const char *)fadt + 109, 2);
		memcpy(&dsdt, (const char *)fadt + 40, 4);
		ok((arch & 0x26) == 0x24, "FADT: no VGA, no CMOS clock, no 8042: 0x%x", arch);
		ok(dsdt && memcmp(at(dsdt), "DSDT", 4) == 0, "DSDT");
	}
	if (ok(apic && sum(apic, apic->length) == 0, "MADT"))
		madt(apic);
}

void test_main(void)
{
	const struct hvm_start_info *s = start_info;

	processor();
	ok_eq(s->magic, XEN_HVM_START_MAGIC_VALUE, "start_info's magic");
	ok(s->version >= 1, "its version is %u", s->version);
	ok_eq(s->flags, 0, "no flags: this is no dom0");
	ok_eq(s->nr_modules, 0, "no modules");
	ok(strcmp(command_line(), "first \"second word\" third=3") == 0, "the command line: %s",
	   command_line());
	memory_map(s);
	acpi(s->rsdp_paddr);
}
