// SPDX-License-Identifier: MIT
/* The hypercalls of the table in hypercall.c, a file each. */
#ifndef XENABI_OPS_H
#define XENABI_OPS_H

#include "xenabi/hypercall.h"

hypercall_fn memory_hypercall;      /* memory_op.c */
hypercall_fn multicall_hypercall;   /* multicall.c */
hypercall_fn version_hypercall;     /* version.c */
hypercall_fn grant_table_hypercall; /* grant_table.c */
hypercall_fn vcpu_hypercall;        /* vcpu_op.c */
hypercall_fn sched_hypercall;       /* sched_op.c */
hypercall_fn hvm_hypercall;         /* hvm_op.c */
hypercall_fn set_timer_hypercall;   /* small_ops.c: this one and the next four */
hypercall_fn console_io_hypercall;
hypercall_fn vm_assist_hypercall;
hypercall_fn physdev_hypercall;

/*
 * For the project's own benchmarks and tests; -ENOSYS in release builds. Argument 0:
 * HYPERCALL_DEBUG_COUNT: argument 1 a kind (arch/x86/cpu/count.h); returns how many such
 * instructions all cores have executed (COUNT=1 builds).
 * HYPERCALL_DEBUG_HW_PAGE: arguments 1 a vCPU of the caller's domain, 2 an enum vcpu_hw_page, 3 a
 * gfn or ~0: vcpu_arch_hw_page() (DEBUG=1 builds). -EINVAL, -EOPNOTSUPP.
 * HYPERCALL_DEBUG_ACCESS: ticks of 100 looks through the cache of the vCPU's vcpu_info, each in a
 * section of its own (COUNT=1 builds).
 * HYPERCALL_DEBUG_SAVED: how many kicks changes of the caller's memory map have saved, because a core
 * was not in that guest (COUNT=1 builds).
 */
#define HYPERCALL_DEBUG         __HYPERVISOR_arch_7
#define HYPERCALL_DEBUG_COUNT   0
#define HYPERCALL_DEBUG_HW_PAGE 1
#define HYPERCALL_DEBUG_ACCESS  2
#define HYPERCALL_DEBUG_SAVED   3
hypercall_fn debug_hypercall; /* debug_op.c */

#endif
