// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// differs: ENTRY_RESERVED.smm: Bochs offers the control
// differs: EVENT_VECTOR.other: Bochs ends with a panic
// differs: DEBUGCTL*: not checked by Bochs
// differs: IA32E_PAGING.pg: nor is this
// differs: DATA_DPL.code: Bochs leaves type 11 out
// differs: RFLAGS_VM.real: not checked by Bochs
// differs: RIP*: not checked in 64-bit mode by Bochs
// differs: ACTIVITY.shutdown: not offered
// differs: ACTIVITY_EVENT.*: not checked by Bochs
// differs: BLOCKED_NMI*: not checked, or without the qualification
// differs: PENDING_RESERVED.63: Bochs looks at 32 bits
// differs: PENDING_STEP*: not checked by Bochs
// timeout: 20
//
// Every check of a VM entry violated by itself: the number of the VMfail, or reason and qualification
// of the exit; and what is just good enough. Names are those of arch/x86/nested/entry.h.
#include "tests/guest/vmx_entry/cases.h"

#define GUEST_SEL_CODE32 0x08
#define CR0_PG           0x80000000UL
#define CR0_PE           1UL
#define CR4_PAE          0x20UL
#define CR4_PSE          0x10UL
#define RFLAGS_VM        0x20000UL
#define REAL_CODE        0x9000 /* where real mode finds its code */

/* For 32-bit L2s: 4 MiB pages, and PAE with 2 MiB pages; the second set of PDPTEs is wrong. */
static uint32_t directory32[1024] page_aligned;
static uint64_t pdpt[512] page_aligned, directory_pae[512] page_aligned;
static unsigned int entries;

struct msr_entry {
	uint32_t index, zero;
	uint64_t value;
};

L2_CODE(nothing, "");

static void make_tables(void)
{
	for (unsigned int i = 0; i < 1024; i++)
		directory32[i] = i << 22 | 0x87;
	for (unsigned int i = 0; i < 512; i++)
		directory_pae[i] = (uint64_t)i << 21 | 0x87;
	for (unsigned int i = 0; i < 4; i++)
		pdpt[i] = (uintptr_t)directory_pae | 1;
	memcpy(pdpt + 4, pdpt, 32);
	pdpt[4] |= 2;
}

static void make_pages(void)
{
	static const struct msr_entry list[] = {
		{ MSR_SYSENTER_CS, 0, 0x10 }, { MSR_FS_BASE, 0, 0 },
		{ MSR_GS_BASE, 0, 0 },        { 0x802, 0, 0 },
		{ MSR_SYSENTER_CS, 1, 0x10 }, { MSR_SYSENTER_ESP, 0, NOT_CANONICAL },
		{ MSR_SYSENTER_CS, 0, 0x18 },
	};
	static const uint8_t code[] = { 0x0f, 0x01, 0xc1, 0xeb, 0xfe };

	memset((void *)PAGE_OF_ZEROES, 0, 0x10000);
	vmcs_page_init((struct vmcs_page *)PAGE_OF_LINK);
	memcpy((void *)PAGE_OF_LIST, list, sizeof(list));
	((uint8_t *)PAGE_OF_VAPIC)[0x80] = 0x50;
	memcpy((void *)REAL_CODE, code, sizeof(code));
}

static void make_protected(void)
{
	l2_set(ENTRY, 0, ENTRY_IA32E);
	l2_set(GUEST_CR4, CR4_PSE, CR4_PAE);
	vmwrite(GUEST_CR3, (uintptr_t)directory32);
	vmwrite(GUEST_SELECTOR(CS), GUEST_SEL_CODE32);
	vmwrite(GUEST_RIGHTS(CS), 0xc09b);
}

static void make_pae(void)
{
	make_protected();
	l2_set(GUEST_CR4, CR4_PAE, 0);
	vmwrite(GUEST_CR3, (uintptr_t)pdpt);
	if (vmx_may(PROC2, PROC2_EPT))
		for (unsigned int i = 0; i < 4; i++)
			vmwrite(GUEST_PDPTE(i), pdpt[i]);
}

static void flat_segments(uint32_t code, uint32_t data)
{
	for (unsigned int i = ES; i <= GS; i++) {
		vmwrite(GUEST_SELECTOR(i), 0);
		vmwrite(GUEST_BASE(i), 0);
		vmwrite(GUEST_LIMIT(i), 0xffff);
		vmwrite(GUEST_RIGHTS(i), i == CS ? code : data);
	}
}

static void make_kind(unsigned int kind)
{
	if (kind == PROTECTED || kind == V86)
		make_protected();
	if (kind == PAE)
		make_pae();
	if (kind == V86) {
		flat_segments(0xf3, 0xf3);
		vmwrite(GUEST_RFLAGS, RFLAGS_VM | 2);
	}
	if (kind == REAL) {
		make_protected();
		flat_segments(0x9b, 0x93);
		l2_set(GUEST_CR0, 0, CR0_PE | CR0_PG);
		vmwrite(GUEST_RIP, REAL_CODE);
	}
}

/* Every field that a control makes matter is good. */
static void good_addresses(void)
{
	static const struct {
		uint16_t field;
		uint32_t proc, proc2;
		uint64_t value;
	} fields[] = {
		{ MSR_BITMAP, PROC_MSR_BITMAPS, 0, PAGE_OF_ZEROES },
		{ VIRTUAL_APIC, PROC_TPR_SHADOW, 0, PAGE_OF_VAPIC },
		{ TPR_THRESHOLD, PROC_TPR_SHADOW, 0, 0 },
		{ APIC_ACCESS, 0, PROC2_APIC_ACCESS, PAGE_OF_OTHERS },
		{ VPID, 0, PROC2_VPID, 1 },
		{ PML_ADDRESS, 0, PROC2_PML, PAGE_OF_OTHERS },
		{ PML_INDEX, 0, PROC2_PML, 511 },
		{ VMFUNC_CONTROLS, 0, PROC2_VMFUNC, 0 },
		{ EPTP_LIST, 0, PROC2_VMFUNC, PAGE_OF_OTHERS },
		{ VMREAD_BITMAP, 0, PROC2_SHADOW, PAGE_OF_ZEROES },
		{ VMWRITE_BITMAP, 0, PROC2_SHADOW, PAGE_OF_ZEROES },
		{ TSC_MULTIPLIER, 0, PROC2_TSC_SCALING, 1ULL << 48 },
		{ INTERRUPT_STATUS, 0, PROC2_VID, 0 },
	};

	vmwrite(IO_BITMAP_A, PAGE_OF_ZEROES);
	vmwrite(IO_BITMAP_B, PAGE_OF_ZEROES);
	for (unsigned int i = 0; i < array_size(fields); i++)
		if (vmx_may(PROC, fields[i].proc) && vmx_may(PROC2, fields[i].proc2))
			vmwrite(fields[i].field, fields[i].value);
}

static bool prepare(const struct entry_case *c)
{
	if ((bare && c->hosted_only) || !vmx_may(PIN, c->pin) || !vmx_may(PROC, c->proc) ||
	    !vmx_may(PROC2, c->proc2))
		return false;
	l2_init(nothing);
	good_addresses();
	vmwrite(EXCEPTION_BITMAP, 0xffffffff);
	l2_set(PIN, c->pin, 0);
	l2_set(PROC, c->proc, 0);
	if (c->proc2 & PROC2_EPT)
		l2_ept();
	if (c->proc2)
		l2_set_proc2(c->proc2);
	make_kind(c->kind);
	return true;
}

static bool change(const struct change *c)
{
	uint64_t value;

	/* A field of a control that is not offered: the case is left out. */
	if (vmx_read(c->field, &value) != VMX_OK)
		return false;
	if (c->op == SET)
		value = c->value;
	else if (c->op == OR)
		value |= c->value;
	else if (c->op == CLEAR)
		value &= ~c->value;
	else if (c->op == TOP)
		value = (1ULL << physical_bits()) - c->value;
	else
		value |= 1ULL << (physical_bits() + c->value);
	vmwrite(c->field, value);
	return true;
}

static void one(const struct entry_case *c)
{
	int result;

	if (!prepare(c))
		return;
	for (const struct change *x = c->changes; x < c->changes + array_size(c->changes) && x->op;
	     x++)
		if (!change(x))
			return;
	result = l2_run();
	entries++;
	row_is(c->name, l2_text(result), c->wanted);
}

/* What a failure leaves behind. */
static void afterwards(void)
{
	l2_init(nothing);
	vmwrite(GUEST_RFLAGS, 0);
	vmwrite(ENTRY_INTR, INTR_VALID | INTR_EXCEPTION | 6);
	row_is("after.state", l2_text(l2_run()), STATE);
	ok_eq(vmread(ENTRY_INTR), INTR_VALID | INTR_EXCEPTION | 6,
	      "the event stays to be injected");
	ok(!l2_launched, "no bit 31, no launch");
	row_is("after.resume", vmx_text(VMX_INSN("vmresume", "i"(0))), "fail 5");
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(ENTRY_INTR, 0);
	row_is("after.good", l2_text(l2_run()), ENTERED);
	vmwrite(GUEST_RIP, (uintptr_t)nothing);
	vmwrite(HOST_RIP, NOT_CANONICAL);
	row_is("after.host", l2_text(l2_run()), FAIL8);
	ok_eq(vmread(EXIT_REASON), R_VMCALL, "a VMfail records no exit");
	/* The link pointer to the current VMCS. */
	l2_init(nothing);
	vmwrite(LINK_POINTER, (uintptr_t)&vmcs_page);
	row_is("LINK_CURRENT", l2_text(l2_run()), LINK);
}

static void all(const struct entry_case *cases, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		one(&cases[i]);
}

/* An event that should have been refused, in L2. */
static void ignore(struct trap_frame *f)
{
	(void)f;
}

void test_main(void)
{
	static const uint8_t events[] = { 1, 2, 6, 0x41, 0x42 };

	for (unsigned int i = 0; i < array_size(events); i++)
		set_handler(events[i], ignore);
	make_tables();
	make_pages();
	vmx_on();
	all(control_cases, control_count);
	all(host_cases, host_count);
	all(register_cases, register_count);
	all(segment_cases, segment_count);
	all(state_cases, state_count);
	afterwards();
	note("%u entries tried", entries);
	ok_eq((uint64_t)(long)vmx_vmxoff(), VMX_OK, "VMXOFF");
}
