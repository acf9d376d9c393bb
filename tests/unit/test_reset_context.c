// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/reset_context.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/reset.h"

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/hvm/hvm_vcpu.h>

#define CR4_OFFERED  (CR4_PAE | CR4_PGE | CR4_PCIDE)
#define EFER_OFFERED (EFER_LME | EFER_NXE | EFER_SCE)

static struct vcpu_hvm_context flat32(void)
{
	struct vcpu_hvm_context c;
	struct vcpu_hvm_x86_32 *r = &c.cpu_regs.x86_32;

	memset(&c, 0, sizeof(c));
	c.mode = VCPU_HVM_MODE_32B;
	r->eip = 0x100000;
	r->eax = 1;
	r->edi = 7;
	r->esp = 0x8000;
	r->cr0 = CR0_PE;
	r->cs_ar = 0xc9a; /* not accessed yet */
	r->ds_ar = r->es_ar = r->ss_ar = 0xc92;
	r->tr_ar = 0x089; /* not busy yet */
	r->cs_limit = r->ds_limit = r->es_limit = r->ss_limit = 0xfffff;
	r->tr_limit = 0x67;
	return c;
}

static int run(const struct vcpu_hvm_context *c, struct start_state *s, struct vcpu_regs *r)
{
	memset(s, 0, sizeof(*s));
	memset(r, 0, sizeof(*r));
	return reset_from_context(c, CR4_OFFERED, EFER_OFFERED, s, r);
}

static int check(const struct vcpu_hvm_context *c)
{
	struct start_state s;
	struct vcpu_regs r;

	return run(c, &s, &r);
}

static void a_flat_32bit_context_starts(void **state)
{
	struct vcpu_hvm_context c = flat32();
	struct start_state s;
	struct vcpu_regs r;

	assert_int_equal(run(&c, &s, &r), 0);
	assert_int_equal(s.rip, 0x100000);
	assert_int_equal(s.rsp, 0x8000);
	assert_int_equal(r.rax, 1);
	assert_int_equal(r.rdi, 7);
	assert_int_equal(s.rflags, 2);
	assert_int_equal(s.cr0, CR0_PE | CR0_ET);
	assert_int_equal(s.seg[VMX_SEG_CS].rights, 0xc09b);
	assert_int_equal(s.seg[VMX_SEG_CS].limit, 0xffffffff);
	assert_int_equal(s.seg[VMX_SEG_SS].rights, 0xc093);
	assert_int_equal(s.seg[VMX_SEG_TR].rights, 0x8b);
}

static void null_data_segments_are_unusable(void **state)
{
	struct vcpu_hvm_context c = flat32();
	struct start_state s;
	struct vcpu_regs r;

	c.cpu_regs.x86_32.ds_ar = 0;
	c.cpu_regs.x86_32.es_ar = 0;
	assert_int_equal(run(&c, &s, &r), 0);
	assert_int_equal(s.seg[VMX_SEG_DS].rights, VMX_RIGHTS_UNUSABLE);
	c.cpu_regs.x86_32.ss_ar = 0;
	assert_int_equal(check(&c), -XEN_EINVAL);
}

#define REFUSED(assignment)                                                                        \
	do {                                                                                       \
		struct vcpu_hvm_context c = flat32();                                              \
		struct vcpu_hvm_x86_32 *r = &c.cpu_regs.x86_32;                                    \
                                                                                                   \
		r->assignment;                                                                     \
		assert_int_equal(check(&c), -XEN_EINVAL);                                          \
	} while (0)

static void bad_32bit_contexts_are_refused(void **state)
{
	REFUSED(pad1 = 1);
	REFUSED(pad2[0] = 1);
	REFUSED(pad2[2] = 1);
	REFUSED(cs_ar = 0xc92);  /* data */
	REFUSED(cs_ar = 0x1c9a); /* unused bits */
	REFUSED(cs_ar = 0xc1a);  /* not present */
	REFUSED(cs_ar = 0xc8a);  /* a system segment */
	REFUSED(ss_ar = 0xc90);  /* not writable */
	REFUSED(ss_ar = 0xcf2);  /* another DPL than CS */
	REFUSED(ds_ar = 0xcf2);
	REFUSED(ds_ar = 0xc98); /* code that cannot be read */
	REFUSED(tr_ar = 0x81);  /* 16-bit */
	REFUSED(tr_ar = 0x99);  /* code */
	REFUSED(tr_ar = 0);
	REFUSED(cs_ar = 0x49a); /* bytes: the limit is too large for them */
	REFUSED(efer = EFER_LMA);
	REFUSED(efer = BIT(1));
	REFUSED(cr4 = CR4_VMXE);
	REFUSED(cr4 = CR4_PCIDE);
	REFUSED(cr0 = CR0_PG);
	REFUSED(cr0 = CR0_PE | CR0_NW);
}

static void eip_beyond_the_limit_is_refused(void **state)
{
	struct vcpu_hvm_context c = flat32();

	c.cpu_regs.x86_32.cs_ar = 0x49a;
	c.cpu_regs.x86_32.cs_limit = 0xffff;
	c.cpu_regs.x86_32.eip = 0xffff;
	assert_int_equal(check(&c), 0);
	c.cpu_regs.x86_32.eip = 0x10000;
	assert_int_equal(check(&c), -XEN_EINVAL);
}

static struct vcpu_hvm_context flat64(void)
{
	struct vcpu_hvm_context c;
	struct vcpu_hvm_x86_64 *r = &c.cpu_regs.x86_64;

	memset(&c, 0, sizeof(c));
	c.mode = VCPU_HVM_MODE_64B;
	r->rip = 0xffffffff81000000;
	r->rbx = 5;
	r->rflags = RFLAGS_VM | RFLAGS_IF | BIT(40);
	r->cr0 = CR0_PE | CR0_PG;
	r->cr4 = CR4_PAE;
	r->efer = EFER_LME;
	return c;
}

static void a_64bit_context_starts_in_long_mode(void **state)
{
	struct vcpu_hvm_context c = flat64();
	struct start_state s;
	struct vcpu_regs r;

	assert_int_equal(run(&c, &s, &r), 0);
	assert_int_equal(s.rip, 0xffffffff81000000);
	assert_int_equal(s.efer, EFER_LME | EFER_LMA);
	assert_int_equal(s.rflags, RFLAGS_IF | RFLAGS_FIXED);
	assert_int_equal(s.seg[VMX_SEG_CS].rights, 0xa09b);
	assert_int_equal(r.rbx, 5);
}

static void bad_64bit_contexts_are_refused(void **state)
{
	struct vcpu_hvm_context c = flat64();

	c.cpu_regs.x86_64.rip = 1ULL << 50;
	assert_int_equal(check(&c), -XEN_EINVAL);
	c = flat64();
	c.cpu_regs.x86_64.cr0 = CR0_PE;
	assert_int_equal(check(&c), -XEN_EINVAL);
	c = flat64();
	c.cpu_regs.x86_64.cr4 = 0;
	assert_int_equal(check(&c), -XEN_EINVAL);
	c = flat64();
	c.cpu_regs.x86_64.efer = 0;
	assert_int_equal(check(&c), -XEN_EINVAL);
	c = flat64();
	c.pad = 1;
	assert_int_equal(check(&c), -XEN_EINVAL);
	c = flat64();
	c.mode = 2;
	assert_int_equal(check(&c), -XEN_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flat_32bit_context_starts),
		cmocka_unit_test(null_data_segments_are_unusable),
		cmocka_unit_test(bad_32bit_contexts_are_refused),
		cmocka_unit_test(eip_beyond_the_limit_is_refused),
		cmocka_unit_test(a_64bit_context_starts_in_long_mode),
		cmocka_unit_test(bad_64bit_contexts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
