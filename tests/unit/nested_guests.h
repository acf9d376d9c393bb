// SPDX-License-Identifier: MIT
/* VMCSs of L1 that pass every check, for the tests of nested VM entries. */
#ifndef TESTS_UNIT_NESTED_GUESTS_H
#define TESTS_UNIT_NESTED_GUESTS_H

#include "arch/x86/vmx/vmx.h"
#include "nested_setup.h"

#define RIGHTS_CODE64 0xa09bU
#define RIGHTS_CODE32 0xc09bU
#define RIGHTS_DATA   0xc093U
#define RIGHTS_REAL   0x0093U
#define RIGHTS_V86    0x00f3U
#define RIGHTS_TSS    0x008bU
#define RIGHTS_LDT    0x0082U

/* A 64-bit L2 under a 64-bit L1, with everything in use that needs an address. */
static inline struct vmcs12 guest_64(void)
{
	struct vmcs12 v = {
		.revision = VMCS12_REVISION,
		.pin = 0x16 | PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI,
		.proc = 0x04006172 | PROC_SECONDARY | PROC_TPR_SHADOW | PROC_MSR_BITMAPS |
			PROC_IO_BITMAPS,
		.proc2 = PROC2_EPT | PROC2_VPID | PROC2_UNRESTRICTED | PROC2_PML | PROC2_VMFUNC |
			 PROC2_SHADOW_VMCS | PROC2_TSC_SCALING | PROC2_APIC_ACCESS,
		.exit = 0x36dfb | EXIT_HOST_64BIT | EXIT_LOAD_PAT | EXIT_LOAD_EFER |
			EXIT_ACK_INTERRUPT,
		.entry = 0x11fb | ENTRY_IA32E | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER | ENTRY_LOAD_DEBUG,
		.vpid = 1,
		.eptp = 0x10000 | 3 << 3 | 6,
		.io_bitmap = { 0x1000, 0x2000 },
		.msr_bitmap = 0x3000,
		.virtual_apic = 0x4000,
		.apic_access = 0x5000,
		.pml_address = 0x6000,
		.vmfunc_controls = 1,
		.eptp_list = 0x7000,
		.vmread_bitmap = 0x8000,
		.vmwrite_bitmap = 0x9000,
		.tsc_multiplier = 1ULL << 48,
		.link_pointer = 0xa000,
		.exit_msr_store = 0xb000,
		.exit_msr_stores = 2,
		.exit_msr_load = 0xc000,
		.exit_msr_loads = 2,
		.entry_msr_load = 0xd000,
		.entry_msr_loads = 2,
		.tpr_threshold = 5,

		.host_cr0 = CR0_PG | CR0_NE | CR0_PE,
		.host_cr3 = 0x20000,
		.host_cr4 = CR4_VMXE | CR4_PAE,
		.host_selector = { 0, 8, 0, 0, 0, 0, 0x40 },
		.host_efer = EFER_LME | EFER_LMA,
		.host_pat = 0x0007040600070406ULL,
		.host_rip = 0xffffffff81000000ULL,
		.host_gs_base = 0xffff888000000000ULL,

		.guest_cr0 = CR0_PG | CR0_NE | CR0_PE | CR0_ET,
		.guest_cr3 = 0x30000,
		.guest_cr4 = CR4_VMXE | CR4_PAE,
		.guest_efer = EFER_LME | EFER_LMA | EFER_NXE,
		.guest_pat = 0x0007040600070406ULL,
		.guest_dr7 = 0x400,
		.guest_rflags = RFLAGS_FIXED | RFLAGS_IF,
		.guest_rip = 0xffffffff82000000ULL,
	};

	for (unsigned int i = VMX_SEG_ES; i <= VMX_SEG_GS; i++) {
		v.guest_limit[i] = 0xffffffff;
		v.guest_rights[i] = i == VMX_SEG_CS ? RIGHTS_CODE64 : RIGHTS_DATA;
		v.guest_selector[i] = i == VMX_SEG_CS ? 0x10 : 0x18;
	}
	v.guest_limit[VMX_SEG_TR] = 0x67;
	v.guest_rights[VMX_SEG_TR] = RIGHTS_TSS;
	v.guest_rights[VMX_SEG_LDTR] = RIGHTS_LDT;
	return v;
}

/* The same without what only some L1 use; `proc2` of the secondary controls. */
static inline struct vmcs12 guest_plain(uint64_t proc2)
{
	struct vmcs12 v = guest_64();

	v.proc2 = proc2;
	v.link_pointer = ~0ULL;
	return v;
}

static inline struct vmcs12 guest_32(void)
{
	struct vmcs12 v = guest_plain(PROC2_EPT | PROC2_APIC_ACCESS);

	v.entry &= ~ENTRY_IA32E;
	v.guest_efer = 0;
	v.guest_cr4 = CR4_VMXE;
	v.guest_rip = 0x1000;
	v.guest_rights[VMX_SEG_CS] = RIGHTS_CODE32;
	return v;
}

static inline struct vmcs12 guest_pae(void)
{
	struct vmcs12 v = guest_32();

	v.guest_cr4 |= CR4_PAE;
	v.guest_pdpte[0] = 0x40001;
	v.guest_pdpte[1] = 0xfffffffffffffffeULL; /* not present */
	return v;
}

/* PAE paging without EPT: the PDPTEs come from memory. */
static inline struct vmcs12 guest_pae_shadow(void)
{
	struct vmcs12 v = guest_pae();

	v.proc2 = PROC2_APIC_ACCESS;
	v.guest_cr3 = 0x33000;
	return v;
}

static inline struct vmcs12 guest_real(void)
{
	struct vmcs12 v = guest_32();

	v.proc2 |= PROC2_UNRESTRICTED;
	v.guest_cr0 = CR0_NE | CR0_ET;
	for (unsigned int i = VMX_SEG_ES; i <= VMX_SEG_GS; i++) {
		v.guest_limit[i] = 0xffff;
		v.guest_rights[i] = RIGHTS_REAL;
		v.guest_selector[i] = 0x1234;
		v.guest_base[i] = 0x12340;
	}
	return v;
}

static inline struct vmcs12 guest_v86(void)
{
	struct vmcs12 v = guest_real();

	v.proc2 &= ~PROC2_UNRESTRICTED;
	v.guest_cr0 = CR0_PG | CR0_NE | CR0_PE;
	v.guest_rflags |= RFLAGS_VM;
	for (unsigned int i = VMX_SEG_ES; i <= VMX_SEG_GS; i++)
		v.guest_rights[i] = RIGHTS_V86;
	return v;
}

/* Posted interrupts and virtual-interrupt delivery. */
static inline struct vmcs12 guest_posted(void)
{
	struct vmcs12 v = guest_plain(PROC2_EPT | PROC2_VIRTUAL_INTERRUPT | PROC2_X2APIC);

	v.pin |= PIN_POSTED_INTERRUPTS;
	v.posted_vector = 0xf2;
	v.posted_descriptor = 0xe040;
	return v;
}

#endif
