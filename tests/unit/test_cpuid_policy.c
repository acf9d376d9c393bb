// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/cpuid_policy.c arch/x86/vmx/cpuid_features.c arch/x86/vmx/vlapic.c
// sources: arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c arch/x86/vmx/vlapic_timer.c
// sources: tests/unit/fakes/platform.c tests/unit/fakes/cpu.c tests/unit/fakes/own_heap.c
/* CPUID as guests see it: on a machine with every feature there could ever be, and on small ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/cr.h"
#include "tests/unit/fakes/platform.h"

static struct cpuid_host host;
static struct cpuid_params params;

/* Every bit of every leaf is set, but where numbers are meant. */
static void host_with_everything(void)
{
	memset(&host, 0xff, sizeof(host));
	host.basic[0] = (struct cpuid_regs){ 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69 };
	host.ext[0].eax = 0x80000008;
	host.ext[8].eax = 0x302e;
	host.feature[0].eax = 2;
	memset(host.cache, 0, sizeof(host.cache));
	host.cache[0] = (struct cpuid_regs){ 0x1c004121, 0x01c0003f, 63, 0 };
	host.cache[1] = (struct cpuid_regs){ 0x1c004122, 0x01c0003f, 63, 0 };
	host.cache[2] = (struct cpuid_regs){ 0x1c004143, 0x03c0003f, 1023, 0 };
	host.cache[3] = (struct cpuid_regs){ 0x1c03c163, 0x03c0003f, 8191, 4 };
	memset(host.xstate, 0, sizeof(host.xstate));
	host.xstate[0] = (struct cpuid_regs){ 0x602ff, 11008, 11008, 0 };
	host.xstate[1] = (struct cpuid_regs){ ~0U, 4000, 0x1900, 0 };
	host.xstate[2] = (struct cpuid_regs){ 256, 576, 0, 0 };
	host.xstate[3] = (struct cpuid_regs){ 64, 960, 0, 0 };
	host.xstate[4] = (struct cpuid_regs){ 64, 1024, 0, 0 };
	host.xstate[5] = (struct cpuid_regs){ 64, 1088, 0, 0 };
	host.xstate[6] = (struct cpuid_regs){ 512, 1152, 0, 0 };
	host.xstate[7] = (struct cpuid_regs){ 1024, 1664, 0, 0 };
	host.xstate[9] = (struct cpuid_regs){ 8, 2688, 0, 0 };
	host.xstate[17] = (struct cpuid_regs){ 64, 2752, 2, 0 };
	host.xstate[18] = (struct cpuid_regs){ 8192, 2816, 6, 0 };
	params = (struct cpuid_params){
		.vcpus = 4,
		.tsc_khz = 3400123,
		.tsc_stable = true,
		.xcr0 = ~0ULL,
		.rdtscp = true,
		.invpcid = true,
		.xsaves = true,
	};
}

static int start(void **state)
{
	fake_machine_start(4, true);
	host_with_everything();
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

static const struct cpuid_policy *build(void)
{
	cpuid_policy_build(&host, &params, &machine.vmx.cpuid);
	for (uint32_t i = 0; i < machine.domain.vcpu_count; i++)
		vcpu_n(i)->vmx->xcr0 = machine.vmx.cpuid.xcr0;
	return &machine.vmx.cpuid;
}

static struct cpuid_regs ask(uint32_t cpu, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs out = { 1, 2, 3, 4 };

	cpuid_policy_guest(vcpu_n(cpu), leaf, subleaf, &out);
	return out;
}

static bool zero(struct cpuid_regs r)
{
	return !(r.eax | r.ebx | r.ecx | r.edx);
}

static void dangerous_bits_are_never_shown(void **state)
{
	static const uint8_t absent[] = { 3,    5,    8,    9,    0xa,  0xc,  0xe,
					  0xf,  0x10, 0x11, 0x12, 0x13, 0x14, 0x17,
					  0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e };

	build();
	/* MONITOR, VMX, SMX, EIST, PDCM, DTES64 */
	assert_int_equal(ask(0, 1, 0).ecx & (1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 15 | 1 << 2),
			 0);
	/* DS, ACPI, TM, PBE */
	assert_int_equal(ask(0, 1, 0).edx & (1U << 21 | 1U << 22 | 1U << 29 | 1U << 31), 0);
	/* SGX, HLE, RTM, RDT-M, MPX, RDT-A, PT */
	assert_int_equal(ask(0, 7, 0).ebx & (1 << 2 | 1 << 4 | 1 << 11 | 1 << 12 | 1 << 14 |
					     1 << 15 | 1 << 25),
			 0);
	/* CET_SS, LA57, PKS, ENQCMD, KL */
	assert_int_equal(ask(0, 7, 0).ecx & (1U << 7 | 1U << 16 | 1U << 31 | 1U << 29 | 1U << 23),
			 0);
	/* AMX, CET_IBT, ARCH_LBR, CORE_CAPABILITIES */
	assert_int_equal(ask(0, 7, 0).edx &
				 (1U << 22 | 1U << 24 | 1U << 25 | 1U << 20 | 1U << 19 | 1U << 30),
			 0);
	/* WAITPKG without the control */
	assert_int_equal(ask(0, 7, 0).ecx & 1 << 5, 0);
	assert_int_equal(ask(0, 6, 0).eax, 1 << 2);
	assert_int_equal(ask(0, 0x80000007, 0).edx, 1 << 8);
	/* Whole leaves: MONITOR, DCA, PMU, RDT, SGX, PT, SoC, TLB, KL, AMX and what may come. */
	for (size_t i = 0; i < array_size(absent); i++)
		assert_true(zero(ask(0, absent[i], 0)) && zero(ask(0, absent[i], 1)));
}

static void what_we_emulate_is_always_shown(void **state)
{
	struct cpuid_regs r;

	memset(&host, 0, sizeof(host));
	host.basic[0].eax = 0xd;
	build();
	r = ask(0, 1, 0);
	assert_int_equal(r.ecx, 1U << 21 | 1U << 24 | 1U << 31); /* x2APIC, deadline, hypervisor */
	assert_int_equal(r.edx, 1U << 9 | 1U << 28);             /* APIC, HTT */
	assert_int_equal(ask(0, 7, 0).ebx, 1 << 1);              /* TSC_ADJUST */
	assert_int_equal(ask(0, 0, 0).eax, 0x16);
	assert_true(zero(ask(0, 0xd, 0)));
	assert_true(zero(ask(0, 0x1f, 0)));
	assert_int_equal(machine.vmx.cpuid.phys_bits, 36);
}

static void the_control_decides(void **state)
{
	build();
	assert_true(ask(0, 7, 0).ebx & 1 << 10);
	assert_true(ask(0, 0x80000001, 0).edx & 1 << 27);
	assert_true(ask(0, 0xd, 1).eax & 1 << 3);
	params.invpcid = params.rdtscp = params.xsaves = false;
	params.user_wait = params.nested = true;
	build();
	assert_false(ask(0, 7, 0).ebx & 1 << 10);
	assert_false(ask(0, 0x80000001, 0).edx & 1 << 27);
	assert_false(ask(0, 7, 0).ecx & 1 << 22); /* RDPID */
	assert_false(ask(0, 0xd, 1).eax & 1 << 3);
	assert_true(ask(0, 7, 0).ecx & 1 << 5);
	assert_true(ask(0, 1, 0).ecx & 1 << 5);
	assert_true(machine.vmx.cpuid.cr4 & CR4_VMXE);
}

static void what_depends_on_the_vcpu_is_patched(void **state)
{
	build();
	assert_int_equal(ask(3, 1, 0).ebx >> 24, 6);
	assert_int_equal(ask(3, 1, 0).ecx & 1 << 27, 0);
	assert_int_equal(ask(3, 7, 0).ecx & 1 << 4, 0);
	machine.cpu[3].cr4 = CR4_OSXSAVE | CR4_PKE;
	assert_true(ask(3, 1, 0).ecx & 1 << 27);
	assert_true(ask(3, 7, 0).ecx & 1 << 4);
	assert_int_equal(ask(3, 7, 1).ecx, 0);
	assert_true(ask(3, 1, 0).edx & 1 << 9);
	assert_true(vlapic_set_base(vcpu_n(3), 0xfee00000, 36));
	assert_false(ask(3, 1, 0).edx & 1 << 9);
	assert_true(ask(3, 0x80000001, 0).edx & 1 << 11);
	machine.cpu[3].long_mode = false;
	assert_false(ask(3, 0x80000001, 0).edx & 1 << 11);
}

static void topology_agrees_with_the_apic_ids(void **state)
{
	static const uint32_t counts[] = { 1, 2, 3, 4, 5, 8, 33, 64 };

	for (size_t i = 0; i < array_size(counts); i++) {
		uint32_t n = counts[i], shift, ids;

		params.vcpus = n;
		build();
		for (uint32_t leaf = 0xb; leaf < 0x20; leaf += 0x14) {
			struct cpuid_regs smt = ask(2, leaf, 0), core = ask(2, leaf, 1);

			assert_int_equal(smt.eax, 1);
			assert_int_equal(smt.ebx, 1);
			assert_int_equal(smt.ecx, 0x100);
			assert_int_equal(core.ebx, n);
			assert_int_equal(core.ecx, 0x201);
			assert_int_equal(core.edx, 4);
			/* All ids are below 1 << shift, and no smaller shift would do. */
			shift = core.eax;
			assert_true(2 * (n - 1) < 1U << shift);
			assert_true(n == 1 || 2 * (n - 1) >= 1U << (shift - 1));
			assert_int_equal(ask(2, leaf, 7).ecx, 7);
			assert_int_equal(ask(2, leaf, 7).edx, 4);
			assert_int_equal(ask(2, leaf, 7).eax | ask(2, leaf, 7).ebx, 0);
		}
		ids = ask(0, 1, 0).ebx >> 16 & 0xff;
		assert_int_equal(ids, 1U << ask(0, 0xb, 1).eax);
		assert_int_equal(ask(0, 4, 0).eax >> 26, ids / 2 - 1);
		assert_int_equal(ask(0, 4, 2).eax >> 14 & 0xfff, 1);
		assert_int_equal(ask(0, 4, 3).eax >> 14 & 0xfff, ids - 1);
		assert_int_equal(ask(0, 4, 3).ecx, 8191);
		assert_true(zero(ask(0, 4, 4)) && zero(ask(0, 4, 99)));
		assert_int_equal(!!(ask(0, 1, 0).edx & 1 << 28), n > 1);
	}
}

static void the_frequency_is_exact_or_absent(void **state)
{
	struct cpuid_regs r;

	build();
	r = ask(0, 0x15, 0);
	assert_int_equal((uint64_t)r.ecx * r.ebx / r.eax, 3400123000);
	assert_int_equal(ask(0, 0x16, 0).eax, 3400);
	params.tsc_khz = 5000000; /* Hz do not fit 32 bits */
	build();
	r = ask(0, 0x15, 0);
	assert_int_equal((uint64_t)r.ecx * r.ebx / r.eax, 5000000000);
	params.tsc_stable = false;
	build();
	assert_true(zero(ask(0, 0x15, 0)) && zero(ask(0, 0x16, 0)));
	assert_int_equal(ask(0, 0x80000007, 0).edx, 0);
}

static void xsave_areas(void **state)
{
	const struct cpuid_policy *p = build();

	assert_int_equal(p->xcr0, 0x2e7); /* no MPX, no AMX */
	assert_int_equal(ask(0, 0xd, 0).eax, 0x2e7);
	assert_int_equal(ask(0, 0xd, 0).ecx, 2696);
	assert_int_equal(ask(0, 0xd, 0).ebx, 2696);
	assert_int_equal(ask(0, 0xd, 1).eax, 0xf);
	assert_int_equal(ask(0, 0xd, 1).ebx, 576 + 256 + 64 + 512 + 1024 + 8);
	vcpu_n(0)->vmx->xcr0 = 7;
	assert_int_equal(ask(0, 0xd, 0).ebx, 832);
	vcpu_n(0)->vmx->xcr0 = 1;
	assert_int_equal(ask(0, 0xd, 0).ebx, 576);
	assert_int_equal(ask(0, 0xd, 1).ebx, 576);
	assert_int_equal(ask(0, 0xd, 2).ebx, 576);
	assert_true(zero(ask(0, 0xd, 3)) && zero(ask(0, 0xd, 18)) && zero(ask(0, 0xd, 64)) &&
		    zero(ask(0, 0xd, ~0U)));
}

static void a_state_that_is_missing_takes_its_features_along(void **state)
{
	params.xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_OPMASK;
	assert_int_equal(build()->xcr0, 7);
	assert_int_equal(ask(0, 7, 0).ebx & (1 << 16 | 1U << 31), 0); /* AVX-512 */
	assert_true(ask(0, 7, 0).ebx & 1 << 5);                       /* AVX2 */
	assert_int_equal(ask(0, 7, 0).ecx & 1 << 3, 0);               /* PKU */
	params.xcr0 = XCR0_X87 | XCR0_SSE;
	build();
	assert_int_equal(ask(0, 1, 0).ecx & (1 << 28 | 1 << 12 | 1 << 29), 0);
	assert_int_equal(ask(0, 7, 0).ebx & 1 << 5, 0);
	assert_int_equal(ask(0, 7, 1).eax & 1 << 4, 0);
	host.basic[1].ecx &= ~(1U << 26);
	assert_int_equal(build()->xcr0, 0);
	assert_int_equal(machine.vmx.cpuid.cr4 & CR4_OSXSAVE, 0);
}

static void xcr0_values(void **state)
{
	build();
	assert_true(cpuid_policy_xcr0_ok(vcpu_n(0), 1));
	assert_true(cpuid_policy_xcr0_ok(vcpu_n(0), 3));
	assert_true(cpuid_policy_xcr0_ok(vcpu_n(0), 7));
	assert_true(cpuid_policy_xcr0_ok(vcpu_n(0), 0x2e7));
	assert_true(cpuid_policy_xcr0_ok(vcpu_n(0), 0x201));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 0));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 2));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 5));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 0xe3));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 0x27));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 0x1f));
	assert_false(cpuid_policy_xcr0_ok(vcpu_n(0), 0x602e7));
}

static void leaves_out_of_range(void **state)
{
	build();
	assert_true(zero(ask(0, 0x20, 0)));
	assert_true(zero(ask(0, 0x3fffffff, 0)));
	assert_true(zero(ask(0, 0x80000009, 0)));
	assert_true(zero(ask(0, 0xc0000000, 0)));
	assert_true(zero(ask(0, ~0U, 0)));
	assert_int_equal(ask(0, 0x40000000, 5).ebx, 5);
	assert_true(zero(ask(0, 0x40000001, 0)));
	assert_int_equal(ask(0, 0x80000008, 0).eax, 0x302e);
	assert_int_equal(ask(0, 0x80000008, 0).ebx, 0);
}

static void capabilities_promise_no_msr(void **state)
{
	assert_int_equal(build()->arch_capabilities & (1 << 7 | 1 << 10 | 1 << 12 | 1 << 18), 0);
	assert_true(machine.vmx.cpuid.arch_capabilities & 1);
	host.feature[0].edx &= ~(1U << 29);
	assert_int_equal(build()->arch_capabilities, 0);
}

static void each_rule_is_there_once(void **state)
{
	for (unsigned int i = 0; i < cpuid_rule_count; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_false(cpuid_rules[i].word == cpuid_rules[j].word &&
				     cpuid_rules[i].bit == cpuid_rules[j].bit);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dangerous_bits_are_never_shown),
		TEST(what_we_emulate_is_always_shown),
		TEST(the_control_decides),
		TEST(what_depends_on_the_vcpu_is_patched),
		TEST(topology_agrees_with_the_apic_ids),
		TEST(the_frequency_is_exact_or_absent),
		TEST(xsave_areas),
		TEST(a_state_that_is_missing_takes_its_features_along),
		TEST(xcr0_values),
		TEST(leaves_out_of_range),
		TEST(capabilities_promise_no_msr),
		TEST(each_rule_is_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
