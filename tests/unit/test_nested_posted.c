// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/posted.c mm/physmap.c mm/physmap_build.c mm/physmap_flush.c mm/ept.c
// sources: mm/round.c mm/gpc.c mm/section_drain.c
// sources: tests/unit/fakes/cpu.c tests/unit/fakes/memory.c
/* Posted interrupts: from the descriptor into the virtual-APIC page. */
#include "arch/x86/nested/state.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "tests/unit/physmap_rig.h"

#define VECTOR      0xf2
#define DESCRIPTOR  0x340
#define OUTSTANDING 0x20
#define VIRR        0x200

static struct vmcs12 vmcs12;
static struct nested_vcpu nested;
static struct vmx_vcpu vmx;
static struct vlapic lapic;
static struct vcpu vcpu;
static uint64_t status;
static unsigned int accepted, ended, posted_again;

uint64_t host_vmread(uint32_t encoding)
{
	assert_int_equal(encoding, 0x810);
	return status;
}

void host_vmwrite(uint32_t encoding, uint64_t value)
{
	assert_int_equal(encoding, 0x810);
	status = value;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	assert_int_equal(vector, VECTOR);
	accepted++;
}

void vlapic_eoi(struct vlapic *l)
{
	assert_ptr_equal(l, &lapic);
	ended++;
}

bool vlapic_post(struct vcpu *v, uint8_t vector)
{
	assert_int_equal(vector, VECTOR);
	posted_again++;
	return true;
}

static void point(uint64_t descriptor_gfn, uint64_t apic_gfn)
{
	vmcs12.posted_descriptor = descriptor_gfn << PAGE_SHIFT | DESCRIPTOR;
	vmcs12.virtual_apic = apic_gfn << PAGE_SHIFT;
}

static int begin(void **state)
{
	(void)setup(state);
	memset(&vmcs12, 0, sizeof(vmcs12));
	memset(&nested, 0, sizeof(nested));
	vmx.nested = &nested;
	vcpu.vmx = &vmx;
	vcpu.lapic = &lapic;
	nested.vmcs12 = &vmcs12;
	gpc_init(&nested.apic_page, &pm, GPC_HOST, "apic");
	gpc_init(&nested.posted_page, &pm, GPC_HOST, "posted");
	vmcs12.pin = PIN_POSTED_INTERRUPTS;
	vmcs12.posted_vector = VECTOR;
	status = 0x3100;
	accepted = ended = posted_again = 0;
	populate(0, 2 * WINDOW_COUNT);
	point(1, 2);
	return 0;
}

static int end(void **state)
{
	host_step_hook = NULL;
	gpc_deactivate(&nested.apic_page);
	gpc_deactivate(&nested.posted_page);
	return teardown(state);
}

static void put(uint64_t gpa, uint32_t value)
{
	assert_int_equal(physmap_write(&pm, to_gpa(gpa), &value, 4), OK);
}

static uint32_t get(uint64_t gpa)
{
	uint32_t value = 0;

	assert_int_equal(physmap_read(&pm, to_gpa(gpa), &value, 4), OK);
	return value;
}

/* Vectors 0x35 and 0xe1, and what the processor looks at. */
static void post(void)
{
	put(vmcs12.posted_descriptor + 4, 1 << 0x15);
	put(vmcs12.posted_descriptor + 0x1c, 1 << 1);
	put(vmcs12.posted_descriptor + OUTSTANDING, 3);
}

static void check_moved(void)
{
	assert_int_equal(get(vmcs12.posted_descriptor + 4), 0);
	assert_int_equal(get(vmcs12.posted_descriptor + 0x1c), 0);
	assert_int_equal(get(vmcs12.posted_descriptor + OUTSTANDING), 2);
	assert_int_equal(get(vmcs12.virtual_apic + VIRR + 0x10), 1 << 0x15);
	assert_int_equal(get(vmcs12.virtual_apic + VIRR + 0x70), 1 << 1);
	assert_int_equal(status, 0x31e1);
	assert_int_equal(accepted, 1);
	assert_int_equal(ended, 1);
}

static void requests_move_to_the_virtual_apic(void **state)
{
	post();
	assert_true(nested_posted(&vcpu, VECTOR));
	check_moved();
}

static void what_was_requested_already_stays(void **state)
{
	put(vmcs12.virtual_apic + VIRR + 0x70, 1 << 30);
	status = 0xfe;
	post();
	assert_true(nested_posted(&vcpu, VECTOR));
	assert_int_equal(get(vmcs12.virtual_apic + VIRR + 0x70), 1 << 30 | 1 << 1);
	assert_int_equal(status, 0xfe);
}

static void other_vectors_are_not_its_affair(void **state)
{
	post();
	assert_false(nested_posted(&vcpu, -1));
	assert_false(nested_posted(&vcpu, VECTOR - 1));
	vmcs12.pin = 0;
	assert_false(nested_posted(&vcpu, VECTOR));
	assert_int_equal(accepted, 0);
	assert_int_equal(get(vmcs12.posted_descriptor + OUTSTANDING), 3);
}

/* Frames whose windows on a core are the same. */
static void frames_of_one_window_are_kept_apart(void **state)
{
	for (uint64_t gfn = 2; gfn < 2 * WINDOW_COUNT; gfn++) {
		if ((look(gfn).pfn.n ^ look(1).pfn.n) & (WINDOW_COUNT - 1))
			continue;
		point(1, gfn);
		post();
		assert_true(nested_posted(&vcpu, VECTOR));
		check_moved();
		return;
	}
	fail();
}

static void a_page_that_is_not_there_takes_nothing(void **state)
{
	post();
	remove_one(2);
	assert_true(nested_posted(&vcpu, VECTOR));
	assert_int_equal(get(vmcs12.posted_descriptor + OUTSTANDING), 3);
	assert_int_equal(status, 0x3100);
	point(100, 2);
	assert_true(nested_posted(&vcpu, VECTOR));
	assert_int_equal(posted_again, 0);
}

/* The page goes between the look and the section. */
static void lose_page(enum step step)
{
	if (step == STEP_SECTION_OPEN) {
		host_step_hook = NULL;
		nested.apic_page.valid = false;
	}
}

static void a_page_lost_meanwhile_is_looked_for_again(void **state)
{
	post();
	host_step_hook = lose_page;
	assert_true(nested_posted(&vcpu, VECTOR));
	assert_int_equal(posted_again, 1);
	assert_int_equal(get(vmcs12.posted_descriptor + OUTSTANDING), 3);
	accepted = ended = 0;
	assert_true(nested_posted(&vcpu, VECTOR));
	check_moved();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(requests_move_to_the_virtual_apic),
		TEST(what_was_requested_already_stays),
		TEST(other_vectors_are_not_its_affair),
		TEST(frames_of_one_window_are_kept_apart),
		TEST(a_page_that_is_not_there_takes_nothing),
		TEST(a_page_lost_meanwhile_is_looked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
