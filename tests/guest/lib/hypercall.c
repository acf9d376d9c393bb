// SPDX-License-Identifier: MIT
#include "tests/guest/lib/guest.h"

#if GUEST_BITS == 64
long hypercall(unsigned int nr, long a, long b, long c, long d, long e)
{
	long result = (long)nr;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;

	__asm__ volatile("vmcall"
			 : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
			 :
			 : "memory");
	return result;
}
#else
long hypercall(unsigned int nr, long a, long b, long c, long d, long e)
{
	long result = (long)nr;

	__asm__ volatile("vmcall"
			 : "+a"(result), "+b"(a), "+c"(b), "+d"(c), "+S"(d), "+D"(e)
			 :
			 : "memory");
	return result;
}
#endif

uint64_t get_param(uint32_t index)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };

	return hvm_op(HVMOP_get_param, &p) == 0 ? p.value : ~0ULL;
}

long set_param(uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index, .value = value };

	return hvm_op(HVMOP_set_param, &p);
}

long add_to_physmap(unsigned int space, unsigned long idx, unsigned long gfn)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn
	};

	return memory_op(XENMEM_add_to_physmap, &a);
}
