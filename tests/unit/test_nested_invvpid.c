// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/vmx_instructions.c arch/x86/nested/instruction.c
// sources: arch/x86/nested/invalidate12.c arch/x86/nested/vmcs12.c arch/x86/nested/caps.c
// sources: arch/x86/nested/ept12.c arch/x86/vmx/tags.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/own_heap.c tests/unit/fakes/own_pages.c
/* INVVPID of L1, and what the processors on which its L2 has run remember of L2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/invalidate12.h"
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/invalidate.h"
#include "arch/x86/vmx/machine.h"
#include "arch/x86/vmx/tags.h"
#include "nested_setup.h"
#include "tests/unit/fakes/cpu.h"

#define CORES 3
#define VPID1 5
#define VPID2 77

struct vmx_controls vmx_controls;

static struct nested_caps caps;
static struct vmx_domain vmx_domain;
static struct domain domain;
static struct vcpu vcpu;
static struct vmx_vcpu vmx;
static struct nested_vcpu nested;
static struct invalidate12 descriptor;
static uint64_t rflags;

/* What L1's tables say, and what each core remembers of them for L2's VPID; 0: nothing. */
static uint64_t tables, remembered[CORES];

bool invvpid(uint64_t type, uint16_t vpid)
{
	if (type == INVVPID12_ALL || vpid == VPID2)
		remembered[this_cpu()->id] = 0;
	return true;
}

bool invept(uint64_t type, uint64_t eptp)
{
	return true;
}

uint64_t host_vmread(uint32_t encoding)
{
	if (encoding == VMCS32_EXIT_REASON.encoding)
		return EXIT_INVVPID;
	if (encoding == VMCSN_GUEST_RFLAGS.encoding)
		return rflags;
	return 0;
}

void host_vmwrite(uint32_t encoding, uint64_t value)
{
	assert_int_equal(encoding, VMCSN_GUEST_RFLAGS.encoding);
	rflags = value;
}

bool memory_operand_read(struct vcpu *v, uint32_t info, void *dst, unsigned int size)
{
	assert_int_equal(size, sizeof(descriptor));
	memcpy(dst, &descriptor, size);
	return true;
}

bool vcpu_arch_kernel_64(struct vcpu *v)
{
	return true;
}

enum vcpu_mode vcpu_arch_mode(struct vcpu *v)
{
	return VCPU_MODE_64;
}

uint64_t vmx_get_register(struct vcpu *v, unsigned int reg)
{
	return INVVPID12_SINGLE;
}

void vmx_skip_instruction(struct vcpu *v)
{
}

/* ---- What other VMX instructions do ---- */

#define UNUSED(result, name, ...)                                                                  \
	result name(__VA_ARGS__)                                                                   \
	{                                                                                          \
		panic(#name);                                                                      \
	}

UNUSED(void, access_current, struct vcpu *v, bool write)
UNUSED(void, nested_enter, struct vcpu *v)
UNUSED(void, nested_ept_invalidate, struct vcpu *v, bool all, uint64_t eptp12)
UNUSED(void, nested_read_memory, void *v, uint64_t gpa, void *dst, size_t len)
UNUSED(void, nested_write_memory, struct vcpu *v, uint64_t gpa, const void *src, size_t len)
UNUSED(void, nested_read_rare, struct vcpu *v)
UNUSED(void, hw_shadow_use, struct vcpu *v, bool on)
UNUSED(void, hw_shadow_fill, struct vcpu *v)
UNUSED(void, hw_shadow_take, struct vcpu *v)
UNUSED(void, exit_undefined, struct vcpu *v)
UNUSED(void, vcpu_request, struct vcpu *v, uint32_t bits)
UNUSED(void, vmx_inject_exception, struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
UNUSED(bool, memory_operand_write, struct vcpu *v, uint32_t info, const void *src,
       unsigned int size)
UNUSED(uint64_t, vmx_get_cr0, struct vcpu *v)
UNUSED(uint64_t, vmx_get_cr4, struct vcpu *v)
UNUSED(unsigned int, vcpu_arch_cpl, struct vcpu *v)

/* ---- The vCPU goes about ---- */

static int setup_cores(void **state)
{
	host_cores(CORES);
	for (uint32_t c = 0; c < CORES; c++) {
		host_cpu = pcpus[c];
		assert_int_equal(tags_init_core(), OK);
	}
	return 0;
}

static int setup(void **state)
{
	host_cores(CORES);
	caps = caps_of(machine_skylake());
	vmx_controls.proc2 = PROC2_VPID;
	vmx_controls.invvpid_single = true;
	vmx_domain.nested_caps = &caps;
	domain.vmx = &vmx_domain;
	nested = (struct nested_vcpu){
		.vmx_on = true,
		.current = NESTED_NO_VMCS,
		.other = { .vpid = VPID2, .last_core = VMX_NO_CORE },
	};
	vmx = (struct vmx_vcpu){ .nested = &nested, .vpid = VPID1, .last_core = VMX_NO_CORE };
	vcpu = (struct vcpu){ .domain = &domain, .vmx = &vmx };
	descriptor = (struct invalidate12){ .low = 1 };
	rflags = RFLAGS_FIXED;
	tables = 1;
	for (uint32_t c = 0; c < CORES; c++)
		remembered[c] = 0;
	return 0;
}

static void load_on(uint32_t core)
{
	host_cpu = pcpus[core];
	tags_load(&vcpu);
}

/* What nested_switch() exchanges of what matters here. */
static void exchange(void)
{
	uint16_t vpid = vmx.vpid;
	uint32_t core = vmx.last_core;

	vmx.vpid = nested.other.vpid;
	vmx.last_core = nested.other.last_core;
	nested.other.vpid = vpid;
	nested.other.last_core = core;
}

/* L2 runs where the vCPU is, and uses what is remembered there. */
static void run_l2(void)
{
	uint64_t *here = &remembered[this_cpu()->id];

	exchange();
	tags_load(&vcpu);
	if (!*here)
		*here = tables;
	assert_int_equal(*here, tables);
	exchange();
	tags_load(&vcpu);
}

static void change_and_invalidate(void)
{
	tables++;
	exit_vmx_instruction(&vcpu);
	assert_int_equal(rflags, RFLAGS_FIXED); /* VMsucceed */
}

static void where_l2_ran(void **state)
{
	load_on(1);
	run_l2();
	change_and_invalidate();
	run_l2();
}

static void where_l2_has_not_run(void **state)
{
	load_on(1);
	run_l2();
	load_on(2);
	change_and_invalidate();
	run_l2();
}

/* L1 alone was on the other core. */
static void where_l2_comes_back_to(void **state)
{
	load_on(1);
	run_l2();
	load_on(2);
	change_and_invalidate();
	load_on(1);
	run_l2();
}

static void a_bad_descriptor_drops_nothing(void **state)
{
	load_on(1);
	run_l2();
	descriptor.low = 0;
	exit_vmx_instruction(&vcpu);
	assert_int_equal(rflags, RFLAGS_FIXED | RFLAGS_CF); /* no VMCS to say why */
	run_l2();
	assert_int_equal(remembered[1], tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(where_l2_ran, setup),
		cmocka_unit_test_setup(where_l2_has_not_run, setup),
		cmocka_unit_test_setup(where_l2_comes_back_to, setup),
		cmocka_unit_test_setup(a_bad_descriptor_drops_nothing, setup),
	};

	return cmocka_run_group_tests(tests, setup_cores, NULL);
}
