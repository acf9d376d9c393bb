// SPDX-License-Identifier: MIT
// variants: 64 32
//
// The hypercall page: written at the MSR write, 32 bytes a hypercall, and it works. On every
// machine: all ok.
#include "tests/guest/lib/guest.h"

#define MSR_HYPERCALL 0x40000000

static uint8_t page[PAGE_SIZE] page_aligned;

static long call_page(unsigned int nr, long a, long b)
{
	long result;

#if GUEST_BITS == 64
	__asm__ volatile("call *%1"
			 : "=a"(result)
			 : "r"(page + nr * 32), "D"(a), "S"(b)
			 : "memory", "rcx", "r11");
#else
	__asm__ volatile("call *%1"
			 : "=a"(result)
			 : "r"(page + nr * 32), "b"(a), "c"(b)
			 : "memory");
#endif
	return result;
}

static bool slot_is_right(unsigned int nr)
{
	const uint8_t *s = page + nr * 32;

	if (nr == 23) /* iret: no HVM guest has it */
		return s[0] == 0x0f && s[1] == 0x0b;
	return s[0] == 0xb8 && s[1] == nr && s[2] == 0 && s[3] == 0 && s[4] == 0 && s[5] == 0x0f &&
	       s[6] == 0x01 && s[7] == 0xc1 && s[8] == 0xc3;
}

void test_main(void)
{
	uint64_t v, gpa = (uintptr_t)page;
	unsigned int wrong = 0;

	memset(page, 0xaa, sizeof(page));
	ok(try_wrmsr(MSR_HYPERCALL, gpa), "the MSR takes a page");
	for (unsigned int i = 0; i < 128; i++)
		wrong += !slot_is_right(i);
	ok_eq(wrong, 0, "all slots are written");
	ok_eq((uint64_t)call_page(__HYPERVISOR_xen_version, XENVER_pagesize, 0), 4096,
	      "a call through it");
	ok_eq((uint64_t)call_page(60, 0, 0), (uint64_t)-XEN_ENOSYS, "an unknown one");
	ok(try_rdmsr(MSR_HYPERCALL, &v) && v == 0, "the MSR reads as 0");
	ok(!try_wrmsr(MSR_HYPERCALL, gpa + 1) && fault_vector == 13, "another page index faults");
	ok(!try_wrmsr(MSR_HYPERCALL, 0xf8000000) && fault_vector == 13, "an absent page faults");
	ok(!try_wrmsr(MSR_HYPERCALL, ~0xfffULL) && fault_vector == 13, "nonsense faults");
	/* It is ordinary memory of ours. */
	memset(page, 0, sizeof(page));
	ok(try_wrmsr(MSR_HYPERCALL, gpa) && slot_is_right(17), "it can be written again");
}
