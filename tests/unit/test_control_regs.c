// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/control_regs.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/control_regs.h"
#include "arch/x86/vmx/qualification.h"

#define OFFERED (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP | CR4_PCIDE | CR4_OSXSAVE)

static bool cr0(const struct control_regs *r, uint64_t value, uint64_t *efer, bool *pdptes)
{
	return control_regs_write_cr0(r, &value, efer, pdptes);
}

static void cr0_refuses_what_the_processor_refuses(void **state)
{
	struct control_regs r = { .cr0 = CR0_ET };
	uint64_t efer;
	bool pdptes;

	assert_false(cr0(&r, CR0_PG, &efer, &pdptes));
	assert_false(cr0(&r, CR0_NW, &efer, &pdptes));
	assert_false(cr0(&r, CR0_PE | BIT(32), &efer, &pdptes));
	assert_true(cr0(&r, CR0_CD | CR0_NW, &efer, &pdptes));
	assert_true(cr0(&r, CR0_PE, &efer, &pdptes));
	assert_int_equal(efer, 0);
	assert_false(pdptes);
}

static void cr0_ignores_reserved_bits_and_keeps_et(void **state)
{
	struct control_regs r = { .cr0 = CR0_ET };
	uint64_t value = CR0_PE | BIT(17) | BIT(6), efer;
	bool pdptes;

	assert_true(control_regs_write_cr0(&r, &value, &efer, &pdptes));
	assert_int_equal(value, CR0_PE | CR0_ET);
}

static void paging_with_lme_enters_long_mode(void **state)
{
	struct control_regs r = { .cr0 = CR0_PE, .cr4 = CR4_PAE, .efer = EFER_LME | EFER_SCE };
	uint64_t efer;
	bool pdptes;

	assert_true(cr0(&r, CR0_PE | CR0_PG, &efer, &pdptes));
	assert_int_equal(efer, EFER_LME | EFER_LMA | EFER_SCE);
	assert_false(pdptes);

	r.cr4 = 0;
	assert_false(cr0(&r, CR0_PE | CR0_PG, &efer, &pdptes));
	r.cr4 = CR4_PAE;
	r.cs_long = true;
	assert_false(cr0(&r, CR0_PE | CR0_PG, &efer, &pdptes));
	r.cs_long = false;
	r.tr_16bit = true;
	assert_false(cr0(&r, CR0_PE | CR0_PG, &efer, &pdptes));
}

static void paging_off_leaves_long_mode(void **state)
{
	struct control_regs r = { .cr0 = CR0_PE | CR0_PG,
				  .cr4 = CR4_PAE,
				  .efer = EFER_LME | EFER_LMA };
	uint64_t efer;
	bool pdptes;

	assert_true(cr0(&r, CR0_PE, &efer, &pdptes));
	assert_int_equal(efer, EFER_LME);
	r.cs_long = true;
	assert_false(cr0(&r, CR0_PE, &efer, &pdptes));
	r.cs_long = false;
	r.cr4 |= CR4_PCIDE;
	assert_false(cr0(&r, CR0_PE, &efer, &pdptes));
}

static void pae_paging_reads_its_pointers(void **state)
{
	struct control_regs r = { .cr0 = CR0_PE, .cr4 = CR4_PAE, .cr4_offered = OFFERED };
	uint64_t efer;
	bool pdptes;

	assert_true(cr0(&r, CR0_PE | CR0_PG, &efer, &pdptes));
	assert_true(pdptes);
	r.cr0 |= CR0_PG;
	assert_true(cr0(&r, CR0_PE | CR0_PG | CR0_WP, &efer, &pdptes));
	assert_false(pdptes);
	assert_true(cr0(&r, CR0_PE | CR0_PG | CR0_CD, &efer, &pdptes));
	assert_true(pdptes);

	assert_true(control_regs_write_cr4(&r, CR4_PAE | CR4_PGE, &pdptes));
	assert_true(pdptes);
	assert_true(control_regs_write_cr4(&r, CR4_PAE | CR4_OSXSAVE, &pdptes));
	assert_false(pdptes);
	assert_true(control_regs_write_cr4(&r, CR4_PGE, &pdptes));
	assert_false(pdptes);
}

static void cr4_is_what_the_guest_is_offered(void **state)
{
	struct control_regs r = { .cr0 = CR0_PE, .cr4_offered = OFFERED };
	bool pdptes;

	assert_true(control_regs_write_cr4(&r, CR4_PAE | CR4_SMEP, &pdptes));
	assert_false(control_regs_write_cr4(&r, CR4_VMXE, &pdptes));
	assert_false(control_regs_write_cr4(&r, BIT(63), &pdptes));
	assert_false(control_regs_write_cr4(&r, CR4_LA57, &pdptes));
}

static void long_mode_needs_pae_and_pcide_needs_long_mode(void **state)
{
	struct control_regs r = { .cr0 = CR0_PE | CR0_PG,
				  .cr4 = CR4_PAE,
				  .cr3 = 0x1000,
				  .efer = EFER_LME | EFER_LMA,
				  .cr4_offered = OFFERED };
	bool pdptes;

	assert_false(control_regs_write_cr4(&r, 0, &pdptes));
	assert_true(control_regs_write_cr4(&r, CR4_PAE | CR4_PCIDE, &pdptes));
	r.cr3 = 0x1001;
	assert_false(control_regs_write_cr4(&r, CR4_PAE | CR4_PCIDE, &pdptes));
	r.cr3 = 0x1000;
	r.efer = 0;
	assert_false(control_regs_write_cr4(&r, CR4_PAE | CR4_PCIDE, &pdptes));
}

static void pdpte_reserved_bits(void **state)
{
	assert_true(control_regs_pdpte_ok(0, 40));
	assert_true(control_regs_pdpte_ok(~1ULL, 40)); /* not present: anything */
	assert_true(control_regs_pdpte_ok(0x12345001, 40));
	assert_true(control_regs_pdpte_ok(0x12345019, 40)); /* PWT, PCD */
	assert_false(control_regs_pdpte_ok(0x12345003, 40));
	assert_false(control_regs_pdpte_ok(0x12345081, 40));
	assert_false(control_regs_pdpte_ok(BIT(40) | 1, 40));
	assert_false(control_regs_pdpte_ok(BIT(63) | 1, 40));
}

static void qualifications_are_taken_apart(void **state)
{
	struct cr_access c = qualification_cr(0x0f10 | 8);
	struct io_access io = qualification_io(0x00e90000 | 1 << 4 | 1 << 5);

	assert_int_equal(c.kind, CR_MOV_FROM);
	assert_int_equal(c.cr, 8);
	assert_int_equal(c.reg, 15);
	assert_int_equal(io.port, 0xe9);
	assert_int_equal(io.size, 1);
	assert_true(io.string && io.rep && !io.in);
	io = qualification_io(0xcf80000 | 1 << 3 | 3);
	assert_int_equal(io.port, 0xcf8);
	assert_int_equal(io.size, 4);
	assert_true(io.in && !io.string && !io.rep);
	assert_int_equal(qualification_string_address(0), 2);
	assert_int_equal(qualification_string_address(1 << 7), 4);
	assert_int_equal(qualification_string_address(2 << 7), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cr0_refuses_what_the_processor_refuses),
		cmocka_unit_test(cr0_ignores_reserved_bits_and_keeps_et),
		cmocka_unit_test(paging_with_lme_enters_long_mode),
		cmocka_unit_test(paging_off_leaves_long_mode),
		cmocka_unit_test(pae_paging_reads_its_pointers),
		cmocka_unit_test(cr4_is_what_the_guest_is_offered),
		cmocka_unit_test(long_mode_needs_pae_and_pcide_needs_long_mode),
		cmocka_unit_test(pdpte_reserved_bits),
		cmocka_unit_test(qualifications_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
