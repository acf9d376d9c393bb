// SPDX-License-Identifier: MIT
// variants: 64
//
// A 64-bit guest that calls from a 32-bit code segment uses the 32-bit convention and structures,
// and after that the 64-bit ones again. On every machine: all ok.
#include "tests/guest/lib/guest.h"

#include <xen/foreign/x86_32.h>

uint32_t compat_call(uint32_t nr, uint32_t a, uint32_t b, uint32_t c);

/* xen/memory.h struct xen_add_to_physmap as a 32-bit guest has it. */
struct add_to_physmap_32 {
	uint16_t domid, size;
	uint32_t space, idx, gpfn;
};

static struct shared_info page page_aligned;

static uint32_t address(const volatile void *p)
{
	return (uint32_t)(uintptr_t)p;
}

void test_main(void)
{
	static struct xen_feature_info info;
	static uint32_t params[2];
	static struct add_to_physmap_32 add;
	struct xen_platform_parameters wide;

	ok_eq(compat_call(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0), 4096,
	      "a call from 32-bit code");
	ok_eq(compat_call(__HYPERVISOR_xen_version, XENVER_get_features, address(&info), 0), 0,
	      "get_features from 32-bit code");
	ok(info.submap & 1 << XENFEAT_auto_translated_physmap, "it was written");
	params[1] = 0x12345678;
	ok_eq(compat_call(__HYPERVISOR_xen_version, XENVER_platform_parameters, address(params), 0),
	      0, "platform_parameters from 32-bit code");
	ok_eq(params[1], 0x12345678, "only four bytes were written");
	ok_eq((uint64_t)xen_version(XENVER_platform_parameters, &wide), 0, "and from 64-bit code");

	add = (struct add_to_physmap_32){ .domid = DOMID_SELF,
					  .space = XENMAPSPACE_shared_info,
					  .gpfn = address(&page) / PAGE_SIZE };
	page.evtchn_pending[0] = 0x5555;
	ok_eq(compat_call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, address(&add), 0), 0,
	      "add_to_physmap with the 32-bit structure");
	ok(page.evtchn_pending[0] != 0x5555, "shared_info is there");
	ok(page.vcpu_info[0].time.tsc_to_system_mul != 0, "and its time is valid at once");
	ok_eq(compat_call(63, 0, 0, 0), (uint32_t)-XEN_ENOSYS, "an unknown call from 32-bit code");
	ok_eq((uint64_t)HC0(63), (uint64_t)-XEN_ENOSYS, "and from 64-bit code");
}
