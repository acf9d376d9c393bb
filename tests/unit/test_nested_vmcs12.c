// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/caps.c arch/x86/nested/vmcs12.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nested_setup.h"

struct listed {
	uint32_t encoding, count;
	size_t offset;
	unsigned int exists, group;
	const char *name;
};

#define ONE(enc, member, with, grp)                                                                \
	{ enc, 1, offsetof(struct vmcs12, member), VMCS12_##with, VMCS12_GROUP_##grp, #member },
#define SEVERAL(enc, member, n, with, grp)                                                         \
	{ enc, n, offsetof(struct vmcs12, member), VMCS12_##with, VMCS12_GROUP_##grp, #member },
static const struct listed list[] = { VMCS12_FIELDS(ONE, SEVERAL) };

static uint64_t width_of(uint32_t encoding)
{
	static const uint64_t masks[4] = { 0xffff, ~0ULL, 0xffffffff, ~0ULL };

	return masks[encoding >> 13 & 3];
}

static const struct listed *listed(uint32_t encoding, size_t *offset)
{
	for (size_t i = 0; i < array_size(list); i++)
		if (encoding >= list[i].encoding &&
		    encoding < list[i].encoding + 2 * list[i].count) {
			*offset = list[i].offset + (encoding - list[i].encoding) / 2 * 8;
			return &list[i];
		}
	return NULL;
}

/* Every encoding there can be, on a VMCS that holds a different value in each field. */
static void each_field_is_reached_by_its_encoding_and_no_other(void **state)
{
	struct nested_caps caps = caps_of(machine_server());
	struct vmcs12 v;
	unsigned int reached = 0;

	for (uint64_t i = 0; i < VMCS12_SLOTS; i++)
		(&v.vpid)[i] = (i + 1) * 0x100000001ULL;
	for (uint32_t encoding = 0; encoding < 0x10000; encoding++) {
		size_t offset = 0;
		const struct listed *f = listed(encoding & ~1U, &offset);
		bool wide = (encoding >> 13 & 3) == 1, high = encoding & 1;
		uint64_t value = 0, stored = 0;
		enum vmfail error = vmcs12_read(&caps, &v, encoding, &value);

		if (!f || !(caps.fields >> f->exists & 1) || (high && !wide)) {
			assert_int_equal(error, VMFAIL_FIELD_UNSUPPORTED);
			continue;
		}
		memcpy(&stored, (char *)&v + offset, 8);
		assert_int_equal(error, VMFAIL_NONE);
		assert_int_equal(value, high ? stored >> 32 : stored);
		reached++;
	}
	assert_true(reached > 150);
}

static void a_write_keeps_to_its_width_and_its_field(void **state)
{
	struct nested_caps caps = caps_of(machine_server());

	for (uint32_t encoding = 0; encoding < 0x8000; encoding += 2) {
		struct vmcs12 v = { 0 }, empty = { 0 };
		size_t offset = 0;
		const struct listed *f = listed(encoding, &offset);
		uint64_t value = 0;
		uint32_t groups = 0;

		if (!f || !(caps.fields >> f->exists & 1)) {
			assert_int_equal(vmcs12_write(&caps, &v, encoding, 1, &groups),
					 VMFAIL_FIELD_UNSUPPORTED);
			assert_int_equal(groups, 0);
			assert_memory_equal(&v, &empty, sizeof(v));
			continue;
		}
		assert_int_equal(vmcs12_write(&caps, &v, encoding, ~0ULL, &groups), VMFAIL_NONE);
		assert_int_equal(groups, 1U << f->group);
		assert_int_equal(vmcs12_read(&caps, &v, encoding, &value), VMFAIL_NONE);
		assert_int_equal(value, width_of(encoding));
		memset((char *)&v + offset, 0, 8);
		assert_memory_equal(&v, &empty, sizeof(v));
	}
}

static void the_upper_half_is_written_alone_and_the_whole_clears_it(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());
	struct vmcs12 v = { .tsc_offset = 0x1111111122222222ULL };
	uint32_t groups = 0;
	uint64_t value;

	assert_int_equal(vmcs12_write(&caps, &v, 0x2011, 0x7777777733333333ULL, &groups), 0);
	assert_int_equal(v.tsc_offset, 0x3333333322222222ULL);
	assert_int_equal(vmcs12_read(&caps, &v, 0x2011, &value), 0);
	assert_int_equal(value, 0x33333333);
	/* Outside 64-bit mode the operand comes zero-extended. */
	assert_int_equal(vmcs12_write(&caps, &v, 0x2010, 5, &groups), 0);
	assert_int_equal(v.tsc_offset, 5);
}

static void read_only_fields_are_written_only_where_that_is_offered(void **state)
{
	struct nested_caps caps = caps_of(machine_sandy_bridge());
	struct vmcs12 v = { 0 };
	uint32_t groups = 0;

	assert_int_equal(vmcs12_write(&caps, &v, 0x4402, 7, &groups), VMFAIL_FIELD_READ_ONLY);
	assert_int_equal(vmcs12_write(&caps, &v, 0x2401, 7, &groups), VMFAIL_FIELD_READ_ONLY);
	assert_int_equal(vmcs12_write(&caps, &v, 0x6400, 7, &groups), VMFAIL_FIELD_READ_ONLY);
	/* No such field comes before read-only. */
	assert_int_equal(vmcs12_write(&caps, &v, 0x4410, 7, &groups), VMFAIL_FIELD_UNSUPPORTED);
	assert_int_equal(groups, 0);
	assert_int_equal(v.exit_reason, 0);

	caps = caps_of(machine_skylake());
	assert_int_equal(vmcs12_write(&caps, &v, 0x4402, 7, &groups), VMFAIL_NONE);
	assert_int_equal(v.exit_reason, 7);
}

static void encodings_are_64_bits_wide(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());
	struct vmcs12 v = { 0 };
	uint64_t value;

	assert_int_equal(vmcs12_read(&caps, &v, 0x6800, &value), 0);
	assert_int_equal(vmcs12_read(&caps, &v, 0x6800 | BIT(32), &value),
			 VMFAIL_FIELD_UNSUPPORTED);
	assert_int_equal(vmcs12_read(&caps, &v, 0x6800 | BIT(12), &value),
			 VMFAIL_FIELD_UNSUPPORTED);
	assert_int_equal(vmcs12_read(&caps, &v, 0x6800 | BIT(15), &value),
			 VMFAIL_FIELD_UNSUPPORTED);
	assert_int_equal(vmcs12_read(&caps, &v, 0x6801, &value), VMFAIL_FIELD_UNSUPPORTED);
}

static void a_field_goes_with_its_control(void **state)
{
	struct nested_caps poor = caps_of(machine_sandy_bridge()), rich = caps_of(machine_server());
	static const uint32_t only_rich[] = { 0x0002, 0x0810, 0x0812, 0x200e, 0x2016,
					      0x2018, 0x201c, 0x2024, 0x2026, 0x2028,
					      0x202c, 0x2032, 0x4020 };
	static const uint32_t never[] = { 0x0004, 0x0006, 0x202a, 0x202e, 0x2030, 0x2034, 0x2808,
					  0x482c, 0x4830, 0x6010, 0x6828, 0x6c18, 0x0400 };
	struct vmcs12 v = { 0 };
	uint64_t value;

	for (unsigned int i = 0; i < array_size(only_rich); i++) {
		assert_int_equal(vmcs12_read(&rich, &v, only_rich[i], &value), VMFAIL_NONE);
		assert_int_equal(vmcs12_read(&poor, &v, only_rich[i], &value),
				 VMFAIL_FIELD_UNSUPPORTED);
	}
	for (unsigned int i = 0; i < array_size(never); i++)
		assert_int_equal(vmcs12_read(&rich, &v, never[i], &value),
				 VMFAIL_FIELD_UNSUPPORTED);
}

static void the_enumeration_is_the_highest_index(void **state)
{
	/* TSC multiplier; preemption timer; with nothing optional IA32_SYSENTER_CS. */
	assert_int_equal(vmcs12_enum(~0U), 0x32);
	assert_int_equal(vmcs12_enum(1U << VMCS12_ALWAYS | 1U << VMCS12_PREEMPTION_TIMER), 0x2e);
	assert_int_equal(vmcs12_enum(1U << VMCS12_ALWAYS), 0x2a);
}

static void shadow_revisions_are_accepted_where_they_are_offered(void **state)
{
	struct nested_caps with = caps_of(machine_skylake()),
			   without = caps_of(machine_sandy_bridge());

	assert_true(vmcs12_revision_ok(&with, VMCS12_REVISION));
	assert_true(vmcs12_revision_ok(&with, VMCS12_REVISION | VMCS12_SHADOW));
	assert_false(vmcs12_revision_ok(&with, VMCS12_REVISION + 1));
	assert_true(vmcs12_revision_ok(&without, VMCS12_REVISION));
	assert_false(vmcs12_revision_ok(&without, VMCS12_REVISION | VMCS12_SHADOW));
	assert_false(vmcs12_revision_ok(&with, ~0U));
}

/* A page of L1's may hold anything. */
static void what_was_loaded_is_what_could_be_written(void **state)
{
	struct nested_caps caps = caps_of(machine_sandy_bridge());
	struct vmcs12 v;

	memset(&v, 0xff, sizeof(v));
	vmcs12_trim(&caps, &v);
	for (size_t i = 0; i < array_size(list); i++) {
		bool exists = caps.fields >> list[i].exists & 1;

		for (unsigned int k = 0; k < list[i].count; k++) {
			uint64_t value;

			memcpy(&value, (char *)&v + list[i].offset + 8 * k, 8);
			assert_int_equal(value, exists ? width_of(list[i].encoding) : 0);
		}
	}
	assert_int_equal(v.launched, ~0ULL);
}

static void a_field_in_memory_is_as_one_at_hand(void **state)
{
	struct nested_caps caps = caps_of(machine_sandy_bridge());
	uint32_t slot = 0;

	assert_int_equal(vmcs12_find(&caps, 0x4402, false, &slot), VMFAIL_NONE);
	assert_int_equal(slot, VMCS12_SLOT(exit_reason));
	assert_int_equal(vmcs12_find(&caps, 0x4402, true, &slot), VMFAIL_FIELD_READ_ONLY);
	assert_int_equal(vmcs12_find(&caps, 0x4410, true, &slot), VMFAIL_FIELD_UNSUPPORTED);
	assert_int_equal(vmcs12_get(0x0800, 0x1111222233334444), 0x4444);
	assert_int_equal(vmcs12_get(0x2010, 0x1111222233334444), 0x1111222233334444);
	assert_int_equal(vmcs12_get(0x2011, 0x1111222233334444), 0x11112222);
	assert_int_equal(vmcs12_put(0x4000, 0x1111222233334444, ~0ULL), 0xffffffff);
	assert_int_equal(vmcs12_put(0x2010, 0x1111222233334444, 7), 7);
	assert_int_equal(vmcs12_put(0x2011, 0x1111222233334444, 7), 0x733334444);
}

static void launch_and_resume_want_their_state(void **state)
{
	struct vmcs12 v = { 0 };

	assert_int_equal(vmcs12_launch_ok(&v, true, false), VMFAIL_NONE);
	assert_int_equal(vmcs12_launch_ok(&v, false, false), VMFAIL_VMRESUME_NOT_LAUNCHED);
	assert_int_equal(vmcs12_launch_ok(&v, false, true), VMFAIL_ENTRY_MOV_SS);
	v.launched = 1;
	assert_int_equal(vmcs12_launch_ok(&v, true, false), VMFAIL_VMLAUNCH_NOT_CLEAR);
	assert_int_equal(vmcs12_launch_ok(&v, false, false), VMFAIL_NONE);
}

static void addresses_are_pages_that_l1_can_have(void **state)
{
	struct nested_caps caps = caps_of(machine_skylake());

	assert_true(nested_page_ok(&caps, 0));
	assert_true(nested_page_ok(&caps, BIT(40) - 4096));
	assert_false(nested_page_ok(&caps, BIT(40)));
	assert_false(nested_page_ok(&caps, 0x800));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_is_reached_by_its_encoding_and_no_other),
		cmocka_unit_test(a_write_keeps_to_its_width_and_its_field),
		cmocka_unit_test(the_upper_half_is_written_alone_and_the_whole_clears_it),
		cmocka_unit_test(read_only_fields_are_written_only_where_that_is_offered),
		cmocka_unit_test(encodings_are_64_bits_wide),
		cmocka_unit_test(a_field_goes_with_its_control),
		cmocka_unit_test(the_enumeration_is_the_highest_index),
		cmocka_unit_test(shadow_revisions_are_accepted_where_they_are_offered),
		cmocka_unit_test(what_was_loaded_is_what_could_be_written),
		cmocka_unit_test(a_field_in_memory_is_as_one_at_hand),
		cmocka_unit_test(launch_and_resume_want_their_state),
		cmocka_unit_test(addresses_are_pages_that_l1_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
