// SPDX-License-Identifier: MIT
// variants: 64 32
//
// Xen's CPUID leaves, and that the processor's own are plausible. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#include <xen/arch-x86/cpuid.h>

static void xen_leaves(void)
{
	const uint32_t base = XEN_CPUID_FIRST_LEAF;
	struct regs4 r = cpuid(base, 0), other;

	ok(r.b == XEN_CPUID_SIGNATURE_EBX && r.c == XEN_CPUID_SIGNATURE_ECX &&
		   r.d == XEN_CPUID_SIGNATURE_EDX,
	   "the signature is XenVMMXenVMM");
	ok(r.a >= base + 4 && r.a <= base + 16, "the last leaf is 0x%x", r.a);
	r = cpuid(base + 1, 0);
	ok_eq(r.a, (uint32_t)xen_version(XENVER_version, 0), "leaf 1 is the version");
	r = cpuid(base + 2, 0);
	ok(r.a == 1 && r.b == 0x40000000 && r.c == 0 && r.d == 0,
	   "leaf 2: one hypercall page by MSR 0x%x", r.b);
	r = cpuid(base + 3, 0);
	ok(r.c > 1000 && r.c < 20000000, "leaf 3.0: the TSC runs at %u kHz", r.c);
	other = cpuid(base + 3, 2);
	ok(other.a == r.c || other.a == 0, "leaf 3.2: the host's at %u kHz", other.a);
	r = cpuid(base + 3, 1);
	ok(r.c != 0, "leaf 3.1: the multiplier is not zero");
	r = cpuid(base + 4, 0);
	ok(r.a & XEN_HVM_CPUID_VCPU_ID_PRESENT, "leaf 4: the vCPU's id is there");
	ok_eq(r.b, 0, "it is 0");
	ok(r.a & XEN_HVM_CPUID_DOMID_PRESENT, "leaf 4: the domain's id is there");
	ok(r.c > 0 && r.c < DOMID_FIRST_RESERVED, "it is %u", r.c);
	ok(!(r.a & XEN_HVM_CPUID_X2APIC_VIRT) || (cpuid(1, 0).c & 1 << 21),
	   "no virtual x2APIC without x2APIC");
	r = cpuid(base + 0x100, 0);
	ok(r.b != XEN_CPUID_SIGNATURE_EBX, "no second base");
}

static void processor_leaves(void)
{
	struct regs4 r = cpuid(0, 0);
	uint32_t max = r.a;

	ok(max >= 7, "the last basic leaf is 0x%x", max);
	r = cpuid(1, 0);
	ok(r.c & 1U << 31, "a hypervisor is present");
	ok(r.c & 1U << 21, "x2APIC is offered");
	ok(r.d & 1 << 9, "there is a local APIC");
	ok(r.d & 1 << 4 && r.d & 1 << 5, "TSC and MSRs");
	ok(!(r.c & 1 << 5), "no VMX for a guest that did not ask for it");
	ok(!(r.d & 1 << 22) && !(r.d & 1U << 29), "no ACPI throttling MSRs, no thermal monitor");
	ok_eq(r.b >> 24, 0, "the APIC id of vCPU 0");
	if (max >= 0xb) {
		struct regs4 t = cpuid(0xb, 0);

		ok(t.b == 0 || t.d == r.b >> 24, "leaf 0xb has the same APIC id");
	}
	r = cpuid(0x80000000, 0);
	ok(r.a >= 0x80000008, "the last extended leaf is 0x%x", r.a);
	r = cpuid(0x80000008, 0);
	ok((r.a & 0xff) >= 36 && (r.a & 0xff) <= 52, "%u bits of physical address", r.a & 0xff);
	if (cpuid(1, 0).c & 1 << 26) {
		write_cr4(read_cr4() | 1 << 18);
		ok(cpuid(1, 0).c & 1 << 27, "OSXSAVE follows CR4");
		write_cr4(read_cr4() & ~(1UL << 18));
		ok(!(cpuid(1, 0).c & 1 << 27), "both ways");
	}
}

void test_main(void)
{
	xen_leaves();
	processor_leaves();
}
