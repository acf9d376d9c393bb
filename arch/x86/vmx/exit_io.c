// SPDX-License-Identifier: MIT
/*
 * Port accesses. The guest has the ports that its ACPI tables name (boot/guest_acpi.c) and the debug
 * port of Xen's HVM guests; everything else is an open bus: reads ones, drops writes.
 */
#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/exits.h"
#include "arch/x86/vmx/qualification.h"

#define PORT_DEBUG   0xe9 /* bytes written go to the guest's console */
#define PORT_RESET   0xcf9
#define RESET_CPU    0x04 /* the bit that resets */
#define STRING_BYTES 256  /* of a REP access done in one exit */
#define REG_RCX      1
#define REG_RSI      6
#define REG_RDI      7

static uint64_t size_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0ULL : (1ULL << (8 * bytes)) - 1;
}

/* A guest that writes a register of fewer than 8 bytes: 4 clear the upper half, 2 and 1 keep it. */
static uint64_t merge_register(uint64_t old, uint64_t value, unsigned int bytes)
{
	uint64_t mask = size_mask(bytes);

	return bytes == 4 ? value & mask : (old & ~mask) | (value & mask);
}

static void port_write(struct vcpu *v, const struct io_access *a, const void *data, size_t len)
{
	const char *bytes = data;

	if (a->size != 1)
		return; /* both ports are a byte wide; 32 bits at 0xcf8 are another device */
	switch (a->port) {
	case PORT_DEBUG: (void)console_guest_write(v->domain, bytes, len, true); break;
	case PORT_RESET:
		if (bytes[len - 1] & RESET_CPU)
			domain_shutdown(v->domain, END_REBOOT);
		break;
	default: break;
	}
}

/* How far RSI or RDI go in one iteration: down when DF is set. */
static uint64_t step(struct vcpu *v, uint64_t address, uint64_t bytes)
{
	return vmx_get_rflags(v) & RFLAGS_DF ? address - bytes : address + bytes;
}

/* INS puts ones into guest memory, OUTS takes bytes from it. False: a fault was raised. */
static bool copy_string(struct vcpu *v, const struct io_access *a, uint64_t linear, size_t len)
{
	struct physmap *pm = &v->domain->physmap;
	uint8_t data[STRING_BYTES];
	struct guest_paging gp;
	struct gwalk_fault fault;
	enum status st;
	gpa_t gpa;

	vcpu_arch_paging(v, &gp);
	__builtin_memset(data, 0xff, sizeof(data));
	if (a->in)
		st = gwalk_copy_to(pm, &gp, &v->walks, linear, data, len, &fault);
	else
		st = gwalk_copy_from(pm, &gp, &v->walks, data, linear, len, GWALK_READ, &fault);
	/* A translation to where there is no memory is no fault: the bus is open there as well. */
	if (st != OK)
		st = gwalk_translate(pm, &gp, fault.linear, a->in ? GWALK_WRITE : GWALK_READ, &gpa,
				     &fault);
	if (st == OK) {
		if (!a->in)
			port_write(v, a, data, len);
		return true;
	}
	if (nested_walk_fault(v, &fault))
		return false;
	if (fault.non_canonical)
		exit_general_protection(v);
	else
		vmx_inject_page_fault(v, fault.linear, fault.error_code);
	return false;
}

/*
 * INS and OUTS. A REP is done in pieces that go up and do not cross a page; RIP stays on the
 * instruction until the count is used up, so that interrupts are taken in between.
 */
static void string_access(struct vcpu *v, const struct io_access *a)
{
	uint32_t info = vmread32(VMCS32_EXIT_INSN_INFO);
	unsigned int width = qualification_string_address(info);
	unsigned int index = a->in ? REG_RDI : REG_RSI;
	uint64_t linear = vmreadn(VMCSN_GUEST_LINEAR), count = 1, left = 1, old;

	if (a->rep)
		left = vmx_get_register(v, REG_RCX) & size_mask(width);
	if (left && a->rep && !(vmx_get_rflags(v) & RFLAGS_DF)) {
		uint64_t fits = min_u64(STRING_BYTES, PAGE_SIZE - (linear & (PAGE_SIZE - 1)));

		count = max_u64(1, min_u64(left, fits / a->size));
	}
	if (left) {
		if (!copy_string(v, a, linear, count * a->size))
			return;
		old = vmx_get_register(v, index);
		vmx_set_register(v, index,
				 merge_register(old, step(v, old, count * a->size), width));
		left -= count;
	}
	if (a->rep) {
		old = vmx_get_register(v, REG_RCX);
		vmx_set_register(v, REG_RCX, merge_register(old, left, width));
		if (left)
			return;
	}
	vmx_skip_instruction(v);
}

void exit_io(struct vcpu *v)
{
	struct io_access a = qualification_io(vmx_get_qualification(v));

	if (a.string) {
		string_access(v, &a);
		return;
	}
	if (a.in)
		v->regs.rax = merge_register(v->regs.rax, ~0ULL, a.size);
	else
		port_write(v, &a, &v->regs.rax, a.size);
	vmx_skip_instruction(v);
}
