// SPDX-License-Identifier: MIT
// sources: arch/x86/nested/route.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/nested/route.h"
#include "arch/x86/vmx/exits.h"
#include "nested_guests.h"

/* L1's bitmaps, as 0x10000 bytes of its memory; beyond them there is none. */
static uint8_t memory[0x10000];

static void read_memory(void *opaque, uint64_t gpa, void *dst, size_t len)
{
	memset(dst, 0xff, len);
	if (gpa + len <= sizeof(memory))
		memcpy(dst, memory + gpa, len);
}

static void set_bit(uint64_t bitmap, unsigned int bit)
{
	memory[bitmap + bit / 8] |= (uint8_t)(1U << bit % 8);
}

/* An L1 that asks for nothing. */
static struct vmcs12 nothing(void)
{
	return (struct vmcs12){ .io_bitmap = { 0x1000, 0x2000 },
				.msr_bitmap = 0x3000,
				.vmread_bitmap = 0x4000,
				.vmwrite_bitmap = 0x5000 };
}

static enum nested_route route(const struct vmcs12 *v, uint32_t reason, uint64_t qualification,
			       uint64_t operand)
{
	struct route_args a = { .v = v,
				.reason = reason,
				.qualification = qualification,
				.operand = operand,
				.read = read_memory };

	return route_exit(&a);
}

static void some_exits_are_always_l1s(void **state)
{
	static const uint32_t always[] = {
		EXIT_TRIPLE_FAULT, EXIT_TASK_SWITCH,
		EXIT_CPUID,        EXIT_GETSEC,
		EXIT_INVD,         EXIT_RSM,
		EXIT_VMCALL,       EXIT_VMCLEAR,
		EXIT_VMLAUNCH,     EXIT_VMPTRLD,
		EXIT_VMPTRST,      EXIT_VMREAD,
		EXIT_VMRESUME,     EXIT_VMWRITE,
		EXIT_VMXOFF,       EXIT_VMXON,
		EXIT_INVEPT,       EXIT_INVVPID,
		EXIT_XSETBV,       EXIT_RDMSR,
		EXIT_WRMSR,        EXIT_ENTRY_GUEST_STATE | EXIT_REASON_ENTRY_FAILED
	};
	struct vmcs12 v = nothing();

	for (unsigned int i = 0; i < array_size(always); i++)
		assert_int_equal(route(&v, always[i], 0, 0), ROUTE_L1);
}

static void some_exits_are_never_l1s(void **state)
{
	static const uint32_t never[] = { EXIT_EXTERNAL_INTERRUPT,
					  EXIT_INIT,
					  EXIT_SIPI,
					  5,
					  6,
					  EXIT_ENTRY_MSR_LOAD,
					  EXIT_ENTRY_MACHINE_CHECK,
					  EXIT_EPT_VIOLATION,
					  EXIT_EPT_MISCONFIGURATION,
					  EXIT_PML_FULL,
					  65,
					  66,
					  75,
					  0xffff };
	struct vmcs12 v;

	memset(&v, 0xff, sizeof(v));
	for (unsigned int i = 0; i < array_size(never); i++)
		assert_int_equal(route(&v, never[i], 0, 0), ROUTE_L0);
	assert_int_equal(route(&v, EXIT_VMFUNC, 0, 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_ENCLS, 0, 0), ROUTE_HERE);
}

/* One control decides: with it L1, without it `otherwise`, and no other control matters. */
static void one_bit_decides(void **state)
{
	static const struct {
		uint32_t reason;
		uint64_t qualification, proc, proc2;
		enum nested_route otherwise;
	} rows[] = {
		{ EXIT_INTERRUPT_WINDOW, 0, PROC_INTERRUPT_WINDOW, 0, ROUTE_L0 },
		{ EXIT_NMI_WINDOW, 0, PROC_NMI_WINDOW, 0, ROUTE_L0 },
		{ EXIT_HLT, 0, PROC_HLT, 0, ROUTE_HERE },
		{ EXIT_INVLPG, 0, PROC_INVLPG, 0, ROUTE_HERE },
		{ EXIT_RDPMC, 0, PROC_RDPMC, 0, ROUTE_HERE },
		{ EXIT_RDTSC, 0, PROC_RDTSC, 0, ROUTE_HERE },
		{ EXIT_RDTSCP, 0, PROC_RDTSC, 0, ROUTE_HERE },
		{ EXIT_DR_ACCESS, 0, PROC_MOV_DR, 0, ROUTE_HERE },
		{ EXIT_MWAIT, 0, PROC_MWAIT, 0, ROUTE_HERE },
		{ EXIT_MONITOR, 0, PROC_MONITOR, 0, ROUTE_HERE },
		{ EXIT_TRAP_FLAG, 0, PROC_TRAP_FLAG, 0, ROUTE_L0 },
		{ EXIT_TPR_THRESHOLD, 0, PROC_TPR_SHADOW, 0, ROUTE_L0 },
		{ EXIT_APIC_ACCESS, 0, 0, PROC2_APIC_ACCESS, ROUTE_L0 },
		{ EXIT_VIRTUAL_EOI, 0, 0, PROC2_VIRTUAL_INTERRUPT, ROUTE_L0 },
		{ EXIT_GDTR_IDTR, 0, 0, PROC2_DESC_TABLE, ROUTE_HERE },
		{ EXIT_LDTR_TR, 0, 0, PROC2_DESC_TABLE, ROUTE_HERE },
		{ EXIT_WBINVD, 0, 0, PROC2_WBINVD, ROUTE_HERE },
		{ EXIT_RDRAND, 0, 0, PROC2_RDRAND, ROUTE_HERE },
		{ EXIT_RDSEED, 0, 0, PROC2_RDSEED, ROUTE_HERE },
		/* MOV to CR3 and CR8, MOV from CR3 and CR8. */
		{ EXIT_CR_ACCESS, 0x03, PROC_CR3_LOAD, 0, ROUTE_HERE },
		{ EXIT_CR_ACCESS, 0x08, PROC_CR8_LOAD, 0, ROUTE_HERE },
		{ EXIT_CR_ACCESS, 0x13, PROC_CR3_STORE, 0, ROUTE_HERE },
		{ EXIT_CR_ACCESS, 0x18, PROC_CR8_STORE, 0, ROUTE_HERE },
		{ EXIT_IO, 0x600000, PROC_UNCOND_IO, 0, ROUTE_HERE },
	};
	const uint64_t other = ~(PROC_IO_BITMAPS | PROC_SECONDARY);

	for (unsigned int i = 0; i < array_size(rows); i++) {
		struct vmcs12 v = nothing();

		v.proc = rows[i].proc | PROC_SECONDARY;
		v.proc2 = rows[i].proc2;
		assert_int_equal(route(&v, rows[i].reason, rows[i].qualification, 0), ROUTE_L1);
		v.proc = (uint32_t)(~rows[i].proc & other) | PROC_SECONDARY;
		v.proc2 = (uint32_t)~rows[i].proc2;
		assert_int_equal(route(&v, rows[i].reason, rows[i].qualification, 0),
				 rows[i].otherwise);
		/* Secondary controls count only where they are turned on. */
		v.proc = 0;
		v.proc2 = (uint32_t)rows[i].proc2;
		assert_int_equal(route(&v, rows[i].reason, rows[i].qualification, 0),
				 rows[i].otherwise);
	}
}

static void two_bits_decide(void **state)
{
	struct vmcs12 v = nothing();

	v.proc = PROC_SECONDARY | PROC_INVLPG;
	assert_int_equal(route(&v, EXIT_INVPCID, 0, 0), ROUTE_HERE);
	v.proc2 = PROC2_INVPCID;
	assert_int_equal(route(&v, EXIT_INVPCID, 0, 0), ROUTE_L1);
	v.proc = PROC_SECONDARY;
	assert_int_equal(route(&v, EXIT_INVPCID, 0, 0), ROUTE_HERE);

	assert_int_equal(route(&v, EXIT_PAUSE, 0, 0), ROUTE_HERE);
	v.proc2 = PROC2_PAUSE_LOOP;
	assert_int_equal(route(&v, EXIT_PAUSE, 0, 0), ROUTE_L1);
	v.proc = PROC_PAUSE;
	assert_int_equal(route(&v, EXIT_PAUSE, 0, 0), ROUTE_L1);

	v.proc = PROC_SECONDARY;
	v.proc2 = 0;
	assert_int_equal(route(&v, EXIT_APIC_WRITE, 0, 0), ROUTE_L0);
	v.proc2 = PROC2_APIC_REGISTER;
	assert_int_equal(route(&v, EXIT_APIC_WRITE, 0, 0), ROUTE_L1);
	v.proc2 = PROC2_VIRTUAL_INTERRUPT;
	assert_int_equal(route(&v, EXIT_APIC_WRITE, 0, 0), ROUTE_L1);
}

static enum nested_route exception(const struct vmcs12 *v, uint32_t info, uint32_t error)
{
	struct route_args a = { .v = v,
				.reason = EXIT_EXCEPTION_NMI,
				.intr_info = info | INTR_VALID,
				.intr_error = error,
				.read = read_memory };

	return route_exit(&a);
}

static void exceptions_follow_the_bitmap(void **state)
{
	struct vmcs12 v = nothing();

	for (uint32_t vector = 0; vector < 32; vector++) {
		uint32_t info = INTR_TYPE_EXCEPTION | vector;

		if (vector == EXC_MC || vector == EXC_PF)
			continue;
		v.exception_bitmap = 1U << vector;
		assert_int_equal(exception(&v, info, 0), ROUTE_L1);
		v.exception_bitmap = ~(1U << vector);
		assert_int_equal(exception(&v, info, 0), ROUTE_HERE);
	}
	v.exception_bitmap = ~0U;
	assert_int_equal(exception(&v, INTR_TYPE_EXCEPTION | EXC_MC, 0), ROUTE_L0);
	assert_int_equal(exception(&v, INTR_TYPE_NMI | EXC_NMI, 0), ROUTE_L0);
	assert_int_equal(exception(&v, INTR_TYPE_SOFT_EXC | EXC_BP, 0), ROUTE_L1);
	assert_int_equal(exception(&v, INTR_TYPE_ICEBP | EXC_DB, 0), ROUTE_L1);
}

static void page_faults_follow_mask_and_match(void **state)
{
	static const struct {
		bool bit;
		uint32_t mask, match, error;
		bool exits;
	} rows[] = {
		{ true, 0, 0, 5, true },   { false, 0, 0, 5, false }, { true, 0, 1, 5, false },
		{ false, 0, 1, 5, true },  { true, 1, 1, 5, true },   { true, 1, 1, 4, false },
		{ false, 1, 1, 5, false }, { false, 1, 1, 4, true },
	};

	for (unsigned int i = 0; i < array_size(rows); i++) {
		struct vmcs12 v = nothing();

		v.exception_bitmap = rows[i].bit ? 1U << EXC_PF : ~(1U << EXC_PF);
		v.pf_mask = rows[i].mask;
		v.pf_match = rows[i].match;
		assert_int_equal(exception(&v, INTR_TYPE_EXCEPTION | EXC_PF, rows[i].error),
				 rows[i].exits ? ROUTE_L1 : ROUTE_HERE);
		assert_int_equal(route_exception(&v, EXC_PF, rows[i].error), rows[i].exits);
	}
}

#define IO_Q(port, size) ((uint64_t)(port) << 16 | ((size)-1))

static void io_bitmaps_are_looked_at_port_by_port(void **state)
{
	struct vmcs12 v = nothing();

	memset(memory, 0, sizeof(memory));
	v.proc = PROC_IO_BITMAPS | PROC_UNCOND_IO;
	set_bit(0x1000, 0x60);
	set_bit(0x1000, 0x7fff);
	set_bit(0x2000, 0x0001);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x60, 1), 0), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x61, 1), 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x5e, 2), 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x5d, 4), 0), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x7ffe, 1), 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x7ffe, 2), 0), ROUTE_L1);
	/* From one bitmap into the other. */
	memory[0x1fff] = 0;
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x7fff, 2), 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x7fff, 4), 0), ROUTE_L1);
	/* Past the last port: always. */
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0xffff, 1), 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0xffff, 2), 0), ROUTE_L1);
	/* A bitmap where L1 has no memory. */
	v.io_bitmap[0] = 0x100000;
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x61, 1), 0), ROUTE_L1);
	/* Without bitmaps the other control. */
	v.proc = PROC_UNCOND_IO;
	assert_int_equal(route(&v, EXIT_IO, IO_Q(0x61, 1), 0), ROUTE_L1);
}

static void msr_bitmap_has_four_parts(void **state)
{
	static const struct {
		uint32_t reason, msr, at;
	} rows[] = {
		{ EXIT_RDMSR, 0x10, 0x3000 },       { EXIT_RDMSR, 0x1fff, 0x3000 },
		{ EXIT_RDMSR, 0xc0000080, 0x3400 }, { EXIT_RDMSR, 0xc0001fff, 0x3400 },
		{ EXIT_WRMSR, 0x10, 0x3800 },       { EXIT_WRMSR, 0xc0000080, 0x3c00 },
	};
	static const uint32_t beyond[] = { 0x2000, 0x40000000, 0xbfffffff, 0xc0002000, 0x80000010 };
	struct vmcs12 v = nothing();

	for (unsigned int i = 0; i < array_size(rows); i++) {
		memset(memory, 0, sizeof(memory));
		v.proc = PROC_MSR_BITMAPS;
		assert_int_equal(route(&v, rows[i].reason, 0, rows[i].msr), ROUTE_HERE);
		set_bit(rows[i].at, rows[i].msr & 0x1fff);
		assert_int_equal(route(&v, rows[i].reason, 0, rows[i].msr), ROUTE_L1);
		memset(memory, 0xff, sizeof(memory));
		memory[rows[i].at + (rows[i].msr & 0x1fff) / 8] = 0;
		assert_int_equal(route(&v, rows[i].reason, 0, rows[i].msr), ROUTE_HERE);
		v.proc = 0;
		assert_int_equal(route(&v, rows[i].reason, 0, rows[i].msr), ROUTE_L1);
	}
	v.proc = PROC_MSR_BITMAPS;
	memset(memory, 0, sizeof(memory));
	for (unsigned int i = 0; i < array_size(beyond); i++)
		assert_int_equal(route(&v, EXIT_RDMSR, 0, beyond[i]), ROUTE_L1);
}

static void control_registers_follow_mask_and_shadow(void **state)
{
	struct vmcs12 v = nothing();

	v.cr0_mask = CR0_TS | CR0_PE;
	v.cr0_shadow = CR0_PE;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x00, CR0_PE | CR0_WP), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x00, CR0_PE | CR0_TS), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x00, 0), ROUTE_L1);
	v.cr4_mask = CR4_VMXE;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x04, CR4_PAE), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x04, CR4_VMXE), ROUTE_L1);

	/* CLTS: only when L1 has the bit and shows it set. */
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x20, 0), ROUTE_HERE);
	v.cr0_shadow |= CR0_TS;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x20, 0), ROUTE_L1);
	v.cr0_mask = CR0_PE;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x20, 0), ROUTE_HERE);
}

static void lmsw_cannot_clear_pe(void **state)
{
	struct vmcs12 v = nothing();

	v.cr0_mask = CR0_PE | CR0_MP | CR0_ET;
	v.cr0_shadow = CR0_PE | CR0_MP;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | CR0_MP << 16, 0), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | CR0_PE << 16, 0), ROUTE_L1);
	v.cr0_shadow = 0;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | CR0_PE << 16, 0), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | CR0_TS << 16, 0), ROUTE_HERE);
	for (unsigned int bit = 1; bit <= 3; bit++) {
		v.cr0_mask = BIT(bit);
		assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | BIT(bit) << 16, 0), ROUTE_L1);
		assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30, 0), ROUTE_HERE);
	}
	v.cr0_mask = CR0_ET;
	/* ET is none of its bits. */
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x30 | CR0_ET << 16, 0), ROUTE_HERE);
}

static void cr3_targets_do_not_exit(void **state)
{
	struct vmcs12 v = nothing();

	v.proc = PROC_CR3_LOAD;
	v.cr3_target[1] = 0x5000;
	v.cr3_target[2] = 0x7000;
	v.cr3_target_count = 1;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x03, 0x5000), ROUTE_L1);
	v.cr3_target_count = 2;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x03, 0x5000), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x03, 0x5008), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x03, 0x7000), ROUTE_L1);
	v.cr3_target_count = 1000;
	assert_int_equal(route(&v, EXIT_CR_ACCESS, 0x03, 0x6000), ROUTE_L1);
}

static void shadow_vmcs_bitmaps(void **state)
{
	struct vmcs12 v = nothing();

	memset(memory, 0, sizeof(memory));
	set_bit(0x4000, 0x6800);
	set_bit(0x5000, 0x681e);
	v.proc = PROC_SECONDARY;
	assert_int_equal(route(&v, EXIT_VMREAD, 0, 0x681e), ROUTE_L1);
	v.proc2 = PROC2_SHADOW_VMCS;
	assert_int_equal(route(&v, EXIT_VMREAD, 0, 0x681e), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_VMREAD, 0, 0x6800), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_VMWRITE, 0, 0x681e), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_VMWRITE, 0, 0x6800), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_VMREAD, 0, 0x8000), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_VMREAD, 0, BIT(32) | 0x681e), ROUTE_L1);
}

static void xsaves_follows_its_bitmap(void **state)
{
	struct vmcs12 v = nothing();

	v.xss_exiting = 0x100;
	assert_int_equal(route(&v, EXIT_XSAVES, 0, 0xff), ROUTE_HERE);
	assert_int_equal(route(&v, EXIT_XSAVES, 0, 0x100), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_XRSTORS, 0, 0x101), ROUTE_L1);
	assert_int_equal(route(&v, EXIT_XRSTORS, 0, 0), ROUTE_HERE);
}

static void the_timer_is_whose_time_is_over(void **state)
{
	struct vmcs12 v = nothing();
	struct route_args a = { .v = &v, .reason = EXIT_PREEMPTION_TIMER, .timer_over = true };

	assert_int_equal(route_exit(&a), ROUTE_L0);
	v.pin = PIN_PREEMPTION_TIMER;
	assert_int_equal(route_exit(&a), ROUTE_L1);
	a.timer_over = false;
	assert_int_equal(route_exit(&a), ROUTE_L0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_exits_are_always_l1s),
		cmocka_unit_test(some_exits_are_never_l1s),
		cmocka_unit_test(one_bit_decides),
		cmocka_unit_test(two_bits_decide),
		cmocka_unit_test(exceptions_follow_the_bitmap),
		cmocka_unit_test(page_faults_follow_mask_and_match),
		cmocka_unit_test(io_bitmaps_are_looked_at_port_by_port),
		cmocka_unit_test(msr_bitmap_has_four_parts),
		cmocka_unit_test(control_registers_follow_mask_and_shadow),
		cmocka_unit_test(lmsw_cannot_clear_pe),
		cmocka_unit_test(cr3_targets_do_not_exit),
		cmocka_unit_test(shadow_vmcs_bitmaps),
		cmocka_unit_test(xsaves_follows_its_bitmap),
		cmocka_unit_test(the_timer_is_whose_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
