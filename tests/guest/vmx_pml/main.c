// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// timeout: 20
// differs: pml.full_known: Bochs 2.7 looks at the index at each walk of EPT, not when a flag is to be set
//
// Page-modification logging of an L2 (SDM vol. 3, 28.3.6): what it logs, and that a log which is full
// stops what would set an accessed or a dirty flag, before it is set.
#include "tests/guest/lib/vmx.h"

#define PAGE     0x800000UL /* of 2M, where nothing else lies */
#define ACCESSED (1ULL << 8)
#define DIRTY    (1ULL << 9)
#define EPTP_AD  (1ULL << 6)
#define FULL     0xffff

L2_CODE(nothing, "nop");
L2_CODE(reads, "mov 0x800000, %eax");
L2_CODE(writes, "movl $1, 0x800000");

static uint64_t pages[512] page_aligned;

/* Log, with flags, and with the tables that l2_ept() made. */
static bool prepare(const char *code, uint16_t index)
{
	l2_init(code);
	if (!l2_set_proc2(PROC2_EPT) || !l2_set_proc2(PROC2_PML))
		return false;
	memset(pages, 0, sizeof(pages));
	vmwrite(EPTP, ept_pointer() | EPTP_AD);
	vmwrite(PML_ADDRESS, (uintptr_t)pages);
	vmwrite(PML_INDEX, index);
	(void)vmx_invept(2, 0, 0);
	return true;
}

static void is(const char *name, const char *code, uint16_t index, uint64_t flags,
	       const char *wanted)
{
	char text[160];
	size_t at;

	(void)prepare(code, index);
	*ept_entry(PAGE) &= ~(ACCESSED | DIRTY);
	*ept_entry(PAGE) |= flags;
	at = (size_t)format_to(text, sizeof(text), "%s", l2_text(l2_run()));
	(void)format_to(text + at, sizeof(text) - at, " index %llx flags %llx log %llx",
			(unsigned long long)vmread(PML_INDEX),
			(unsigned long long)(*ept_entry(PAGE) >> 8 & 3),
			(unsigned long long)pages[index % 512]);
	row_is(name, text, wanted);
}

void test_main(void)
{
	vmx_on();
	l2_init(nothing);
	if (!l2_ept() || !prepare(nothing, 511)) {
		skip("there is no page-modification log");
		return;
	}
	/* All pages but ours have been written to; L2 runs once, so that the tables above have flags. */
	for (uint64_t gpa = 0; gpa < 4ULL << 30; gpa += 2 << 20)
		*ept_entry(gpa) |= ACCESSED | DIRTY;
	ok_eq(l2_go(), R_VMCALL, "L2 runs");
	is("pml.write", writes, 5, 0, "exit 18 qual 0 len 3 index 4 flags 3 log 800000");
	is("pml.last", writes, 0, ACCESSED, "exit 18 qual 0 len 3 index ffff flags 3 log 800000");
	is("pml.read", reads, 5, 0, "exit 18 qual 0 len 3 index 5 flags 1 log 0");
	is("pml.known", writes, 5, ACCESSED | DIRTY, "exit 18 qual 0 len 3 index 5 flags 3 log 0");
	is("pml.full_write", writes, FULL, 0, "exit 62 qual 0 index ffff flags 0 log 0");
	is("pml.full_dirty", writes, 512, ACCESSED, "exit 62 qual 0 index 200 flags 1 log 0");
	is("pml.full_read", reads, FULL, 0, "exit 62 qual 0 index ffff flags 0 log 0");
	is("pml.full_known", writes, FULL, ACCESSED | DIRTY,
	   "exit 18 qual 0 len 3 index ffff flags 3 log 0");
}
