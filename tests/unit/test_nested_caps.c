// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/caps.c arch/x86/nested/vmcs12.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nested_setup.h"

static const struct {
	uint32_t plain, exact, default1;
} kinds[] = {
	{ MSR_VMX_PINBASED_CTLS, MSR_VMX_TRUE_PINBASED_CTLS, 0x16 },
	{ MSR_VMX_PROCBASED_CTLS, MSR_VMX_TRUE_PROCBASED_CTLS, 0x401e172 },
	{ MSR_VMX_EXIT_CTLS, MSR_VMX_TRUE_EXIT_CTLS, 0x36dff },
	{ MSR_VMX_ENTRY_CTLS, MSR_VMX_TRUE_ENTRY_CTLS, 0x11ff },
};

static uint32_t may(const struct nested_caps *c, uint32_t msr)
{
	return high32(nested_cap(c, msr));
}

static uint32_t must(const struct nested_caps *c, uint32_t msr)
{
	return low32(nested_cap(c, msr));
}

/* Machines from the richest to the poorest, and all shapes of hidden controls. */
static void for_each_offer(void (*look)(const struct nested_caps *))
{
	struct vmx_capabilities machines[] = { machine_server(), machine_skylake(),
					       machine_sandy_bridge() };
	struct nested_shape shape = shape_usual();
	struct nested_caps caps;

	for (unsigned int m = 0; m < array_size(machines); m++) {
		for (unsigned int bit = 0; bit <= 32; bit++) {
			shape.proc2_hidden = (uint32_t)(BIT(bit) & 0xffffffff);
			nested_caps_build(&machines[m], &shape, &caps);
			look(&caps);
		}
		machines[m].pin &= ~(PIN_PREEMPTION_TIMER << 32);
		nested_caps_build(&machines[m], &shape, &caps);
		look(&caps);
		machines[m].proc &= ~(PROC_TPR_SHADOW << 32);
		nested_caps_build(&machines[m], &shape, &caps);
		look(&caps);
		machines[m].proc &= ~(PROC_SECONDARY << 32);
		nested_caps_build(&machines[m], &shape, &caps);
		look(&caps);
	}
}

static void agree(const struct nested_caps *c)
{
	uint64_t basic = nested_cap(c, MSR_VMX_BASIC), misc = nested_cap(c, MSR_VMX_MISC);
	uint64_t ept = nested_cap(c, MSR_VMX_EPT_VPID_CAP), value;
	uint32_t proc2 = may(c, MSR_VMX_PROCBASED_CTLS2);

	assert_true(basic & VMX_BASIC_TRUE_CONTROLS);
	assert_int_equal(basic & BIT(31), 0);
	for (unsigned int i = 0; i < array_size(kinds); i++) {
		uint32_t plain = kinds[i].plain, exact = kinds[i].exact;

		assert_int_equal(may(c, plain), may(c, exact));
		assert_int_equal(must(c, plain), must(c, exact) | kinds[i].default1);
		assert_int_equal(must(c, plain) & ~may(c, plain), 0);
	}
	assert_int_equal(must(c, MSR_VMX_PROCBASED_CTLS2), 0);
	if (!(may(c, MSR_VMX_PROCBASED_CTLS) & PROC_SECONDARY))
		assert_int_equal(proc2, 0);
	if (!(proc2 & PROC2_EPT)) {
		assert_int_equal(low32(ept), 0);
		assert_int_equal(proc2 & (PROC2_UNRESTRICTED | PROC2_PML), 0);
	}
	if (!(proc2 & PROC2_VPID))
		assert_int_equal(high32(ept), 0);
	if (proc2 & PROC2_UNRESTRICTED)
		assert_true(misc & VMX_MISC_STORE_LMA);
	if (!(may(c, MSR_VMX_PROCBASED_CTLS) & PROC_TPR_SHADOW))
		assert_int_equal(
			proc2 & (PROC2_X2APIC | PROC2_APIC_REGISTER | PROC2_VIRTUAL_INTERRUPT), 0);
	if (!(proc2 & PROC2_VIRTUAL_INTERRUPT))
		assert_int_equal(may(c, MSR_VMX_PINBASED_CTLS) & PIN_POSTED_INTERRUPTS, 0);
	assert_int_equal(!(may(c, MSR_VMX_PINBASED_CTLS) & PIN_PREEMPTION_TIMER),
			 !(may(c, MSR_VMX_EXIT_CTLS) & EXIT_SAVE_TIMER));
	assert_true((misc & VMX_MISC_CR3_TARGETS) >> 16 <= 256);
	assert_int_equal(nested_caps_read(c, MSR_VMX_PROCBASED_CTLS2, &value),
			 !!(may(c, MSR_VMX_PROCBASED_CTLS) & PROC_SECONDARY));
	assert_int_equal(nested_caps_read(c, MSR_VMX_EPT_VPID_CAP, &value),
			 !!(proc2 & (PROC2_EPT | PROC2_VPID)));
	assert_int_equal(nested_caps_read(c, MSR_VMX_VMFUNC, &value), !!(proc2 & PROC2_VMFUNC));
}

static void the_msrs_agree_with_each_other_on_every_machine(void **state)
{
	for_each_offer(agree);
}

/* Both, or neither: Linux refuses to load otherwise. */
static bool pair(const struct nested_caps *c, uint64_t entry, uint64_t exits)
{
	bool load = may(c, MSR_VMX_TRUE_ENTRY_CTLS) & entry;

	return (may(c, MSR_VMX_TRUE_EXIT_CTLS) & exits) == (load ? exits : 0);
}

#define LINUX_PIN   (PIN_EXTERNAL_INTERRUPT | PIN_NMI)
#define LINUX_EXIT  (EXIT_SAVE_DEBUG | EXIT_ACK_INTERRUPT | EXIT_HOST_64BIT)
#define LINUX_ENTRY (ENTRY_LOAD_DEBUG | ENTRY_IA32E)
#define LINUX_PROC                                                                                 \
	(PROC_HLT | PROC_CR3_LOAD | PROC_CR3_STORE | PROC_CR8_LOAD | PROC_CR8_STORE |              \
	 PROC_UNCOND_IO | PROC_MOV_DR | PROC_TSC_OFFSET | PROC_MWAIT | PROC_MONITOR |              \
	 PROC_INVLPG | PROC_RDPMC | PROC_INTERRUPT_WINDOW)
#define EXIT_CLEAR_BNDCFGS BIT(23)
#define EXIT_CLEAR_RTIT    BIT(25)
#define ENTRY_LOAD_BNDCFGS BIT(16)
#define ENTRY_LOAD_RTIT    BIT(18)

static void linux_loads(const struct nested_caps *c)
{
	uint64_t basic = nested_cap(c, MSR_VMX_BASIC), ept = nested_cap(c, MSR_VMX_EPT_VPID_CAP);

	assert_true((basic & VMX_BASIC_SIZE) >> 32 <= 4096 && (basic & VMX_BASIC_SIZE));
	assert_false(basic & VMX_BASIC_32BIT_ADDRESS);
	assert_int_equal(basic & VMX_BASIC_MEMORY_TYPE, VMX_BASIC_MEMORY_TYPE_WB);
	assert_int_equal(~may(c, MSR_VMX_PINBASED_CTLS) & LINUX_PIN, 0);
	assert_int_equal(~may(c, MSR_VMX_PROCBASED_CTLS) & LINUX_PROC, 0);
	assert_int_equal(~may(c, MSR_VMX_EXIT_CTLS) & LINUX_EXIT, 0);
	assert_int_equal(~may(c, MSR_VMX_ENTRY_CTLS) & LINUX_ENTRY, 0);
	assert_true(pair(c, ENTRY_LOAD_PERF_GLOBAL, EXIT_LOAD_PERF_GLOBAL));
	assert_true(pair(c, ENTRY_LOAD_PAT, EXIT_LOAD_PAT | EXIT_SAVE_PAT));
	assert_true(pair(c, ENTRY_LOAD_EFER, EXIT_LOAD_EFER | EXIT_SAVE_EFER));
	assert_true(pair(c, ENTRY_LOAD_BNDCFGS, EXIT_CLEAR_BNDCFGS));
	assert_true(pair(c, ENTRY_LOAD_RTIT, EXIT_CLEAR_RTIT));
	/* For EPT and VPID to be used, and unrestricted guests with them. */
	if (may(c, MSR_VMX_PROCBASED_CTLS2) & PROC2_EPT)
		assert_int_equal(
			~ept & (EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_INVEPT | EPT_CAP_INVEPT_ALL),
			0);
	else
		assert_true(c->efer & EFER_NXE);
	if (may(c, MSR_VMX_PROCBASED_CTLS2) & PROC2_VPID)
		assert_int_equal(~ept & (VPID_CAP_INVVPID | VPID_CAP_SINGLE | VPID_CAP_ALL), 0);
}

static void linux_finds_what_it_demands(void **state)
{
	for_each_offer(linux_loads);
}

static void the_default_is_the_machines_own(void **state)
{
	struct nested_caps c = caps_of(machine_skylake());

	assert_int_equal(may(&c, MSR_VMX_PINBASED_CTLS), 0x7f);
	assert_int_equal(must(&c, MSR_VMX_TRUE_PROCBASED_CTLS), 0x04006172);
	assert_int_equal(may(&c, MSR_VMX_PROCBASED_CTLS), 0xfff9fffe);
	/* Not #VE. */
	assert_int_equal(may(&c, MSR_VMX_PROCBASED_CTLS2), 0x02137fff);
	assert_int_equal(nested_cap(&c, MSR_VMX_EPT_VPID_CAP), 0x00000f0106334141ULL);
	assert_int_equal(nested_cap(&c, MSR_VMX_VMFUNC), 1);
	assert_int_equal(nested_cap(&c, MSR_VMX_CR0_FIXED0), 0x80000021);
	assert_int_equal(nested_cap(&c, MSR_VMX_CR4_FIXED0), 0x2000);
	assert_int_equal(nested_cap(&c, MSR_VMX_CR4_FIXED1), shape_usual().cr4);
	assert_int_equal(nested_cap(&c, MSR_VMX_VMCS_ENUM), 0x32);
	assert_int_equal(nested_cap(&c, MSR_VMX_MISC),
			 VMX_MISC_WRITE_ANY | VMX_MISC_ZERO_LENGTH | 4U << 16 | 5U << 6 | 0x25);

	c = caps_of(machine_server());
	assert_int_equal(may(&c, MSR_VMX_PINBASED_CTLS), 0xff);
	assert_true(c.fields >> VMCS12_POSTED & 1);
}

static void a_poorer_machine_offers_less(void **state)
{
	struct nested_caps c = caps_of(machine_sandy_bridge());
	uint64_t value;

	assert_int_equal(may(&c, MSR_VMX_PROCBASED_CTLS2), 0xef);
	assert_int_equal(nested_cap(&c, MSR_VMX_EPT_VPID_CAP), 0x00000f0106114141ULL);
	assert_false(nested_caps_read(&c, MSR_VMX_VMFUNC, &value));
	assert_false(nested_cap(&c, MSR_VMX_MISC) & VMX_MISC_WRITE_ANY);
	assert_int_equal(nested_cap(&c, MSR_VMX_VMCS_ENUM), 0x2e);
	assert_false(c.fields >> VMCS12_SHADOW_VMCS & 1);
	assert_false(c.fields >> VMCS12_TSC_SCALING & 1);
}

static void only_the_capability_msrs_are_read(void **state)
{
	struct nested_caps c = caps_of(machine_skylake());
	uint64_t value;

	assert_false(nested_caps_read(&c, MSR_VMX_BASIC - 1, &value));
	assert_false(nested_caps_read(&c, MSR_VMX_VMFUNC + 1, &value));
	assert_true(nested_caps_read(&c, MSR_VMX_BASIC, &value));
	assert_int_equal(value & VMX_BASIC_REVISION, VMCS12_REVISION);
	assert_true(nested_caps_read(&c, MSR_VMX_VMFUNC, &value));
	assert_int_equal(value, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_msrs_agree_with_each_other_on_every_machine),
		cmocka_unit_test(linux_finds_what_it_demands),
		cmocka_unit_test(the_default_is_the_machines_own),
		cmocka_unit_test(a_poorer_machine_offers_less),
		cmocka_unit_test(only_the_capability_msrs_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
