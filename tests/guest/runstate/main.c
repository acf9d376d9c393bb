// SPDX-License-Identifier: MIT
// variants: 64 32
// vcpus: 2
//
// Runstates: the four times always make up all of the time, blocking is counted as blocking, an
// offline vCPU's time as offline, the area may cross a page. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static uint8_t pages[2][PAGE_SIZE] page_aligned;

static uint64_t sum(const volatile struct vcpu_runstate_info *r)
{
	return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static void get_runstate(void)
{
	struct vcpu_runstate_info r;
	uint64_t before, after, offset;

	before = system_time();
	ok_eq((uint64_t)vcpu_op(VCPUOP_get_runstate_info, 0, &r), 0, "get_runstate_info");
	after = system_time();
	ok_eq((uint64_t)(long)r.state, RUNSTATE_running, "we are running");
	ok(r.state_entry_time <= after, "since before now");
	offset = before > sum(&r) ? before - sum(&r) : sum(&r) - before;
	note("times %llu, system time %llu to %llu", (unsigned long long)sum(&r),
	     (unsigned long long)before, (unsigned long long)after);
	ok(offset < 1000 * NS_PER_MS, "the times make up the system time");
	ok_eq((uint64_t)vcpu_op(VCPUOP_get_runstate_info, 1, &r), 0, "of vCPU 1");
	ok_eq((uint64_t)(long)r.state, RUNSTATE_offline, "which is offline");
	ok(r.time[RUNSTATE_offline] == sum(&r), "and was nothing else");
	ok_eq((uint64_t)vcpu_op(VCPUOP_get_runstate_info, 9, &r), E(ENOENT), "of no vCPU");
	ok_eq((uint64_t)vcpu_op(VCPUOP_get_runstate_info, 0, HOLE), E(EFAULT), "a bad pointer");
}

/* Block until a timer fires. */
static void block_for(uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = system_time() + ns };

	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
	sti_hlt_cli();
}

static long area(volatile void *p)
{
	struct vcpu_register_runstate_memory_area a;

	a.addr.v = (void *)(uintptr_t)p;
	return vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a);
}

static void the_area(volatile struct vcpu_runstate_info *r)
{
	uint64_t first, blocked, drift = 0;
	bool same = true;

	ok_eq((uint64_t)area(r), 0, "an area at %p is registered", r);
	ok_eq((uint64_t)(long)r->state, RUNSTATE_running, "it is written at once");
	first = r->state_entry_time - sum(r);
	blocked = r->time[RUNSTATE_blocked];
	for (unsigned int i = 0; i < 20; i++) {
		if (i % 2)
			block_for(NS_PER_MS / 4);
		else
			(void)sched_op(SCHEDOP_yield, 0);
		/* A millionth of a second for rounding ticks to nanoseconds, four times. */
		drift = r->state_entry_time - sum(r) - first;
		same &= drift < 1000 || drift > -1000ULL;
	}
	ok(same, "the times' sum goes with the clock: off by %lld ns", (long long)drift);
	blocked = r->time[RUNSTATE_blocked] - blocked;
	ok(blocked > 2 * NS_PER_MS, "blocked for %llu ns of 2500000", (unsigned long long)blocked);
	ok_eq((uint64_t)(long)r->state, RUNSTATE_running, "and running again");
}

static void with_the_flag(volatile struct vcpu_runstate_info *r)
{
	uint64_t entry;

	ok_eq((uint64_t)HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			    VMASST_TYPE_runstate_update_flag),
	      0, "vm_assist: update flag on");
	block_for(NS_PER_MS / 4);
	entry = r->state_entry_time;
	ok(!(entry & XEN_RUNSTATE_UPDATE), "the flag is clear when we look");
	ok(entry < system_time(), "and the time is a time");
	ok((long)HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables) <
		   0,
	   "vm_assist: other assists are not for us");
	ok((long)HC2(__HYPERVISOR_vm_assist, 9, VMASST_TYPE_runstate_update_flag) < 0,
	   "vm_assist: an unknown command");
}

void test_main(void)
{
	long port;

	events_init();
	get_runstate();
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "a timer");
	(void)unmask_port((evtchn_port_t)port);
	(void)vcpu_op(VCPUOP_stop_periodic_timer, 0, 0);
	the_area((void *)pages[0]);
	the_area((void *)(pages[1] - 20));
	with_the_flag((void *)(pages[1] - 20));
	ok_eq((uint64_t)area((void *)HOLE), E(EFAULT), "an area where nothing is");
	ok_eq((uint64_t)vcpu_op(VCPUOP_register_runstate_memory_area, 0, HOLE), E(EFAULT),
	      "a bad pointer");
}
