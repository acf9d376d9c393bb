// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/vlapic.c arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c
// sources: arch/x86/vmx/vlapic_timer.c tests/unit/fakes/platform.c tests/unit/fakes/cpu.c
// sources: tests/unit/fakes/own_heap.c
/* The virtual local APIC: registers in both modes, priorities, destinations, INIT and SIPI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "arch/x86/vmx/vlapic_internal.h"
#include "core/sched.h"
#include "tests/unit/fakes/own_heap.h"
#include "tests/unit/fakes/platform.h"

#define PHYS_BITS  36
#define X2(offset) (0x800U + ((offset) >> 4))

static int start(void **state)
{
	fake_machine_start(3, true);
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

static void enable(uint32_t i)
{
	vlapic_mmio_write(vcpu_n(i), APIC_SVR, 0x1ff);
}

static void to_x2apic(uint32_t i)
{
	struct vcpu *v = vcpu_n(i);

	assert_true(vlapic_set_base(v, v->lapic->base | APIC_BASE_X2APIC, PHYS_BITS));
}

static uint64_t x2_read(uint32_t i, uint32_t offset)
{
	uint64_t value = ~0ULL;

	assert_true(vlapic_msr_read(vcpu_n(i), X2(offset), &value));
	return value;
}

static bool x2_write(uint32_t i, uint32_t offset, uint64_t value)
{
	return vlapic_msr_write(vcpu_n(i), X2(offset), value);
}

/* Take what is pending; -1 for nothing. */
static int take(uint32_t i)
{
	int vector = vlapic_pending(vcpu_n(i));

	if (vector >= 0)
		vlapic_accept(vcpu_n(i), (uint8_t)vector);
	return vector;
}

static void eoi(uint32_t i)
{
	vlapic_mmio_write(vcpu_n(i), APIC_EOI, 0);
}

static void state_after_power_up(void **state)
{
	struct vcpu *v = vcpu_n(2);

	assert_int_equal(vcpu_n(0)->lapic->base, 0xfee00900);
	assert_int_equal(v->lapic->base, 0xfee00800);
	assert_int_equal(vlapic_mmio_read(v, APIC_ID), 4U << 24);
	assert_int_equal(vlapic_mmio_read(v, APIC_VERSION), 0x50014);
	assert_int_equal(vlapic_mmio_read(v, APIC_SVR), 0xff);
	assert_int_equal(vlapic_mmio_read(v, APIC_DFR), 0xffffffff);
	for (uint32_t offset = APIC_LVT; offset <= APIC_LVT_LAST; offset += 16)
		assert_int_equal(vlapic_mmio_read(v, offset), 0x10000);
	assert_true(vlapic_mmio_hit(v, to_gpa(0xfee00fff)));
	assert_false(vlapic_mmio_hit(v, to_gpa(0xfee01000)));
}

static void interrupts_follow_priority(void **state)
{
	struct vcpu *v = vcpu_n(0);

	assert_false(vlapic_post(v, 0x40)); /* software disabled: lost */
	enable(0);
	assert_int_equal(machine.cpu[0].lapic_enabled, 1);
	assert_false(vlapic_post(v, 15));
	assert_true(vlapic_post(v, 0x41));
	assert_true(v->attn.bits & ATTN_LAPIC);
	assert_true(vlapic_post(v, 0x93));
	assert_true(vlapic_post(v, 0x95));
	assert_int_equal(vlapic_mmio_read(v, APIC_IRR + 0x20), 2);
	assert_int_equal(take(0), 0x95);
	assert_int_equal(vlapic_mmio_read(v, APIC_PPR), 0x90);
	assert_int_equal(vlapic_mmio_read(v, APIC_ISR + 0x40), 1U << 21);
	assert_int_equal(take(0), -1); /* same class */
	assert_true(vlapic_post(v, 0xa0));
	assert_int_equal(take(0), 0xa0);
	eoi(0);
	assert_int_equal(vlapic_mmio_read(v, APIC_PPR), 0x90);
	eoi(0);
	assert_int_equal(take(0), 0x93);
	eoi(0);
	assert_int_equal(take(0), 0x41);
	eoi(0);
	assert_int_equal(take(0), -1);
	assert_int_equal(v->lapic->irr_words, 0);
	eoi(0); /* one too many does nothing */
	assert_int_equal(vlapic_mmio_read(v, APIC_PPR), 0);
}

static void the_task_priority_holds_back(void **state)
{
	struct vcpu *v = vcpu_n(0);

	enable(0);
	assert_true(vlapic_set_cr8(v, 5));
	assert_int_equal(vlapic_mmio_read(v, APIC_TPR), 0x50);
	assert_false(vlapic_set_cr8(v, 16));
	assert_true(vlapic_post(v, 0x5f));
	assert_int_equal(take(0), -1);
	vlapic_mmio_write(v, APIC_TPR, 0x4f);
	assert_int_equal(vlapic_get_cr8(v), 4);
	assert_int_equal(vlapic_mmio_read(v, APIC_PPR), 0x4f);
	assert_int_equal(take(0), 0x5f);
	assert_int_equal(vlapic_mmio_read(v, APIC_PPR), 0x50);
}

static void reserved_registers_note_an_error(void **state)
{
	struct vcpu *v = vcpu_n(0);

	enable(0);
	vlapic_mmio_write(v, APIC_LVT_LAST, 0x77);
	assert_int_equal(vlapic_mmio_read(v, 0x2f0), 0);
	assert_int_equal(take(0), 0x77);
	assert_int_equal(vlapic_mmio_read(v, APIC_ESR), 0);
	vlapic_mmio_write(v, APIC_ESR, 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_ESR), 0x80);
	vlapic_mmio_write(v, APIC_ESR, 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_ESR), 0);
	/* Between the registers there is nothing, and the read-only ones ignore writes. */
	vlapic_mmio_write(v, APIC_TPR + 4, 0x20);
	vlapic_mmio_write(v, APIC_ID, 0xff000000);
	vlapic_mmio_write(v, APIC_ISR, ~0U);
	assert_int_equal(vlapic_mmio_read(v, APIC_TPR + 4), 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_ID), 0);
	assert_int_equal(vlapic_mmio_read(v, APIC_ISR), 0);
	assert_int_equal(v->lapic->esr_new, 0);
}

static void illegal_vectors_are_errors(void **state)
{
	struct vcpu *v = vcpu_n(0);

	enable(0);
	vlapic_mmio_write(v, APIC_ICR_LO, 0x4000f);
	assert_int_equal(v->lapic->esr_new, 0x20);
	vlapic_mmio_write(v, APIC_LVT, 3);
	vlapic_raise_lvt(v->lapic, LVT_TIMER);
	assert_int_equal(v->lapic->esr_new, 0x60);
	/* The error's own vector is illegal as well: no end of it, but an end. */
	vlapic_mmio_write(v, APIC_ESR, 0);
	vlapic_mmio_write(v, APIC_LVT_LAST, 1);
	(void)vlapic_mmio_read(v, 0x10);
	assert_int_equal(v->lapic->esr_new, 0xc0);
	assert_int_equal(take(0), -1);
}

static void software_disable_masks_the_table(void **state)
{
	struct vcpu *v = vcpu_n(0);

	vlapic_mmio_write(v, APIC_LVT, 0x20);
	assert_int_equal(vlapic_mmio_read(v, APIC_LVT), 0x10020);
	enable(0);
	vlapic_mmio_write(v, APIC_LVT, 0x20);
	assert_int_equal(vlapic_mmio_read(v, APIC_LVT), 0x20);
	assert_true(vlapic_post(v, 0x60));
	vlapic_mmio_write(v, APIC_SVR, 0xff);
	assert_int_equal(vlapic_mmio_read(v, APIC_LVT), 0x10020);
	assert_int_equal(take(0), 0x60); /* what was accepted before is held */
	assert_false(vlapic_post(v, 0x61));
	/* LINT0 and LINT1 keep what virtual wire mode writes; read-only bits stay clear. */
	enable(0);
	vlapic_mmio_write(v, APIC_LVT + 0x30, 0xffffffff);
	assert_int_equal(vlapic_mmio_read(v, APIC_LVT + 0x30), 0x1a7ff);
}

static void apic_base_changes_mode_by_the_rules(void **state)
{
	struct vcpu *v = vcpu_n(1);
	uint64_t base = 0xfee00000, en = APIC_BASE_ENABLE, x2 = APIC_BASE_X2APIC, value;

	assert_false(vlapic_set_base(v, base | x2, PHYS_BITS));
	assert_false(vlapic_set_base(v, base | en | 1, PHYS_BITS));
	assert_false(vlapic_set_base(v, base | en | 1ULL << PHYS_BITS, PHYS_BITS));
	assert_false(vlapic_msr_read(v, X2(APIC_TPR), &value));
	enable(1);
	vlapic_mmio_write(v, APIC_TPR, 0x30);
	to_x2apic(1);
	assert_int_equal(x2_read(1, APIC_TPR), 0x30); /* state stays */
	assert_int_equal(x2_read(1, APIC_ID), 2);
	assert_int_equal(x2_read(1, APIC_LDR), 4);
	assert_false(vlapic_mmio_hit(v, to_gpa(base)));
	assert_false(vlapic_set_base(v, base | en, PHYS_BITS)); /* no way back but through off */
	assert_true(vlapic_set_base(v, base, PHYS_BITS));
	assert_false(vlapic_set_base(v, base | en | x2, PHYS_BITS));
	assert_false(vlapic_post(v, 0x40));
	assert_true(vlapic_set_base(v, 0xfed00000 | en, PHYS_BITS));
	assert_int_equal(vlapic_mmio_read(v, APIC_TPR), 0);
	assert_true(vlapic_mmio_hit(v, to_gpa(0xfed00080)));
}

static void x2apic_registers_fault_by_the_rules(void **state)
{
	static const uint16_t read_only[] = {
		APIC_ID,  APIC_VERSION, APIC_PPR,           APIC_LDR,
		APIC_ISR, APIC_TMR,     APIC_CURRENT_COUNT, APIC_IRR
	};
	static const uint16_t absent[] = {
		APIC_APR, APIC_RRD, APIC_DFR, APIC_ICR_HI, 0x2f0, 0x400
	};
	static const uint16_t write_only[] = { APIC_EOI, APIC_SELF_IPI };
	uint64_t value;

	to_x2apic(0);
	for (size_t i = 0; i < array_size(read_only); i++) {
		(void)x2_read(0, read_only[i]);
		assert_false(x2_write(0, read_only[i], 0));
	}
	for (size_t i = 0; i < array_size(absent); i++) {
		assert_false(vlapic_msr_read(vcpu_n(0), X2(absent[i]), &value));
		assert_false(x2_write(0, absent[i], 0));
	}
	for (size_t i = 0; i < array_size(write_only); i++)
		assert_false(vlapic_msr_read(vcpu_n(0), X2(write_only[i]), &value));
	assert_true(x2_write(0, APIC_EOI, 0));
	assert_false(x2_write(0, APIC_EOI, 1));
	assert_true(x2_write(0, APIC_ESR, 0));
	assert_false(x2_write(0, APIC_ESR, 1));
	assert_false(x2_write(0, APIC_TPR, 0x100));
	assert_false(x2_write(0, APIC_SVR, 0x1000));
	assert_false(x2_write(0, APIC_INITIAL_COUNT, 1ULL << 32));
	assert_false(x2_write(0, APIC_DIVIDE, 4));
	assert_false(x2_write(0, APIC_LVT, 0x60020)); /* the reserved timer mode */
	assert_false(x2_write(0, APIC_LVT, 0x80020));
	assert_true(x2_write(0, APIC_LVT, 0x41020));
	assert_int_equal(x2_read(0, APIC_LVT), 0x50020); /* masked: software disabled */
	assert_false(x2_write(0, APIC_ICR_LO, 1U << 13));
	assert_false(x2_write(0, APIC_ICR_LO, 1U << 20));
	assert_false(x2_write(0, APIC_SELF_IPI, 0x100));
}

static void x2apic_ipis(void **state)
{
	for (uint32_t i = 0; i < 3; i++) {
		enable(i);
		to_x2apic(i);
	}
	assert_true(x2_write(0, APIC_ICR_LO, 2ULL << 32 | 0x51));
	assert_int_equal(x2_read(0, APIC_ICR_LO), 2ULL << 32 | 0x51);
	assert_int_equal(take(1), 0x51);
	assert_int_equal(take(0), -1);
	assert_int_equal(take(2), -1);
	assert_true(x2_write(0, APIC_ICR_LO, 0xffffffffULL << 32 | 0x61)); /* broadcast */
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(take(i), 0x61);
	assert_true(x2_write(0, APIC_ICR_LO, 0x14ULL << 32 | 0x71 | 1 << 11)); /* logical */
	assert_int_equal(take(0), -1);
	assert_int_equal(take(1), 0x71);
	assert_int_equal(take(2), 0x71);
	assert_true(x2_write(0, APIC_ICR_LO, 0x10001ULL << 32 | 0x81 | 1 << 11)); /* no cluster 1 */
	assert_int_equal(take(0), -1);
	assert_true(x2_write(2, APIC_SELF_IPI, 0x91));
	assert_int_equal(take(2), 0x91);
	/* Odd ids and ids beyond the last belong to nobody; 255 is no broadcast here. */
	assert_true(x2_write(0, APIC_ICR_LO, 3ULL << 32 | 0xa1));
	assert_true(x2_write(0, APIC_ICR_LO, 255ULL << 32 | 0xa1));
	assert_true(x2_write(0, APIC_ICR_LO, 0x80000000ULL << 32 | 0xa1));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(take(i), -1);
}

static void send(uint32_t from, uint32_t dest, uint32_t icr)
{
	vlapic_mmio_write(vcpu_n(from), APIC_ICR_HI, dest << 24);
	vlapic_mmio_write(vcpu_n(from), APIC_ICR_LO, icr);
}

static void xapic_destinations(void **state)
{
	for (uint32_t i = 0; i < 3; i++) {
		enable(i);
		vlapic_mmio_write(vcpu_n(i), APIC_LDR, 1U << (24 + i));
	}
	send(0, 4, 0x41);
	assert_int_equal(take(2), 0x41);
	send(0, 0xff, 0x51);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(take(i), 0x51);
	send(0, 6, 0x61 | 1 << 11); /* flat: vCPUs 1 and 2 */
	assert_int_equal(take(0), -1);
	assert_int_equal(take(1), 0x61);
	assert_int_equal(take(2), 0x61);
	for (uint32_t i = 0; i < 3; i++) { /* cluster 1, members 1, 2, 4 */
		vlapic_mmio_write(vcpu_n(i), APIC_DFR, 0);
		vlapic_mmio_write(vcpu_n(i), APIC_LDR, 0x10000000U | 1U << (24 + i));
	}
	send(1, 0x15, 0x71 | 1 << 11);
	assert_int_equal(take(0), 0x71);
	assert_int_equal(take(1), -1);
	assert_int_equal(take(2), 0x71);
	send(1, 0x25, 0x81 | 1 << 11); /* cluster 2 */
	assert_int_equal(take(0), -1);
	send(1, 0, 0x91 | 1 << 18); /* self */
	assert_int_equal(take(1), 0x91);
	send(1, 0, 0xa1 | 2 << 18); /* all */
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(take(i), 0xa1);
	send(1, 0, 0xb1 | 3 << 18); /* all others */
	assert_int_equal(take(0), 0xb1);
	assert_int_equal(take(1), -1);
	assert_int_equal(take(2), 0xb1);
}

static void lowest_priority_finds_the_idlest(void **state)
{
	for (uint32_t i = 0; i < 3; i++) {
		enable(i);
		vlapic_mmio_write(vcpu_n(i), APIC_LDR, 1U << (24 + i));
	}
	vlapic_mmio_write(vcpu_n(0), APIC_TPR, 0x30);
	vlapic_mmio_write(vcpu_n(1), APIC_TPR, 0x10);
	vlapic_mmio_write(vcpu_n(2), APIC_TPR, 0x20);
	send(0, 7, 0x71 | 1 << 8 | 1 << 11);
	assert_int_equal(take(1), 0x71); /* which is busier now */
	send(0, 7, 0x72 | 1 << 8 | 1 << 11);
	assert_int_equal(take(2), 0x72);
	/* One that is software disabled is not asked. */
	vlapic_mmio_write(vcpu_n(0), APIC_SVR, 0xff);
	send(1, 1, 0x73 | 1 << 8 | 1 << 11);
	assert_int_equal(take(0), -1);
}

static void nmi_and_what_is_refused(void **state)
{
	send(0, 2, 4 << 8);
	assert_int_equal(machine.cpu[1].nmis, 1);
	send(0, 0, 4 << 8 | 3 << 18);
	assert_int_equal(machine.cpu[0].nmis, 0);
	assert_int_equal(machine.cpu[1].nmis, 2);
	assert_int_equal(machine.cpu[2].nmis, 1);
	send(0, 0, 4 << 8 | 1 << 18); /* NMI to self by shorthand: no such thing */
	assert_int_equal(machine.cpu[0].nmis, 0);
	/* A disabled APIC hears nothing. */
	assert_true(vlapic_set_base(vcpu_n(1), 0xfee00000, PHYS_BITS));
	send(0, 2, 4 << 8);
	send(0, 0xff, 4 << 8);
	assert_int_equal(machine.cpu[1].nmis, 2);
}

#define ICR_INIT   (5 << 8 | 1 << 14 | 1 << 15)
#define ICR_DEINIT (5 << 8 | 1 << 15)
#define ICR_SIPI   (6 << 8)

static void init_and_sipi_start_a_vcpu(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];
	unsigned int onlines;

	vlapic_started(&f->v);
	vlapic_mmio_write(&f->v, APIC_TPR, 0x30);
	send(0, 2, ICR_SIPI | 0x10); /* not waiting: nothing */
	vlapic_service(&f->v);
	assert_int_equal(f->sipis + f->onlines + f->resets, 0);

	send(0, 2, ICR_INIT);
	send(0, 2, ICR_DEINIT);
	assert_true(f->v.attn.bits & ATTN_LAPIC);
	vlapic_service(&f->v);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->offlines, 1);
	assert_int_equal(vlapic_mmio_read(&f->v, APIC_TPR), 0);
	send(0, 2, ICR_SIPI | 0x9a);
	send(0, 2, ICR_SIPI | 0x9b); /* the second one is ignored */
	assert_int_equal(f->onlines, 1);
	vlapic_service(&f->v);
	assert_int_equal(f->sipis, 1);
	assert_int_equal(f->sipi_page, 0x9a);
	assert_int_equal(f->offlines, 1);
	onlines = f->onlines;
	send(0, 2, ICR_SIPI | 0x9b);
	assert_int_equal(f->onlines, onlines);
	vlapic_service(&f->v);
	assert_int_equal(f->sipis, 1);
}

static void init_and_sipi_before_it_could_look(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	send(0, 2, ICR_INIT);
	send(0, 2, ICR_SIPI | 0x11);
	send(0, 2, ICR_INIT); /* voids the SIPI */
	send(0, 2, ICR_SIPI | 0x12);
	vlapic_service(&f->v);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->sipi_page, 0x12);
	assert_int_equal(f->offlines, 0);
}

static void a_sipi_during_the_way_down_is_not_lost(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	send(0, 2, ICR_INIT);
	machine.online_races = true;
	f->v.attn.bits = 0;
	vlapic_service(&f->v);
	assert_int_equal(f->onlines, 1);
	/* Its sender has not asked yet: it must not be entered as INIT left it. */
	assert_true(f->v.attn.bits & ATTN_LAPIC);
	vlapic_service(&f->v);
	assert_int_equal(f->sipi_page, 0x55);
}

static void a_halt_for_good_is_undone_by_a_sipi_before_it(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	send(0, 2, ICR_INIT);
	send(0, 2, ICR_SIPI | 0x9a);
	assert_true(vlapic_starting(&f->v));
	sched_offline(&f->v); /* on its way there when they came */
	vlapic_service(&f->v);
	assert_int_equal(f->sipi_page, 0x9a);
	assert_false(f->offline);
	assert_false(vlapic_starting(&f->v));
}

static void vmx_operation_keeps_an_init_back(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	f->init_blocked = true;
	send(0, 2, ICR_INIT);
	send(0, 2, ICR_SIPI | 0x11); /* it does not wait for one */
	vlapic_service(&f->v);
	assert_int_equal(f->resets + f->sipis + f->offlines, 0);
	f->init_blocked = false;
	vlapic_service(&f->v);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->sipis, 0);
	assert_int_equal(f->offlines, 1);
}

static void an_init_that_was_an_exit_is_gone(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	f->init_blocked = f->init_taken = true;
	send(0, 2, ICR_INIT);
	vlapic_service(&f->v);
	f->init_blocked = false;
	vlapic_service(&f->v);
	assert_int_equal(f->resets, 0);
	assert_int_equal(f->v.lapic->events, 0);
}

static void a_sipi_is_for_the_guest_of_a_guest_that_waits_for_one(void **state)
{
	struct fake_vcpu *f = &machine.cpu[1];

	vlapic_started(&f->v);
	f->vmx.in_l2 = true;
	send(0, 2, ICR_SIPI | 0x11);
	vlapic_service(&f->v);
	assert_int_equal(f->nested_sipis, 0);
	f->v.lapic->wait_sipi = true; /* as an entry to such a state leaves it */
	send(0, 2, ICR_SIPI | 0x12);
	vlapic_service(&f->v);
	assert_int_equal(f->nested_sipis, 1);
	assert_int_equal(f->sipi_page, 0x12);
	assert_int_equal(f->sipis + f->resets + f->offlines, 0);
	assert_int_equal(f->v.lapic->events, 0);
}

static void no_memory_is_told(void **state)
{
	struct vcpu v = { .id = 5 };

	own_heap_fail_after = 0;
	assert_int_equal(vlapic_create(&v), ERR_NOMEM);
	assert_null(v.lapic);
	own_heap_fail_after = -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(state_after_power_up),
		TEST(interrupts_follow_priority),
		TEST(the_task_priority_holds_back),
		TEST(reserved_registers_note_an_error),
		TEST(illegal_vectors_are_errors),
		TEST(software_disable_masks_the_table),
		TEST(apic_base_changes_mode_by_the_rules),
		TEST(x2apic_registers_fault_by_the_rules),
		TEST(x2apic_ipis),
		TEST(xapic_destinations),
		TEST(lowest_priority_finds_the_idlest),
		TEST(nmi_and_what_is_refused),
		TEST(init_and_sipi_start_a_vcpu),
		TEST(init_and_sipi_before_it_could_look),
		TEST(vmx_operation_keeps_an_init_back),
		TEST(an_init_that_was_an_exit_is_gone),
		TEST(a_sipi_is_for_the_guest_of_a_guest_that_waits_for_one),
		TEST(a_sipi_during_the_way_down_is_not_lost),
		TEST(a_halt_for_good_is_undone_by_a_sipi_before_it),
		TEST(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
