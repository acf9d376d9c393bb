// SPDX-License-Identifier: MIT
#include "drivers/xen_guest.h"

#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/cpuid_bits.h"

/* Without it the headers give the numbers of hypercalls that are no more. */
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#include <xen/arch-x86/cpuid.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>

/* Xen's leaves come behind those of an interface that it emulates, at a multiple of this. */
#define LEAF_STEP 0x100U
#define LEAF_END  (XEN_CPUID_FIRST_LEAF + 0x10000U)

static_assert(__HYPERVISOR_event_channel_op == 32 && __HYPERVISOR_sched_op == 29, "xen.h");

#define CPUID_INTEL_EBX 0x756e6547U /* "Genu" */

static int64_t call(uint64_t number, uint64_t op, void *arg)
{
	int64_t rc;

	__asm__ volatile("vmcall" : "=a"(rc), "+D"(op), "+S"(arg) : "a"(number) : "memory");
	return rc;
}

uint32_t xen_guest_leaf(void)
{
	if (!(cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_HYPERVISOR) ||
	    cpuid(CPUID_VENDOR, 0).ebx != CPUID_INTEL_EBX)
		return 0;
	for (uint32_t leaf = XEN_CPUID_FIRST_LEAF; leaf < LEAF_END; leaf += LEAF_STEP) {
		struct cpuid_regs r = cpuid(leaf, 0);

		if (r.ebx == XEN_CPUID_SIGNATURE_EBX && r.ecx == XEN_CPUID_SIGNATURE_ECX &&
		    r.edx == XEN_CPUID_SIGNATURE_EDX)
			return leaf;
	}
	return 0;
}

uint64_t xen_guest_tsc_khz(void)
{
	uint32_t leaf = xen_guest_leaf();

	return leaf && cpuid(leaf, 0).eax >= leaf + 3 ? cpuid(leaf + 3, 0).ecx : 0;
}

bool xen_guest_param(uint32_t index, uint64_t *value)
{
	struct xen_hvm_param param = { .domid = DOMID_SELF, .index = index };

	if (!xen_guest_leaf() || call(__HYPERVISOR_hvm_op, HVMOP_get_param, &param) != 0)
		return false;
	*value = param.value;
	return param.value != 0;
}

void xen_guest_notify(uint32_t port)
{
	struct evtchn_send send = { .port = port };

	(void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
}

void xen_guest_shutdown(uint32_t reason)
{
	struct sched_shutdown shutdown = { .reason = reason };

	if (xen_guest_leaf())
		(void)call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
}
