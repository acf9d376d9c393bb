// SPDX-License-Identifier: MIT
// variants: 64 32
//
// hvm_op: parameters that a guest may read and write and those it may not; flush, time, memory
// types. On every machine: all ok.
#include "tests/guest/lib/guest.h"

static long get(uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };
	long err = hvm_op(HVMOP_get_param, &p);

	*value = p.value;
	return err;
}

static void parameters(void)
{
	static const uint8_t settable[] = { HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_EVTCHN };
	static const uint8_t fixed[] = { HVM_PARAM_STORE_PFN, HVM_PARAM_CONSOLE_PFN };
	static const uint8_t hidden[] = { HVM_PARAM_IDENT_PT, HVM_PARAM_TRIPLE_FAULT_REASON };
	uint64_t v, w;
	long err;

	for (unsigned int i = 0; i < array_size(fixed); i++) {
		err = get(fixed[i], &v);
		ok(err == 0 && v != 0, "parameter %u is 0x%lx", fixed[i], (unsigned long)v);
		ok_eq((uint64_t)set_param(fixed[i], 1), E(EPERM), "it is not the guest's to set");
		ok(get(fixed[i], &w) == 0 && v == w, "it stays");
	}
	for (unsigned int i = 0; i < array_size(settable); i++) {
		err = get(settable[i], &v);
		ok(err == 0 && v > 0 && v < 4096, "parameter %u is %lu", settable[i],
		   (unsigned long)v);
		ok_eq((uint64_t)set_param(settable[i], v), 0, "it may be set");
	}
	for (unsigned int i = 0; i < array_size(hidden); i++)
		ok_eq((uint64_t)set_param(hidden[i], 1), E(EPERM), "parameter %u may not be set",
		      hidden[i]);
	ok_eq((uint64_t)set_param(HVM_PARAM_CALLBACK_IRQ, 2ULL << 56 | 0xf3), 0, "callback set");
	ok(get(HVM_PARAM_CALLBACK_IRQ, &v) == 0 && v == (2ULL << 56 | 0xf3), "and read");
	/* GSI 1: the dummy that Linux sets beside an upcall vector. */
	ok_eq((uint64_t)set_param(HVM_PARAM_CALLBACK_IRQ, 1), 0, "callback by GSI is accepted");
	ok_eq((uint64_t)get(HVM_NR_PARAMS, &v), E(EINVAL), "a parameter that does not exist");
	ok_eq((uint64_t)set_param(~0U, 0), E(EINVAL), "another");
}

static void others(void)
{
	struct xen_hvm_param p = { .domid = 0x7000, .index = HVM_PARAM_STORE_PFN };
	struct xen_hvm_get_mem_type type = { .domid = DOMID_SELF, .pfn = 0x100 };
	struct xen_hvm_get_time now = { .now = 0 };
	uint64_t before;

	ok_eq((uint64_t)hvm_op(HVMOP_get_param, &p), E(ESRCH), "another domain's parameter");
	ok_eq((uint64_t)hvm_op(HVMOP_get_param, HOLE), E(EFAULT), "a bad pointer");
	ok_eq((uint64_t)hvm_op(HVMOP_flush_tlbs, 0), 0, "flush_tlbs");
	ok_eq((uint64_t)hvm_op(HVMOP_get_time, &now), 0, "get_time");
	before = now.now;
	ok(hvm_op(HVMOP_get_time, &now) == 0 && now.now > before, "time goes on");
	ok_eq((uint64_t)hvm_op(HVMOP_get_mem_type, &type), 0, "get_mem_type");
	ok_eq(type.mem_type, 0, "RAM is HVMMEM_ram_rw");
	type.pfn = 0xf8000;
	ok(hvm_op(HVMOP_get_mem_type, &type) == 0 && type.mem_type == 2,
	   "a hole is HVMMEM_mmio_dm");
	ok(hvm_op(9, &type) < 0, "pagetable_dying is refused");
	for (unsigned int op = 2; op <= 4; op++)
		ok(hvm_op(op, &type) < 0, "operation %u is gone", op);
	ok_eq((uint64_t)hvm_op(99, &type), E(ENOSYS), "an unknown operation");
}

static void upcall_vector(void)
{
	struct xen_hvm_evtchn_upcall_vector u = { .vcpu = 0, .vector = 8 };

	ok_eq((uint64_t)hvm_op(HVMOP_set_evtchn_upcall_vector, &u), E(EINVAL),
	      "an exception's vector for upcalls");
	u.vcpu = 77;
	u.vector = 0x40;
	ok_eq((uint64_t)hvm_op(HVMOP_set_evtchn_upcall_vector, &u), E(ENOENT),
	      "a vCPU that does not exist");
	ok_eq((uint64_t)hvm_op(HVMOP_set_evtchn_upcall_vector, HOLE), E(EFAULT), "a bad pointer");
}

void test_main(void)
{
	parameters();
	others();
	upcall_vector();
}
