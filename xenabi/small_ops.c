// SPDX-License-Identifier: MIT
/* Hypercalls of a few lines each. */
#include "core/console.h"
#include "core/lib/bits.h"
#include "xenabi/domain.h"
#include "xenabi/ops.h"
#include "xenabi/vcpu_timer.h"

/* HYPERVISOR_set_timer_op: the singleshot timer by another name; 32-bit guests split the time. */
int64_t set_timer_hypercall(struct hypercall *h)
{
	uint64_t when = h->arg[0];

	if (h->narrow)
		when = (uint32_t)h->arg[0] | (uint64_t)(uint32_t)h->arg[1] << 32;
	if (when)
		vcpu_timer_singleshot(h->v, when);
	else
		vcpu_timer_singleshot_stop(h->v);
	return 0;
}

#define CONSOLE_PIECE  256
#define CONSOLE_BUDGET 4096 /* bytes in one go */

/*
 * HYPERVISOR_console_io, CONSOLEIO_write (0): argument 1 the length, 2 the text. CONSOLEIO_read (1):
 * nothing is ever read here, the console ring has the input.
 */
int64_t console_io_hypercall(struct hypercall *h)
{
	uint32_t cmd = (uint32_t)h->arg[0], left = (uint32_t)h->arg[1], done = 0;
	char piece[CONSOLE_PIECE];

	if (cmd == CONSOLEIO_read)
		return 0;
	if (cmd != CONSOLEIO_write)
		return -XEN_ENOSYS;
	if (left > INT32_MAX)
		return -XEN_E2BIG;
	while (left) {
		uint32_t n = (uint32_t)min_u64(left, sizeof(piece));

		if (done >= CONSOLE_BUDGET) {
			h->arg[1] = left;
			h->arg[2] += done;
			return hypercall_again(h);
		}
		if (guest_copy_in(h->v, piece, h->arg[2] + done, n))
			return -XEN_EFAULT;
		(void)console_guest_write(h->v->domain, piece, n, true);
		done += n;
		left -= n;
	}
	return 0;
}

/* HYPERVISOR_vm_assist: of all types only the runstate flag means anything outside PV. */
int64_t vm_assist_hypercall(struct hypercall *h)
{
	const uint64_t valid = BIT(VMASST_TYPE_runstate_update_flag);
	struct xen_domain *xd = h->v->domain->xen;
	uint32_t cmd = (uint32_t)h->arg[0], type = (uint32_t)h->arg[1];

	if (type >= 64 || !(BIT(type) & valid))
		return -XEN_EINVAL;
	switch (cmd) {
	case VMASST_CMD_enable: (void)atomic_or(&xd->vm_assist, BIT(type)); return 0;
	case VMASST_CMD_disable: (void)atomic_and(&xd->vm_assist, ~BIT(type)); return 0;
	default: return -XEN_ENOSYS;
	}
}

/* HYPERVISOR_physdev_op: PVH guests have no physical interrupts, and Xen then knows no such op. */
int64_t physdev_hypercall(struct hypercall *h)
{
	(void)h;
	return -XEN_ENOSYS;
}
