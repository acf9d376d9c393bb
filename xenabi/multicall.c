// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_multicall (xen/xen.h): argument 0 the list, 1 how many calls. Calls run in order; a
 * call that is not finished in one go puts its progress into its own entry, so that the multicall
 * itself can be issued again from there.
 */
#include "core/sched.h"
#include "xenabi/compat.h"
#include "xenabi/ops.h"

#define CALLS_BUDGET 64 /* in one go */

static_assert(sizeof(struct multicall_entry) == 64, "xen.h");

static size_t entry_size(const struct hypercall *h)
{
	return h->narrow ? sizeof(struct compat_multicall_entry) : sizeof(struct multicall_entry);
}

static int get_entry(const struct hypercall *h, struct multicall_entry *e)
{
	struct compat_multicall_entry c;

	if (!h->narrow)
		return guest_copy_in(h->v, e, h->arg[0], sizeof(*e));
	if (guest_copy_in(h->v, &c, h->arg[0], sizeof(c)))
		return -XEN_EFAULT;
	e->op = c.op;
	for (unsigned int i = 0; i < HYPERCALL_ARGS; i++)
		e->args[i] = c.args[i];
	return 0;
}

static int put_result(const struct hypercall *h, int64_t rc)
{
	size_t long_size = h->narrow ? 4 : 8;

	/* Little endian: the low half of rc is the 32-bit result. */
	return guest_copy_out(h->v, h->arg[0] + long_size, &rc, long_size);
}

/* The unfinished call's arguments go back into its entry. */
static int put_args(const struct hypercall *h, const struct hypercall *call)
{
	uint32_t args[HYPERCALL_ARGS];

	if (!h->narrow)
		return guest_copy_out(h->v, h->arg[0] + offsetof(struct multicall_entry, args),
				      call->arg, sizeof(call->arg));
	for (unsigned int i = 0; i < HYPERCALL_ARGS; i++)
		args[i] = (uint32_t)call->arg[i];
	return guest_copy_out(h->v, h->arg[0] + offsetof(struct compat_multicall_entry, args), args,
			      sizeof(args));
}

/* One call; false when h->again or *rc says that the list ends here. */
static bool one_call(struct hypercall *h, int *rc)
{
	struct hypercall call = { .v = h->v, .narrow = h->narrow };
	struct multicall_entry e;
	int64_t result;

	*rc = get_entry(h, &e);
	if (*rc)
		return false;
	for (unsigned int i = 0; i < HYPERCALL_ARGS; i++)
		call.arg[i] = e.args[i];
	/* A list within a list would nest without bound. */
	result = e.op == __HYPERVISOR_multicall ? -XEN_ENOSYS : hypercall_dispatch(&call, e.op);
	if (call.again) {
		*rc = put_args(h, &call);
		h->again = !*rc;
		return false;
	}
	*rc = put_result(h, result);
	h->arg[0] += entry_size(h);
	h->arg[1]--;
	return !*rc;
}

int64_t multicall_hypercall(struct hypercall *h)
{
	int rc = 0;

	h->arg[1] = (uint32_t)h->arg[1];
	for (unsigned int done = 0; h->arg[1]; done++) {
		/* A call that blocks, yields or ends the domain takes effect before the next one. */
		if (done && (done == CALLS_BUDGET || sched_must_return(h->v) ||
			     load_relaxed(&h->v->state) != VCPU_RUNNING))
			return hypercall_again(h);
		if (!one_call(h, &rc))
			break;
	}
	return rc;
}
