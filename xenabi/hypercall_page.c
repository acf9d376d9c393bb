// SPDX-License-Identifier: MIT
/*
 * The hypercall page: the guest writes the address of a page of its own to an MSR and finds a stub
 * a hypercall in it. Newer kernels execute VMCALL themselves and never write it.
 */
#include "core/domain.h"
#include "core/lib/bytes.h"
#include "core/vcpu_arch.h"
#include "xenabi/abi.h"
#include "xenabi/shared_info.h"
#include "xenabi/xen.h"

#define MSR_HYPERCALL_PAGE 0x40000000U
#define STUB_SIZE          32
#define STUBS              (PAGE_SIZE / STUB_SIZE)

/* mov $nr, %eax; vmcall; ret - and ud2 for iret, which only PV guests have. */
static void make_stub(uint8_t stub[STUB_SIZE], uint32_t nr)
{
	/* What is behind a stub is never reached: trap if it is. */
	memset(stub, 0xcc, STUB_SIZE);
	if (nr == __HYPERVISOR_iret) {
		memcpy(stub, "\x0f\x0b", 2);
		return;
	}
	stub[0] = 0xb8;
	bytes_put32(stub + 1, nr);
	memcpy(stub + 5, "\x0f\x01\xc1\xc3", 4);
}

bool xen_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	uint8_t stub[STUB_SIZE];

	if (msr != MSR_HYPERCALL_PAGE || (value & (PAGE_SIZE - 1)))
		return false;
	for (uint32_t nr = 0; nr < STUBS; nr++) {
		make_stub(stub, nr);
		if (physmap_write(&v->domain->physmap, to_gpa(value + nr * STUB_SIZE), stub,
				  STUB_SIZE) != OK)
			return false;
	}
	shared_info_latch(v->domain, vcpu_arch_mode(v) != VCPU_MODE_64);
	return true;
}

bool xen_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	(void)v;
	*value = 0;
	return msr == MSR_HYPERCALL_PAGE;
}
