// SPDX-License-Identifier: MIT
/* Which fields there are, and what comes back of what is written. */
#include "tests/guest/vmx_insn/insn_tests.h"

#define PATTERN 0xa5c3f00f5a3c0ff0ULL
#define INDEXES 64

static struct vmcs_page scratch page_aligned;

static void one(uint32_t field)
{
	uint64_t old = 0, value = 0;
	char name[32];
	int result = vmx_read(field, &old);

	if (result == 12)
		return;
	format_to(name, sizeof(name), "field.%04x", field);
	if (result == VMX_OK)
		result = vmx_write(field, PATTERN);
	if (result == VMX_OK)
		result = vmx_read(field, &value);
	row(name, "%s %llx", vmx_text(result), (unsigned long long)value);
	(void)vmx_write(field, old);
}

/* A half of a 64-bit field is a field as well. */
static void halves(void)
{
	vmwrite(TSC_OFFSET, 0x1111111122222222);
	ok_eq(vmread(TSC_OFFSET + 1), 0x11111111, "the high half by itself");
	vmwrite(TSC_OFFSET + 1, 0x9999999933333333);
	ok_eq(vmread(TSC_OFFSET), 0x3333333322222222, "is written by itself");
	vmwrite(TSC_OFFSET, 0x44444444);
	ok_eq(vmread(TSC_OFFSET + 1), 0, "and with the whole");
	vmwrite(VIRTUAL_APIC, 1);
	ok_eq(vmread(TSC_OFFSET), 0x44444444, "its neighbour is another");
}

/* VMREAD zero-extends. */
static void widths(void)
{
	uint64_t value = ~0ULL;

	vmwrite(GUEST_SELECTOR(ES), ~0ULL);
	(void)vmx_read(GUEST_SELECTOR(ES), &value);
	ok_eq(value, 0xffff, "16 bits");
	value = ~0ULL;
	vmwrite(GUEST_SYSENTER_CS, ~0ULL);
	(void)vmx_read(GUEST_SYSENTER_CS, &value);
	ok_eq(value, 0xffffffff, "32 bits");
	vmwrite(GUEST_RSP, ~0ULL);
	ok_eq(vmread(GUEST_RSP), ~0ULL, "natural width");
}

void test_fields(void)
{
	vmcs_page_init(&scratch);
	result_is("fields.vmclear", vmx_vmclear((uintptr_t)&scratch), "ok");
	result_is("fields.vmptrld", vmx_vmptrld((uintptr_t)&scratch), "ok");
	for (uint32_t kind = 0; kind < 16; kind++) /* width and type */
		for (uint32_t low = 0; low < 2 * INDEXES; low++)
			one((kind >> 2) << 13 | (kind & 3) << 10 | low);
	halves();
	widths();
	result_is("fields.vmclear_last", vmx_vmclear((uintptr_t)&scratch), "ok");
}
