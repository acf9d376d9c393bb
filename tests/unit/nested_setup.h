// SPDX-License-Identifier: MIT
/* Machines for the tests of nested VMX: the capability MSRs of Bochs' models. */
#ifndef TESTS_UNIT_NESTED_SETUP_H
#define TESTS_UNIT_NESTED_SETUP_H

#include <string.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/vmcs12.h"

#define ALLOWED(may, must) ((uint64_t)(may) << 32 | (must))

static inline struct vmx_capabilities machine_skylake(void)
{
	return (struct vmx_capabilities){
		.basic = VMX_BASIC_TRUE_CONTROLS | VMX_BASIC_INS_OUTS | VMX_BASIC_MEMORY_TYPE_WB |
			 4096ULL << 32 | 0x2b,
		.misc = VMX_MISC_WRITE_ANY | VMX_MISC_ZERO_LENGTH | 4ULL << 16 | 7U << 6 |
			VMX_MISC_STORE_LMA | 5,
		.pin = ALLOWED(0x7f, 0x16),
		.proc = ALLOWED(0xfff9fffe, 0x04006172),
		.proc2 = ALLOWED(0x02177fff, 0),
		.exit = ALLOWED(0x01ffffff, 0x00036dfb),
		.entry = ALLOWED(0x0003ffff, 0x000011fb),
		.ept_vpid = 0x00000f0106334141ULL,
		.cr0_fixed0 = 0x80000021,
		.cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000,
		.cr4_fixed1 = 0x7727ff,
	};
}

/* No shadow VMCS, VMFUNC, APIC-register virtualisation, PML, TSC scaling. */
static inline struct vmx_capabilities machine_sandy_bridge(void)
{
	struct vmx_capabilities m = machine_skylake();

	m.misc &= ~(VMX_MISC_WRITE_ANY | VMX_MISC_ZERO_LENGTH);
	m.proc2 = ALLOWED(0xff & ~PROC2_X2APIC, 0);
	m.ept_vpid = 0x00000f0106114141ULL;
	return m;
}

/* What no emulator has: posted interrupts. */
static inline struct vmx_capabilities machine_server(void)
{
	struct vmx_capabilities m = machine_skylake();

	m.pin = ALLOWED(0xff, 0x16);
	return m;
}

static inline struct nested_shape shape_usual(void)
{
	return (struct nested_shape){
		.cr4 = BITS(10, 0) | CR4_UMIP | CR4_VMXE | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE |
		       CR4_SMEP | CR4_SMAP,
		.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
		.debugctl = 3,
		.phys_bits = 40,
	};
}

static inline struct nested_caps caps_of(struct vmx_capabilities machine)
{
	struct nested_shape shape = shape_usual();
	struct nested_caps caps;

	nested_caps_build(&machine, &shape, &caps);
	return caps;
}

#endif
