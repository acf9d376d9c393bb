// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/msr_policy.c arch/x86/vmx/mtrr.c arch/x86/vmx/vlapic.c
// sources: arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c arch/x86/vmx/vlapic_timer.c
// sources: tests/unit/fakes/platform.c tests/unit/fakes/cpu.c tests/unit/fakes/own_heap.c
/* RDMSR and WRMSR as guests see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/msr.h"
#include "tests/unit/fakes/platform.h"

static struct vcpu *v;

static int start(void **state)
{
	fake_machine_start(2, true);
	v = vcpu_n(0);
	machine.vmx.cpuid.phys_bits = 39;
	machine.vmx.cpuid.feature[0].edx = 1U << 28 | 1U << 29;
	machine.vmx.cpuid.arch_capabilities = 0x2b;
	machine.vmx.cpuid.xstate[1].eax = 0xf;
	msr_state_init(&v->vmx->msr);
	v->vmx->efer = 0x500;
	v->vmx->have = VMX_HAVE_EFER;
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

static uint64_t get(uint32_t msr)
{
	uint64_t value = ~0ULL;

	assert_true(msr_policy_read(v, msr, &value));
	return value;
}

static bool readable(uint32_t msr)
{
	uint64_t value;

	return msr_policy_read(v, msr, &value);
}

static bool put(uint32_t msr, uint64_t value)
{
	return msr_policy_write(v, msr, value);
}

static void the_tsc_moves_with_its_adjustment(void **state)
{
	assert_int_equal(get(MSR_TSC), host_clock);
	assert_int_equal(get(MSR_TSC_ADJUST), 0);
	assert_true(put(MSR_TSC, 5000));
	assert_int_equal(get(MSR_TSC), 5000);
	assert_int_equal(get(MSR_TSC_ADJUST), 5000 - host_clock);
	assert_int_equal(machine.cpu[0].hw_tsc_offset, 5000 - host_clock);
	assert_true(v->attn.bits & ATTN_TIME);
	assert_true(put(MSR_TSC_ADJUST, 7));
	assert_int_equal(get(MSR_TSC), host_clock + 7);
	assert_int_equal(machine.cpu[0].hw_tsc_offset, 7);
	host_clock += 100;
	assert_int_equal(get(MSR_TSC), host_clock + 7);
}

static void mtrrs_say_write_back(void **state)
{
	assert_int_equal(get(MSR_MTRRCAP), 0x508);
	assert_int_equal(get(MSR_MTRR_DEF_TYPE), 0x806);
	assert_int_equal(get(MSR_MTRR_FIX64K), 0x0606060606060606);
	assert_int_equal(get(0x26f), 0x0606060606060606);
	assert_int_equal(get(0x20f), 0);
	assert_false(put(MSR_MTRRCAP, 0));
	assert_true(put(MSR_MTRR_DEF_TYPE, 0xc00));
	assert_int_equal(get(MSR_MTRR_DEF_TYPE), 0xc00);
	assert_false(put(MSR_MTRR_DEF_TYPE, 0xc02));
	assert_false(put(MSR_MTRR_DEF_TYPE, 0x1c06));
	assert_true(put(0x258, 0x0001040506060606));
	assert_false(put(0x259, 0x0200000000000000));
	assert_true(put(0x200, 0x7fc0000006));
	assert_false(put(0x200, 0x8000000006)); /* beyond 39 bits */
	assert_false(put(0x200, 0x106));
	assert_false(put(0x200, 0x3));
	assert_true(put(0x201, 0x7fc0000800));
	assert_false(put(0x201, 0x7fc0000801));
	assert_int_equal(get(0x201), 0x7fc0000800);
	assert_false(readable(0x210));
	assert_false(readable(0x251));
	assert_false(readable(0x267) || readable(0x270));
}

static void what_linux_reads_without_a_net(void **state)
{
	assert_int_equal(get(MSR_APIC_BASE), 0xfee00900);
	assert_int_equal(get(MSR_MISC_ENABLE), 0x1801);
	assert_int_equal(get(MSR_MCG_CAP), 0);
	assert_int_equal(get(MSR_PLATFORM_ID), 0);
	assert_int_equal(get(MSR_BIOS_UPDATE_ID), 0);
	assert_true(put(MSR_BIOS_UPDATE_ID, 0));
	assert_int_equal(get(MSR_FEATURE_CONTROL), 1);
	assert_int_equal(get(MSR_ARCH_CAPABILITIES), 0x2b);
	assert_int_equal(get(MSR_EFER), 0x500);
	assert_int_equal(get(MSR_XSS), 0);
	assert_int_equal(get(0xce), 20 << 8);
	assert_int_equal(get(0x40000000), 0);
	assert_int_equal(machine.log_lines, 0);
}

static void writes_are_checked(void **state)
{
	assert_true(put(MSR_MISC_ENABLE, ~0ULL)); /* only fast strings may change */
	assert_int_equal(get(MSR_MISC_ENABLE), 0x1801);
	assert_true(put(MSR_MISC_ENABLE, 0));
	assert_int_equal(get(MSR_MISC_ENABLE), 0x1800);
	assert_true(put(MSR_DEBUGCTL, 3));
	assert_int_equal(get(MSR_DEBUGCTL), 3);
	assert_false(put(MSR_DEBUGCTL, 4));
	assert_true(put(MSR_XSS, 0));
	assert_false(put(MSR_XSS, 0x100));
	assert_false(put(MSR_FLUSH_CMD, 2));
	assert_false(put(MSR_EFER, 2));
	assert_false(put(MSR_PAT, ~0ULL));
	assert_true(put(0x40000000, 0x1000));
	assert_false(put(0x40000000, 0x1001));
	assert_false(put(MSR_MCG_STATUS, 1));
	assert_false(put(MSR_APIC_BASE, 0xfee00400));
}

static void a_hidden_feature_has_no_msr(void **state)
{
	memset(&machine.vmx.cpuid, 0, sizeof(machine.vmx.cpuid));
	assert_false(readable(MSR_ARCH_CAPABILITIES));
	assert_false(readable(MSR_XSS));
	assert_false(put(MSR_XSS, 0));
	assert_false(put(MSR_FLUSH_CMD, 1));
	assert_false(readable(MSR_SPEC_CTRL));
	assert_false(put(MSR_PRED_CMD, 1));
	assert_false(readable(MSR_VMX_BASIC));
}

static void read_only_msrs_fault_silently(void **state)
{
	assert_false(put(MSR_FEATURE_CONTROL, 5));
	assert_false(put(MSR_MCG_CAP, 0));
	assert_false(put(0xce, 0));
	assert_false(put(MSR_ARCH_CAPABILITIES, 0));
	assert_int_equal(machine.log_lines, 0);
}

static void each_unknown_msr_is_logged_once(void **state)
{
	for (int round = 0; round < 3; round++)
		for (uint32_t msr = 0x600; msr < 0x610; msr++) {
			assert_false(readable(msr));
			assert_false(put(msr, 0));
		}
	assert_int_equal(machine.log_lines, 16);
	/* A guest that tries them all does not fill the log. */
	for (uint32_t msr = 0x10000; msr < 0x10200; msr++)
		assert_false(readable(msr));
	assert_int_equal(machine.log_lines, MSR_LOGGED_MAX);
}

static void the_apic_is_behind_its_msrs(void **state)
{
	assert_false(readable(0x802));
	assert_true(put(MSR_APIC_BASE, 0xfee00d00));
	assert_int_equal(get(0x803), 0x50014);
	assert_true(put(0x808, 0x20));
	assert_int_equal(get(0x808), 0x20);
	assert_false(readable(0x840));
	assert_false(readable(0x8ff));
	assert_true(put(0x832, 2 << 17 | 0x40));
	assert_true(put(MSR_TSC_DEADLINE, host_clock + 100));
	assert_int_equal(get(MSR_TSC_DEADLINE), host_clock + 100);
}

static bool exits(const uint8_t *bitmap, uint32_t msr, bool write)
{
	const uint8_t *part = bitmap + (write ? 2048 : 0) + (msr >= 0xc0000000 ? 1024 : 0);

	return part[(msr & 0x1fff) / 8] & 1U << (msr & 7);
}

static void the_bitmap_passes_what_is_the_guests_own(void **state)
{
	static const uint32_t own[] = {
		0x174,      0x175,      0x176,      0xc0000081, 0xc0000082,
		0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102
	};
	static uint8_t bitmap[4096];
	unsigned int clear = 0;

	msr_policy_fill_bitmap(&machine.domain, bitmap);
	for (size_t i = 0; i < array_size(own); i++) {
		assert_false(exits(bitmap, own[i], false));
		assert_false(exits(bitmap, own[i], true));
	}
	assert_false(exits(bitmap, MSR_TSC, false));
	assert_true(exits(bitmap, MSR_TSC, true));
	assert_true(exits(bitmap, MSR_TSC_AUX, false));
	for (size_t i = 0; i < sizeof(bitmap); i++)
		clear += 8 - (unsigned int)__builtin_popcount(bitmap[i]);
	assert_int_equal(clear, 21);
	machine.vmx.cpuid.ext[1].edx = 1 << 27;
	msr_policy_fill_bitmap(&machine.domain, bitmap);
	assert_false(exits(bitmap, MSR_TSC_AUX, true));
	assert_true(exits(bitmap, MSR_SPEC_CTRL, true));
	machine.vmx.cpuid.feature[0].edx = 1 << 26;
	msr_policy_fill_bitmap(&machine.domain, bitmap);
	assert_false(exits(bitmap, MSR_SPEC_CTRL, false) || exits(bitmap, MSR_SPEC_CTRL, true));
	assert_false(exits(bitmap, MSR_PRED_CMD, true));
	assert_true(exits(bitmap, MSR_PRED_CMD, false)); /* #GP */

	machine.vmx.msr_bitmap = bitmap;
	assert_true(msr_policy_passes(&machine.domain, MSR_PRED_CMD, true));
	assert_false(msr_policy_passes(&machine.domain, MSR_PRED_CMD, false));
	assert_true(msr_policy_passes(&machine.domain, 0xc0000081, false));
	assert_false(msr_policy_passes(&machine.domain, 0xc0000080, false));
	/* Beyond the bitmap every access exits: 24.6.9. */
	memset(bitmap, 0, sizeof(bitmap));
	assert_true(msr_policy_passes(&machine.domain, 0x1fff, true));
	assert_false(msr_policy_passes(&machine.domain, 0x2000, true));
	assert_false(msr_policy_passes(&machine.domain, 0x40000000, true));
	assert_false(msr_policy_passes(&machine.domain, 0xc0002000, true));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

static void vmx_is_there_for_hypervisors_only(void **state)
{
	assert_false(readable(MSR_VMX_BASIC));
	assert_int_equal(get(MSR_FEATURE_CONTROL), 1);
	machine.nested = true;
	assert_int_equal(get(MSR_VMX_BASIC), MSR_VMX_BASIC);
	assert_int_equal(get(MSR_FEATURE_CONTROL), MSR_FEATURE_CONTROL);
	machine.log_lines = 0;
	assert_false(put(MSR_VMX_BASIC, 0));
	assert_false(put(MSR_FEATURE_CONTROL, 5));
	assert_int_equal(machine.log_lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tsc_moves_with_its_adjustment),
		TEST(mtrrs_say_write_back),
		TEST(what_linux_reads_without_a_net),
		TEST(writes_are_checked),
		TEST(a_hidden_feature_has_no_msr),
		TEST(read_only_msrs_fault_silently),
		TEST(each_unknown_msr_is_logged_once),
		TEST(the_apic_is_behind_its_msrs),
		TEST(the_bitmap_passes_what_is_the_guests_own),
		TEST(vmx_is_there_for_hypervisors_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
