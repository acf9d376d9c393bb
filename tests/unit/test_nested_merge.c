// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/merge.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/merge.h"
#include "nested_guests.h"

/* As Xenith runs a guest: every exit it wants, EPT, VPID, its own host. */
static struct merge_l1 usual(void)
{
	return (struct merge_l1){
		.pin = 0x16 | PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMI |
		       PIN_PREEMPTION_TIMER,
		.proc = (uint32_t)(0x04006172 | PROC_HLT | PROC_CR8_LOAD | PROC_CR8_STORE |
				   PROC_UNCOND_IO | PROC_MSR_BITMAPS | PROC_SECONDARY |
				   PROC_INTERRUPT_WINDOW),
		.proc2 = PROC2_EPT | PROC2_VPID | PROC2_UNRESTRICTED | PROC2_RDTSCP |
			 PROC2_INVPCID | PROC2_XSAVES | PROC2_WBINVD,
		.exit = 0x36dfb | EXIT_HOST_64BIT | EXIT_LOAD_EFER | EXIT_SAVE_EFER,
		.entry = 0x11fb | ENTRY_IA32E | ENTRY_LOAD_EFER | ENTRY_LOAD_PAT | ENTRY_LOAD_DEBUG,
		.exceptions = 1U << EXC_AC,
		.tsc_offset = 1000,
		.efer = EFER_LMA | EFER_LME | EFER_SCE,
		.pat = 0x0606060606060606ULL,
		.debugctl = 1,
		.dr7 = 0x401,
	};
}

static struct merge_l2 merged(const struct vmcs12 *v)
{
	struct merge_l1 l1 = usual();
	struct merge_l2 out;

	merge_controls(&l1, v, &out);
	return out;
}

static void exits_add_up(void **state)
{
	struct vmcs12 v = { .proc = PROC_INVLPG | PROC_CR3_LOAD | PROC_TRAP_FLAG | PROC_NMI_WINDOW |
				    PROC_SECONDARY | PROC_PAUSE,
			    .proc2 = PROC2_RDRAND | PROC2_DESC_TABLE | PROC2_PAUSE_LOOP };
	struct merge_l2 m = merged(&v);

	assert_true((m.proc & v.proc) == v.proc);
	assert_int_equal(m.proc2 & v.proc2, v.proc2);
	assert_true(m.proc & PROC_HLT);
	assert_true(m.proc2 & PROC2_WBINVD);
	assert_int_equal(m.pin, usual().pin);
	/* Xenith's own windows are asked for at each entry. */
	assert_false(m.proc & PROC_INTERRUPT_WINDOW);
}

static void what_is_done_in_software_stays_out(void **state)
{
	struct vmcs12 v = guest_64();
	struct merge_l2 m;

	v.pin |= PIN_POSTED_INTERRUPTS;
	v.exit |= EXIT_LOAD_PAT;
	m = merged(&v);
	assert_false(m.pin & PIN_POSTED_INTERRUPTS);
	assert_false(m.proc & PROC_IO_BITMAPS);
	assert_true(m.proc & PROC_UNCOND_IO);
	assert_false(m.proc2 & (PROC2_SHADOW_VMCS | PROC2_PML));
	/* The host is Xenith, whatever L1 said of its own. */
	assert_int_equal(m.exit, usual().exit);
}

static void features_are_l1s_to_give(void **state)
{
	static const uint64_t features[] = { PROC2_RDTSCP,        PROC2_INVPCID,
					     PROC2_XSAVES,        PROC2_UNRESTRICTED,
					     PROC2_APIC_ACCESS,   PROC2_X2APIC,
					     PROC2_APIC_REGISTER, PROC2_VIRTUAL_INTERRUPT,
					     PROC2_VMFUNC };
	struct vmcs12 v = { .proc = PROC_SECONDARY };

	for (unsigned int i = 0; i < array_size(features); i++) {
		v.proc2 = 0;
		assert_false(merged(&v).proc2 & features[i]);
		v.proc2 = features[i];
		assert_true(merged(&v).proc2 & features[i]);
		v.proc = 0;
		assert_false(merged(&v).proc2 & features[i]);
		v.proc = PROC_SECONDARY;
	}
	v.proc2 = 0;
	assert_int_equal(merged(&v).proc2 & (PROC2_EPT | PROC2_VPID), PROC2_EPT | PROC2_VPID);
}

static void cr8_exits_unless_there_is_a_tpr_shadow(void **state)
{
	struct vmcs12 v = { 0 };

	assert_true(merged(&v).proc & PROC_CR8_LOAD);
	assert_false(merged(&v).proc & PROC_TPR_SHADOW);
	v.proc = PROC_TPR_SHADOW;
	assert_true(merged(&v).proc & PROC_TPR_SHADOW);
	assert_false(merged(&v).proc & (PROC_CR8_LOAD | PROC_CR8_STORE));
	v.proc |= PROC_CR8_STORE;
	assert_true(merged(&v).proc & PROC_CR8_STORE);
}

static void without_l1s_bitmap_every_msr_exits(void **state)
{
	struct vmcs12 v = { 0 };

	assert_false(merged(&v).proc & PROC_MSR_BITMAPS);
	v.proc = PROC_MSR_BITMAPS;
	assert_true(merged(&v).proc & PROC_MSR_BITMAPS);
}

static void page_faults_keep_l1s_mask_unless_we_want_all(void **state)
{
	struct vmcs12 v = { .exception_bitmap = 1U << EXC_DB, .pf_mask = 3, .pf_match = 1 };
	struct merge_l1 l1 = usual();
	struct merge_l2 m = merged(&v);

	assert_int_equal(m.exceptions, 1U << EXC_DB | 1U << EXC_AC);
	assert_int_equal(m.pf_mask, 3);
	assert_int_equal(m.pf_match, 1);
	l1.exceptions |= 1U << EXC_PF;
	merge_controls(&l1, &v, &m);
	assert_true(m.exceptions >> EXC_PF & 1);
	assert_int_equal(m.pf_mask | m.pf_match, 0);
}

static void tsc_is_l1s_tsc_moved_and_scaled(void **state)
{
	struct vmcs12 v = { .tsc_offset = 50, .tsc_multiplier = 3ULL << 47 };
	struct merge_l1 l1 = usual();
	struct merge_l2 m = merged(&v);

	assert_true(m.proc & PROC_TSC_OFFSET);
	assert_int_equal(m.tsc_offset, 1000);
	v.proc = PROC_TSC_OFFSET | PROC_SECONDARY;
	assert_int_equal(merged(&v).tsc_offset, 1050);
	v.proc2 = PROC2_TSC_SCALING;
	m = merged(&v);
	assert_int_equal(m.tsc_offset, 1550);
	assert_int_equal(m.tsc_multiplier, 3ULL << 47);
	assert_true(m.proc2 & PROC2_TSC_SCALING);
	/* A negative offset, scaled with its sign. */
	l1.tsc_offset = (uint64_t)-1000;
	merge_controls(&l1, &v, &m);
	assert_int_equal((int64_t)m.tsc_offset, -1450);
	/* Scaling counts only with the offset. */
	v.proc = PROC_SECONDARY;
	m = merged(&v);
	assert_int_equal(m.tsc_offset, 1000);
	assert_false(m.proc2 & PROC2_TSC_SCALING);
	assert_int_equal(m.tsc_multiplier, 1ULL << 48);
}

static void registers_come_from_l1_where_nothing_loads_them(void **state)
{
	struct vmcs12 v = guest_64();
	struct merge_l1 l1 = usual();
	struct merge_l2 m;

	v.guest_debugctl = 2;
	m = merged(&v);
	assert_int_equal(m.efer, v.guest_efer);
	assert_int_equal(m.pat, v.guest_pat);
	assert_int_equal(m.debugctl, 2);
	assert_int_equal(m.dr7, 0x400);
	assert_true(m.entry & ENTRY_IA32E);

	v.entry &= ~(ENTRY_LOAD_EFER | ENTRY_LOAD_PAT | ENTRY_LOAD_DEBUG);
	m = merged(&v);
	assert_int_equal(m.efer, usual().efer);
	assert_int_equal(m.pat, usual().pat);
	assert_int_equal(m.debugctl, 1);
	assert_int_equal(m.dr7, 0x401);
	/* The entry loads all the same, with these values. */
	assert_true(m.entry & ENTRY_LOAD_EFER);

	v.entry &= ~ENTRY_IA32E;
	m = merged(&v);
	assert_int_equal(m.efer, EFER_SCE);
	assert_false(m.entry & ENTRY_IA32E);
	v.guest_cr0 = CR0_NE;
	assert_int_equal(merged(&v).efer, EFER_SCE | EFER_LME);

	/* A 64-bit L2 of an L1 that is not in long mode itself. */
	l1.efer = EFER_SCE;
	v.entry |= ENTRY_IA32E;
	merge_controls(&l1, &v, &m);
	assert_int_equal(m.efer, EFER_SCE | EFER_LMA | EFER_LME);
}

static void efer_after_the_exit(void **state)
{
	struct vmcs12 v = { .exit = EXIT_HOST_64BIT, .host_efer = EFER_NXE };

	assert_int_equal(merge_host_efer(&v, EFER_SCE), EFER_SCE | EFER_LMA | EFER_LME);
	v.exit = 0;
	assert_int_equal(merge_host_efer(&v, EFER_SCE | EFER_LMA | EFER_LME), EFER_SCE);
	v.exit = EXIT_LOAD_EFER;
	assert_int_equal(merge_host_efer(&v, EFER_SCE), EFER_NXE);
}

/* Each of the 32 cases of one bit: field, mask and shadow of L1, owned, forced. */
static void a_control_register_bit_by_bit(void **state)
{
	for (unsigned int i = 0; i < 32; i++) {
		uint64_t guest = i & 1, mask = i >> 1 & 1, shadow = i >> 2 & 1, owned = i >> 3 & 1;
		uint64_t forced = owned & i >> 4;
		struct merge_cr cr = merge_cr(guest, mask, shadow, owned, forced);
		/* What a MOV from the register gives. */
		uint64_t seen = cr.mask ? cr.shadow : cr.guest;

		assert_int_equal(cr.mask, mask | owned);
		assert_int_equal(cr.guest, owned ? forced : guest);
		assert_int_equal(seen, mask ? shadow : guest);
		assert_int_equal(merge_cr_back(&cr, guest, mask, owned), guest);
		/* L2 changes what is its own. */
		if (!cr.mask) {
			cr.guest ^= 1;
			assert_int_equal(merge_cr_back(&cr, guest, mask, owned), !guest);
		}
		assert_int_equal(merge_cr_written(guest, mask, !guest), mask ? guest : !guest);
	}
}

#define WORDS 512

static bool msr_exits(const uint64_t *map, uint32_t msr, bool write)
{
	uint32_t bit = (msr & 0x1fff) + (msr >> 31) * 8192 + write * 16384;

	return map[bit / 64] >> bit % 64 & 1;
}

/* One merge, into a bitmap that had another before. */
static void merge_bitmaps(const uint64_t *own, const uint64_t *l1, const struct vmcs12 *v,
			  uint64_t *out)
{
	struct merge_open open;

	assert_true(merge_msr_open(own, &open));
	merge_msr_bitmap(own, &open, l1, v, out);
}

static void msr_bitmaps_add_up(void **state)
{
	uint64_t own[WORDS], l1[WORDS], out[WORDS];
	struct vmcs12 v = { 0 };

	memset(own, 0xff, sizeof(own));
	memset(out, 0xff, sizeof(out));
	own[3] = 5;
	own[511] = 0;
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < WORDS; i++)
			l1[i] = i * 0x0123456789abcdefULL * (round + 1) ^ round;
		merge_bitmaps(own, l1, &v, out);
		for (unsigned int i = 0; i < WORDS; i++)
			assert_int_equal(out[i], own[i] | l1[i]);
	}
}

static void more_open_words_than_there_is_room_for(void **state)
{
	uint64_t own[WORDS];
	struct merge_open open;

	memset(own, 0xff, sizeof(own));
	assert_true(merge_msr_open(own, &open));
	assert_int_equal(open.count, 0);
	memset(own + 100, 0, MERGE_OPEN_MAX * sizeof(own[0]));
	assert_true(merge_msr_open(own, &open));
	assert_int_equal(open.count, MERGE_OPEN_MAX);
	assert_int_equal(open.word[0], 100);
	own[511] = 1;
	assert_false(merge_msr_open(own, &open));
}

static void x2apic_registers_follow_l1_where_the_hardware_has_them(void **state)
{
	uint64_t own[WORDS], l1[WORDS] = { 0 }, out[WORDS];
	struct vmcs12 v = { .proc = PROC_SECONDARY, .proc2 = PROC2_X2APIC };

	memset(own, 0xff, sizeof(own));
	memset(out, 0xff, sizeof(out));
	merge_bitmaps(own, l1, &v, out);
	for (uint32_t msr = 0x7c0; msr < 0x940; msr++) {
		assert_int_equal(msr_exits(out, msr, false), msr != 0x808);
		assert_int_equal(msr_exits(out, msr, true), msr != 0x808);
	}
	v.proc2 |= PROC2_APIC_REGISTER | PROC2_VIRTUAL_INTERRUPT;
	merge_bitmaps(own, l1, &v, out);
	for (uint32_t msr = 0x7c0; msr < 0x940; msr++) {
		assert_int_equal(msr_exits(out, msr, false), msr < 0x800 || msr > 0x8ff);
		assert_int_equal(msr_exits(out, msr, true),
				 msr != 0x808 && msr != 0x80b && msr != 0x83f);
	}
	l1[0x830 / 64] = BIT(0x30);
	l1[0x810 / 64 + 3] = BIT(5);
	merge_bitmaps(own, l1, &v, out);
	for (uint32_t msr = 0x800; msr < 0x900; msr++)
		assert_int_equal(msr_exits(out, msr, false), msr == 0x830 || msr == 0x8c5);
	memset(l1, 0xff, sizeof(l1));
	merge_bitmaps(own, l1, &v, out);
	assert_memory_equal(out, own, sizeof(out));
	/* Not without the control. */
	memset(l1, 0, sizeof(l1));
	v.proc2 = PROC2_APIC_REGISTER;
	merge_bitmaps(own, l1, &v, out);
	assert_memory_equal(out, own, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_add_up),
		cmocka_unit_test(what_is_done_in_software_stays_out),
		cmocka_unit_test(features_are_l1s_to_give),
		cmocka_unit_test(cr8_exits_unless_there_is_a_tpr_shadow),
		cmocka_unit_test(without_l1s_bitmap_every_msr_exits),
		cmocka_unit_test(page_faults_keep_l1s_mask_unless_we_want_all),
		cmocka_unit_test(tsc_is_l1s_tsc_moved_and_scaled),
		cmocka_unit_test(registers_come_from_l1_where_nothing_loads_them),
		cmocka_unit_test(efer_after_the_exit),
		cmocka_unit_test(a_control_register_bit_by_bit),
		cmocka_unit_test(msr_bitmaps_add_up),
		cmocka_unit_test(more_open_words_than_there_is_room_for),
		cmocka_unit_test(x2apic_registers_follow_l1_where_the_hardware_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
