// SPDX-License-Identifier: MIT
// sources: xenabi/evtchn.c xenabi/evtchn_2l.c xenabi/evtchn_bind.c xenabi/evtchn_op.c
// sources: tests/unit/fakes/xen_guest.c tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
// sources: xenabi/hypercall.c xenabi/upcall.c xenabi/poll.c xenabi/vcpu.c xenabi/vcpu_op.c
// sources: xenabi/vcpu_timer.c xenabi/sched_op.c xenabi/small_ops.c xenabi/hvm_op.c
// sources: xenabi/version.c xenabi/multicall.c xenabi/memory_op.c xenabi/physmap_op.c
// sources: xenabi/balloon.c xenabi/grant_table.c xenabi/debug_op.c xenabi/domain.c
// sources: xenabi/watchdog.c xenabi/shared_info.c xenabi/time.c xenabi/runstate.c
// sources: xenabi/guest_area.c mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c
// sources: mm/round.c mm/gpc.c mm/section_drain.c mm/gwalk.c arch/x86/cpu/count.c
// sources: xenabi/cpuid.c xenabi/hypercall_page.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/asm.h"
#include "mm/own.h"
#include "tests/unit/fakes/cpu.h"
#include "tests/unit/fakes/xen_guest.h"
#include "xenabi/ops.h"
#include "xenabi/xen.h"

#define ARG     0x3000
#define NOWHERE 0x100000 /* beyond the guest's memory */

static struct vcpu *v0, *v1;
static struct domain *d0;

static int setup(void **state)
{
	guests_create();
	d0 = &guest[0].d;
	v0 = d0->vcpus[0];
	v1 = d0->vcpus[1];
	return 0;
}

static int teardown(void **state)
{
	guests_destroy();
	return 0;
}

static void who_may_call_and_what_is_unknown(void **state)
{
	guest_cpl = 3;
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 0, 0), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, 999, 0, 0), -XEN_EPERM);
	guest_cpl = 0;
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 0, 0), 4 << 16 | 17);
	for (uint32_t nr = 43; nr < 70; nr++)
		assert_int_equal(guest_call2(v0, nr, 0, 0), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sysctl, 0, 0), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_domctl, 0, 0), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_platform_op, 0, 0), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_set_trap_table, 0, 0), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_iret, 0, 0), -XEN_ENOSYS);
	/* A number beyond 32 bits is none of ours in 64-bit mode, and is cut off in 32-bit mode. */
	v0->regs.rax = 1ULL << 32 | __HYPERVISOR_xen_version;
	v0->regs.rdi = 0;
	xen_hypercall(v0);
	assert_int_equal((int64_t)v0->regs.rax, -XEN_ENOSYS);
	guest_mode = VCPU_MODE_32;
	v0->regs.rax = 1ULL << 32 | __HYPERVISOR_xen_version;
	v0->regs.rbx = 7ULL << 32;
	xen_hypercall(v0);
	assert_int_equal(v0->regs.rax, 4 << 16 | 17);
}

static void registers_of_both_abis(void **state)
{
	/* console_io takes three arguments. */
	guest_put(d0, ARG, "hello", 5);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_console_io, CONSOLEIO_write, 5, ARG), 0);
	guest_mode = VCPU_MODE_32;
	/* What is above 32 bits of an argument register does not count. */
	assert_int_equal(guest_call3(v0, __HYPERVISOR_console_io, CONSOLEIO_write, 3,
				     0xffffffff00000000ULL | ARG),
			 0);
	assert_memory_equal(guest_console, "hellohel", 8);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_console_io, CONSOLEIO_write, 3, NOWHERE),
			 -XEN_EFAULT);
	guest_mode = VCPU_MODE_64;
	assert_int_equal(guest_call3(v0, __HYPERVISOR_console_io, 7, 3, ARG), -XEN_ENOSYS);
	assert_int_equal(guest_call3(v0, __HYPERVISOR_console_io, 0, 1ULL << 31, ARG), -XEN_E2BIG);
}

static void a_long_text_continues(void **state)
{
	unsigned int times;

	assert_int_equal(guest_call(v0, __HYPERVISOR_console_io,
				    (uint64_t[5]){ CONSOLEIO_write, 10000, 0x4000 }, &times),
			 0);
	assert_int_equal(guest_console_len, 10000);
	assert_int_equal(times, 3);
}

static void version_and_features(void **state)
{
	struct xen_feature_info {
		uint32_t submap, map;
	} f = { 0, 0 };
	char text[1024];

	guest_put(d0, ARG, &f, sizeof(f));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 6, ARG), 0);
	guest_get(d0, ARG, &f, sizeof(f));
	assert_int_equal(f.map, 1 << 0 | 1 << 2 | 1 << 8 | 1 << 9 | 1 << 13 | 1 << 16);
	f.submap = 1;
	guest_put(d0, ARG, &f, sizeof(f));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 6, ARG), -XEN_EINVAL);
	/* Tails are zero. */
	memset(text, 0x77, sizeof(text));
	guest_put(d0, ARG, text, sizeof(text));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 1, ARG), 0);
	guest_get(d0, ARG, text, 17);
	assert_int_equal(text[15], 0);
	assert_int_equal(text[16], 0x77);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 9, ARG), 0);
	guest_get(d0, ARG, text, sizeof(text));
	assert_string_equal(text, "<denied>");
	assert_int_equal(text[1023], 0);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 10, ARG), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 7, 0), 4096);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 11, ARG), -XEN_ENOSYS);
	/* A long is 4 bytes for a 32-bit guest. */
	memset(text, 0x77, 8);
	guest_mode = VCPU_MODE_32;
	guest_put(d0, ARG, text, 8);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, 5, ARG), 0);
	assert_int_equal(guest_get64(d0, ARG), 0x7777777700000000ULL);
	for (uint32_t op = 1; op <= 9; op++)
		if (op != 7)
			assert_int_equal(guest_call2(v0, __HYPERVISOR_xen_version, op, NOWHERE),
					 -XEN_EFAULT);
}

static void a_list_of_calls(void **state)
{
	struct multicall_entry list[70];
	struct compat_entry {
		uint32_t op, result, args[6];
	} narrow[2] = { { __HYPERVISOR_xen_version, 0, { 0 } }, { 60, 0, { 0 } } };
	unsigned int times;

	memset(list, 0, sizeof(list));
	for (int i = 0; i < 70; i++)
		list[i].op = i % 2 ? 60 : __HYPERVISOR_xen_version;
	list[2].op = __HYPERVISOR_multicall;
	guest_put(d0, 0x4000, list, sizeof(list));
	assert_int_equal(
		guest_call(v0, __HYPERVISOR_multicall, (uint64_t[5]){ 0x4000, 70 }, &times), 0);
	assert_int_equal(times, 2);
	guest_get(d0, 0x4000, list, sizeof(list));
	for (int i = 0; i < 70; i++)
		assert_int_equal(list[i].result,
				 i % 2 || i == 2 ? (uint64_t)-XEN_ENOSYS : (4 << 16 | 17));
	guest_mode = VCPU_MODE_32;
	guest_put(d0, ARG, narrow, sizeof(narrow));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_multicall, ARG, 2), 0);
	guest_get(d0, ARG, narrow, sizeof(narrow));
	assert_int_equal(narrow[0].result, 4 << 16 | 17);
	assert_int_equal(narrow[1].result, (uint32_t)-XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_multicall, NOWHERE, 1), -XEN_EFAULT);
}

static void an_unfinished_call_in_a_list_keeps_its_progress(void **state)
{
	struct multicall_entry e = { .op = __HYPERVISOR_console_io,
				     .args = { CONSOLEIO_write, 9000, 0x5000 } };
	unsigned int times;

	guest_put(d0, 0x4000, &e, sizeof(e));
	assert_int_equal(guest_call(v0, __HYPERVISOR_multicall, (uint64_t[5]){ 0x4000, 1 }, &times),
			 0);
	assert_int_equal(guest_console_len, 9000);
	assert_true(times >= 3);
	guest_get(d0, 0x4000, &e, sizeof(e));
	assert_int_equal(e.result, 0);
}

static int64_t param(uint32_t op, uint16_t domid, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = domid, .index = index, .value = *value };
	int64_t rc;

	guest_put(d0, ARG, &p, sizeof(p));
	rc = guest_call2(v0, __HYPERVISOR_hvm_op, op, ARG);
	guest_get(d0, ARG, &p, sizeof(p));
	*value = p.value;
	return rc;
}

static void parameters(void **state)
{
	uint64_t v = 2ULL << 56 | 0xf3;

	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &v), 0);
	assert_int_equal(d0->xen->callback_vector, 0xf3);
	/* The others look, too. */
	assert_int_equal(v1->attn.event, 1);
	v = 0;
	assert_int_equal(param(HVMOP_get_param, 1, HVM_PARAM_CALLBACK_IRQ, &v), 0);
	assert_int_equal(v, 2ULL << 56 | 0xf3);
	/* A GSI, Linux's dummy, is no interrupt. */
	v = 1;
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &v), 0);
	assert_int_equal(d0->xen->callback_vector, 0);
	assert_int_equal(param(HVMOP_get_param, DOMID_SELF, HVM_PARAM_STORE_EVTCHN, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_STORE_PFN, &v), -XEN_EPERM);
	assert_int_equal(param(HVMOP_get_param, DOMID_SELF, HVM_PARAM_TRIPLE_FAULT_REASON, &v),
			 -XEN_EPERM);
	assert_int_equal(param(HVMOP_get_param, DOMID_SELF, HVM_NR_PARAMS, &v), -XEN_EINVAL);
	assert_int_equal(param(HVMOP_get_param, 2, HVM_PARAM_STORE_PFN, &v), -XEN_EPERM);
	assert_int_equal(param(HVMOP_get_param, 0, HVM_PARAM_STORE_PFN, &v), -XEN_EPERM);
	assert_int_equal(param(HVMOP_get_param, 50, HVM_PARAM_STORE_PFN, &v), -XEN_ESRCH);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, HVMOP_set_param, NOWHERE),
			 -XEN_EFAULT);
	assert_true(guest_call2(v0, __HYPERVISOR_hvm_op, HVMOP_pagetable_dying, ARG) < 0);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 1), -XEN_EINVAL);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 0), 0);
	host_clock = 5000 + 777;
	assert_int_equal(guest_call2(v0, __HYPERVISOR_hvm_op, HVMOP_get_time, ARG), 0);
	assert_int_equal(guest_get64(d0, ARG), 777);
}

static void the_layout_is_latched_by_mode(void **state)
{
	uint64_t v = 2ULL << 56 | 0xf3;

	assert_false(d0->xen->narrow);
	guest_mode = VCPU_MODE_32;
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &v), 0);
	assert_true(d0->xen->narrow);
	assert_int_not_equal(*(uint32_t *)(void *)(d0->xen->shared + 0x900), 0);
	guest_mode = VCPU_MODE_64;
	assert_true(xen_msr_write(v0, 0x40000000, 0x9000));
	assert_false(d0->xen->narrow);
	/* The 32-bit wallclock lay among the 64-bit pending bits. */
	for (unsigned int i = 0x800; i < 0xc00; i++)
		assert_int_equal(d0->xen->shared[i], 0);
	assert_int_equal(*(uint32_t *)(void *)(d0->xen->shared + 0xc00) & 1, 0);
}

static void the_hypercall_page(void **state)
{
	uint8_t page[PAGE_SIZE];
	uint64_t value = 5;

	assert_false(xen_msr_write(v0, 0x40000000, 0x9001));
	assert_false(xen_msr_write(v0, 0x40000000, NOWHERE));
	assert_false(xen_msr_write(v0, 0x40000001, 0x9000));
	assert_true(xen_msr_write(v0, 0x40000000, 0x9000));
	guest_get(d0, 0x9000, page, sizeof(page));
	for (unsigned int nr = 0; nr < 128; nr++) {
		const uint8_t *s = page + nr * 32;

		if (nr == 23) {
			assert_memory_equal(s, "\x0f\x0b", 2);
			continue;
		}
		assert_int_equal(s[0], 0xb8);
		assert_int_equal(s[1], nr);
		assert_memory_equal(s + 2, "\0\0\0\x0f\x01\xc1\xc3", 7);
	}
	assert_true(xen_msr_read(v0, 0x40000000, &value));
	assert_int_equal(value, 0);
	assert_false(xen_msr_read(v0, 0x4000000f, &value));
}

static void the_leaves(void **state)
{
	struct cpuid_regs r;

	assert_false(xen_cpuid(v0, 0x3fffffff, 0, &r));
	assert_false(xen_cpuid(v0, 0x40000100, 0, &r));
	assert_true(xen_cpuid(v0, 0x40000000, 0, &r));
	assert_int_equal(r.eax, 0x40000004);
	assert_memory_equal(&r.ebx, "XenV", 4);
	assert_memory_equal(&r.ecx, "MMXe", 4);
	assert_memory_equal(&r.edx, "nVMM", 4);
	assert_true(xen_cpuid(v0, 0x40000002, 0, &r));
	assert_int_equal(r.eax, 1);
	assert_int_equal(r.ebx, 0x40000000);
	assert_true(xen_cpuid(v1, 0x40000004, 0, &r));
	assert_int_equal(r.eax, 1 << 3 | 1 << 4);
	assert_int_equal(r.ebx, 1);
	assert_int_equal(r.ecx, 1);
	assert_true(xen_cpuid(v1, 0x40000005, 0, &r));
	assert_int_equal(r.eax | r.ebx | r.ecx | r.edx, 0);
}

static int64_t vcpu_op(struct vcpu *v, uint32_t op, uint32_t id, uint64_t arg)
{
	return guest_call3(v, __HYPERVISOR_vcpu_op, op, id, arg);
}

static void timers_raise_their_event(void **state)
{
	struct evtchn_bind_virq b = { .virq = VIRQ_TIMER, .vcpu = 0 };
	struct vcpu_set_singleshot_timer s = { .timeout_abs_ns = 2000 };
	uint64_t period = 2000000;
	uint8_t *pending = d0->xen->shared + SHARED_PENDING;

	guest_put(d0, ARG, &b, sizeof(b));
	assert_int_equal(guest_call2(v0, __HYPERVISOR_event_channel_op, 1, ARG), 0);
	guest_put(d0, ARG, &s, sizeof(s));
	assert_int_equal(vcpu_op(v0, 8, 1, ARG), -XEN_EINVAL); /* not its own */
	assert_int_equal(vcpu_op(v0, 8, 9, ARG), -XEN_ENOENT);
	assert_int_equal(vcpu_op(v0, 8, 0, NOWHERE), -XEN_EFAULT);
	assert_int_equal(vcpu_op(v0, 8, 0, ARG), 0);
	assert_int_equal(*pending, 0);
	guest_clock(5000 + 2000);
	assert_int_not_equal(*pending, 0);
	/* In the past: now. */
	*pending = 0;
	assert_int_equal(vcpu_op(v0, 8, 0, ARG), 0);
	assert_int_not_equal(*pending, 0);
	*pending = 0;
	s.timeout_abs_ns = 9000;
	guest_put(d0, ARG, &s, sizeof(s));
	assert_int_equal(vcpu_op(v0, 8, 0, ARG), 0);
	assert_int_equal(vcpu_op(v0, 9, 0, 0), 0);
	guest_clock(5000 + 9000);
	assert_int_equal(*pending, 0);
	/* set_timer_op: the time in one register, or in two. */
	assert_int_equal(guest_call2(v0, __HYPERVISOR_set_timer_op, 20000, 0), 0);
	guest_clock(5000 + 20000);
	assert_int_not_equal(*pending, 0);
	*pending = 0;
	guest_mode = VCPU_MODE_32;
	assert_int_equal(guest_call2(v0, __HYPERVISOR_set_timer_op, 1, 1), 0);
	guest_clock(5000 + (1ULL << 32));
	assert_int_equal(*pending, 0);
	guest_clock(5000 + (1ULL << 32) + 1);
	assert_int_not_equal(*pending, 0);
	guest_mode = VCPU_MODE_64;
	/* Periodic: at least a millisecond; a tick missed is not made up for. */
	*pending = 0;
	guest_put(d0, ARG, &(uint64_t){ 999999 }, 8);
	assert_int_equal(vcpu_op(v0, 6, 0, ARG), -XEN_EINVAL);
	guest_put(d0, ARG, &period, 8);
	assert_int_equal(vcpu_op(v0, 6, 0, ARG), 0);
	for (int i = 0; i < 3; i++) {
		guest_clock(host_clock + 2000000);
		assert_int_not_equal(*pending, 0);
		*pending = 0;
	}
	assert_int_equal(vcpu_op(v0, 7, 0, 0), 0);
	guest_clock(host_clock + 2000000);
	assert_int_equal(*pending, 0);
}

static void vcpus_go_up_and_down(void **state)
{
	assert_int_equal(vcpu_op(v0, VCPUOP_is_up, 0, 0), 1);
	assert_int_equal(vcpu_op(v0, VCPUOP_is_up, 1, 0), 0);
	assert_int_equal(vcpu_op(v0, VCPUOP_up, 1, 0), -XEN_EINVAL);
	assert_int_equal(vcpu_op(v0, VCPUOP_initialise, 1, NOWHERE), -XEN_EFAULT);
	assert_int_equal(vcpu_op(v0, VCPUOP_initialise, 1, ARG), 0);
	assert_int_equal(vcpu_op(v0, VCPUOP_initialise, 1, ARG), -XEN_EEXIST);
	assert_int_equal(vcpu_op(v0, VCPUOP_up, 1, 0), 0);
	assert_int_equal(vcpu_op(v0, VCPUOP_is_up, 1, 0), 1);
	assert_int_equal(vcpu_op(v0, VCPUOP_down, 1, 0), 0);
	assert_int_equal(vcpu_op(v0, VCPUOP_is_up, 1, 0), 0);
	assert_int_equal(vcpu_op(v0, VCPUOP_send_nmi, 1, 1), -XEN_EINVAL);
	assert_int_equal(vcpu_op(v0, VCPUOP_send_nmi, 1, 0), 0);
	assert_int_equal(fake(v1)->nmis, 1);
	assert_int_equal(vcpu_op(v0, VCPUOP_get_physid, 0, ARG), -XEN_EINVAL);
	assert_int_equal(vcpu_op(v0, 14, 0, ARG), -XEN_ENOSYS);
	/* The last one down ends the domain. */
	assert_int_equal(vcpu_op(v0, VCPUOP_down, 0, 0), 0);
	assert_int_equal(guest[0].end, END_POWEROFF);
}

static void shutdowns(void **state)
{
	uint32_t reason = 6;

	guest_put(d0, ARG, &reason, 4);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 2, ARG), -XEN_EINVAL);
	reason = 2; /* suspend: cancelled */
	guest_put(d0, ARG, &reason, 4);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 2, ARG), 1);
	assert_int_equal(guest[0].end, END_NONE);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 4, ARG), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 7, ARG), -XEN_EPERM);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 8, ARG), -XEN_ENOSYS);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 2, NOWHERE), -XEN_EFAULT);
	reason = 1;
	guest_put(d0, ARG, &reason, 4);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_sched_op, 2, ARG), 0);
	assert_int_equal(guest[0].end, END_REBOOT);
}

static int64_t watchdog(uint32_t id, uint32_t seconds)
{
	uint32_t w[2] = { id, seconds };

	guest_put(d0, ARG, w, sizeof(w));
	return guest_call2(v0, __HYPERVISOR_sched_op, 6, ARG);
}

static void a_watchdog_bites_when_it_is_not_fed(void **state)
{
	assert_int_equal(watchdog(0, 0), -XEN_EINVAL);
	assert_int_equal(watchdog(1, 5), -XEN_EINVAL);
	assert_int_equal(watchdog(0, 5), 1);
	assert_int_equal(watchdog(0, 50), 2);
	assert_int_equal(watchdog(0, 5), -XEN_ENOSPC);
	guest_clock(5000 + 4000000000ULL);
	assert_int_equal(watchdog(1, 5), 0);
	guest_clock(5000 + 8000000000ULL);
	assert_int_equal(guest[0].end, END_NONE);
	assert_int_equal(watchdog(1, 0), 0);
	guest_clock(5000 + 20000000000ULL);
	assert_int_equal(guest[0].end, END_NONE);
	guest_clock(5000 + 50000000000ULL);
	assert_int_equal(guest[0].end, END_WATCHDOG);
}

static void only_the_runstate_flag_may_be_assisted(void **state)
{
	assert_int_equal(guest_call2(v0, __HYPERVISOR_vm_assist, 0, 5), 0);
	assert_int_equal(d0->xen->vm_assist, 1 << 5);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_vm_assist, 1, 5), 0);
	assert_int_equal(d0->xen->vm_assist, 0);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_vm_assist, 0, 2), -XEN_EINVAL);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_vm_assist, 0, 64), -XEN_EINVAL);
	assert_int_equal(guest_call2(v0, __HYPERVISOR_vm_assist, 2, 5), -XEN_ENOSYS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(who_may_call_and_what_is_unknown),
		TEST(registers_of_both_abis),
		TEST(a_long_text_continues),
		TEST(version_and_features),
		TEST(a_list_of_calls),
		TEST(an_unfinished_call_in_a_list_keeps_its_progress),
		TEST(parameters),
		TEST(the_layout_is_latched_by_mode),
		TEST(the_hypercall_page),
		TEST(the_leaves),
		TEST(timers_raise_their_event),
		TEST(vcpus_go_up_and_down),
		TEST(shutdowns),
		TEST(a_watchdog_bites_when_it_is_not_fed),
		TEST(only_the_runstate_flag_may_be_assisted),
	};

	return cmocka_run_group_tests_name("hypercall", tests, NULL, NULL);
}
