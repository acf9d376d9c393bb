// SPDX-License-Identifier: MIT
/* A hypercall while it is served, and its access to the guest's memory. */
#ifndef XENABI_HYPERCALL_H
#define XENABI_HYPERCALL_H

#include "core/domain.h"
#include "xenabi/abi.h"

#define HYPERCALL_ARGS 6 /* a multicall entry has six; registers carry five */

struct hypercall {
	struct vcpu *v;
	bool narrow; /* 32-bit ABI: pointers, longs and structures of 32-bit guests */
	/* Set by hypercall_again(): arguments go back to the guest and the call is repeated. */
	bool again;
	uint64_t arg[HYPERCALL_ARGS];
};

typedef int64_t hypercall_fn(struct hypercall *h);

/* Call with h->arg set; the result, or -XEN_ENOSYS. For multicall and tests. */
int64_t hypercall_dispatch(struct hypercall *h, uint64_t nr);

/*
 * More work remains than one exit should do: the handler has put its progress into h->arg; the
 * guest issues the call again with these. The value returned is ignored.
 */
static inline int64_t hypercall_again(struct hypercall *h)
{
	h->again = true;
	return 0;
}

/*
 * Copy between own memory and the guest linear address space of the current vCPU. 0 or
 * -XEN_EFAULT. Own core, outside sections.
 */
int guest_copy_in(struct vcpu *v, void *dst, uint64_t linear, size_t len) must_check;
/* The same for one 32-bit word, in fewer instructions. */
int guest_copy_in_word(struct vcpu *v, uint32_t *dst, uint64_t linear) must_check;
int guest_copy_out(struct vcpu *v, uint64_t linear, const void *src, size_t len) must_check;

/* The domain a DOMID argument may name: itself only (0), another that exists (-XEN_EPERM: no guest
 * is privileged) or none (-XEN_ESRCH). */
int hypercall_check_self(const struct hypercall *h, uint16_t domid) must_check;

#endif
