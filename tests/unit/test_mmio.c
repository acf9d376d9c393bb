// SPDX-License-Identifier: MIT
// sources: arch/x86/vmx/mmio.c arch/x86/vmx/decode.c arch/x86/vmx/alu.c arch/x86/vmx/vlapic.c
// sources: arch/x86/vmx/vlapic_regs.c arch/x86/vmx/vlapic_ipi.c arch/x86/vmx/vlapic_timer.c
// sources: tests/unit/fakes/platform.c tests/unit/fakes/cpu.c tests/unit/fakes/own_heap.c
/*
 * Emulated accesses of whole instructions. Linear addresses are physical ones; RAM is the first
 * 64 KiB but for one page that does not translate; the local APIC is where it always is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "arch/x86/cpu/cr.h"
#include "arch/x86/nested/nested.h"
#include "arch/x86/vmx/mmio.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "tests/unit/fakes/platform.h"

#define RAM_SIZE  0x10000U
#define NOT_THERE 0x8000U /* a page without translation */
#define CODE      0x1000U
#define APIC      0xfee00000ULL
#define HOLE      0xd0000000ULL
#define READ      0x181U /* of what a linear address translates to */
#define WRITE     0x182U
#define NO_FAULT  (~0ULL)
#define RAX       0
#define RCX       1
#define RDX       2
#define RBX       3
#define RSI       6
#define RDI       7

static uint8_t ram[RAM_SIZE];
static struct vcpu *v;
static uint64_t *reg;
static uint64_t fault_at;
static unsigned int exception, skipped;

/* ---- fakes ---- */

static bool absent(uint64_t linear)
{
	return (linear & ~0xfffULL) == NOT_THERE;
}

static enum status faulted(struct gwalk_fault *fault, uint64_t linear, enum gwalk_access access)
{
	*fault = (struct gwalk_fault){ .linear = linear, .error_code = (uint32_t)access };
	return ERR_NOT_FOUND;
}

enum status gwalk_translate(const struct physmap *pm, const struct guest_paging *gp,
			    uint64_t linear, enum gwalk_access access, gpa_t *out,
			    struct gwalk_fault *fault)
{
	if (absent(linear))
		return faulted(fault, linear, access);
	*out = to_gpa(linear);
	return OK;
}

enum status gwalk_copy_from(const struct physmap *pm, const struct guest_paging *gp,
			    struct gwalk_cache *cache, void *dst, uint64_t linear, size_t len,
			    enum gwalk_access access, struct gwalk_fault *fault)
{
	for (size_t i = 0; i < len; i++) {
		if (absent(linear + i) || linear + i >= RAM_SIZE)
			return faulted(fault, linear + i, access);
		((uint8_t *)dst)[i] = ram[linear + i];
	}
	return OK;
}

enum status gwalk_copy_to(struct physmap *pm, const struct guest_paging *gp,
			  struct gwalk_cache *cache, uint64_t linear, const void *src, size_t len,
			  struct gwalk_fault *fault)
{
	assert_true(linear + len <= RAM_SIZE);
	memcpy(ram + linear, src, len);
	return OK;
}

enum physmap_type physmap_type_at(const struct physmap *pm, gfn_t gfn)
{
	return gfn.n < RAM_SIZE >> PAGE_SHIFT ? PHYSMAP_RAM : PHYSMAP_NONE;
}

static bool second_fault; /* L1's tables do not let the walk through */

bool nested_walk_fault(struct vcpu *vcpu, const struct gwalk_fault *fault)
{
	return second_fault;
}

void vcpu_arch_paging(struct vcpu *vcpu, struct guest_paging *out)
{
	memset(out, 0, sizeof(*out));
}

uint64_t vmx_get_register(struct vcpu *vcpu, unsigned int n)
{
	return reg[n];
}

void vmx_set_register(struct vcpu *vcpu, unsigned int n, uint64_t value)
{
	reg[n] = value;
}

void vmx_get_segment(struct vcpu *vcpu, enum vmx_segment seg, struct vmx_segment_state *out)
{
	memset(out, 0, sizeof(*out));
	out->base = seg == VMX_SEG_FS ? 0x100 : 0;
}

void vmx_inject_exception(struct vcpu *vcpu, uint8_t vector, bool has_error, uint32_t error)
{
	exception = vector;
}

void vmx_inject_page_fault(struct vcpu *vcpu, uint64_t linear, uint32_t error)
{
	exception = EXC_PF;
	fault_at = linear;
}

void vmx_skip_bytes(struct vcpu *vcpu, uint32_t length)
{
	skipped = length;
}

/* ---- the tests ---- */

static int start(void **state)
{
	fake_machine_start(1, true);
	v = vcpu_n(0);
	reg = &v->regs.rax;
	memset(ram, 0, sizeof(ram));
	vmx_set_rip(v, CODE);
	vmx_set_rflags(v, 2);
	vlapic_mmio_write(v, APIC_SVR, 0x1ff);
	return 0;
}

static int stop(void **state)
{
	fake_machine_stop();
	return 0;
}

static bool run_at(uint64_t rip, const char *code, size_t len, uint64_t gpa, uint64_t qualification)
{
	exception = skipped = 0;
	second_fault = false;
	fault_at = NO_FAULT;
	vmx_set_rip(v, rip);
	memcpy(ram + rip, code, len);
	return mmio_access(v, to_gpa(gpa), qualification);
}

/* One instruction, done and stepped over. */
static void done(const char *code, size_t len, uint64_t gpa, uint64_t qualification)
{
	assert_true(run_at(CODE, code, len, gpa, qualification));
	assert_int_equal(skipped, len);
	assert_int_equal(exception, 0);
}

#define DONE(code, gpa, qualification) done(code, sizeof(code) - 1, gpa, qualification)

static void the_apic_page(void **state)
{
	reg[RAX] = 0x1122334400000030;
	DONE("\x89\x07", APIC + APIC_TPR, WRITE); /* mov [rdi], eax */
	assert_int_equal(v->lapic->tpr, 0x30);
	reg[RAX] = ~0ULL;
	DONE("\x8b\x07", APIC + APIC_TPR, READ);
	assert_int_equal(reg[RAX], 0x30); /* the upper half is cleared */
	DONE("\xc7\x07\x40\x00\x00\x00", APIC + APIC_TPR, WRITE);
	assert_int_equal(v->lapic->tpr, 0x40);
	reg[RAX] = 0x50;
	DONE("\x87\x07", APIC + APIC_TPR, WRITE); /* xchg */
	assert_int_equal(v->lapic->tpr, 0x50);
	assert_int_equal(reg[RAX], 0x40);
	DONE("\x81\x0f\x03\x00\x00\x00", APIC + APIC_TPR, WRITE); /* or dword [rdi], 3 */
	assert_int_equal(v->lapic->tpr, 0x53);
	/* Narrow and misaligned: reads give the bytes, writes go nowhere. */
	DONE("\x8a\x07", APIC + APIC_VERSION + 2, READ);
	assert_int_equal(reg[RAX], 5);
	DONE("\x88\x07", APIC + APIC_TPR, WRITE);
	DONE("\x89\x07", APIC + APIC_TPR + 2, WRITE);
	assert_int_equal(v->lapic->tpr, 0x53);
	reg[RBX] = 0xffffffff00000020;
	DONE("\x48\x89\x1f", APIC + APIC_TPR, WRITE);
	assert_int_equal(v->lapic->tpr, 0x20);
}

static void the_open_bus_reads_as_ones(void **state)
{
	reg[RAX] = 0x1111111111111111;
	DONE("\x8a\x07", HOLE, READ);
	assert_int_equal(reg[RAX], 0x11111111111111ff);
	DONE("\x8a\x27", HOLE, READ); /* mov ah, [rdi] */
	assert_int_equal(reg[RAX], 0x111111111111ffff);
	DONE("\x66\x8b\x0f", HOLE, READ);
	assert_int_equal(reg[RCX], 0xffff);
	DONE("\x8b\x17", HOLE, READ);
	assert_int_equal(reg[RDX], 0xffffffff);
	DONE("\x48\x8b\x17", HOLE, READ);
	assert_int_equal(reg[RDX], ~0ULL);
	DONE("\x0f\xb6\x1f", HOLE, READ); /* movzx ebx, byte [rdi] */
	assert_int_equal(reg[RBX], 0xff);
	DONE("\x0f\xbf\x1f", HOLE, READ); /* movsx ebx, word [rdi] */
	assert_int_equal(reg[RBX], 0xffffffff);
	DONE("\x48\x0f\xbe\x1f", HOLE, READ);
	assert_int_equal(reg[RBX], ~0ULL);
	DONE("\x48\x89\x07", HOLE, WRITE);
	DONE("\x83\x3f\xff", HOLE, READ); /* cmp dword [rdi], -1 */
	assert_true(vmx_get_rflags(v) & RFLAGS_ZF);
	DONE("\x85\x07", HOLE, READ); /* test [rdi], eax */
	assert_false(vmx_get_rflags(v) & RFLAGS_ZF);
	reg[RAX] = 1;
	DONE("\xf0\x0f\xc1\x07", HOLE, WRITE); /* lock xadd [rdi], eax */
	assert_int_equal(reg[RAX], 0xffffffff);
	assert_true(vmx_get_rflags(v) & RFLAGS_CF);
	DONE("\xff\x07", HOLE, WRITE);         /* inc dword [rdi] */
	DONE("\x0f\xba\x2f\x05", HOLE, WRITE); /* bts dword [rdi], 5 */
	assert_true(vmx_get_rflags(v) & RFLAGS_CF);
}

static void compare_and_exchange(void **state)
{
	v->lapic->tpr = 0x20;
	reg[RAX] = 0x10;
	reg[RCX] = 0x70;
	DONE("\x0f\xb1\x0f", APIC + APIC_TPR, WRITE);
	assert_int_equal(reg[RAX], 0x20);
	assert_int_equal(v->lapic->tpr, 0x20);
	assert_false(vmx_get_rflags(v) & RFLAGS_ZF);
	DONE("\x0f\xb1\x0f", APIC + APIC_TPR, WRITE);
	assert_int_equal(v->lapic->tpr, 0x70);
	assert_true(vmx_get_rflags(v) & RFLAGS_ZF);
}

static void strings_go_element_by_element(void **state)
{
	reg[RAX] = 0x60;
	reg[RDI] = APIC + APIC_TPR;
	reg[RCX] = 2;
	assert_true(run_at(CODE, "\xf3\xab", 2, reg[RDI], WRITE)); /* rep stosd */
	assert_int_equal(skipped, 0);
	assert_int_equal(reg[RCX], 1);
	assert_int_equal(reg[RDI], APIC + APIC_TPR + 4);
	assert_int_equal(v->lapic->tpr, 0x60);
	DONE("\xf3\xab", reg[RDI], WRITE);
	assert_int_equal(reg[RCX], 0);

	memcpy(ram + 0x2000, "\x33\x00\x00\x00", 4);
	reg[RSI] = 0x2000;
	reg[RDI] = APIC + APIC_TPR;
	DONE("\xa5", reg[RDI], WRITE); /* movsd to the device */
	assert_int_equal(v->lapic->tpr, 0x33);
	assert_int_equal(reg[RSI], 0x2004);
	reg[RSI] = APIC + APIC_TPR;
	reg[RDI] = 0x3000;
	vmx_set_rflags(v, 2 | RFLAGS_DF);
	DONE("\xa5", reg[RSI], READ); /* and from it, downwards */
	assert_int_equal(ram[0x3000], 0x33);
	assert_int_equal(reg[RDI], 0x2ffc);
	assert_int_equal(reg[RSI], APIC + APIC_TPR - 4);
	vmx_set_rflags(v, 2);
	reg[RSI] = HOLE;
	reg[RDI] = APIC + APIC_TPR;
	DONE("\xa5", reg[RSI], READ); /* from nothing to the device */
	assert_int_equal(v->lapic->tpr, 0xff);

	reg[RSI] = 0x1f00; /* fs: base 0x100 */
	reg[RDI] = HOLE;
	ram[0x2000] = 0x77;
	DONE("\x64\xa4", reg[RDI], WRITE);
	reg[RSI] = HOLE;
	DONE("\xac", HOLE, READ); /* lodsb */
	assert_int_equal(reg[RAX] & 0xff, 0xff);
	assert_int_equal(reg[RSI], HOLE + 1);
}

static void scas_stops_by_the_zero_flag(void **state)
{
	reg[RDI] = HOLE;
	reg[RCX] = 5;
	reg[RAX] = 0xff;
	DONE("\xf2\xae", HOLE, READ); /* repne scasb: found at once */
	assert_int_equal(reg[RCX], 4);
	assert_true(run_at(CODE, "\xf3\xae", 2, HOLE, READ)); /* repe: goes on */
	assert_int_equal(skipped, 0);
	assert_int_equal(reg[RCX], 3);
	reg[RAX] = 0;
	DONE("\xf3\xae", HOLE, READ);
	assert_int_equal(reg[RCX], 2);
}

static void narrow_addresses_wrap(void **state)
{
	reg[RDI] = 0xaaaaaaaaffffffff;
	reg[RCX] = 0xbbbbbbbb00000001;
	DONE("\xf3\x67\xaa", 0xffffffff, WRITE); /* rep stosb with 32-bit addresses */
	assert_int_equal(reg[RDI], 0);
	assert_int_equal(reg[RCX], 0);
	machine.cpu[0].long_mode = false;
	reg[RDI] = 0x1234ffff;
	DONE("\x67\xaa", HOLE, WRITE); /* 16-bit ones, in 32-bit code */
	assert_int_equal(reg[RDI], 0x12340000);
}

static void faults_of_the_other_operand_are_the_guests(void **state)
{
	reg[RSI] = NOT_THERE + 5;
	reg[RDI] = HOLE;
	assert_true(run_at(CODE, "\xa4", 1, HOLE, WRITE));
	assert_int_equal(exception, EXC_PF);
	assert_int_equal(fault_at, NOT_THERE + 5);
	assert_int_equal(skipped, 0);
	assert_int_equal(reg[RDI], HOLE);
	reg[RSI] = HOLE;
	reg[RDI] = NOT_THERE;
	assert_true(run_at(CODE, "\xa4", 1, HOLE, READ));
	assert_int_equal(fault_at, NOT_THERE);
}

/* ... or L1's, which has an exit then. */
static void faults_of_second_tables_are_not_the_guests(void **state)
{
	exception = skipped = 0;
	second_fault = true;
	reg[RSI] = NOT_THERE + 5;
	reg[RDI] = HOLE;
	ram[CODE] = 0xa4;
	vmx_set_rip(v, CODE);
	assert_true(mmio_access(v, to_gpa(HOLE), WRITE));
	assert_int_equal(exception, 0);
	assert_int_equal(skipped, 0);
	assert_int_equal(reg[RDI], HOLE);
}

static void the_fetch_takes_no_byte_too_many(void **state)
{
	/* Ends with the last byte of the page before the one that is not there. */
	assert_true(run_at(NOT_THERE - 2, "\x8b\x07", 2, HOLE, READ));
	assert_int_equal(skipped, 2);
	/* Goes over into it: the guest's page fault. */
	vmx_set_rip(v, NOT_THERE - 1);
	ram[NOT_THERE - 1] = 0x8b;
	skipped = 0;
	assert_true(mmio_access(v, to_gpa(HOLE), READ));
	assert_int_equal(skipped, 0);
	assert_int_equal(exception, EXC_PF);
	assert_int_equal(fault_at, NOT_THERE);
	/* Over an ordinary end of a page. */
	assert_true(run_at(0x2fff, "\x8b\x07", 2, HOLE, READ));
	assert_int_equal(skipped, 2);
}

static void what_cannot_be_emulated_is_told(void **state)
{
	assert_false(run_at(CODE, "\x0f\x28\x07", 3, HOLE, READ)); /* movaps */
	assert_false(run_at(CODE, "\xa6", 1, HOLE, READ));         /* cmpsb */
	assert_false(run_at(CODE, "\x8b\x07", 2, HOLE, READ | 4)); /* a fetch */
	assert_false(run_at(CODE, "\x8b\x07", 2, HOLE, 0x81));     /* a page walk */
	assert_false(run_at(CODE, "\x8b\x07", 2, HOLE, 0x01));     /* no linear address */
	assert_int_equal(exception, 0);
	assert_true(run_at(CODE, "\xf0\x8b\x07", 3, HOLE, READ)); /* the code was changed */
	assert_int_equal(exception, EXC_UD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_apic_page),
		TEST(the_open_bus_reads_as_ones),
		TEST(compare_and_exchange),
		TEST(strings_go_element_by_element),
		TEST(scas_stops_by_the_zero_flag),
		TEST(narrow_addresses_wrap),
		TEST(faults_of_the_other_operand_are_the_guests),
		TEST(faults_of_second_tables_are_not_the_guests),
		TEST(the_fetch_takes_no_byte_too_many),
		TEST(what_cannot_be_emulated_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
