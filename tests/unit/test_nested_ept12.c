// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/ept12.c arch/x86/nested/invalidate12.c
// sources: arch/x86/nested/caps.c arch/x86/nested/vmcs12.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/ept12.h"
#include "arch/x86/nested/invalidate12.h"
#include "nested_setup.h"

#define R   EPT12_READ
#define W   EPT12_WRITE
#define X   EPT12_FETCH
#define RWX (R | W | X)
#define WB  (6ULL << 3)
#define PS  BIT(7)
#define A   BIT(8)
#define D   BIT(9)

#define LINEAR     BIT(7)
#define TRANSLATED BIT(8)

/* L1's tables: the page at 0x1000 is the root, then one table a level. */
static uint64_t memory[5][512];
static unsigned int sets, fail_set;

static uint64_t read_entry(void *opaque, uint64_t gpa)
{
	assert_int_equal(gpa % 8, 0);
	return gpa / 4096 < array_size(memory) ? memory[gpa / 4096][gpa % 4096 / 8] : ~0ULL;
}

static bool set_entry(void *opaque, uint64_t gpa, uint64_t old, uint64_t new)
{
	assert_int_equal(memory[gpa / 4096][gpa % 4096 / 8], old);
	if (++sets == fail_set)
		return false;
	memory[gpa / 4096][gpa % 4096 / 8] = new;
	return true;
}

static const struct ept12_memory tables = { read_entry, set_entry, NULL };

#define EPTP    (0x1000 | 3 << 3 | 6)
#define EPTP_AD (EPTP | BIT(6))
/* Indices 1, 2, 3, 4 from the top, and an offset. */
#define ADDRESS      (1ULL << 39 | 2ULL << 30 | 3ULL << 21 | 4ULL << 12 | 0x123)
#define ENTRY(level) memory[4 - (level)][4 - (level)]

static void build(void)
{
	memset(memory, 0, sizeof(memory));
	for (unsigned int level = 3; level > 0; level--)
		ENTRY(level) = (uint64_t)(5 - level) << 12 | RWX;
	ENTRY(0) = 0xabc000 | WB | RWX;
	sets = fail_set = 0;
}

static struct nested_caps caps;
static struct ept12_walk walk;

static enum ept12_outcome go(uint64_t eptp, uint64_t qualification)
{
	memset(&walk, 0xff, sizeof(walk));
	return ept12_walk(&caps, eptp, &tables, ADDRESS, qualification, &walk);
}

static int setup(void **state)
{
	caps = caps_of(machine_skylake());
	build();
	return 0;
}

static void a_page_is_found(void **state)
{
	assert_int_equal(go(EPTP, R), EPT12_OK);
	assert_int_equal(walk.gpa, 0xabc123);
	assert_int_equal(walk.rights, RWX);
	assert_int_equal(walk.order, 0);
	assert_false(walk.clean);
	assert_int_equal(sets, 0);
	ENTRY(0) |= BIT(6); /* whatever the PAT says */
	assert_int_equal(go(EPTP, W), EPT12_OK);
}

static void large_pages_are_found(void **state)
{
	ENTRY(1) = 0xe00000 | PS | WB | RWX;
	assert_int_equal(go(EPTP, R), EPT12_OK);
	assert_int_equal(walk.gpa, 0xe04123);
	assert_int_equal(walk.order, 9);
	ENTRY(2) = 0x40000000 | PS | R;
	assert_int_equal(go(EPTP, R), EPT12_OK);
	assert_int_equal(walk.gpa, 0x40604123);
	assert_int_equal(walk.order, 18);
	assert_int_equal(walk.rights, R);
}

/* Wider addresses there are where the processor has more bits than four levels translate. */
static void a_wide_address_is_not_another_one(void **state)
{
	for (unsigned int bit = 48; bit < 52; bit++) {
		memset(&walk, 0xff, sizeof(walk));
		assert_int_equal(
			ept12_walk(&caps, EPTP, &tables, ADDRESS | BIT(bit), R | LINEAR, &walk),
			EPT12_VIOLATION);
		assert_int_equal(walk.qualification, R | LINEAR);
	}
	ENTRY(3) = RWX | PS; /* is not looked at */
	assert_int_equal(ept12_walk(&caps, EPTP, &tables, ADDRESS | BIT(48), R, &walk),
			 EPT12_VIOLATION);
}

static void rights_of_all_levels_count(void **state)
{
	for (unsigned int level = 0; level < 4; level++) {
		build();
		ENTRY(level) &= ~W;
		assert_int_equal(go(EPTP, R), EPT12_OK);
		assert_int_equal(walk.rights, R | X);
		assert_int_equal(go(EPTP, X), EPT12_OK);
		assert_int_equal(go(EPTP, W), EPT12_VIOLATION);
		assert_int_equal(walk.qualification, W | (R | X) << 3);
		assert_int_equal(go(EPTP, R | W), EPT12_VIOLATION);
		assert_int_equal(walk.qualification, R | W | (R | X) << 3);
	}
}

static void what_is_not_there_is_a_violation_without_rights(void **state)
{
	for (unsigned int level = 0; level < 4; level++) {
		build();
		/* The other bits of an absent entry are ignored. */
		ENTRY(level) = ~(uint64_t)RWX;
		assert_int_equal(go(EPTP, X | LINEAR | TRANSLATED), EPT12_VIOLATION);
		assert_int_equal(walk.qualification, X | LINEAR | TRANSLATED);
	}
}

static void of_the_hardwares_qualification_l1_gets_what_it_knows(void **state)
{
	uint64_t extra = LINEAR | TRANSLATED | BITS(11, 9) | BIT(12) | BIT(6) | BIT(13) | BIT(16);

	ENTRY(0) &= ~W;
	caps.msr[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC] |= EPT_CAP_ADVANCED_EXIT;
	assert_int_equal(go(EPTP, W | RWX << 3 | extra), EPT12_VIOLATION);
	assert_int_equal(walk.qualification,
			 W | (R | X) << 3 | LINEAR | TRANSLATED | BITS(11, 9) | BIT(12));
	caps.msr[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC] &= ~EPT_CAP_ADVANCED_EXIT;
	assert_int_equal(go(EPTP, W | extra), EPT12_VIOLATION);
	assert_int_equal(walk.qualification, W | (R | X) << 3 | LINEAR | TRANSLATED | BIT(12));
}

static void misconfigurations(void **state)
{
	for (unsigned int level = 0; level < 4; level++) {
		static const uint64_t rights[] = { W, W | X };

		for (unsigned int i = 0; i < array_size(rights); i++) {
			build();
			ENTRY(level) = (ENTRY(level) & ~(uint64_t)RWX) | rights[i];
			assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
		}
		build();
		ENTRY(level) |= BIT(caps.phys_bits);
		assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
		build();
		ENTRY(level) |= BIT(51);
		assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
		build();
		ENTRY(level) |= BITS(63, 52) | BITS(11, 10);
		assert_int_equal(go(EPTP, R), EPT12_OK);
		/* Bits 6:3 of an entry that refers to a table. */
		for (unsigned int bit = 3; level && bit <= 6; bit++) {
			build();
			ENTRY(level) |= BIT(bit);
			assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
		}
	}
	build();
	ENTRY(3) |= PS;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
	/* Memory types 2, 3 and 7. */
	for (uint64_t type = 0; type < 8; type++) {
		bool bad = type == 2 || type == 3 || type == 7;

		build();
		ENTRY(0) = 0xabc000 | type << 3 | RWX;
		assert_int_equal(go(EPTP, R), bad ? EPT12_MISCONFIGURATION : EPT12_OK);
		ENTRY(1) = 0xe00000 | type << 3 | PS | RWX;
		assert_int_equal(go(EPTP, R), bad ? EPT12_MISCONFIGURATION : EPT12_OK);
		ENTRY(2) = 0x40000000 | type << 3 | PS | RWX;
		assert_int_equal(go(EPTP, R), bad ? EPT12_MISCONFIGURATION : EPT12_OK);
	}
	/* Large pages that do not begin at their size. */
	build();
	ENTRY(1) = 0xe01000 | PS | WB | RWX;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
	build();
	ENTRY(2) = 0x40200000 | PS | WB | RWX;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
}

static void what_is_not_offered_is_misconfigured(void **state)
{
	uint64_t *cap = &caps.msr[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC];

	ENTRY(0) = 0xabc000 | WB | X;
	assert_int_equal(go(EPTP, X), EPT12_OK);
	assert_int_equal(go(EPTP, R), EPT12_VIOLATION);
	*cap &= ~EPT_CAP_EXEC_ONLY;
	assert_int_equal(go(EPTP, X), EPT12_MISCONFIGURATION);
	ENTRY(1) = 0xe00000 | PS | WB | RWX;
	*cap &= ~EPT_CAP_2M;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
	ENTRY(2) = 0x40000000 | PS | WB | RWX;
	assert_int_equal(go(EPTP, R), EPT12_OK);
	*cap &= ~EPT_CAP_1G;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
}

static void a_misconfiguration_above_a_hole_comes_first_and_below_it_never(void **state)
{
	ENTRY(2) |= BIT(3);
	ENTRY(1) = 0;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
	build();
	ENTRY(2) = 0;
	ENTRY(1) |= BIT(3);
	assert_int_equal(go(EPTP, R), EPT12_VIOLATION);
	/* Before rights that are missing: these are looked at when the walk is done. */
	build();
	ENTRY(3) &= ~W;
	ENTRY(0) |= BIT(51);
	assert_int_equal(go(EPTP, W), EPT12_MISCONFIGURATION);
}

static void tables_outside_of_memory_are_misconfigured(void **state)
{
	ENTRY(2) = 0x100000 | RWX;
	assert_int_equal(go(EPTP, R), EPT12_MISCONFIGURATION);
	assert_int_equal(go(0x200000 | 3 << 3 | 6, R), EPT12_MISCONFIGURATION);
}

static void accessed_and_dirty_flags_are_set(void **state)
{
	assert_int_equal(go(EPTP_AD, R), EPT12_OK);
	assert_true(walk.clean);
	assert_int_equal(sets, 4);
	for (unsigned int level = 0; level < 4; level++)
		assert_int_equal(ENTRY(level) & (A | D), A);
	assert_int_equal(go(EPTP_AD, X), EPT12_OK);
	assert_int_equal(sets, 4);
	assert_int_equal(go(EPTP_AD, W), EPT12_OK);
	assert_false(walk.clean);
	assert_int_equal(sets, 5);
	assert_int_equal(ENTRY(0) & (A | D), A | D);
	assert_int_equal(ENTRY(1) & (A | D), A);
	assert_int_equal(go(EPTP_AD, R), EPT12_OK);
	assert_false(walk.clean);
}

static void flags_stay_where_the_access_fails_or_nobody_asks(void **state)
{
	ENTRY(0) &= ~W;
	assert_int_equal(go(EPTP_AD, W), EPT12_VIOLATION);
	assert_int_equal(go(EPTP, R), EPT12_OK);
	assert_int_equal(sets, 0);
	fail_set = 2;
	assert_int_equal(go(EPTP_AD, R), EPT12_CHANGED);
}

static void with_flags_a_walk_to_the_linear_address_writes(void **state)
{
	ENTRY(0) &= ~W;
	assert_int_equal(go(EPTP, R | LINEAR), EPT12_OK);
	assert_int_equal(go(EPTP_AD, R | LINEAR), EPT12_VIOLATION);
	assert_int_equal(walk.qualification, R | W | (R | X) << 3 | LINEAR);
	assert_int_equal(go(EPTP_AD, R | LINEAR | TRANSLATED), EPT12_OK);
	build();
	assert_int_equal(go(EPTP_AD, R | LINEAR), EPT12_OK);
	assert_int_equal(ENTRY(0) & D, D);
}

static void ept_pointers(void **state)
{
	uint64_t *cap = &caps.msr[MSR_VMX_EPT_VPID_CAP - MSR_VMX_BASIC];

	assert_true(ept12_pointer_ok(&caps, EPTP));
	assert_true(ept12_pointer_ok(&caps, EPTP_AD));
	assert_true(ept12_pointer_ok(&caps, EPTP & ~7ULL)); /* uncached */
	for (uint64_t type = 1; type < 8; type++)
		assert_int_equal(ept12_pointer_ok(&caps, (EPTP & ~7ULL) | type), type == 6);
	for (uint64_t length = 0; length < 8; length++)
		assert_int_equal(ept12_pointer_ok(&caps, 0x1006 | length << 3), length == 3);
	for (unsigned int bit = 7; bit < 12; bit++)
		assert_false(ept12_pointer_ok(&caps, EPTP | BIT(bit)));
	assert_false(ept12_pointer_ok(&caps, EPTP | BIT(caps.phys_bits)));
	*cap &= ~(EPT_CAP_AD | EPT_CAP_UC);
	assert_true(ept12_pointer_ok(&caps, EPTP));
	assert_false(ept12_pointer_ok(&caps, EPTP_AD));
	assert_false(ept12_pointer_ok(&caps, EPTP & ~7ULL));
	*cap = (*cap | EPT_CAP_UC) & ~EPT_CAP_WB;
	assert_false(ept12_pointer_ok(&caps, EPTP));
	assert_true(ept12_pointer_ok(&caps, EPTP & ~7ULL));
}

static void vmfunc_switches_to_a_pointer_of_the_list(void **state)
{
	struct vmcs12 v = { .vmfunc_controls = 1, .eptp_list = 0x2000 };
	uint64_t eptp = 0;

	memory[2][511] = EPTP_AD;
	memory[2][5] = 7;
	assert_true(ept12_switch(&caps, &v, 0, 511, &tables, &eptp));
	assert_int_equal(eptp, EPTP_AD);
	assert_false(ept12_switch(&caps, &v, 0, 512, &tables, &eptp));
	assert_false(ept12_switch(&caps, &v, 0, 5, &tables, &eptp));
	assert_false(ept12_switch(&caps, &v, 1, 511, &tables, &eptp));
	assert_false(ept12_switch(&caps, &v, 64, 511, &tables, &eptp));
	v.vmfunc_controls = 0;
	assert_false(ept12_switch(&caps, &v, 0, 511, &tables, &eptp));
}

static void invept_wants_a_type_and_a_pointer(void **state)
{
	struct invalidate12 good = { EPTP, 0 }, high = { EPTP, 1 }, bad = { 7, 0 };

	struct nested_caps none = { .phys_bits = 40 };

	assert_false(invalidate12_has_invept(&none));
	assert_false(invalidate12_has_invvpid(&none));
	assert_false(invalidate12_ept_type_ok(&none, INVEPT12_ALL));
	assert_false(invalidate12_vpid_type_ok(&none, INVVPID12_ALL));
	assert_true(invalidate12_has_invept(&caps));
	for (uint64_t type = 0; type < 8; type++)
		assert_int_equal(invalidate12_ept_type_ok(&caps, type), type == 1 || type == 2);
	assert_false(invalidate12_ept_type_ok(&caps, BIT(32) | 1));
	assert_true(invalidate12_ept_ok(&caps, INVEPT12_SINGLE, &good));
	assert_false(invalidate12_ept_ok(&caps, INVEPT12_SINGLE, &bad));
	assert_true(invalidate12_ept_ok(&caps, INVEPT12_ALL, &bad));
	assert_false(invalidate12_ept_ok(&caps, INVEPT12_SINGLE, &high));
	assert_false(invalidate12_ept_ok(&caps, INVEPT12_ALL, &high));
}

static void invvpid_wants_a_type_a_vpid_and_an_address(void **state)
{
	struct invalidate12 good = { 5, 0x1000 }, zero = { 0, 0x1000 }, wide = { 0x10005, 0x1000 };
	struct invalidate12 far = { 5, BIT(47) };

	assert_true(invalidate12_has_invvpid(&caps));
	for (uint64_t type = 0; type < 8; type++)
		assert_int_equal(invalidate12_vpid_type_ok(&caps, type), type < 4);
	assert_false(invalidate12_vpid_type_ok(&caps, BIT(32)));
	for (uint64_t type = 0; type < 4; type++) {
		assert_true(invalidate12_vpid_ok(type, &good));
		assert_false(invalidate12_vpid_ok(type, &wide));
		assert_int_equal(invalidate12_vpid_ok(type, &zero), type == INVVPID12_ALL);
		assert_int_equal(invalidate12_vpid_ok(type, &far), type != INVVPID12_ADDRESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_page_is_found, setup),
		cmocka_unit_test_setup(large_pages_are_found, setup),
		cmocka_unit_test_setup(a_wide_address_is_not_another_one, setup),
		cmocka_unit_test_setup(rights_of_all_levels_count, setup),
		cmocka_unit_test_setup(what_is_not_there_is_a_violation_without_rights, setup),
		cmocka_unit_test_setup(of_the_hardwares_qualification_l1_gets_what_it_knows, setup),
		cmocka_unit_test_setup(misconfigurations, setup),
		cmocka_unit_test_setup(what_is_not_offered_is_misconfigured, setup),
		cmocka_unit_test_setup(
			a_misconfiguration_above_a_hole_comes_first_and_below_it_never, setup),
		cmocka_unit_test_setup(tables_outside_of_memory_are_misconfigured, setup),
		cmocka_unit_test_setup(accessed_and_dirty_flags_are_set, setup),
		cmocka_unit_test_setup(flags_stay_where_the_access_fails_or_nobody_asks, setup),
		cmocka_unit_test_setup(with_flags_a_walk_to_the_linear_address_writes, setup),
		cmocka_unit_test_setup(ept_pointers, setup),
		cmocka_unit_test_setup(vmfunc_switches_to_a_pointer_of_the_list, setup),
		cmocka_unit_test_setup(invept_wants_a_type_and_a_pointer, setup),
		cmocka_unit_test_setup(invvpid_wants_a_type_a_vpid_and_an_address, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
